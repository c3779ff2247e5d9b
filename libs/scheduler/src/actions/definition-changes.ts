/** History against configuration: what is gone, changed or no longer wanted (3-actions C). */
import type { PlannedAction } from "../model/action.ts";
import { ORDER } from "../model/action.ts";
import { isAddressedByHost } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import { groupedBy } from "../model/grouped.ts";
import type { Node } from "../model/node.ts";
import { isAvailable } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { storeOrdering } from "../order/stored-orderings.ts";
import { compareDigests, isCompared } from "../read/digests.ts";
import { effectiveFailCount } from "../read/fail-counts.ts";
import { clearFailCount } from "../read/failure-expiry.ts";
import type { ResourceHistory } from "../read/history.ts";
import type { HistoryEntry } from "../read/history-entry.ts";
import { actionKey, requestAction } from "./action-table.ts";
import { noteDeviceChange } from "./unfencing.ts";

export function planDefinitionChanges(cluster: Cluster, histories: readonly ResourceHistory[]): void {
  const ofNode = groupedBy(histories, ({ node }) => node), named = resourcesByName(cluster);
  for (const node of cluster.nodes) {
    if (!node.maintenance && !isAvailable(node)) continue;
    for (const history of ofNode.get(node) ?? []) {
      for (const resource of named.get(history.element.attributes["id"] ?? "") ?? []) compareHistory(cluster, { ...history, resource });
    }
  }
}

/** An entry of the history stands for every instance that goes by its name: by the own one, the one in the history, or the configured one (1-state G1). */
function resourcesByName(cluster: Cluster): ReadonlyMap<string, readonly Resource[]> {
  const named = new Map<string, Resource[]>();
  for (const resource of cluster.allResources) {
    if (resource.kind !== "primitive") continue;
    const names = resource.unique ? [resource.id] : new Set([resource.id, resource.historyName ?? resource.id, resource.configId]);
    for (const name of names) {
      const same = named.get(name);
      if (same === undefined) named.set(name, [resource]);
      else same.push(resource);
    }
  }
  return named;
}

function compareHistory(cluster: Cluster, history: ResourceHistory): void {
  const { resource, node } = history;
  if (resource.orphan) {
    if (resource.unique && resource.managed && cluster.options.stopOrphanResources) planCleanup(cluster, resource, node);
    return;
  }
  const active = resource.runningOn.includes(node);
  if (agentChanged(history)) {
    if (active) {
      resource.startPending = true;
      const stop = requestAction(cluster, { resource, task: "stop", node, optional: false });
      stop.reason = "resource definition change";
    }
    noteDeviceChange(cluster, resource, node, "definition");
    planCleanup(cluster, resource, node);
    return;
  }
  if (active) compareOperations(cluster, history);
}

function agentChanged({ element, resource }: ResourceHistory): boolean {
  const { class: agentClass = "", type = "", provider } = element.attributes;
  return agentClass !== resource.agent.class || type !== resource.agent.type || (provider ?? null) !== resource.agent.provider;
}

/** Forgets the history of a resource on a node: between its stop and its next start; `optional`: only if it is stopped (C7). */
export function planCleanup(cluster: Cluster, resource: Resource, node: Node, optional = false): void {
  if (resource.failed || node.unclean || !node.online) return;
  requestAction(cluster, { resource, task: "delete", node, optional });
  const flags = optional ? ORDER.impliesThen : ORDER.optional;
  const side = (task: string): { readonly resource: Resource; readonly key: string } => ({ resource, key: actionKey(resource, task, 0) });
  storeOrdering(cluster, side("stop"), side("delete"), flags);
  storeOrdering(cluster, side("delete"), side("start"), flags);
}

function compareOperations(cluster: Cluster, { resource, node, entries, startIndex, stopIndex }: ResourceHistory): void {
  if (startIndex < stopIndex) return;
  const maintenance = resource.maintenance || node.maintenance;
  const compared = new Set<string>();
  entries.forEach((entry, index) => {
    if (index < startIndex) return;
    if (entry.intervalMs > 0 && maintenance) planCancel(cluster, resource, { node, entry });
    else if (isCompared(entry)) compareOperation(cluster, resource, node, { entry, again: compared.has(entry.key) });
    compared.add(entry.key);
  });
}

interface Compared {
  readonly entry: HistoryEntry;
  /** An entry of the same key was compared already. */
  readonly again: boolean;
}

