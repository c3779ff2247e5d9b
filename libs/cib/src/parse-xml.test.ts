import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equalElements, makeElement } from "./element.ts";
import { parseXml } from "./parse-xml.ts";
import { serializeXml } from "./serialize-xml.ts";
import type { XmlElement } from "./types.ts";

/** `line:column message` of each issue, or the tree as text. */
function outcome(text: string, limits = {}): string[] {
  const result = parseXml(text, limits);
  if (result.ok) return [serializeXml(result.value)];
  return result.error.map(({ place, message }) => (place === null ? message : `${place.line}:${place.column} ${message}`));
}

describe("well-formed text", () => {
  test.each([
    { name: "attributes keep their order", text: `<a z="1" b="2"/>`, want: `<a z="1" b="2"/>` },
    { name: "comments, instructions and blanks are dropped", text: `<?xml version="1.0"?>\n<!-- c --><a>\n <?x y?> <b/><!-- d -->\n</a>`, want: `<a><b/></a>` },
    { name: "a byte order mark is no text", text: `\uFEFF<a/>`, want: `<a/>` },
    { name: "predefined entities and characters are read", text: `<a b="&lt;&amp;&quot;&#65;&#x1F600;"/>`, want: `<a b="&lt;&amp;&quot;A\u{1F600}"/>` },
    { name: "blanks in values are normalized, written ones are kept", text: `<a b="1\n2&#10;3"/>`, want: `<a b="1 2&#10;3"/>` },
    { name: "a document type without content is passed over", text: `<!DOCTYPE cib SYSTEM "crm.dtd"><cib/>`, want: `<cib/>` },
    { name: "names of JavaScript objects are names like others", text: `<a constructor="1" __proto__="2"><toString/></a>`, want: `<a constructor="1" __proto__="2"><toString/></a>` },
  ])("$name", ({ text, want }) => expect(outcome(text)).toEqual([want]));

  test("places are line and column of the start tag", () => {
    const result = parseXml(`<a>\n  <b/><c\n/>\r\n\t<d>\u{1F600}</d></a>`.replace("\u{1F600}", ""));
    const places = result.ok ? [result.value, ...result.value.children].map(({ name, place }) => `${name}${place?.line}:${place?.column}`) : [];
    expect(places).toEqual(["a1:1", "b2:3", "c2:7", "d4:2"]);
  });

  test("places count UTF-16 units behind characters outside the basic plane", () => {
    const result = parseXml(`<a b="\u{1F600}"><c/></a>`);
    expect(result.ok && result.value.children[0]?.place).toEqual({ line: 1, column: 11 });
  });
});

describe("ill-formed text: place, finding, expectation", () => {
  const open = `because <group id="g"> at 2:1 is open`;
  test.each([
    { text: "", want: ["the text is empty: expected an XML document"] },
    { text: "hello", want: ["1:1 not well-formed: Root element is missing or invalid"] },
    { text: `<r>\n<group id="g">\n<p/></p>\n</group></r>`, want: [`3:5 expected </group> ${open}, found </p>, which has no start tag`] },
    {
      text: `<r>\n<group id="g">\n</p>\n</group>\n<q></s></q></r>`,
      want: [`3:1 expected </group> ${open}, found </p>, which has no start tag`, `5:4 expected </q> because <q> at 5:1 is open, found </s>, which has no start tag`],
    },
    { text: `<r>\n<group id="g">\n</r>`, want: [`3:1 expected </group> ${open}, found </r>`] },
    { text: `<r>\n<group id="g">\n`, want: [`3:1 expected </group> ${open}, found the end of the document`] },
    { text: `<r></r></r>`, want: ["1:8 found </r> without an open element: expected the end of the document"] },
    { text: `<r a="1" a="2"></q>`, want: ["1:15 not well-formed: Duplicate attribute: a"] },
    { text: `<r a='<'/>`, want: ["1:7 not well-formed: Unescaped `<` is not allowed in an attribute value"] },
    { text: `<r>\u{1F600}\n<b a=1/></r>`, want: ["2:6 not well-formed: Attribute value expected"] },
    { text: `<!DOCTYPE r [<!ENTITY e "x">]><r a="&e;"/>`, want: ["1:37 not well-formed: Named entity isn't defined: &e;; entities of a document type declaration are not read"] },
    { text: `<r><b>word</b></r>`, want: [`1:7 text is not allowed in <b>: "word"`] },
    { text: `<r><![CDATA[x]]></r>`, want: [`1:4 text is not allowed in <r>: "x"`] },
  ])("$text", ({ text, want }) => expect(outcome(text)).toEqual(want));

  test("many stray tags give a bounded list", () => {
    expect(outcome(`<r>${"</x>".repeat(1000)}</r>`)).toHaveLength(20);
  });
});

