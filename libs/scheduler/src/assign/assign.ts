/**
 * Assignment: every resource gets a node or none, one after the other; what it is colocated with comes first (2-assignment B).
 * The order of work is the order of the reference, because later choices see earlier ones.
 */
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import { isAvailable } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { currentNode } from "../model/resource.ts";
import { rank } from "../model/role.ts";
import { INFINITY, scoreFactor } from "../model/score.ts";
import { ban } from "../read/resources.ts";
import { assignBundle } from "./assign-bundle.ts";
import { assignClone } from "./assign-clone.ts";
import { applyPrimary, hasInfluence, hasUsableNode, mergeWishes, noteDifference, sortNodes } from "./colocation-scores.ts";
import { addThisWith, addWithThis } from "../constraints/colocation.ts";
import { explainChoice } from "./explain-choice.ts";
import { connectionsFirst, mayBeChosen, settleRemoteNode } from "./remote-assignment.ts";
import { settle } from "./settle.ts";
import { banFullNodes } from "./utilization.ts";
import { sortByPlacement } from "./placement-order.ts";

export function assignAll(cluster: Cluster): void {
  for (const resource of connectionsFirst(cluster, sortByPlacement(cluster))) {
    assign(cluster, resource, resource.remoteNode === null ? null : (resource.partialMigration?.target ?? null));
  }
}

/** The node chosen, or null; a resource that is assigned already keeps its node. */
export function assign(cluster: Cluster, resource: Resource, preferred: Node | null): Node | null {
  switch (resource.kind) {
    case "primitive": return assignPrimitive(cluster, resource, preferred);
    case "group": return assignGroup(cluster, resource, preferred);
    case "clone": return assignClone(cluster, resource, assign);
    case "bundle": return assignBundle(cluster, resource, assign);
  }
}

function assignPrimitive(cluster: Cluster, resource: Resource, preferred: Node | null): Node | null {
  const { parent } = resource;
  if (parent !== null && !parent.assigning && parent.provisional) assign(cluster, parent, preferred);
  if (!resource.provisional) return resource.assigned;
  if (resource.assigning) return null;
  resource.assigning = true;
  followPrimaries(cluster, resource);
  considerDependents(cluster, resource);
  if (resource.nextRole === "Stopped") {
    for (const node of cluster.nodes) {
      resource.scores.add(node.index, -INFINITY, node.baseScore);
      resource.terms.push({ node: node.index, ...ban("target-role", "it is not to run") });
    }
  } else if (rank(resource.nextRole) > rank(resource.role) && !cluster.haveQuorum && cluster.options.noQuorumPolicy === "freeze") {
    resource.nextRole = resource.role;
  }
  if (cluster.options.fencingEnabled && !cluster.haveFenceDevice) resource.managed = false;
  if (resource.provisional) choose(cluster, resource, preferred);
  settleRemoteNode(resource);
  resource.assigning = false;
  return resource.assigned;
}

/** What it is to be with gets its place first, and pulls. */
function followPrimaries(cluster: Cluster, resource: Resource): void {
  for (const colocation of resource.thisWith.slice()) {
    const revocable = colocation.dependentRole === "Promoted" || (colocation.score < 0 && colocation.score > -INFINITY);
    const saved = revocable ? { scores: resource.scores.copy(), terms: resource.terms.length } : null;
    assign(cluster, colocation.primary, null);
    applyPrimary(cluster, resource, colocation.primary, colocation);
    if (saved !== null && !hasUsableNode(cluster, resource.scores)) {
      resource.scores = saved.scores;
      resource.terms.length = saved.terms;
    }
  }
}

/** What is to be with it says where it would like that to be. */
function considerDependents(cluster: Cluster, resource: Resource): void {
  for (const colocation of resource.withThis) {
    if (!hasInfluence(colocation, resource)) continue;
    const before = resource.scores;
    resource.scores = mergeWishes(cluster, colocation.dependent, before, {
      attribute: colocation.attribute, factor: scoreFactor(colocation.score), flags: { active: true, nonnegative: false, thisWith: false },
    });
    noteDifference(resource, before, { id: colocation.id, text: `has to suit ${colocation.dependent.id}, which goes with it` });
  }
}

function choose(cluster: Cluster, resource: Resource, preferred: Node | null): void {
  if (!resource.managed) {
    resource.nextRole = resource.role;
    const node = currentNode(resource);
    settle(resource, node, node === null ? "it is not managed and does not run" : `it runs there and is not managed`);
    return;
  }
  if (cluster.options.stopAllResources) {
    settle(resource, null, "all resources are to stop (stop-all-resources)");
    return;
  }
  const roomiest = cluster.options.placement === "default" ? null : banFullNodes(cluster, resource);
  const sorted = sortNodes(cluster, resource.scores, currentNode(resource));
  const best = pick(resource, sorted, preferred ?? roomiest);
  const usable = best !== null && mayBeChosen(resource, best, isAvailable(best));
  settle(resource, usable ? best : null, explainChoice(cluster, resource, sorted, usable ? best : null));
}

/** The preferred node when it is as good as the best; else the best, or where it is when that is equally good. */
function pick(resource: Resource, sorted: readonly Node[], preferred: Node | null): Node | null {
  const best = sorted[0] ?? null;
  if (best === null) return null;
  const score = (node: Node): number => resource.scores.get(node.index);
  if (preferred !== null && resource.scores.has(preferred.index) && score(preferred) >= score(best) && score(preferred) >= 0 && isAvailable(preferred)) return preferred;
  const current = currentNode(resource);
  const movable = resource.parent?.clone?.unique === true || current === null;
  if (movable || score(best) <= 0 || !isAvailable(best) || !isAvailable(current) || current.baseScore < 0) return best;
  return sorted.find((node) => node === current && score(node) === score(best)) ?? best;
}

/** Members in order; colocations of the group become those of its first and last member. */
function assignGroup(cluster: Cluster, group: Resource, preferred: Node | null): Node | null {
  if (!group.provisional) return group.assigned;
  if (group.assigning) return null;
  group.assigning = true;
  const first = group.children[0], last = group.children.at(-1);
  if (first !== undefined && last !== undefined) {
    for (const colocation of group.thisWith) {
      addThisWith(first, colocation);
      if (colocation.score >= INFINITY) addBehindUnmanaged(group, colocation);
    }
    for (const colocation of group.withThis) addWithThis(last, colocation);
    group.thisWith.length = 0;
    group.withThis.length = 0;
  }
  for (const member of group.children) {
    const node = assign(cluster, member, preferred);
    if (group.group?.colocated === true) group.assigned ??= node;
  }
  group.nextRole = first?.nextRole ?? group.nextRole;
  group.provisional = false;
  group.assigning = false;
  return group.assigned;
}

/** An unmanaged member passes nothing on, so the later ones get the colocation themselves. */
function addBehindUnmanaged(group: Resource, colocation: Resource["thisWith"][number]): void {
  const unmanaged = group.children.findIndex((member) => !member.managed);
  if (unmanaged === -1) return;
  for (const member of group.children.slice(unmanaged + 1)) addThisWith(member, colocation);
}

