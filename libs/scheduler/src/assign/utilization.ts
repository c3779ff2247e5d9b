/**
 * Capacity in the choice of a node: nodes without room for a resource, or for all that has to be with it, are ruled out
 * (2-assignment F4, F5).
 */
import type { Capacity, Shortage } from "../model/capacity.ts";
import { addNeeds, compareCapacity, shortageOf } from "../model/capacity.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import { isAvailable } from "../model/node.ts";
import type { Colocation, Resource } from "../model/resource.ts";
import { leavesOf } from "../model/resource.ts";
import { INFINITY } from "../model/score.ts";
import { roleApplies } from "./colocation-scores.ts";
import { inHashOrder } from "./hash-order.ts";

/**
 * Rules out what has no room for the resource together with what must be on its node; when no node has room for all of
 * that, what has no room for it alone. Then the node with most room is returned: it is preferred among the best.
 */
export function banFullNodes(cluster: Cluster, resource: Resource): Node | null {
  const usable = inHashOrder(cluster.nodes.filter((node) => resource.scores.has(node.index)))
    .filter((node) => isAvailable(node) && resource.scores.get(node.index) >= 0);
  const companions = companionsOf(resource);
  const needed = totalNeeds(resource, companions);
  if (usable.some((node) => shortageOf(node.free, needed) === null)) {
    banWithout(resource, usable, needed, companions);
    return null;
  }
  const roomiest = usable.reduce<Node | null>((best, node) => (best !== null && compareCapacity(best.free, node.free) <= 0 ? best : node), null);
  banWithout(resource, usable, resource.utilization, []);
  return roomiest;
}

function banWithout(resource: Resource, nodes: readonly Node[], needed: Capacity, companions: readonly Resource[]): void {
  for (const node of nodes) {
    const shortage = shortageOf(node.free, needed);
    if (shortage === null) continue;
    resource.scores.set(node.index, -INFINITY);
    resource.terms.push({ node: node.index, source: "utilization", id: shortage.name, score: -INFINITY, text: shortageText(node, shortage, companions) });
  }
}

function shortageText(node: Node, { name, needs, has }: Shortage, companions: readonly Resource[]): string {
  const together = companions.map((one) => one.id);
  const subject = together.length === 0 ? "it needs" : `with ${together.join(", ")}, which must be with it, it needs`;
  return `not enough ${name}: ${subject} ${needs}, ${node.name} has ${has} left`;
}

/** What must be on the same node and has no place yet, in the order found; never the resource itself. */
function companionsOf(resource: Resource): Resource[] {
  const found = new Set<Resource>([resource]);
  collect(resource, resource, found);
  found.delete(resource);
  return [...found].filter((one) => one.provisional);
}

/** Follows mandatory colocations both ways, depth first. */
function collect(resource: Resource, origin: Resource, found: Set<Resource>): void {
  for (const colocation of resource.thisWith) {
    if (colocation.primary !== origin && binds(colocation)) include(colocation.primary, origin, found);
  }
  for (const colocation of resource.withThis) {
    if (resource.kind === "clone" && colocation.dependent.kind !== "clone") continue;
    if (colocation.dependent !== origin && binds(colocation)) include(colocation.dependent, origin, found);
  }
}

function binds(colocation: Colocation): boolean {
  return colocation.score >= INFINITY && roleApplies(colocation.dependent, colocation.primary, colocation);
}

function include(resource: Resource, origin: Resource, found: Set<Resource>): void {
  if (found.has(resource)) return;
  found.add(resource);
  if (resource.kind === "group") {
    const together = resource.group?.colocated === true || resource.parent?.kind === "clone";
    for (const member of together ? resource.children : resource.children.slice(0, 1)) include(member, origin, found);
  }
  collect(resource, origin, found);
}

/** Every leaf once; a bundle counts as its first container, a clone as one instance, unless instances are among the rest. */
function totalNeeds(resource: Resource, companions: readonly Resource[]): Capacity {
  const sum: Capacity = new Map(resource.utilization);
  const counted = new Set<Resource>([resource]);
  const add = (one: Resource): void => {
    if (counted.has(one) || !one.provisional) return;
    counted.add(one);
    addNeeds(sum, one.utilization);
    if (one.bundle !== null) one.bundle.replicas.slice(0, 1).forEach(({ container }) => add(container));
  };
  for (const companion of companions) if (companion.kind !== "clone") add(companion);
  for (const clone of companions) {
    const [first] = clone.children;
    if (clone.kind === "clone" && first !== undefined && !clone.children.some((instance) => counted.has(instance))) leavesOf(first).forEach(add);
  }
  return sum;
}
