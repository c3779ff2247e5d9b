/** Sets of name and value pairs: which sets count, in which order, and which value wins (1-state B1 to B4). */
import type { XmlElement } from "@quorate/cib";
import { anyRulePasses } from "./rules.ts";
import type { RuleContext } from "./rules.ts";
import { descendants, parseScore } from "@quorate/cib";

/** Elements of the whole document by id; an id that stands twice names nothing (1-state A8). */
export class IdIndex {
  readonly #root: XmlElement;
  /** Made when the first reference is met: most documents have none. */
  #elements: Map<string, XmlElement | null> | null = null;

  constructor(root: XmlElement) {
    this.#root = root;
  }

  /** The element that `id-ref` names, or the element itself; null when the reference leads nowhere. */
  resolve(element: XmlElement): XmlElement | null {
    const reference = element.attributes["id-ref"];
    if (reference === undefined) return element;
    this.#elements ??= indexById(this.#root);
    return this.#elements.get(`${element.name} ${reference}`) ?? null;
  }
}

function indexById(root: XmlElement): Map<string, XmlElement | null> {
  const elements = new Map<string, XmlElement | null>();
  for (const element of descendants(root)) {
    const key = `${element.name} ${element.attributes["id"] ?? ""}`;
    elements.set(key, elements.has(key) ? null : element);
  }
  return elements;
}

export interface SetOptions {
  /** Every value replaces what is there, so that the last one wins. */
  readonly overwrite?: boolean;
  /** Id of the set that comes first whatever its score. */
  readonly first?: string;
}

/** Adds the values of all sets called `name` below `parent` whose rules pass. */
export function readSets(
  parent: XmlElement, name: string, into: Map<string, string>,
  { ids, context, options = {} }: { readonly ids: IdIndex; readonly context: RuleContext; readonly options?: SetOptions },
): void {
  const sets: { readonly element: XmlElement; readonly score: number }[] = [];
  for (const child of parent.children) {
    if (child.name !== name) continue;
    const element = ids.resolve(child);
    if (element !== null) sets.push({ element, score: parseScore(element.attributes["score"] ?? "") });
  }
  if (sets.length > 1) {
    const isFirst = (set: XmlElement): number => Number(set.attributes["id"] === options.first);
    // Equal scores: the later in the document first
    sets.reverse();
    sets.sort((a, b) => isFirst(b.element) - isFirst(a.element) || b.score - a.score);
  }
  for (const { element } of sets) {
    if (anyRulePasses(element, context)) readPairs(element, into, ids, options.overwrite ?? false);
  }
}

function readPairs(set: XmlElement, into: Map<string, string>, ids: IdIndex, overwrite: boolean): void {
  const wrapper = set.children.find((child) => child.name === "attributes");
  for (const pair of (wrapper ?? set).children) {
    if (pair.name !== "nvpair") continue;
    const target = ids.resolve(pair);
    const name = pair.attributes["name"] ?? target?.attributes["name"];
    const value = pair.attributes["value"] ?? target?.attributes["value"];
    if (name === undefined || value === undefined) continue;
    if (value.toLowerCase() === "#default") into.delete(name);
    else if (overwrite || !into.has(name)) into.set(name, value);
  }
}
