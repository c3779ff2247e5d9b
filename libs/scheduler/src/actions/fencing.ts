/** Fencing and shutdown of nodes, and what they mean for the resources there (3-actions N, S). */
import type { PlannedAction } from "../model/action.ts";
import { ORDER } from "../model/action.ts";
import { runsInBundle } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import { anyManaged, canFence } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { requiresFencing, topOf } from "../model/resource.ts";
import { attach } from "../order/attach.ts";
import { storeOrdering } from "../order/stored-orderings.ts";
import { delayByPriority } from "../read/node-priorities.ts";
import { planFencingNotification } from "./notifications.ts";
import { blankAction, findAction } from "./action-table.ts";
import { fenceAction } from "./fence-action.ts";

export function planFencingAndShutdown(cluster: Cluster): void {
  const fences: PlannedAction[] = [], shutdowns: PlannedAction[] = [];
  let dcDown: PlannedAction | null = null;
  const managed = anyManaged(cluster);
  for (const node of cluster.nodes) {
    if (node.kind === "ping") continue;
    if (node.kind === "guest" && node.requiresReset && canFence(cluster, node)) {
      planGuestFence(cluster, node);
    } else if (node.unclean && managed && canFence(cluster, node)) {
      const fence = planFence(cluster, node);
      if (node.isDc) {
        dcDown = fence;
      } else {
        const previous = fences.at(-1);
        if (previous !== undefined && !cluster.options.concurrentFencing) attach(previous, fence, ORDER.optional);
        fences.push(fence);
      }
    } else if (node.online && node.shutdown && node.kind === "member") {
      const shutdown = planShutdown(cluster, node);
      if (node.isDc) dcDown = shutdown;
      else shutdowns.push(shutdown);
    }
  }
  if (dcDown !== null) orderDcLast(cluster, dcDown, { fences, shutdowns });
}

/** The DC's own end comes after everything it has to see done. */
function orderDcLast(cluster: Cluster, dcDown: PlannedAction, { fences, shutdowns }: { readonly fences: readonly PlannedAction[]; readonly shutdowns: readonly PlannedAction[] }): void {
  if (dcDown.task === "do_shutdown") for (const shutdown of shutdowns) attach(shutdown, dcDown, ORDER.optional);
  const waitsFor = cluster.options.concurrentFencing ? fences : fences.slice(-1);
  for (const fence of waitsFor) attach(fence, dcDown, ORDER.optional);
}

function planFence(cluster: Cluster, node: Node): PlannedAction {
  node.fenceReason ??= "node is unclean";
  const fence = fenceAction(cluster, node, cluster.options.fencingAction);
  fence.optional = false;
  fence.reason = node.fenceReason;
  delayByPriority(cluster, fence, node);
  for (const resource of cluster.resources) orderAroundFencing(cluster, resource, fence, node);
  return fence;
}

/** A guest is fenced with its container, so nobody has to do it: a point in the order only (3-actions N16). */
function planGuestFence(cluster: Cluster, node: Node): void {
  const container = node.connection?.container ?? null;
  const stop = container === null ? null : findAction(container, "stop", null);
  const operation = container !== null && findAction(container, "start", null) !== null ? "reboot" : "off";
  const fence = fenceAction(cluster, node, operation);
  fence.optional = false;
  fence.pseudo = true;
  fence.reason = "guest is unclean";
  if (stop !== null) {
    const host = stop.pseudo ? stop.node : null;
    attach(host === null ? stop : fenceAction(cluster, host, cluster.options.fencingAction), fence, ORDER.runnableLeft | ORDER.impliesThen);
  } else {
    const connectionStop = node.connection === null ? null : findAction(node.connection, "stop", null);
    if (connectionStop !== null) attach(connectionStop, fence, ORDER.optional);
  }
  for (const resource of cluster.resources) orderAroundFencing(cluster, resource, fence, node);
}

function orderAroundFencing(cluster: Cluster, resource: Resource, fence: PlannedAction, node: Node): void {
  if (!resource.managed) return;
  for (const child of resource.children) orderAroundFencing(cluster, child, fence, node);
  if (resource.kind !== "primitive") return;
  orderStarts(resource, fence, node);
  implyStops(cluster, resource, fence, node);
  implyDemotes(resource, fence, node);
}

/** Nothing that needs fencing starts anywhere before every fencing is confirmed. */
function orderStarts(resource: Resource, fence: PlannedAction, node: Node): void {
  const { requires } = resource.settings;
  for (const action of resource.actions) {
    const starts = action.task === "start" || action.task === "promote" || action.task === (resource.partialMigration === null ? "migrate_to" : "migrate_from");
    if (!starts || requires === "nothing") continue;
    if (requires !== "quorum") attach(fence, action, ORDER.optional);
    else if (action.task === "start" && resource.scores.has(node.index) && !isKnown(resource, node)) attach(fence, action, ORDER.optional | ORDER.runnableLeft);
  }
}

function isKnown(resource: Resource, node: Node): boolean {
  if (resource.known.has(node.index)) return true;
  // Only a plain clone: a group in a clone may be known in part
  const { parent } = resource;
  return parent?.kind === "clone" && !parent.unique && parent.known.has(node.index);
}

/** A fenced node has stopped everything: its stops are points in the order only. */
function implyStops(cluster: Cluster, resource: Resource, fence: PlannedAction, node: Node): void {
  const topStop = findAction(topOf(resource), "stop", null);
  for (const stop of resource.actions) {
    if (stop.task !== "stop" || stop.node !== node) continue;
    stop.pseudo = true;
    stop.runnable = true;
    stop.cause ??= fence;
    planFencingNotification(cluster, resource, fence);
    if (!requiresFencing(resource) && node.kind !== "guest") continue;
    if (!runsInBundle(resource)) attach(fence, stop, ORDER.keep | ORDER.optional);
    if (topStop !== null) attach(fence, topStop, ORDER.keep | ORDER.optional);
  }
}

function implyDemotes(resource: Resource, fence: PlannedAction, node: Node): void {
  for (const demote of resource.actions) {
    if (demote.task !== "demote" || demote.node !== node || (node.online && !node.unclean && !resource.failed)) continue;
    demote.pseudo = true;
    demote.runnable = true;
    if ((requiresFencing(resource) || node.kind === "guest") && !runsInBundle(resource)) attach(fence, demote, ORDER.keep | ORDER.optional);
  }
}

/** A leave: what runs there stops first. What is merely unmanaged does not hold it up; what is blocked does. */
function planShutdown(cluster: Cluster, node: Node): PlannedAction {
  const shutdown = cluster.actions.add(blankAction(cluster, { resource: null, node, task: "do_shutdown", key: `do_shutdown-${node.name}`, optional: false }));
  shutdown.extraMeta.set("op_no_wait", "true");
  shutdown.reason = `${node.name} asked to leave`;
  for (const stop of cluster.actions.all) {
    const { resource } = stop;
    if (resource === null || stop.node !== node || stop.task !== "stop") continue;
    if (resource.maintenance || node.maintenance || (!resource.managed && !resource.blocked)) continue;
    stop.optional = false;
    storeOrdering(cluster, stop, shutdown, ORDER.optional | ORDER.runnableLeft);
  }
  return shutdown;
}
