/**
 * Reading and rebuilding of XML trees. Every function is pure: a change returns a new element that shares what did not change.
 * Names are case-sensitive, as in XML.
 */
import type { XmlElement } from "./types.ts";

/** An element made by the program (its `place` is null). */
export function makeElement(name: string, attributes: Readonly<Record<string, string>> = {}, childElements: readonly XmlElement[] = []): XmlElement {
  return { name, attributes, children: childElements, place: null };
}

/** The first child of that name, or null. */
export function child(element: XmlElement, name: string): XmlElement | null {
  for (const candidate of element.children) if (candidate.name === name) return candidate;
  return null;
}

/** The children of that name in document order; all of them without a name. */
export function children(element: XmlElement, name?: string): readonly XmlElement[] {
  return name === undefined ? element.children : element.children.filter((candidate) => candidate.name === name);
}

/** The value of an attribute, or null when it is absent. An empty value is a value. */
export function attribute(element: XmlElement, name: string): string | null {
  return Object.hasOwn(element.attributes, name) ? (element.attributes[name] ?? null) : null;
}

/** The element and everything below it, in document order. */
export function* descendants(element: XmlElement): Generator<XmlElement> {
  const open: XmlElement[] = [element];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    yield next;
    for (let at = next.children.length - 1; at >= 0; at -= 1) open.push(next.children[at] as XmlElement);
  }
}

/** The first element of the tree (the root included) whose `id` is this, or null. */
export function findById(root: XmlElement, id: string): XmlElement | null {
  for (const element of descendants(root)) if (attribute(element, "id") === id) return element;
  return null;
}

/** The tree with one attribute set (in its old position, or as the last), or removed when `value` is null. */
export function withAttribute(element: XmlElement, name: string, value: string | null): XmlElement {
  if (attribute(element, name) === value) return element;
  const entries = Object.entries(element.attributes).filter(([key]) => value !== null || key !== name);
  const attributes: Record<string, string> = {};
  for (const [key, old] of entries) setAttribute(attributes, key, key === name ? (value ?? "") : old);
  if (value !== null && !Object.hasOwn(attributes, name)) setAttribute(attributes, name, value);
  return { ...element, attributes };
}

/** The tree with these attributes set, one after the other. */
export function withAttributes(element: XmlElement, values: Readonly<Record<string, string | null>>): XmlElement {
  let result = element;
  for (const [name, value] of Object.entries(values)) result = withAttribute(result, name, value);
  return result;
}

/** The element with other children. */
export function withChildren(element: XmlElement, childElements: readonly XmlElement[]): XmlElement {
  return { ...element, children: childElements };
}

/** Puts a child in the place of the one with the same name and id; without such a child it becomes the last. */
export function withChild(element: XmlElement, replacement: XmlElement): XmlElement {
  const at = element.children.findIndex((old) => sameIdentity(old, replacement));
  if (at < 0) return { ...element, children: [...element.children, replacement] };
  if (element.children[at] === replacement) return element;
  return { ...element, children: element.children.with(at, replacement) };
}

/** Puts a child in the place of the first of that name, for elements that stand once (sections); without one it becomes the last. */
export function withSection(element: XmlElement, section: XmlElement): XmlElement {
  const at = element.children.findIndex((old) => old.name === section.name);
  if (at < 0) return { ...element, children: [...element.children, section] };
  return element.children[at] === section ? element : { ...element, children: element.children.with(at, section) };
}

/** The element without the child of that name and id (null: a child without id). */
export function withoutChild(element: XmlElement, name: string, id: string | null): XmlElement {
  const kept = element.children.filter((old) => old.name !== name || attribute(old, "id") !== id);
  return kept.length === element.children.length ? element : { ...element, children: kept };
}

/** Same name and same id (or both without id): what a modification or a replacement goes by. */
export function sameIdentity(a: XmlElement, b: XmlElement): boolean {
  return a.name === b.name && attribute(a, "id") === attribute(b, "id");
}

/** Equal names, attributes (in any order) and children (in order); places do not count. */
export function equalElements(a: XmlElement, b: XmlElement): boolean {
  if (a === b) return true;
  if (a.name !== b.name || a.children.length !== b.children.length) return false;
  const names = Object.keys(a.attributes);
  if (names.length !== Object.keys(b.attributes).length) return false;
  if (names.some((name) => attribute(a, name) !== attribute(b, name))) return false;
  return a.children.every((own, at) => equalElements(own, b.children[at] as XmlElement));
}

/** Plain assignment would lose an attribute that is called `__proto__`. */
export function setAttribute(attributes: Record<string, string>, name: string, value: string): void {
  if (name === "__proto__") Object.defineProperty(attributes, name, { value, enumerable: true, configurable: true, writable: true });
  else attributes[name] = value;
}
