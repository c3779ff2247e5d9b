/**
 * Ids are unique; what one element says about another exists. A constraint on something that does not exist is ignored by the
 * policy engine, as Pacemaker does, so that is a warning; a primitive without its template means nothing, so that is an error.
 */
import { attribute } from "./element.ts";
import type { IssueList, Position } from "./issue-list.ts";
import { pathOf } from "./issue-list.ts";
import { definesId } from "./schema-configuration.ts";
import type { XmlElement } from "./types.ts";

const RESOURCE_NAMES = new Set(["primitive", "group", "clone", "master", "bundle", "template"]);
const BUNDLE_CONTAINERS = new Set(["docker", "podman", "rkt"]);

/** What the document defines. Made by `collect`, used by `checkReferences`. */
export interface Definitions {
  /** Element names by id; ids are unique, apart from the errors reported. */
  readonly byId: ReadonlyMap<string, string>;
  /** Resources, templates and tags: what a constraint may name. */
  readonly constrainable: ReadonlySet<string>;
  readonly fenceDevices: ReadonlySet<string>;
  /** Cluster, remote and guest nodes, in lower case; empty when the document lists no cluster node. */
  readonly nodes: ReadonlySet<string>;
}

/** Gathers definitions of the configuration and reports ids that are used twice. */
export function collect(positions: readonly Position[], issues: IssueList): Definitions {
  const byId = new Map<string, string>();
  const firstUse = new Map<string, Position>();
  const constrainable = new Set<string>();
  const fenceDevices = new Set<string>();
  const clusterNodes: string[] = [];
  const otherNodes: string[] = [];
  for (const position of positions) {
    const { element } = position;
    const id = definesId(element.name) ? attribute(element, "id") : null;
    if (element.name === "node") clusterNodes.push(attribute(element, "uname") ?? "");
    otherNodes.push(...remoteNodes(element));
    if (id === null) continue;
    const first = firstUse.get(id);
    if (first !== undefined) issues.add("error", position, `id ${id} is used twice: first by ${pathOf(first)}${placeText(first.element)}`);
    else firstUse.set(id, position);
    if (!byId.has(id)) byId.set(id, element.name);
    if (RESOURCE_NAMES.has(element.name) || element.name === "tag") constrainable.add(id);
    if (attribute(element, "class") === "stonith") fenceDevices.add(id);
  }
  for (const guest of otherNodes) constrainable.add(guest);
  const nodes = new Set(clusterNodes.length === 0 ? [] : [...clusterNodes, ...otherNodes].map((name) => name.toLowerCase()));
  return { byId, constrainable, fenceDevices, nodes };
}

/** Names of nodes that come into being through a resource. */
function remoteNodes(element: XmlElement): string[] {
  if (element.name === "nvpair" && attribute(element, "name") === "remote-node") return [attribute(element, "value") ?? ""];
  if (element.name === "primitive" && attribute(element, "type") === "remote" && attribute(element, "provider") === "pacemaker") {
    return [attribute(element, "id") ?? ""];
  }
  if (element.name !== "bundle") return [];
  const container = element.children.find((inner) => BUNDLE_CONTAINERS.has(inner.name));
  const count = (name: string): number => Number(container === undefined ? 0 : (attribute(container, name) ?? 0)) || 0;
  const replicas = Math.min(1000, Math.max(1, count("replicas"), count("promoted-max"), count("masters")));
  return Array.from({ length: replicas }, (_, at) => `${attribute(element, "id") ?? ""}-${at}`);
}

/** Checks what one element refers to. */
export function checkReferences(position: Position, known: Definitions, issues: IssueList): void {
  const { element } = position;
  const warn = (message: string): void => issues.add("warning", position, message);
  for (const name of constraintAttributes(element)) {
    const target = attribute(element, name);
    if (target !== null && !known.constrainable.has(target)) warn(`${name}="${target}" names no resource, template or tag: it is ignored`);
  }
  const template = element.name === "primitive" ? attribute(element, "template") : null;
  if (template !== null && known.byId.get(template) !== "template") issues.add("error", position, `template="${template}" names no template`);
  const idRef = attribute(element, "id-ref");
  if (idRef !== null && known.byId.get(idRef) !== element.name) warn(`id-ref="${idRef}" names no <${element.name}>: it is ignored`);
  checkOthers(element, known, warn);
}

function constraintAttributes(element: XmlElement): readonly string[] {
  if (element.name === "rsc_location" || element.name === "rsc_ticket") return ["rsc"];
  if (element.name === "rsc_colocation") return ["rsc", "with-rsc"];
  if (element.name === "rsc_order") return ["first", "then"];
  return element.name === "resource_ref" ? ["id"] : [];
}

function checkOthers(element: XmlElement, known: Definitions, warn: (message: string) => void): void {
  const id = attribute(element, "id");
  if (element.name === "obj_ref" && id !== null && !known.byId.has(id)) warn(`obj_ref names "${id}", which does not exist`);
  if (element.name === "role" && id !== null && known.byId.get(id) !== "acl_role") warn(`role "${id}" is not defined by an acl_role`);
  if (element.name === "rsc_location") checkNode(attribute(element, "node"), known, warn);
  if (element.name !== "fencing-level") return;
  checkNode(attribute(element, "target"), known, warn);
  for (const device of (attribute(element, "devices") ?? "").split(",")) {
    if (device !== "" && !known.fenceDevices.has(device)) warn(`device "${device}" is no fence device of this document`);
  }
}

function checkNode(name: string | null, known: Definitions, warn: (message: string) => void): void {
  if (name !== null && known.nodes.size > 0 && !known.nodes.has(name.toLowerCase())) warn(`node "${name}" is not known (yet)`);
}

function placeText(element: XmlElement): string {
  return element.place === null ? "" : ` at ${element.place.line}:${element.place.column}`;
}
