/**
 * Guests that change places would wait for each other for ever: each for the capacity that another has to free (3-actions U22).
 * Of every such circle one migration does not wait; for that while its target holds more than it should.
 */
import type { Ordering, PlannedAction } from "../model/action.ts";
import { ORDER } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import { isKept, merged } from "../report/graph.ts";

/** Newest first, as the reference does: that decides which one goes ahead. */
export function breakLoadLoops(cluster: Cluster): void {
  const before = new Map<PlannedAction, readonly PlannedAction[]>();
  for (const action of cluster.actions.all.toReversed()) {
    if (action.task !== "migrate_to") continue;
    for (const ordering of action.inputs.toReversed()) {
      if (ordering.flags !== ORDER.load || !isKept(ordering) || !comesBefore(action, ordering.first, before)) continue;
      ordering.flags = 0;
      before.delete(action);
    }
  }
}

function comesBefore(action: PlannedAction, later: PlannedAction, before: Map<PlannedAction, readonly PlannedAction[]>): boolean {
  const open = [later], seen = new Set(open);
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === action) return true;
    let firsts = before.get(at);
    if (firsts === undefined) before.set(at, (firsts = merged(at.inputs).filter(counts).map((ordering) => ordering.first)));
    for (const first of firsts) {
      if (seen.has(first)) continue;
      seen.add(first);
      open.push(first);
    }
  }
  return false;
}

function counts(ordering: Ordering): boolean {
  return isKept(ordering) && (!ordering.first.optional || ordering.first.printed);
}
