import fc from "fast-check";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compareVersions, emptyCib, formatVersion, makeCib, parseCib, serializeCib } from "./cib.ts";
import { digestCib } from "./digest.ts";
import { equalElements, makeElement, withAttribute } from "./element.ts";
import { clusterOption, readNvpairs } from "./nvpair.ts";
import { parseXml } from "./parse-xml.ts";
import type { Cib, XmlElement } from "./types.ts";

const COMPLETE = readFileSync(new URL("../testdata/complete.xml", import.meta.url), "utf8");

function load(text: string): Cib {
  const result = parseCib(text);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value.cib;
}

test("a document written and read again is equal", () => {
  const cib = load(COMPLETE);
  const again = load(serializeCib(cib));
  expect(equalElements(again.root, cib.root)).toBe(true);
  expect(again.version).toEqual({ adminEpoch: 1, epoch: 20, numUpdates: 3 });
  expect(formatVersion(again.version)).toBe("1.20.3");
});

test("the empty document is valid and has its sections", () => {
  const cib = load(serializeCib(emptyCib()));
  expect(cib.root.children.map(({ name }) => name)).toEqual(["configuration", "status"]);
  expect(cib.root.children[0]?.children.map(({ name }) => name)).toEqual(["crm_config", "nodes", "resources", "constraints"]);
});

test("missing sections are added where the schema wants them; what is there stays", () => {
  const tags = makeElement("tags");
  const nodes = makeElement("nodes", {}, [makeElement("node", { id: "1", uname: "a" })]);
  const { root } = makeCib(makeElement("cib", {}, [makeElement("status"), makeElement("configuration", {}, [nodes, tags])]));
  expect(root.children.map(({ name }) => name)).toEqual(["configuration", "status"]);
  expect(root.children[0]?.children.map(({ name }) => name)).toEqual(["crm_config", "nodes", "resources", "constraints", "tags"]);
  expect(root.children[0]?.children[1]).toBe(nodes);
});

test.each<[string, string, -1 | 0 | 1]>([["1.0.0", "0.9.9", 1], ["0.2.0", "0.1.9", 1], ["0.0.1", "0.0.2", -1], ["3.2.1", "3.2.1", 0]])("version %s against %s: %i", (a, b, want) => {
  const version = (text: string): Cib["version"] => {
    const [adminEpoch = 0, epoch = 0, numUpdates = 0] = text.split(".").map(Number);
    return { adminEpoch, epoch, numUpdates };
  };
  expect(Math.sign(compareVersions(version(a), version(b)))).toBe(want);
});

test("options: bootstrap set first, then higher score, then the later; sets with rules do not count", () => {
  const set = (attributes: Record<string, string>, pairs: Record<string, string>, inner: readonly XmlElement[] = []): XmlElement =>
    makeElement("cluster_property_set", attributes, [...inner, ...Object.entries(pairs).map(([name, value]) => makeElement("nvpair", { name, value }))]);
  const config = makeElement("crm_config", {}, [
    set({ id: "low" }, { a: "low", b: "low", c: "low", d: "low" }),
    set({ id: "high", score: "5" }, { a: "high", b: "high", c: "high" }),
    set({ id: "later" }, { c: "later", d: "later" }),
    set({ id: "ruled", score: "INFINITY" }, { a: "ruled", e: "ruled" }, [makeElement("rule")]),
    set({ id: "cib-bootstrap-options", score: "-5" }, { a: "bootstrap" }),
  ]);
  const cib = makeCib(makeElement("cib", {}, [makeElement("configuration", {}, [config])]));
  expect(["a", "b", "c", "d", "e"].map((name) => clusterOption(cib, name))).toEqual(["bootstrap", "high", "high", "later", null]);
});

test("pairs of a set: the first of a name, wrapped or not, complete ones only", () => {
  const pair = (attributes: Record<string, string>): XmlElement => makeElement("nvpair", attributes);
  const set = makeElement("meta_attributes", {}, [pair({ name: "a", value: "1" }), makeElement("attributes", {}, [pair({ name: "b", value: "" })]), pair({ name: "a", value: "2" }), pair({ name: "c" }), pair({ value: "d" })]);
  expect([...readNvpairs(set)]).toEqual([["a", "1"], ["b", ""]]);
});

test("digest: equal for equal documents however they were written, different for any other", () => {
  const cib = load(COMPLETE);
  const compact = COMPLETE.replace(/>\s+</g, "><");
  expect(digestCib(load(compact))).toBe(digestCib(cib));
  expect(digestCib(cib)).toMatch(/^[0-9a-f]{16}$/);
  const digests = new Set([digestCib(cib)]);
  let count = 1;
  // Each attribute of each element, one at a time.
  const visit = (element: XmlElement, rebuild: (changed: XmlElement) => XmlElement): void => {
    for (const name of Object.keys(element.attributes)) {
      digests.add(digestCib(makeCib(rebuild(withAttribute(element, name, `${element.attributes[name]}x`)))));
      count += 1;
    }
    for (const [at, inner] of element.children.entries()) visit(inner, (changed) => rebuild({ ...element, children: element.children.with(at, changed) }));
  };
  visit(cib.root, (changed) => changed);
  expect(digests.size).toBe(count);
});

test.each([
  ["order of children", `<a><b/><c/></a>`, `<a><c/><b/></a>`],
  ["nesting", `<a><b/><c/></a>`, `<a><b><c/></b></a>`],
  ["where a value ends", `<a b="1" c="2"/>`, `<a b="1c" d="2"/>`],
  ["name and value", `<a bc="d"/>`, `<a b="cd"/>`],
])("digest tells apart: %s", (_, one, other) => {
  const digest = (text: string): string => {
    const parsed = parseXml(text);
    return parsed.ok ? digestCib({ root: parsed.value, version: emptyCib().version }) : "";
  };
  expect(digest(one)).not.toBe(digest(other));
});

test("digest: the order of attributes does not count", () => {
  const cib = load(COMPLETE);
  const swapped = { ...cib.root, attributes: Object.fromEntries(Object.entries(cib.root.attributes).toReversed()) };
  expect(digestCib(makeCib(swapped))).toBe(digestCib(cib));
});

// Goal: nothing an administrator or another program writes can stop the program that reads it.
test.each(["complete", "heartbeat-2.0", "pacemaker-1.2"])("property: %s with words exchanged is loaded or refused, and what is loaded can be written and loaded again", (name) => {
  const text = readFileSync(new URL(`../testdata/${name}.xml`, import.meta.url), "utf8");
  const words = text.split(/([<>="\s/]+)/);
  const strange = ["", "__proto__", "constructor", "id", "rule", "attributes", "status", "configuration", "INFINITY", "0", "a:b", "&#0;", "P1D", "99999999999999999999"];
  const word = fc.oneof(fc.constantFrom(...strange), fc.nat(words.length - 1).map((at) => words[at] ?? ""));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(words.length - 1), word), { minLength: 1, maxLength: 5 }), (edits) => {
      const changed = edits.reduce((list, [at, replacement]) => list.with(at, replacement), words).join("");
      const result = parseCib(changed);
      if (!result.ok) return result.error.issues.some(({ severity }) => severity === "error");
      const again = parseCib(serializeCib(result.value.cib));
      return again.ok && equalElements(again.value.cib.root, result.value.cib.root);
    }),
    { numRuns: 150 },
  );
});
