import { expect, test } from "vitest";
import { makeElement } from "./element.ts";
import { serializeXml } from "./serialize-xml.ts";

test.each([
  { name: "empty element", tree: makeElement("a"), want: "<a/>" },
  { name: "every special character", tree: makeElement("a", { b: `<>&"'\t\n\r` }), want: `<a b="&lt;&gt;&amp;&quot;'&#9;&#10;&#13;"/>` },
  { name: "what XML cannot carry", tree: makeElement("a", { b: "1\0\u0007\uD800x\uFFFE" }), want: `<a b="1\uFFFD\uFFFD\uFFFDx\uFFFD"/>` },
  { name: "characters of all planes", tree: makeElement("a", { b: "é漢\u{1F600}\u007F" }), want: `<a b="é漢\u{1F600}\u007F"/>` },
])("$name", ({ tree, want }) => expect(serializeXml(tree)).toBe(want));

test("indented: one element per line, two blanks per level, line feed at the end", () => {
  const tree = makeElement("a", {}, [makeElement("b", { c: "1" }, [makeElement("d")]), makeElement("e")]);
  expect(serializeXml(tree, { indent: true })).toBe(`<a>\n  <b c="1">\n    <d/>\n  </b>\n  <e/>\n</a>\n`);
});
