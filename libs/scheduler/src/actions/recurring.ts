/** Recurring monitors: which are to run, which end (3-actions M). */
import { ORDER } from "../model/action.ts";
import type { PlannedAction } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { OperationConfig, Resource } from "../model/resource.ts";
import { storeOrdering } from "../order/stored-orderings.ts";
import { actionKey, requestAction } from "./action-table.ts";
import { turnIntoCancel } from "./definition-changes.ts";

const NOT_RECURRING: ReadonlySet<string> = new Set(["start", "stop", "promote", "demote", "reload-agent", "migrate_to", "migrate_from"]);

export function planRecurring(cluster: Cluster, resource: Resource): void {
  if (resource.blocked || resource.maintenance) return;
  const operations = resource.operations.filter((operation) => isRecurring(resource, operation));
  const node = resource.assigned;
  if (node !== null && !node.maintenance && (resource.nextRole !== "Stopped" || !resource.managed)) {
    const start = requestAction(cluster, { resource, task: "start", node, optional: true });
    for (const operation of operations) if (operation.role !== "Stopped") planWhileActive(cluster, resource, operation, { start, node });
  }
  for (const operation of operations) if (operation.role === "Stopped" && resource.unique) planWhileStopped(cluster, resource, operation);
}

/** Two operations of one name and interval cancel each other out. */
function isRecurring(resource: Resource, operation: OperationConfig): boolean {
  if (operation.intervalMs === 0 || !operation.enabled || NOT_RECURRING.has(operation.name)) return false;
  return resource.operations.every((other) => other === operation || other.name !== operation.name || other.intervalMs !== operation.intervalMs);
}

function exists(resource: Resource, operation: OperationConfig, node: Node): PlannedAction | null {
  const key = actionKey(resource, operation.name, operation.intervalMs).toLowerCase();
  return resource.actions.find((action) => action.key.toLowerCase() === key && action.node === node) ?? null;
}

interface Place {
  readonly start: PlannedAction;
  readonly node: Node;
}

function planWhileActive(cluster: Cluster, resource: Resource, operation: OperationConfig, { start, node }: Place): void {
  const known = exists(resource, operation, node);
  const optional = start.optional && known !== null && !known.reschedule;
  const unfit = operation.role === null ? resource.nextRole === "Promoted" : operation.role !== resource.nextRole;
  if (unfit) {
    if (optional) endMonitor(cluster, resource, operation, node);
    return;
  }
  const monitor = requestAction(cluster, { resource, task: operation.name, intervalMs: operation.intervalMs, node, optional });
  if (!start.runnable || !node.online || node.unclean) monitor.runnable = false;
  if (resource.nextRole === "Promoted") monitor.targetRc = 8;
  if (!resource.managed) return;
  const flags = ORDER.impliesThen | ORDER.runnableLeft;
  storeOrdering(cluster, { resource, key: actionKey(resource, "start", 0) }, monitor, flags);
  storeOrdering(cluster, { resource, key: actionKey(resource, "reload-agent", 0) }, monitor, flags);
  if (resource.nextRole === "Promoted") storeOrdering(cluster, { resource, key: actionKey(resource, "promote", 0) }, monitor, ORDER.optional | ORDER.runnableLeft);
  else if (resource.role === "Promoted") storeOrdering(cluster, { resource, key: actionKey(resource, "demote", 0) }, monitor, ORDER.optional | ORDER.runnableLeft);
}

function requestCancel(cluster: Cluster, resource: Resource, operation: OperationConfig, node: Node): PlannedAction {
  const cancel = requestAction(cluster, { resource, task: operation.name, intervalMs: operation.intervalMs, node, optional: false });
  turnIntoCancel(cancel, null);
  return cancel;
}

/** It ends before the resource leaves the role that it has now. */
function endMonitor(cluster: Cluster, resource: Resource, operation: OperationConfig, node: Node): void {
  const cancel = requestCancel(cluster, resource, operation, node);
  const next = resource.role === "Promoted" ? "demote"
    : resource.role !== "Started" && resource.role !== "Unpromoted" ? null
    : resource.nextRole === "Promoted" ? "promote" : resource.nextRole === "Stopped" ? "stop" : null;
  if (next !== null) storeOrdering(cluster, cancel, { resource, key: actionKey(resource, next, 0) }, ORDER.runnableLeft);
}

/** Checks on every other node that the resource is not there. */
function planWhileStopped(cluster: Cluster, resource: Resource, operation: OperationConfig): void {
  const own = resource.assigned;
  if (own !== null && exists(resource, operation, own) !== null) {
    const cancel = requestCancel(cluster, resource, operation, own);
    if (resource.nextRole === "Started" || resource.nextRole === "Unpromoted") {
      storeOrdering(cluster, cancel, { resource, key: actionKey(resource, "start", 0) }, ORDER.runnableLeft);
    }
  }
  for (const node of cluster.nodes) if (node !== own && node.kind !== "ping") monitorAbsence(cluster, resource, operation, node);
}

function monitorAbsence(cluster: Cluster, resource: Resource, operation: OperationConfig, node: Node): void {
  const optional = exists(resource, operation, node) !== null;
  const monitor = requestAction(cluster, { resource, task: operation.name, intervalMs: operation.intervalMs, node, optional });
  monitor.targetRc = 7;
  if (resource.managed) {
    const probe = exists(resource, { ...operation, name: "monitor", intervalMs: 0 }, node);
    if (probe !== null) storeOrdering(cluster, probe, monitor, ORDER.runnableLeft);
  }
  const stops = resource.actions.filter((action) => action.task === "stop" && action.node === node);
  for (const stop of stops) {
    if (!stop.runnable) monitor.runnable = false;
    if (resource.managed) storeOrdering(cluster, stop, monitor, ORDER.impliesThen | ORDER.runnableLeft);
    else if (!stop.optional) monitor.optional = true;
  }
  if (!node.online || node.unclean) monitor.runnable = false;
}
