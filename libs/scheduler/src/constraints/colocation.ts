/** Colocation constraints, and the lists in which assignment finds them (2-assignment D1 to D3). */
import type { XmlElement } from "@quorate/cib";
import { parseBoolean, parseScore } from "@quorate/cib";
import type { Cluster } from "../model/cluster.ts";
import { compareBytes } from "../model/node.ts";
import type { Colocation, Resource } from "../model/resource.ts";
import { parseRole } from "../model/role.ts";
import type { Role } from "../types.ts";
import { expandReference, findConstrained, readSetsOf } from "./constrained-resources.ts";
import type { ResourceSet } from "./constrained-resources.ts";
import { lifetimePasses } from "./location.ts";
import { orderAntiColocated } from "./anti-colocation.ts";

const KIND_RANK: Readonly<Record<Resource["kind"], number>> = { bundle: 3, clone: 2, group: 1, primitive: 0 };

/** Negative: `a` stands before `b` in lists of colocations. */
function compareImportance(a: Resource, b: Resource): number {
  return b.settings.priority - a.settings.priority
    || KIND_RANK[b.kind] - KIND_RANK[a.kind]
    || Number(b.clone?.promotable ?? false) - Number(a.clone?.promotable ?? false)
    || compareBytes(a.id, b.id);
}

/** Among equals the newer one stands first. */
function insertSorted(list: Colocation[], colocation: Colocation, key: (one: Colocation) => Resource): void {
  if (list.includes(colocation)) return;
  const at = list.findIndex((one) => compareImportance(key(colocation), key(one)) <= 0);
  list.splice(at === -1 ? list.length : at, 0, colocation);
}

export function addThisWith(resource: Resource, colocation: Colocation): void {
  insertSorted(resource.thisWith, colocation, (one) => one.primary);
}

export function addWithThis(resource: Resource, colocation: Colocation): void {
  insertSorted(resource.withThis, colocation, (one) => one.dependent);
}

export function addColocation(cluster: Cluster, colocation: Colocation): void {
  if (colocation.score === 0) return;
  addThisWith(colocation.dependent, colocation);
  addWithThis(colocation.primary, colocation);
  orderAntiColocated(cluster, colocation);
}

/** One `rsc_colocation` of the constraints section. */
export function readColocation(cluster: Cluster, element: XmlElement): void {
  if (!lifetimePasses(cluster, element)) return;
  const score = parseScore(element.attributes["score"] ?? "INFINITY");
  const sets = readSetsOf(cluster, element);
  if (sets.length > 0) {
    readColocationSets(cluster, element, sets, score);
    return;
  }
  const { id = "", rsc = "", "with-rsc": withRsc = "", "node-attribute": attribute = "#uname" } = element.attributes;
  const dependents = expandReference(cluster, rsc), primaries = expandReference(cluster, withRsc);
  if (dependents.several && primaries.several) {
    cluster.warnings.push(`Colocation constraint ${id}: both sides name several resources; the constraint is ignored`);
    return;
  }
  for (const dependentId of dependents.ids) {
    for (const primaryId of primaries.ids) {
      const dependent = findConstrained(cluster, dependentId), primary = findConstrained(cluster, primaryId);
      if (dependent === null || primary === null) continue;
      addColocation(cluster, {
        id, score, dependent, primary, attribute, influence: influenceOf(element, dependent),
        dependentRole: roleOf(element.attributes["rsc-role"]), primaryRole: roleOf(element.attributes["with-rsc-role"]),
      });
    }
  }
}

function influenceOf(element: XmlElement, dependent: Resource): boolean {
  return parseBoolean(element.attributes["influence"] ?? null) ?? dependent.settings.critical;
}

function roleOf(text: string | undefined): Role {
  const role = text === undefined ? null : parseRole(text);
  return role === null || role === "Started" ? "Unknown" : role;
}

function readColocationSets(cluster: Cluster, element: XmlElement, sets: readonly ResourceSet[], score: number): void {
  const link = (dependent: Resource, primary: Resource, options: { readonly id: string; readonly score: number; readonly roles: readonly [Role, Role] }): void =>
    addColocation(cluster, {
      id: options.id, score: options.score, dependent, primary, attribute: "#uname", influence: influenceOf(element, dependent),
      dependentRole: options.roles[0], primaryRole: options.roles[1],
    });
  let previous: ResourceSet | null = null;
  for (const set of sets) {
    colocateWithin(set, score, link);
    if (previous !== null) {
      const dependents = isSequential(previous) ? previous.resources.slice(0, 1) : previous.resources;
      const primaries = isSequential(set) ? set.resources.slice(-1) : set.resources;
      const roles = [setRole(previous), setRole(set)] as const;
      for (const dependent of dependents) for (const primary of primaries) link(dependent, primary, { id: element.attributes["id"] ?? "", score, roles });
    }
    previous = set;
  }
}

type Link = (dependent: Resource, primary: Resource, options: { readonly id: string; readonly score: number; readonly roles: readonly [Role, Role] }) => void;

function colocateWithin(set: ResourceSet, constraintScore: number, link: Link): void {
  if (!isSequential(set)) return;
  const own = set.element.attributes["score"];
  const score = own === undefined ? constraintScore : parseScore(own);
  const options = { id: set.id, score, roles: [setRole(set), setRole(set)] as const };
  const ordering = set.element.attributes["ordering"] ?? "group";
  set.resources.forEach((resource, position) => {
    if (score < 0) {
      for (const earlier of set.resources.slice(0, position)) link(resource, earlier, options);
      return;
    }
    const previous = set.resources[position - 1];
    if (previous === undefined) return;
    if (ordering === "group") link(resource, previous, options);
    else link(previous, resource, options);
  });
}

function isSequential(set: ResourceSet): boolean {
  return parseBoolean(set.sequential) ?? true;
}

function setRole(set: ResourceSet): Role {
  return set.role === null || set.role === "Started" ? "Unknown" : set.role;
}
