/** Live migration of a running resource to another node (3-actions R3, R4, V1 to V4). */
import type { PlannedAction } from "../model/action.ts";
import { ORDER } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { storeOrdering } from "../order/stored-orderings.ts";
import { actionKey, requestAction } from "./action-table.ts";
import { planCleanup } from "./definition-changes.ts";

/** Whether a move from `current` may be a live one; orderings can still turn it into stop and start. */
export function mayMigrate(resource: Resource, current: Node | null): boolean {
  if (!resource.mayMigrate || !resource.managed || resource.failed || resource.startPending) return false;
  return current !== null && !current.unclean && resource.assigned !== null && !resource.assigned.unclean;
}

/** A migration found half done goes on only if nothing has changed since; otherwise it is forgotten (R4). */
export function continuePartialMigration(resource: Resource, current: Node | null): boolean {
  const partial = resource.partialMigration;
  if (partial === null) return false;
  const goesOn = mayMigrate(resource, current) && resource.runningOn.length === 2 && current === partial.source && resource.assigned === partial.target;
  if (!goesOn) resource.partialMigration = null;
  return goesOn;
}

/** Where a migration left it behind it has to be stopped (R2). */
export function planDanglingStops(cluster: Cluster, resource: Resource): void {
  for (const node of resource.danglingSources) {
    const stop = requestAction(cluster, { resource, task: "stop", node, optional: false });
    stop.dangling = true;
    if (cluster.options.removeAfterStop) planCleanup(cluster, resource, node);
  }
}

/** Stop and start exist already; the migration puts itself between them, and the start becomes a point in the order. */
export function planMigration(cluster: Cluster, resource: Resource, { source, target }: { readonly source: Node; readonly target: Node }): void {
  const request = (task: string, node: Node): PlannedAction => {
    const action = requestAction(cluster, { resource, task, node, optional: true });
    action.migratable = true;
    return action;
  };
  const partial = resource.partialMigration !== null;
  request("stop", source);
  request("start", target).pseudo = true;
  const moves = partial ? [request("migrate_from", target)] : [request("migrate_to", source), request("migrate_from", target)];
  for (const action of moves) action.extraMeta.set("migrate_source", source.name).set("migrate_target", target.name);
  const order = (first: string, next: string, flags: number): void =>
    storeOrdering(cluster, { resource, key: actionKey(resource, first, 0) }, { resource, key: actionKey(resource, next, 0) }, flags);
  const pulls = ORDER.optional | ORDER.impliesFirstMigratable;
  order("monitor", partial ? "migrate_from" : "migrate_to", ORDER.optional);
  if (!partial) order("migrate_to", "migrate_from", pulls);
  order("migrate_from", "stop", pulls);
  order("migrate_from", "start", pulls | ORDER.pseudoLeft);
}