function compareOperation(cluster: Cluster, resource: Resource, node: Node, compared: Compared): void {
  const { entry } = compared;
  const unconfigured = entry.intervalMs > 0
    && !resource.operations.some((operation) => operation.enabled && operation.name === entry.task && operation.intervalMs === entry.intervalMs);
  if (unconfigured) {
    if (cluster.options.stopOrphanActions) planCancel(cluster, resource, { node, entry });
    noteChange(cluster, resource, node);
  } else if (isAddressedByHost(resource)) {
    cluster.deferred.push(() => compareParameters(cluster, resource, node, compared));
  } else {
    compareParameters(cluster, resource, node, compared);
  }
}

function compareParameters(cluster: Cluster, resource: Resource, node: Node, { entry, again }: Compared): void {
  // An expired failure of a monitor that has no other entry: it is set up anew
  const expired = !again && cluster.expiredMonitors.has(entry.element) && entry.element.attributes["op-digest"] !== undefined;
  const verdict = expired ? "restart" : compareDigests(cluster, resource, node, entry);
  if (verdict === "same") return;
  if (entry.intervalMs > 0) {
    const monitor = requestAction(cluster, { resource, task: entry.task, intervalMs: entry.intervalMs, node, optional: verdict !== "restart" });
    if (verdict === "restart") monitor.reason = "resource definition change";
    else monitor.reschedule = true;
  } else if (verdict !== "restart" && entry.element.attributes["op-restart-digest"] !== undefined) {
    planReload(cluster, resource, node);
  } else {
    planRestart(cluster, resource);
  }
  noteDeviceChange(cluster, resource, node, "parameters");
  if (verdict !== "unknown") noteChange(cluster, resource, node);
}

function noteChange(cluster: Cluster, resource: Resource, node: Node): void {
  if (effectiveFailCount(cluster, resource, node).count > 0) clearFailCount(cluster, resource, node, "action definition changed");
}

function planRestart(cluster: Cluster, resource: Resource): void {
  const start = requestAction(cluster, { resource, task: "start", node: null, optional: false });
  start.reason = "resource definition change";
}

/** New parameters without a restart; given up when a stop or demote turns out necessary. */
function planReload(cluster: Cluster, resource: Resource, node: Node): void {
  if (!resource.managed || resource.failed) return;
  if (resource.startPending) {
    requestAction(cluster, { resource, task: "stop", node, optional: false }).reason = "resource definition change";
    return;
  }
  resource.reload = true;
  const reload = requestAction(cluster, { resource, task: "reload-agent", node, optional: false });
  reload.reason = "resource definition change";
  for (const task of ["stop", "demote"]) {
    storeOrdering(cluster, reload, { resource, key: actionKey(resource, task, 0) }, ORDER.optional | ORDER.cancelsFirst);
  }
}

/** Ends a recurring operation; what is on the way out with the resource's stop needs no cancel. */
function planCancel(cluster: Cluster, resource: Resource, { node, entry }: { readonly node: Node; readonly entry: HistoryEntry }): void {
  const action = requestAction(cluster, { resource, task: entry.task, intervalMs: entry.intervalMs, node, optional: false });
  turnIntoCancel(action, entry.callId);
  storeOrdering(cluster, { resource, key: actionKey(resource, "stop", 0) }, action, ORDER.optional);
}

export function turnIntoCancel(action: PlannedAction, callId: number | null): void {
  action.optional = false;
  action.cancels ??= action.task;
  action.task = "cancel";
  action.extraMeta.set("operation", action.cancels);
  if (callId !== null) action.extraMeta.set("call_id", String(callId));
}

/** Orphans start afresh when they come back. */
export function clearOrphanFailCounts(cluster: Cluster): void {
  if (!cluster.options.stopOrphanResources) return;
  for (const resource of cluster.resources) {
    if (!resource.orphan) continue;
    for (const node of cluster.nodes) {
      if (!node.online || effectiveFailCount(cluster, resource, node).count === 0) continue;
      clearFailCount(cluster, resource, node, "it is orphaned");
      const clear = resource.actions.find((action) => action.task === "clear_failcount" && action.node === node);
      if (clear !== undefined) storeOrdering(cluster, clear, { resource, key: actionKey(resource, "stop", 0) }, ORDER.optional);
    }
  }
}
