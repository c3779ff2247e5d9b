/** The four kinds of change inside one section. Each returns the section itself when nothing changes. */
import type { Issue, Result } from "@quorate/core";
import { err, ok } from "@quorate/core";
import { attribute, descendants, findById, sameIdentity, setAttribute } from "./element.ts";
import { definesId } from "./schema-configuration.ts";
import type { CibError, XmlElement } from "./types.ts";

export type TreeChange = Result<XmlElement, CibError>;

/** The section becomes the given one; an element below it is replaced by one with its name and id. */
export function replaceIn(section: XmlElement, xml: XmlElement): TreeChange {
  return xml.name === section.name ? ok(xml) : changeMatch(section, xml, () => xml);
}

/** Merges attributes, and children by name and id; children that are new are added. */
export function modifyIn(section: XmlElement, xml: XmlElement, allowCreate: boolean): TreeChange {
  if (xml.name === section.name) return ok(merge(section, xml));
  const merged = changeMatch(section, xml, (element) => merge(element, xml));
  if (merged.ok || merged.error.code !== "QUORATE_NOT_FOUND" || !allowCreate) return merged;
  return ok({ ...section, children: [...section.children, xml] });
}

/**
 * Adds the element (or, given the section itself, its children) below the parent, by default the section. An id of its own must
 * be new in `scope`; anything else must be new among its siblings.
 */
export function createIn(section: XmlElement, xml: XmlElement, where: { readonly parentId: string | null; readonly scope: XmlElement }): TreeChange {
  const { parentId, scope } = where;
  const parent = parentId === null ? section : findById(section, parentId);
  if (parent === null) return failure("QUORATE_NOT_FOUND", section, `no element with id ${parentId} in <${section.name}>`);
  const added = parentId === null && xml.name === section.name ? xml.children : [xml];
  for (const element of added) {
    const taken = parent.children.some((old) => sameIdentity(old, element)) || (section.name !== "status" && ownIdTaken(scope, element));
    if (taken) return failure("QUORATE_EXISTS", element, `${describe(element)} exists already in <${section.name}>`);
  }
  const grown: XmlElement = { ...parent, children: [...parent.children, ...added] };
  return ok(replaceElement(section, parent, grown));
}

function ownIdTaken(scope: XmlElement, element: XmlElement): boolean {
  const id = attribute(element, "id");
  if (id === null || !definesId(element.name)) return false;
  for (const old of descendants(scope)) if (attribute(old, "id") === id && definesId(old.name)) return true;
  return false;
}

/** Removes what matches (given the section itself, what matches its children): by name and id, without id by name and attributes. */
export function deleteIn(section: XmlElement, xml: XmlElement): TreeChange {
  const patterns = xml.name === section.name ? xml.children : [xml];
  if (patterns.length === 0) return failure("QUORATE_CIB_INVALID", xml, `<${section.name}> itself cannot be deleted: name what is to go`);
  let result = section;
  for (const pattern of patterns) {
    if (Object.keys(pattern.attributes).length === 0) return failure("QUORATE_CIB_INVALID", pattern, `<${pattern.name}> without id or attributes would match everything`);
    const remaining = removeMatches(result, pattern);
    if (remaining === result) return notFound(section, pattern);
    result = remaining;
  }
  return ok(result);
}

function removeMatches(element: XmlElement, pattern: XmlElement): XmlElement {
  let changed = false;
  const children: XmlElement[] = [];
  for (const inner of element.children) {
    const kept = matches(inner, pattern) ? null : removeMatches(inner, pattern);
    changed ||= kept !== inner;
    if (kept !== null) children.push(kept);
  }
  return changed ? { ...element, children } : element;
}

function matches(element: XmlElement, pattern: XmlElement): boolean {
  if (element.name !== pattern.name) return false;
  const names = attribute(pattern, "id") === null ? Object.keys(pattern.attributes) : ["id"];
  return names.every((name) => attribute(element, name) === attribute(pattern, name));
}

/** Changes the one element with the name and id of `xml`. Of several levels that have one, the nearest to the section counts. */
function changeMatch(section: XmlElement, xml: XmlElement, change: (element: XmlElement) => XmlElement): TreeChange {
  let level: readonly XmlElement[] = section.children;
  while (level.length > 0) {
    const found = level.filter((element) => sameIdentity(element, xml));
    const [match] = found;
    if (found.length > 1) return failure("QUORATE_CIB_INVALID", xml, `${describe(xml)} matches ${found.length} elements: give the one around it too`);
    if (match !== undefined) return ok(replaceElement(section, match, change(match)));
    level = level.flatMap((element) => element.children);
  }
  return notFound(section, xml);
}

/** The tree with one of its elements (the object itself, not an equal one) replaced. */
function replaceElement(tree: XmlElement, old: XmlElement, replacement: XmlElement): XmlElement {
  if (tree === old) return replacement;
  for (const [at, inner] of tree.children.entries()) {
    const changed = inner === old ? replacement : inner.children.length === 0 ? inner : replaceElement(inner, old, replacement);
    if (changed !== inner) return { ...tree, children: tree.children.with(at, changed) };
  }
  return tree;
}

/** Attributes of the update win; children are merged by name and id. */
function merge(target: XmlElement, update: XmlElement): XmlElement {
  let attributes = target.attributes;
  for (const name of Object.keys(update.attributes)) {
    const value = update.attributes[name] ?? "";
    if (attribute(target, name) === value) continue;
    const copy: Record<string, string> = { ...attributes };
    setAttribute(copy, name, value);
    attributes = copy;
  }
  let children = target.children;
  for (const inner of update.children) {
    const at = children.findIndex((old) => sameIdentity(old, inner));
    const old = children[at];
    const merged = old === undefined ? inner : merge(old, inner);
    if (merged !== old) children = old === undefined ? [...children, inner] : children.with(at, merged);
  }
  return attributes === target.attributes && children === target.children ? target : { ...target, attributes, children };
}

function notFound(section: XmlElement, xml: XmlElement): TreeChange {
  return failure("QUORATE_NOT_FOUND", xml, `${describe(xml)} does not exist in <${section.name}>`);
}

function describe(element: XmlElement): string {
  const id = attribute(element, "id");
  return id === null ? `<${element.name}>` : `<${element.name} id="${id}">`;
}

function failure(code: CibError["code"], element: XmlElement, message: string): Result<never, CibError> {
  const issue: Issue = { severity: "error", path: `/${element.name}`, place: element.place, message };
  return err({ code, issues: [issue] });
}
