/** Orderings are noted while actions are still being made, and applied by key afterwards (3-actions P7, O1). */
import type { PlannedAction, StoredOrdering } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Resource } from "../model/resource.ts";
import { migrationOrderings } from "./migration-orderings.ts";

/** One side: an action that exists, or a key that may match several when the time comes. */
export type Side = PlannedAction | { readonly resource: Resource; readonly key: string };

function isAction(side: Side): side is PlannedAction {
  return "inputs" in side;
}

export function storeOrdering(cluster: Cluster, first: Side, next: Side, flags: number): void {
  if (flags === 0) return;
  const ordering: StoredOrdering = {
    firstResource: first.resource, firstKey: isAction(first) ? null : first.key, firstAction: isAction(first) ? first : null,
    nextResource: next.resource, nextKey: isAction(next) ? null : next.key, nextAction: isAction(next) ? next : null,
    flags,
  };
  cluster.stored.push(ordering, ...migrationOrderings(ordering));
}
