import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Prng } from "@quorate/core";
import { expect, test } from "vitest";
import { XML_LIMITS, parseStrictly } from "./parse-xml.ts";
import { readPlainXml } from "./plain-xml.ts";

const plain = (text: string): ReturnType<typeof readPlainXml> => readPlainXml(text, XML_LIMITS);

/** What the strict parser makes of it; null when it refuses. */
function strict(text: string): ReturnType<typeof readPlainXml> {
  const parsed = parseStrictly(text, XML_LIMITS);
  return parsed.ok ? parsed.value : null;
}

test.each([
  { name: "an empty element", text: "<cib/>" },
  { name: "attributes, spaces and line ends", text: `<?xml version="1.0" encoding="UTF-8"?>\r\n<cib  a="1"\n\tb="x y" >\n <x.y-z _q=""/>\n</cib >\n\n` },
  { name: "names of objects' own", text: `<cib a="constructor"><toString/></cib>` },
  { name: "letters beyond ASCII in values", text: `<cib a="Grüße, 節点"/>` },
  { name: "a > and ' in a value", text: `<cib a="1 > 0 isn't"/>` },
])("read without the parser, and alike: $name", ({ text }) => {
  const element = plain(text);
  expect(element).not.toBeNull();
  expect(element).toEqual(strict(text));
});

test.each([
  { name: "a reference", text: `<cib a="1 &lt; 2"/>` },
  { name: "a tab in a value", text: `<cib a="1\t2"/>` },
  { name: "single quotes", text: `<cib a='1'/>` },
  { name: "spaces around =", text: `<cib a = "1"/>` },
  { name: "a comment", text: `<cib><!-- a --></cib>` },
  { name: "CDATA", text: `<cib><![CDATA[ ]]></cib>` },
  { name: "a document type", text: `<!DOCTYPE cib><cib/>` },
  { name: "a name of an object's own", text: `<cib constructor="1"/>` },
  { name: "a name beyond ASCII", text: `<cib größe="1"/>` },
  { name: "a character beyond the first plane", text: `<cib a="\u{1f600}"/>` },
])("left to the parser: $name", ({ text }) => {
  expect(plain(text)).toBeNull();
  expect(strict(text)).not.toBeNull();
});

test.each([
  "", "cib", "<cib>", "</cib>", "<cib></cib2>", "<cib/><cib/>", "<cib a=\"1\" a=\"2\"/>", "<cib a=\"1\"b=\"2\"/>", "<cib a/>", "<cib a=\"<\"/>", "<cib a=\"1/>", "<cib>text</cib>", "<1/>", "<cib/ >",
  "<a><b></a></b>", "<cib a=\"\u0001\"/>", "< cib/>", "<cib/></cib>",
])("not read: %j", (text) => {
  expect(plain(text)).toBeNull();
  expect(strict(text)).toBeNull();
});

test("limits are the parser's", () => {
  expect(readPlainXml("<a><b><c/></b></a>", { depthMax: 2, sizeMax: 9 })).toBeNull();
  expect(readPlainXml(`<a><b x="1"/></a>`, { depthMax: 9, sizeMax: 2 })).toBeNull();
  expect(readPlainXml(`<a><b x="1"/></a>`, { depthMax: 2, sizeMax: 3 })).not.toBeNull();
});

const PIECES = ["<a", "<b", "/>", ">", "</a>", "</b>", " ", "\n", ` x="1"`, ` y=""`, ` x='2'`, "=", '"', "&amp;", "<!-- c -->", "é", "a", "<?xml version=\"1.0\"?>"];

test.each(Array.from({ length: 40 }, (_, seed) => seed))("whatever it reads, the parser reads alike: seed %i", (seed) => {
  const prng = new Prng(seed);
  for (let round = 0; round < 200; round++) {
    const text = `<a>${Array.from({ length: 1 + prng.below(8) }, () => PIECES[prng.below(PIECES.length)]).join("")}</a>`;
    const element = plain(text);
    if (element !== null) expect(element, text).toEqual(strict(text));
  }
});

const DOCUMENTS = join(import.meta.dirname, "../../../../shared/reference/cib");
test.runIf(existsSync(DOCUMENTS))("the documents of the reference are read alike", () => {
  for (const file of readdirSync(DOCUMENTS).filter((name) => name.endsWith(".xml"))) {
    const text = readFileSync(join(DOCUMENTS, file), "utf8");
    const element = plain(text);
    if (element !== null) expect(element, file).toEqual(strict(text));
  }
});
