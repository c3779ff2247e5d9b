/**
 * Small changes of the CIB that commands make: one attribute of a node, one meta attribute of a resource, one constraint.
 * Pure: the present document in, XML for a `modify` out. A pair that exists already is changed where it stands, whatever its ids.
 */
import { type XmlElement, attribute, child, children, descendants, findById, makeElement, serializeXml } from "@quorate/cib";

const RESOURCE_NAMES: ReadonlySet<string> = new Set(["primitive", "group", "clone", "master", "bundle"]);

/** `<node>` with the attribute, for section `nodes`; null when the CIB has no such node. */
export function nodeAttributeXml(root: XmlElement, setting: { readonly node: string; readonly name: string; readonly value: string }): string | null {
  const nodes = child(child(root, "configuration") ?? root, "nodes");
  const node = nodes?.children.find((element) => element.name === "node" && (attribute(element, "uname") ?? attribute(element, "id")) === setting.node);
  const id = node === undefined ? null : attribute(node, "id");
  if (node === undefined || id === null) return null;
  const identity = { id, uname: setting.node };
  return serializeXml(makeElement("node", identity, [pairIn(root, node, { ...setting, kind: "instance_attributes", newSetId: `nodes-${id}` })]));
}

/** The resource with the meta attribute, for section `resources`; null when there is no such resource. */
export function metaAttributeXml(root: XmlElement, setting: { readonly resource: string; readonly name: string; readonly value: string }): string | null {
  const resource = findResource(root, setting.resource);
  if (resource === null) return null;
  const newSetId = `${setting.resource}-meta_attributes`;
  return serializeXml(makeElement(resource.name, { id: setting.resource }, [pairIn(root, resource, { ...setting, kind: "meta_attributes", newSetId })]));
}

export function findResource(root: XmlElement, id: string): XmlElement | null {
  const resources = child(child(root, "configuration") ?? root, "resources");
  const found = resources === null ? null : findById(resources, id);
  return found !== null && RESOURCE_NAMES.has(found.name) ? found : null;
}

/** The transient attributes of a node that have this name. */
export function hasTransientAttribute(root: XmlElement, node: string, name: string): boolean {
  const state = child(root, "status")?.children.find((entry) => entry.name === "node_state" && attribute(entry, "uname") === node);
  const transient = state === undefined ? null : child(state, "transient_attributes");
  return transient !== null && [...descendants(transient)].some((pair) => pair.name === "nvpair" && attribute(pair, "name") === name);
}

export const PREFER_PREFIX = "cli-prefer-";
export const BAN_PREFIX = "cli-ban-";

/** A location constraint that draws the resource to one node, under the id that crm_resource gives it. */
export function preferXml(resource: string, node: string): string {
  return serializeXml(makeElement("rsc_location", { id: PREFER_PREFIX + resource, rsc: resource, role: "Started", node, score: "INFINITY" }));
}

/** Ids of the constraints that `move` (or crm_resource) left for this resource. */
export function movesOf(root: XmlElement, resource: string): string[] {
  const constraints = child(child(root, "configuration") ?? root, "constraints");
  return (constraints?.children ?? []).flatMap((constraint) => {
    const id = attribute(constraint, "id") ?? "";
    const ours = id === PREFER_PREFIX + resource || id.startsWith(`${BAN_PREFIX}${resource}-on-`);
    return ours && attribute(constraint, "rsc") === resource ? [id] : [];
  });
}

interface Pair {
  readonly kind: "instance_attributes" | "meta_attributes";
  readonly name: string;
  readonly value: string;
  /** When the owner has no set yet. */
  readonly newSetId: string;
}

/** The set with just this pair. Sets with rules and references to other sets are left alone. */
function pairIn(root: XmlElement, owner: XmlElement, { kind, name, value, newSetId }: Pair): XmlElement {
  const sets = children(owner, kind).filter((set) => attribute(set, "id") !== null && child(set, "rule") === null);
  for (const set of sets) {
    const pair = children(set, "nvpair").find((old) => attribute(old, "name") === name && attribute(old, "id") !== null);
    if (pair !== undefined) return setWith(kind, attribute(set, "id") ?? "", { id: attribute(pair, "id") ?? "", name, value });
  }
  const setId = (sets[0] === undefined ? null : attribute(sets[0], "id")) ?? freeId(root, newSetId);
  return setWith(kind, setId, { id: freeId(root, `${setId}-${name}`), name, value });
}

function setWith(kind: string, setId: string, pair: { id: string; name: string; value: string }): XmlElement {
  return makeElement(kind, { id: setId }, [makeElement("nvpair", pair)]);
}

function freeId(root: XmlElement, wanted: string): string {
  let id = wanted;
  for (let number = 1; findById(root, id) !== null; number += 1) id = `${wanted}-${number}`;
  return id;
}
