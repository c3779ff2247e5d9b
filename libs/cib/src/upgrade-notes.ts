/** What an upgrade tells: bounded lists of warnings, and the tools its steps share. */
import type { Issue } from "@quorate/core";
import { attribute, makeElement, setAttribute } from "./element.ts";
import { IssueList } from "./issue-list.ts";
import type { Position } from "./issue-list.ts";
import type { XmlElement } from "./types.ts";

export class UpgradeNotes {
  readonly #list = new IssueList();

  /** `position` is that of the old document. */
  add(position: Position, message: string): void {
    this.#list.add("warning", position, message);
  }

  issues(): Issue[] {
    return this.#list.list();
  }
}

export function below(position: Position, element: XmlElement): Position {
  return { element, above: position };
}

/** Renames and drops attributes, keeping their order: null drops, an absent name stays. */
export function renameAttributes(element: XmlElement, names: ReadonlyMap<string, string | null>): XmlElement {
  if (!Object.keys(element.attributes).some((name) => names.has(name))) return element;
  const attributes: Record<string, string> = {};
  for (const name of Object.keys(element.attributes)) {
    const target = names.has(name) ? names.get(name) : name;
    // A document that has both names keeps the first.
    if (target !== null && target !== undefined && !Object.hasOwn(attributes, target)) setAttribute(attributes, target, element.attributes[name] ?? "");
  }
  return { ...element, attributes };
}

/** An nvpair made by the upgrade. It gets its final id at the end. */
export function makeNvpair(id: string, name: string, value: string): XmlElement {
  return makeElement("nvpair", { id, name, value });
}

/** Changes the child of that name, when there is one. */
export function mapChild(element: XmlElement, name: string, change: (child: XmlElement) => XmlElement): XmlElement {
  return mapChildren(element, (inner) => (inner.name === name ? [change(inner)] : [inner]));
}

/** Every child becomes what `change` makes of it; the element itself is returned when nothing changed. */
export function mapChildren(element: XmlElement, change: (child: XmlElement) => readonly XmlElement[]): XmlElement {
  const children = element.children.flatMap(change);
  const same = children.length === element.children.length && children.every((inner, at) => inner === element.children[at]);
  return same ? element : { ...element, children };
}

/** The nvpairs of a set that stand directly in it. */
export function pairs(set: XmlElement): readonly XmlElement[] {
  return set.children.filter((inner) => inner.name === "nvpair");
}

/** True when some set of this kind below the element gives this name. */
export function definesName(element: XmlElement, setName: string, name: string): boolean {
  return element.children.some((set) => set.name === setName && pairs(set).some((pair) => attribute(pair, "name") === name));
}
