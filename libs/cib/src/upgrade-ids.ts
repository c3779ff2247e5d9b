/**
 * Gives every element a valid id of its own. Heartbeat did not ask for unique ids; the schema of today does. Resources and
 * templates keep theirs, because others refer to them; nodes and references have ids that are names. The result depends on
 * the document only.
 */
import { attribute, setAttribute } from "./element.ts";
import { definesId } from "./schema-configuration.ts";
import type { XmlElement } from "./types.ts";
import { mapChildren } from "./upgrade-notes.ts";

const KEPT = new Set(["primitive", "group", "clone", "master", "bundle", "template", "tag"]);

/** `repair` also replaces ids that are invalid or used twice; without it only empty and missing ones are made. */
export function completeIds(configuration: XmlElement, repair: boolean): XmlElement {
  const used = new Set<string>();
  reserve(configuration, used, repair);
  return complete(configuration, "", { used, repair, seen: new Set() });
}

interface Ids {
  readonly used: Set<string>;
  readonly repair: boolean;
  /** Ids already met, in document order: the first keeps its own. */
  readonly seen: Set<string>;
}

function reserve(element: XmlElement, used: Set<string>, repair: boolean): void {
  const id = attribute(element, "id");
  if (definesId(element.name) && id !== null && (!repair || isValid(id))) used.add(id);
  for (const inner of element.children) reserve(inner, used, repair);
}

function isValid(id: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9._-]*$/.test(id);
}

function complete(element: XmlElement, parentId: string, ids: Ids): XmlElement {
  const withId = definesId(element.name) && attribute(element, "id-ref") === null && element.name !== "operations" ? ownId(element, parentId, ids) : element;
  const id = attribute(withId, "id") ?? parentId;
  return mapChildren(withId, (inner) => [complete(inner, id, ids)]);
}

function ownId(element: XmlElement, parentId: string, ids: Ids): XmlElement {
  const id = attribute(element, "id") ?? "";
  const kept = KEPT.has(element.name) || (id !== "" && (!ids.repair || (isValid(id) && !ids.seen.has(id))));
  if (kept) {
    ids.seen.add(id);
    return element;
  }
  const made = freeId(proposal(element, id, parentId), ids.used);
  ids.used.add(made);
  ids.seen.add(made);
  const attributes: Record<string, string> = {};
  setAttribute(attributes, "id", made);
  for (const name of Object.keys(element.attributes)) if (name !== "id") setAttribute(attributes, name, element.attributes[name] ?? "");
  return { ...element, attributes };
}

function proposal(element: XmlElement, id: string, parentId: string): string {
  const own = id !== "" ? id : `${parentId}-${attribute(element, "name") ?? SHORT_NAMES.get(element.name) ?? element.name}`;
  const valid = own.replace(/[^A-Za-z0-9._-]/g, "-");
  return isValid(valid) ? valid : `_${valid}`;
}

const SHORT_NAMES: ReadonlyMap<string, string> = new Map([["meta_attributes", "meta"], ["instance_attributes", "params"]]);

function freeId(wanted: string, used: ReadonlySet<string>): string {
  let id = wanted;
  for (let at = 2; used.has(id); at += 1) id = `${wanted}-${at}`;
  return id;
}
