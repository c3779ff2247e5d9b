/** Instances of a clone over the nodes (2-assignment E3 to E9). */
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import { isAvailable } from "../model/node.ts";
import type { Colocation, Resource } from "../model/resource.ts";
import { INFINITY, scoreFactor } from "../model/score.ts";
import type { ScoreTable } from "../model/score-table.ts";
import { addNodeScore, ban } from "../read/resources.ts";
import { addThisWith, addWithThis } from "../constraints/colocation.ts";
import { hasInfluence, mergeWishes } from "./colocation-scores.ts";
import { instancePlace, sortInstances } from "./instance-order.ts";
import { addPromotionScores } from "./promotion-scores.ts";
import { chooseRoles } from "./promotion.ts";
import { unsettle } from "./settle.ts";

/** Assigns one resource; given by the caller, since assignment goes through clones and back. */
export type Assign = (cluster: Cluster, resource: Resource, preferred: Node | null) => Node | null;

interface Distribution {
  readonly assign: Assign;
  readonly clone: Resource;
  readonly max: number;
  readonly perNode: number;
  /** Every usable node gets an instance; then finite colocations cannot matter. */
  readonly selective: boolean;
  /** Instances on a node so far, by `Node.index`. */
  readonly counters: Map<number, number>;
  assigned: number;
}

export function assignClone(cluster: Cluster, clone: Resource, assign: Assign): null {
  if (!clone.provisional || clone.assigning || clone.clone === null) return null;
  clone.assigning = true;
  if (clone.clone.promotable) addPromotionScores(cluster, clone);
  for (const colocation of clone.thisWith) assign(cluster, colocation.primary, null);
  for (const colocation of clone.withThis) {
    if (!hasInfluence(colocation, clone)) continue;
    clone.scores = mergeWishes(cluster, colocation.dependent, clone.scores, {
      attribute: colocation.attribute, factor: scoreFactor(colocation.score), flags: { active: true, nonnegative: true, thisWith: false },
    });
  }
  clone.children = sortInstances(cluster, clone, clone.children);
  distribute(cluster, clone, { instances: clone.children, max: clone.clone.max, perNode: clone.clone.nodeMax, assign });
  if (clone.clone.promotable) chooseRoles(cluster, clone);
  clone.provisional = false;
  clone.assigning = false;
  return null;
}

/** `clone`: the clone, or the bundle that the containers belong to. */
export function distribute(
  cluster: Cluster, clone: Resource, { instances, max, perNode, assign }: Pick<Distribution, "max" | "perNode" | "assign"> & { readonly instances: readonly Resource[] },
): void {
  const available = clone.scores.listed().filter((index) => usable(cluster, index)).length;
  const optimal = available === 0 ? max : Math.max(1, Math.floor(max / available));
  const plan: Distribution = { assign, clone, max, perNode, selective: max < available, counters: new Map(), assigned: 0 };
  for (const instance of instances) {
    if (plan.assigned >= max) break;
    keepInPlace(cluster, plan, instance, optimal);
  }
  for (const instance of instances) {
    if (!instance.provisional) continue;
    if (plan.assigned >= max) {
      for (const node of cluster.nodes) addNodeScore(cluster, instance, node.index, ban("clone", "there are enough instances (clone-max)", "clone-max"));
    } else if (tryInstance(cluster, plan, instance, null)) {
      plan.assigned++;
    }
  }
}

function usable(cluster: Cluster, index: number): boolean {
  const node = cluster.nodeByIndex[index];
  return node !== undefined && isAvailable(node);
}

/** First pass: what runs stays where it is, as long as its node has not its share already. */
function keepInPlace(cluster: Cluster, plan: Distribution, instance: Resource, optimal: number): void {
  const node = instancePlace(instance);
  if (node === null || !instance.provisional || instance.failed) return;
  if (!isAvailable(node) || node.baseScore < 0) return;
  if (plan.clone.scores.has(node.index) && (plan.counters.get(node.index) ?? 0) >= optimal) return;
  if (tryInstance(cluster, plan, instance, node)) plan.assigned++;
}

/** True when it got a node that counts. What fails on another node than the preferred one is taken back. */
function tryInstance(cluster: Cluster, plan: Distribution, instance: Resource, preferred: Node | null): boolean {
  addCloneColocations(plan, instance);
  if (preferred !== null && (!instance.scores.has(preferred.index) || instance.scores.get(preferred.index) < 0)) return false;
  limitNodes(cluster, plan, instance);
  const saved = saveTables(instance);
  const node = plan.assign(cluster, instance, preferred);
  if (preferred !== null && node !== null && node !== preferred) {
    if (instance.kind === "primitive") {
      restoreTables(saved);
      unsettle(instance);
    }
    return false;
  }
  if (node === null) return false;
  plan.counters.set(node.index, (plan.counters.get(node.index) ?? 0) + 1);
  return true;
}

/** Finite wishes of the clone act on instances only when not every node gets one. */
function addCloneColocations(plan: Distribution, instance: Resource): void {
  for (const colocation of plan.clone.thisWith) {
    if (plan.selective || colocation.score < 0 || colocation.score >= INFINITY) append(instance, colocation, "thisWith");
  }
  for (const colocation of plan.clone.withThis) {
    if (hasInfluence(colocation, instance) && (plan.selective || colocation.score < 0)) append(instance, colocation, "withThis");
  }
}

/** A second try adds them a second time, as in the reference: copies, so that they count twice. */
function append(instance: Resource, colocation: Colocation, list: "thisWith" | "withThis"): void {
  if (list === "thisWith") addThisWith(instance, { ...colocation });
  else addWithThis(instance, { ...colocation });
}

function limitNodes(cluster: Cluster, plan: Distribution, instance: Resource): void {
  for (const index of instance.scores.listed()) {
    const reason = limitReason(cluster, plan, instance, index);
    if (reason !== null) addNodeScore(cluster, instance, index, ban("clone", reason));
  }
}

function limitReason(cluster: Cluster, { clone, counters, perNode }: Distribution, instance: Resource, index: number): string | null {
  if (!usable(cluster, index)) return "the node cannot be used";
  if (instance.orphan) return "there are enough instances";
  if (!clone.scores.has(index)) return `${clone.id} is not allowed there`;
  if (clone.scores.get(index) < 0) return `${clone.id} must not run there`;
  return (counters.get(index) ?? 0) >= perNode ? "an instance is there already" : null;
}

function saveTables(resource: Resource): { readonly resource: Resource; readonly scores: ScoreTable; readonly terms: number }[] {
  return [{ resource, scores: resource.scores.copy(), terms: resource.terms.length }, ...resource.children.flatMap(saveTables)];
}

function restoreTables(saved: ReturnType<typeof saveTables>): void {
  for (const { resource, scores, terms } of saved) {
    resource.scores = scores;
    resource.terms.length = terms;
  }
}
