/**
 * Unfencing: fence devices that cut a node off, instead of its power, have to let it back in (`on`) before anything that
 * requires it starts there (1-state C3, G7, 3-actions N18 to N20, I23, R10, B10).
 */
import { ORDER } from "../model/action.ts";
import type { PlannedAction } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import { canFence } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { isFenceDevice } from "../model/resource.ts";
import { attach } from "../order/attach.ts";
import { storeOrdering } from "../order/stored-orderings.ts";
import { devicesDiffer } from "../read/device-digests.ts";
import { actionKey } from "./action-table.ts";
import { fenceAction } from "./fence-action.ts";

/** The `on` of a node: one action, not required until something asks for it. */
function unfencingOf(cluster: Cluster, node: Node): PlannedAction {
  const isNew = cluster.actions.withKey(null, `stonith-${node.name}-on`).length === 0;
  const unfence = fenceAction(cluster, node, "on");
  // Without a reason of its own: no fencing is announced for it
  if (isNew && canFence(cluster, node) && devicesDiffer(cluster, node)) unfence.optional = false;
  return unfence;
}

/** Only a node that is there and stays can be let in. */
function require(cluster: Cluster, node: Node, reason: string): void {
  if (!node.online || node.unclean || node.shutdown || !canFence(cluster, node)) return;
  const unfence = unfencingOf(cluster, node);
  unfence.optional = false;
  unfence.reason ??= reason;
}

function isUnfenced(node: Node): boolean {
  const since = node.attributes.get("#node-unfenced");
  return since !== undefined && since !== "0";
}

function concerns(cluster: Cluster, resource: Resource): boolean {
  return cluster.unfencing && (isFenceDevice(resource) || resource.settings.requires === "unfencing");
}

/** A start or probe comes after the node was let in; a start again when that is done anew. */
export function orderAfterUnfencing(cluster: Cluster, action: PlannedAction): void {
  const { resource, node } = action;
  if (resource === null || node === null || !concerns(cluster, resource)) return;
  attach(unfencingOf(cluster, node), action, action.task === "start" ? ORDER.impliesThen : ORDER.optional);
  if (!isUnfenced(node)) require(cluster, node, `required by ${resource.id} ${action.task}`);
}

/** What needs the node let in is stopped before that is done anew. */
export function orderBeforeUnfencing(cluster: Cluster, stop: PlannedAction): void {
  if (stop.node === null || stop.resource?.settings.requires !== "unfencing") return;
  attach(stop, unfencingOf(cluster, stop.node), ORDER.impliesFirst);
}

/** The same for every node it may be on, whatever comes of it. */
export function orderAroundUnfencing(cluster: Cluster, resource: Resource): void {
  if (resource.settings.requires !== "unfencing") return;
  for (const index of resource.scores.listed()) {
    const node = cluster.nodeByIndex[index];
    if (node === undefined) continue;
    const unfence = unfencingOf(cluster, node);
    storeOrdering(cluster, { resource, key: actionKey(resource, "stop", 0) }, unfence, ORDER.optional | ORDER.sameNode);
    storeOrdering(cluster, unfence, { resource, key: actionKey(resource, "start", 0) }, ORDER.impliesThenOnNode | ORDER.sameNode);
  }
}

/** A device that changed lets its nodes in again. */
export function noteDeviceChange(cluster: Cluster, resource: Resource, node: Node, what: "definition" | "parameters"): void {
  if (cluster.unfencing && isFenceDevice(resource)) require(cluster, node, `Device ${what} changed`);
}
