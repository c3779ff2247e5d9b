import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseCib, serializeCib } from "./cib.ts";
import { equalElements } from "./element.ts";
import { parseXml } from "./parse-xml.ts";
import type { Cib } from "./types.ts";

const SHARED = new URL("../../../../shared/", import.meta.url);
const MODERN = new URL("conformance/xml.tar.xz", SHARED);
const HEARTBEAT = new URL("reference/cib/heartbeat-2.0.8-cibs.tar.xz", SHARED);

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "quorate-cib-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Name and text of each document of an archive. */
function unpack(archive: URL, name: string): [name: string, text: string][] {
  execFileSync("sh", ["-c", `mkdir "$1" && tar -xJf "$2" -C "$1"`, "sh", join(folder, name), archive.pathname]);
  const files = readdirSync(join(folder, name), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".xml"));
  return files.toSorted().map((file) => [file.replace(/^.*\//, ""), readFileSync(join(folder, name, file), "utf8")]);
}

describe.runIf(existsSync(MODERN))("the 799 documents of Pacemaker's regression suite", () => {
  test("all load, and what is written of every third is read back equal", { timeout: 60_000 }, () => {
    const documents = unpack(MODERN, "modern");
    const refused = documents.flatMap(([name, text], at) => {
      const loaded = parseCib(text);
      if (!loaded.ok) return [`${name}: ${loaded.error.issues.find(({ severity }) => severity === "error")?.message}`];
      if (at % 3 !== 0) return [];
      const again = parseXml(serializeCib(loaded.value.cib));
      return again.ok && equalElements(again.value, loaded.value.cib.root) ? [] : [`${name}: written and read it differs`];
    });
    expect(documents).toHaveLength(799);
    expect(refused).toEqual([]);
  });
});

/** What was upgraded is valid and stays as it is when it is read again. */
function settled(cib: Cib): boolean {
  const again = parseCib(serializeCib(cib));
  return again.ok && equalElements(again.value.cib.root, cib.root);
}

describe.runIf(existsSync(HEARTBEAT))("the 157 documents of Heartbeat 2.0.8", () => {
  test("all but 12 load; those say why not", () => {
    const documents = unpack(HEARTBEAT, "heartbeat");
    const refused: Record<string, string> = {};
    for (const [name, text] of documents) {
      const loaded = parseCib(text);
      if (!loaded.ok) refused[name] = loaded.error.issues.find(({ severity }) => severity === "error")?.message ?? "";
      else expect(settled(loaded.value.cib), name).toBe(true);
    }
    expect(documents).toHaveLength(157);
    const operation = (word: string): string => `operation="${word}" in <expression>: expected one of lt, gt, lte, gte, eq, ne, defined, not_defined`;
    expect(refused).toEqual({
      "attrs8.xml": `expected </node_state> because <node_state id="uuid1"> at 27:5 is open, found </node>, which has no start tag`,
      "bad2.xml": "unknown attribute op in <expression>; allowed: id, attribute, operation, value, type, value-source",
      "bad3.xml": "<primitive> needs class and type, or template",
      "bad4.xml": "<primitive> needs class and type, or template",
      "group11.xml": `id="1" in <group>: expected an id: a letter or _, then letters, digits, . - _`,
      "notify-4.xml": "not well-formed: Duplicate attribute: op_digest",
      "params-1.xml": "not well-formed: Unclosed start tag for element `instance_attributes`",
      "rsc_dep9.xml": operation("#colocated"),
      "rsc_location1.xml": operation("#colocated"),
      "rsc_location2.xml": operation("#colocated"),
      "rsc_location4.xml": operation("#colocated"),
      "rsc_location5.xml": operation("#not_colocated"),
    });
  });
});
