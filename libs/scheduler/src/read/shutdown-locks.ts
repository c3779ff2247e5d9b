/**
 * Shutdown locks (option `shutdown-lock`): what ran on a node that was shut down cleanly stays there, stopped, until the node
 * is back or the lock expires (1-state H, 2-assignment G2).
 */
import type { XmlElement } from "@quorate/cib";
import { requestAction } from "../actions/action-table.ts";
import type { Cluster } from "../model/cluster.ts";
import { noteRecheck } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { isFenceDevice, leavesOf } from "../model/resource.ts";
import { addNodeScore, ban } from "./resources.ts";

export interface ShutdownLock {
  readonly node: Node;
  /** Seconds since the epoch: when the node was asked to leave. */
  readonly since: number;
}

/** The lock that the history of a node has kept; one that is too old is deleted instead. */
export function readShutdownLock(cluster: Cluster, element: XmlElement, resource: Resource, node: Node): void {
  const since = cluster.options.shutdownLock ? seconds(element.attributes["shutdown-lock"]) : 0;
  if (since === 0) return;
  const { shutdownLockLimitMs: limitMs } = cluster.options;
  if (limitMs > 0 && cluster.nowMs > since * 1000 + limitMs) forgetLock(cluster, resource, node, "its shutdown lock expired");
  else cluster.locks.set(resource, { node, since });
}

function seconds(text: string | undefined): number {
  return Number.parseInt(text ?? "", 10) || 0;
}

/** The DC takes the entry out of the status section, also for a node that is away. */
function forgetLock(cluster: Cluster, resource: Resource, node: Node, reason: string): void {
  const action = requestAction(cluster, { resource, task: "lrm_delete", node, optional: false });
  action.onDc = true;
  action.runnable = true;
  action.extraMeta.set("mode", "cib");
  action.reason = reason;
}

/** What is locked may run on no other node. Before location constraints are applied. */
export function applyShutdownLocks(cluster: Cluster): void {
  if (!cluster.options.shutdownLock) return;
  for (const resource of cluster.resources) if (resource.kind !== "clone") for (const leaf of leavesOf(resource)) applyLock(cluster, leaf);
}

function applyLock(cluster: Cluster, leaf: Resource): void {
  if (!canBeLocked(leaf)) return;
  const kept = cluster.locks.get(leaf);
  if (kept !== undefined && leaf.runningOn.length > 0) {
    cluster.locks.delete(leaf);
    forgetLock(cluster, leaf, kept.node, "it is locked to a node, but runs");
    return;
  }
  const lock = kept ?? newLock(cluster, leaf);
  if (lock === null) return;
  cluster.locks.set(leaf, lock);
  for (const node of cluster.nodes) {
    if (node !== lock.node) addNodeScore(cluster, leaf, node.index, ban("node-state", `it stays with ${lock.node.name}, which is shut down (shutdown-lock)`, "shutdown-lock"));
  }
  const { shutdownLockLimitMs: limitMs } = cluster.options;
  if (limitMs > 0) noteRecheck(cluster, lock.since * 1000 + limitMs + 1000);
}

function canBeLocked(leaf: Resource): boolean {
  const { class: agentClass, provider, type } = leaf.agent;
  return !isFenceDevice(leaf) && !(agentClass === "ocf" && provider === "pacemaker" && type === "remote");
}

/** Made when the only node it runs on is leaving. */
function newLock(cluster: Cluster, leaf: Resource): ShutdownLock | null {
  const [node, other] = leaf.runningOn;
  if (node === undefined || other !== undefined || !node.shutdown || node.unclean) return null;
  return { node, since: seconds(node.attributes.get("shutdown")) || Math.floor(cluster.nowMs / 1000) };
}

/** Tells whoever carries out an action on the lock's node since when the resource is locked, so that the history keeps it (3-actions G9). */
export function recordLocks(cluster: Cluster): void {
  for (const [resource, { node, since }] of cluster.locks) {
    for (const action of resource.actions) {
      if (action.node === node && (action.task === "stop" || !node.shutdown)) action.extraMeta.set("shutdown_lock", String(since));
    }
  }
}
