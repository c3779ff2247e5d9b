import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseXml } from "@quorate/cib";
import { Prng } from "@quorate/core";
import { expect, test } from "vitest";
import { decideSpoilt } from "../fuzz/decide-spoilt.ts";
import { spoilText, spoilTree } from "../fuzz/mutate.ts";

const DIR = join(import.meta.dirname, "..", "testdata");
const documents = readdirSync(DIR).filter((name) => name.endsWith(".cib")).toSorted().map((name) => readFileSync(join(DIR, name), "utf8"));

test.each(Array.from({ length: 20 }, (_, part) => part))("spoilt CIBs end in a decision or in an error that says something, part %i", (part) => {
  for (let seed = part * 40; seed < (part + 1) * 40; seed++) {
    const prng = new Prng(seed);
    const text = documents[prng.below(documents.length)]!;
    const parsed = parseXml(text);
    const spoilt = parsed.ok && prng.below(3) > 0 ? spoilTree(parsed.value, prng) : spoilText(text, prng);
    const answer = decideSpoilt(spoilt, 1_700_000_000_000);
    expect(answer.kind, `seed ${seed}: ${answer.kind === "thrown" ? answer.stack : ""}`).not.toBe("thrown");
    if (answer.kind === "refused") expect(answer.said).not.toBe("");
  }
});

test("a seed spoils in one way, and the documents are not spared", () => {
  const [text = ""] = documents;
  const parsed = parseXml(text);
  if (!parsed.ok) throw new Error("the document is good");
  expect(spoilTree(parsed.value, new Prng(5))).toBe(spoilTree(parsed.value, new Prng(5)));
  expect(new Set(Array.from({ length: 50 }, (_, seed) => spoilTree(parsed.value, new Prng(seed)))).size).toBeGreaterThan(45);
});
