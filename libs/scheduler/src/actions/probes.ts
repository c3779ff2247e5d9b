/** Probes: what is not known of a resource on a node is asked before anything is started (3-actions B). */
import { isTrue } from "@quorate/cib";
import { ORDER } from "../model/action.ts";
import type { PlannedAction } from "../model/action.ts";
import type { Replica } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import { markForFencing } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import { isRemote } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { guestOf, isFenceDevice, leavesOf, topOf } from "../model/resource.ts";
import { DISCOVERY } from "../model/score-table.ts";
import { connectionFate } from "../order/remote-orderings.ts";
import { storeOrdering } from "../order/stored-orderings.ts";
import { actionKey, blankAction, requestAction } from "./action-table.ts";
import { orderAfterUnfencing } from "./unfencing.ts";

export function planProbes(cluster: Cluster): void {
  if (!cluster.options.startupProbes) return;
  for (const node of cluster.nodes) {
    if (!isProbed(node)) continue;
    const complete = node.attributes.get("probe_complete");
    if (complete !== undefined && !isTrue(complete)) {
      planReprobe(cluster, node);
      continue;
    }
    for (const resource of cluster.resources) if (!node.inBundle || resource.kind === "bundle") planProbesOf(cluster, resource, node);
  }
}

/** A remote node that will not be reached again tells nothing: it has to be fenced. */
function isProbed(node: Node): boolean {
  if (!node.online && node.kind === "remote" && node.connection !== null && connectionFate(node.connection) === "failed") {
    markForFencing(node, "the connection is unrecoverable");
  }
  return node.online && !node.unclean && node.kind !== "ping" && node.probesAllowed;
}

/** Old CIBs ask for everything at once. */
function planReprobe(cluster: Cluster, node: Node): void {
  const action = cluster.actions.add(blankAction(cluster, { resource: null, node, task: "probe_again", key: `probe_again-${node.name}`, optional: false }));
  action.extraMeta.set("op_no_wait", "true");
}

function planProbesOf(cluster: Cluster, resource: Resource, node: Node): void {
  if (resource.kind === "primitive") {
    probePrimitive(cluster, resource, node);
  } else if (resource.bundle !== null) {
    for (const replica of resource.bundle.replicas) probeReplica(cluster, replica, { node, others: resource.bundle.perHost > 1 ? [] : resource.bundle.replicas });
  } else if (resource.kind === "group" || resource.clone?.unique === true) {
    for (const child of resource.children) planProbesOf(cluster, child, node);
  } else {
    const instance = probedInstance(resource, node);
    if (instance !== null) planProbesOf(cluster, instance, node);
  }
}

/** Instances that are alike need one probe per node. */
function probedInstance(clone: Resource, node: Node): Resource | null {
  const byNumber = clone.children.toSorted((a, b) => (a.instance ?? 0) - (b.instance ?? 0));
  return byNumber.find((instance) => leavesOf(instance).some((leaf) => leaf.known.has(node.index)))
    ?? byNumber.find((instance) => leavesOf(instance).some((leaf) => leaf.assigned === node))
    ?? byNumber[0] ?? null;
}

/** Null when there is nothing to ask. */
function probePrimitive(cluster: Cluster, resource: Resource, node: Node): PlannedAction | null {
  if (isRemote(node) && isKeptOffRemotes(resource, node)) return null;
  if ((resource.container !== null && resource.remoteNode === null) || resource.orphan || resource.known.has(node.index)) return null;
  const top = topOf(resource);
  if ((resource.exclusiveDiscovery || top.exclusiveDiscovery) && resource.scores.discovery(node.index) !== DISCOVERY.exclusive) return null;
  if (resource.scores.discovery(node.index) === DISCOVERY.never) return null;
  if (node.kind === "guest" && !guestCanBeAsked(cluster, top, node)) return null;
  const action = requestAction(cluster, { resource, task: "monitor", node, optional: false });
  action.optional = false;
  if (!resource.runningOn.includes(node)) action.targetRc = 7;
  else if (resource.role === "Promoted") action.targetRc = 8;
  orderAfterUnfencing(cluster, action);
  const alone = cluster.unfencing && isFenceDevice(resource);
  const starter = top.kind === "clone" && !alone ? top : resource;
  const blocks = !action.runnable && resource.runningOn.length === 0 ? ORDER.runnableLeft : 0;
  storeOrdering(cluster, action, { resource: starter, key: actionKey(starter, "start", 0) }, ORDER.optional | blocks);
  storeOrdering(cluster, action, { resource: starter, key: actionKey(starter, "reload-agent", 0) }, ORDER.optional);
  return action;
}

/** Containers that cannot share a node wait for each other's probes: one may run where another is to start (3-actions B8). */
function probeReplica(cluster: Cluster, { address, inside, node: own, container, connection }: Replica, { node, others }: { readonly node: Node; readonly others: readonly Replica[] }): void {
  if (inside !== null && own === node) planProbesOf(cluster, inside, node);
  if (node.inBundle) return;
  if (address !== null) planProbesOf(cluster, address, node);
  const probe = probePrimitive(cluster, container, node);
  for (const other of others) {
    if (probe === null || other.container === container) continue;
    storeOrdering(cluster, probe, { resource: other.container, key: actionKey(other.container, "start", 0) }, ORDER.optional | ORDER.sameNode);
  }
  const connected = connection === null ? null : probePrimitive(cluster, connection, node);
  if (connected !== null) storeOrdering(cluster, { resource: container, key: actionKey(container, "start", 0) }, connected, ORDER.probe);
}

/** What never runs on remote nodes, and inside of guests nothing that holds guests. */
function isKeptOffRemotes(resource: Resource, node: Node): boolean {
  return isFenceDevice(resource) || resource.remoteNode !== null || (node.kind === "guest" && guestOf(resource) !== null);
}

/** False when the guest is not there now, or goes away: then its end comes before the start, in place of the probe (3-actions B3). */
function guestCanBeAsked(cluster: Cluster, starter: Resource, node: Node): boolean {
  const container = node.connection?.container ?? null;
  if (container === null) return true;
  const before = (task: string): void => storeOrdering(
    cluster, { resource: container, key: actionKey(container, task, 0) }, { resource: starter, key: actionKey(starter, "start", 0) }, ORDER.optional,
  );
  if (container.role === "Stopped") {
    if (container.assigned !== null && !container.known.has(container.assigned.index)) before("monitor");
    return false;
  }
  const moves = container.assigned !== null && !container.runningOn.includes(container.assigned);
  if (!node.requiresReset && !node.unclean && !container.failed && container.nextRole !== "Stopped" && !moves) return true;
  before("stop");
  return false;
}
