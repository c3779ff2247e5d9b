import { expect, test } from "vitest";
import {
  attribute, child, children, descendants, equalElements, findById, makeElement, withAttribute, withAttributes, withChild, withSection, withoutChild,
} from "./element.ts";
import { serializeXml } from "./serialize-xml.ts";
import type { XmlElement } from "./types.ts";

const leaf = makeElement("n", { id: "2", v: "x" });
const tree = makeElement("r", { id: "1" }, [makeElement("m", {}, [leaf]), makeElement("n", { id: "3" }), makeElement("n", { id: "4" })]);

test("reading", () => {
  expect(child(tree, "n")?.attributes["id"]).toBe("3");
  expect(child(tree, "none")).toBeNull();
  expect(children(tree, "n").map((element) => attribute(element, "id"))).toEqual(["3", "4"]);
  expect(children(tree)).toHaveLength(3);
  expect(attribute(tree, "constructor")).toBeNull();
  expect(attribute(makeElement("a", { b: "" }), "b")).toBe("");
  expect([...descendants(tree)].map((element) => attribute(element, "id") ?? element.name)).toEqual(["1", "m", "2", "3", "4"]);
  expect(findById(tree, "2")).toBe(leaf);
  expect(findById(tree, "5")).toBeNull();
});

test.each<{ name: string; change: (element: XmlElement) => XmlElement; want: string }>([
  { name: "an attribute keeps its place", change: (e) => withAttribute(e, "id", "9"), want: `<n id="9" v="x"/>` },
  { name: "a new attribute comes last", change: (e) => withAttribute(e, "w", ""), want: `<n id="2" v="x" w=""/>` },
  { name: "null removes", change: (e) => withAttribute(e, "id", null), want: `<n v="x"/>` },
  { name: "a strange name is only a name", change: (e) => withAttribute(e, "__proto__", "p"), want: `<n id="2" v="x" __proto__="p"/>` },
  { name: "several at once", change: (e) => withAttributes(e, { id: null, a: "1" }), want: `<n v="x" a="1"/>` },
])("$name", ({ change, want }) => expect(serializeXml(change(leaf))).toBe(want));

test("what does not change is the same object", () => {
  expect(withAttribute(leaf, "v", "x")).toBe(leaf);
  expect(withAttribute(leaf, "none", null)).toBe(leaf);
  expect(withoutChild(tree, "n", "9")).toBe(tree);
  expect(withChild(tree, tree.children[1] as XmlElement)).toBe(tree);
  expect(withSection(tree, tree.children[0] as XmlElement)).toBe(tree);
  expect(withChild(tree, makeElement("n", { id: "4", new: "1" })).children[0]).toBe(tree.children[0]);
});

test("a child replaces its like, or is added", () => {
  expect(withChild(tree, makeElement("n", { id: "4", new: "1" })).children.map((e) => serializeXml(e))).toEqual([`<m><n id="2" v="x"/></m>`, `<n id="3"/>`, `<n id="4" new="1"/>`]);
  expect(withChild(tree, makeElement("n", { id: "5" })).children).toHaveLength(4);
  expect(withoutChild(tree, "n", "3").children).toHaveLength(2);
  expect(withSection(tree, makeElement("m", { new: "1" })).children.map((e) => e.name)).toEqual(["m", "n", "n"]);
});

test("equality ignores places and the order of attributes, nothing else", () => {
  const a = makeElement("a", { x: "1", y: "2" }, [leaf]);
  expect(equalElements(a, { ...makeElement("a", { y: "2", x: "1" }, [leaf]), place: { line: 1, column: 1 } })).toBe(true);
  for (const other of [makeElement("b", a.attributes, [leaf]), makeElement("a", { x: "1" }, [leaf]), makeElement("a", { x: "1", y: "3" }, [leaf]), makeElement("a", a.attributes)]) {
    expect(equalElements(a, other)).toBe(false);
  }
});