describe("limits", () => {
  test.each([
    { name: "length", text: "<a/>", limits: { lengthMax: 3 }, want: "the text has 4 characters; at most 3 are accepted" },
    { name: "depth", text: "<a><a><a/></a></a>", limits: { depthMax: 2 }, want: "elements are nested deeper than 2 levels" },
    { name: "number of elements and attributes", text: `<a><b c="1" d="2"/></a>`, limits: { sizeMax: 3 }, want: "the text has more than 3 elements and attributes" },
  ])("$name", ({ text, limits, want }) => expect(outcome(text, limits)).toEqual([want]));

  test("a document at the limits is read", () => {
    expect(outcome(`<a><b c="1"/></a>`, { lengthMax: 17, depthMax: 2, sizeMax: 3 })).toEqual([`<a><b c="1"/></a>`]);
  });

  test.each([
    { name: "depth bomb", text: "<a>".repeat(3_000_000) },
    { name: "depth bomb behind a document type that hides it", text: `<!DOCTYPE a SYSTEM "[x">${"<a>".repeat(100_000)}` },
    { name: "depth bomb in an internal subset that ends early", text: `<!DOCTYPE a [ ]><!-- -->${"<a>".repeat(100_000)}` },
    { name: "billion laughs", text: `<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>` },
    { name: "external entity", text: `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a b="&x;"/>` },
    { name: "wide bomb", text: `<a>${"<b/>".repeat(4_100_000)}</a>` },
    { name: "huge", text: " ".repeat(64 * 1024 * 1024 + 1) },
  ])("$name is refused quickly", ({ text }) => {
    // Half a second on an idle machine; a bomb that goes off takes the whole memory.
    const before = performance.now();
    expect(parseXml(text).ok).toBe(false);
    expect(performance.now() - before).toBeLessThan(8000);
  });
});

const xmlName = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/);
/** What XML can carry; what it cannot is tested with serializeXml. */
const xmlText = fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => text.replaceAll(/[^\t\n\r -\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, ""));
const attributes = fc.dictionary(xmlName, xmlText, { maxKeys: 4 });
const xmlTree = fc.letrec<{ element: XmlElement }>((tie) => ({
  element: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.tuple(xmlName, attributes).map(([name, values]) => makeElement(name, values)),
    fc.tuple(xmlName, attributes, fc.array(tie("element"), { maxLength: 3 })).map(([name, values, inner]) => makeElement(name, values, inner)),
  ),
})).element;

test("property: what is written is read back equal, indented or not", () => {
  fc.assert(
    fc.property(xmlTree, fc.boolean(), (tree, indent) => {
      const result = parseXml(serializeXml(tree, { indent }));
      return result.ok && equalElements(result.value, tree) && serializeXml(result.value, { indent }) === serializeXml(tree, { indent });
    }),
  );
});

const SEED = `<?xml version="1.0"?><!DOCTYPE cib [<!ENTITY e "x">]><cib a="1" b='2'><!-- c --><p id="x&amp;"><q/><![CDATA[ ]]></p><?pi x?></cib>`;

test("property: mutated text never throws; refusals have a message and a place", () => {
  const piece = fc.constantFrom("<", ">", "/", "&", ";", '"', "'", "=", "]", "[", "!", "-", "?", "x", " ", "\0", "\uD800", "\u{1F600}", "</p>", "<p>", "]]>");
  const edit = fc.record({ at: fc.nat(SEED.length), drop: fc.nat(3), add: piece });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
      let text = SEED;
      for (const { at, drop, add } of edits) text = text.slice(0, at) + add + text.slice(at + drop);
      const result = parseXml(text);
      return result.ok || (result.error.length > 0 && result.error.every((issue) => issue.severity === "error" && issue.message !== "" && issue.place !== null));
    }),
    { numRuns: 2000 },
  );
});
