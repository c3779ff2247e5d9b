/** In which order top-level resources are assigned (2-assignment B9). */
import { compareCapacity } from "../model/capacity.ts";
import type { Cluster } from "../model/cluster.ts";
import { mergeSort } from "../model/merge-sort.ts";
import type { Node } from "../model/node.ts";
import { compareBytes, isAvailable } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { currentNode } from "../model/resource.ts";
import { INFINITY } from "../model/score.ts";
import type { ScoreTable } from "../model/score-table.ts";
import { hasUsableNode, mergeFurther } from "./colocation-scores.ts";

/**
 * As configured by default; else priority, then who gains most on its own node, then who gains most on the best nodes.
 * Sorts the cluster's own list, as later phases have to go by it too: which of several actions is newer decides for instance which loop is broken (U22).
 */
export function sortByPlacement(cluster: Cluster): readonly Resource[] {
  if (cluster.options.placement === "default") return cluster.resources;
  const room = (a: Node, b: Node): number => (cluster.options.placement === "balanced" ? compareCapacity(a.free, b.free) : 0);
  const nodes = mergeSort(cluster.nodes, (a, b) => nodeScore(b) - nodeScore(a) || room(a, b) || compareBytes(a.name, b.name));
  const wishes = new Map(cluster.resources.map((resource) => [resource, totalWishes(cluster, resource)]));
  return cluster.resources.sort((a, b) => compareByWishes(a, b, { wishes, nodes }));
}

function nodeScore(node: Node): number {
  return isAvailable(node) ? node.baseScore : -INFINITY;
}

interface Ranking {
  readonly wishes: ReadonlyMap<Resource, ScoreTable>;
  readonly nodes: readonly Node[];
}

function compareByWishes(a: Resource, b: Resource, { wishes, nodes }: Ranking): number {
  const score = (resource: Resource, node: Node | null): number => {
    const table = wishes.get(resource);
    return node === null || table === undefined || !table.has(node.index) ? -INFINITY : table.get(node.index);
  };
  const place = (resource: Resource): Node | null => (resource.kind === "primitive" ? currentNode(resource) : (resource.runningOn[0] ?? null));
  const difference = b.settings.priority - a.settings.priority || score(b, place(b)) - score(a, place(a));
  if (difference !== 0) return difference;
  for (const node of nodes) {
    const here = score(b, node) - score(a, node);
    if (here !== 0) return here;
  }
  return 0;
}

/** Its own table, with what it is colocated with. A group starts at its last member. */
function totalWishes(cluster: Cluster, resource: Resource): ScoreTable {
  const last = resource.kind === "group" ? resource.children.at(-1) : undefined;
  resource.merging = true;
  const table = last === undefined ? resource.scores : totalWishes(cluster, last);
  const total = hasUsableNode(cluster, table) ? mergeFurther(cluster, resource, table, { factor: 1, flags: { active: false, nonnegative: false, thisWith: true } }) : table;
  resource.merging = false;
  return total;
}
