/** Where instances in a role draw what is to be with them (2-assignment E15). */
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Colocation, Resource } from "../model/resource.ts";
import { INFINITY, addScores } from "../model/score.ts";

export interface RolePull {
  /** The value by which nodes are compared. */
  readonly valueOf: (node: Node) => string | undefined;
  readonly placeOf: (instance: Resource) => Node | undefined;
}

/** Changes the table of `dependent`, which has no node yet. Two clones that are promoted together only agree on roles, later. */
export function drawToRole(cluster: Cluster, dependent: Resource, clone: Resource, colocation: Colocation, { valueOf, placeOf }: RolePull): void {
  const { score, primaryRole, dependentRole } = colocation;
  const mandatory = score >= INFINITY;
  if (mandatory && dependentRole === "Promoted" && primaryRole === "Promoted") return;
  const reached = new Map<number, number>();
  for (const instance of clone.children) {
    const place = placeOf(instance);
    if (place === undefined || instance.nextRole !== primaryRole) continue;
    if (mandatory) {
      // Only the node itself: an attribute in which others equal it does not count here
      const own = instance.scores.has(place.index) ? instance.scores.get(place.index) : 0;
      if (dependent.scores.has(place.index)) reached.set(place.index, addScores(reached.get(place.index) ?? 0, own));
      continue;
    }
    for (const index of dependent.scores.listed()) {
      const node = cluster.nodeByIndex[index];
      if (node !== undefined && valueOf(node) === valueOf(place)) reached.set(index, addScores(reached.get(index) ?? 0, score));
    }
  }
  for (const index of dependent.scores.listed()) {
    const pull = reached.get(index);
    if (pull !== undefined) dependent.scores.add(index, pull, 0);
    else if (mandatory) dependent.scores.set(index, -INFINITY);
  }
}
