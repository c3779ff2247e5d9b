/** Actions on remote and guest nodes go through the connection: what of it has to be done before, what after (3-actions Q). */
import { actionKey } from "../actions/action-table.ts";
import type { PlannedAction } from "../model/action.ts";
import { ORDER } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import { markForFencing } from "../model/cluster.ts";
import { isRemote } from "../model/node.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { currentNode } from "../model/resource.ts";
import { storeOrdering } from "./stored-orderings.ts";

const { keep, impliesThen, impliesFirst, runnableLeft, optional } = ORDER;

/** What becomes of a connection, as far as what is still to be done over it is concerned. */
export type ConnectionFate = "unknown" | "alive" | "resting" | "failed" | "stopped";

export function connectionFate(connection: Resource): ConnectionFate {
  const host = currentNode(connection);
  if (connection.nextRole === "Stopped" || connection.assigned === null) return fateWithoutPlace(connection, host);
  if (host === null) return "unknown";
  if (host.unclean || !host.online || (connection.runningOn.length > 1 && connection.partialMigration !== null)) return "resting";
  return "alive";
}

function fateWithoutPlace(connection: Resource, host: Node | null): ConnectionFate {
  const node = connection.remoteNode;
  if (host?.unclean === true) return "failed";
  if (!connection.failed) return "stopped";
  const waits = connection.nextRole === "Stopped" && connection.reconnectMs > 0 && node !== null && node.fenced && !askedToLeave(node);
  return waits ? "unknown" : "failed";
}

function askedToLeave(node: Node): boolean {
  const shutdown = node.attributes.get("shutdown");
  return shutdown !== undefined && shutdown !== "0";
}

export function orderRemoteActions(cluster: Cluster): void {
  if (!cluster.nodes.some(isRemote)) return;
  for (const action of cluster.actions.all.slice()) {
    const { resource, node } = action;
    if (resource === null) continue;
    if (action.task === "clear_failcount" && resource.remoteNode !== null) {
      storeOrdering(cluster, action, { resource, key: actionKey(resource, "start", 0) }, optional);
      continue;
    }
    const connection = node === null || !isRemote(node) ? null : node.connection;
    if (node === null || connection === null || action.pseudo) continue;
    if (action.task === "start") stopElsewhereAfter(cluster, resource, node, connection);
    const path: Path = { cluster, action, connection, node };
    if (node.kind === "guest") orderOnGuest(path);
    else orderOnRemote(path);
  }
}

interface Path {
  readonly cluster: Cluster;
  readonly action: PlannedAction;
  readonly connection: Resource;
  readonly node: Node;
}

/** After the connection came up. */
function up({ cluster, action, connection }: Path, flags = 0): void {
  storeOrdering(cluster, { resource: connection, key: actionKey(connection, "start", 0) }, action, keep | runnableLeft | flags);
}

/** Before the connection ends. */
function down({ cluster, action, connection }: Path, flags = 0): void {
  storeOrdering(cluster, action, { resource: connection, key: actionKey(connection, "stop", 0) }, keep | flags);
}

/** What moves to a remote node leaves its old place only when the new one can be reached. */
function stopElsewhereAfter(cluster: Cluster, resource: Resource, node: Node, connection: Resource): void {
  for (const stop of resource.actions) {
    if (stop.task !== "stop" || stop.node === node) continue;
    storeOrdering(cluster, { resource: connection, key: actionKey(connection, "start", 0) }, stop, optional);
  }
}

function isProbe(action: PlannedAction): boolean {
  return action.task === "monitor" && action.intervalMs === 0;
}

function orderOnRemote(path: Path): void {
  const { action, connection, node } = path;
  const fate = connectionFate(connection);
  switch (action.task) {
    case "start":
    case "promote":
      up(path, fate === "failed" ? impliesThen : 0);
      return;
    case "stop":
    case "migrate_to":
    case "migrate_from":
      if (fate === "alive") down(path, impliesFirst);
      else if (fate === "failed") markForFencing(node, "resources are active but connection is unrecoverable");
      else if (connection.nextRole === "Stopped") down(path, impliesFirst);
      else up(path);
      return;
    case "demote":
      if (fate === "resting" || fate === "unknown") up(path);
      return;
    default:
      orderOther(path, fate);
  }
}

function orderOther(path: Path, fate: ConnectionFate): void {
  const { action, connection, node } = path;
  if (action.intervalMs > 0 && action.task !== "cancel") {
    up(path, impliesThen);
  } else if (isProbe(action) && fate === "failed") {
    markForFencing(node, "resources are in unknown state and connection is unrecoverable");
    // Fencing answers the question; nothing waits for the probe
    action.runnable = false;
  } else if (connection.runningOn.length > 0 && fate === "stopped") {
    down(path, runnableLeft);
  } else {
    up(path);
  }
}

/** A guest comes up and goes down with its container. */
function orderOnGuest(path: Path): void {
  const { cluster, action, connection, node } = path;
  const { container } = connection;
  if (container?.failed === true) markForFencing(node, "container failed");
  switch (action.task) {
    case "start":
    case "promote":
      if (container !== null) {
        storeOrdering(cluster, { resource: container, key: actionKey(container, "start", 0) }, action, keep | runnableLeft | impliesThen);
      }
      up(path);
      return;
    case "stop":
    case "demote":
    case "migrate_to":
    case "migrate_from":
      if (container?.failed !== true) down(path);
      return;
    case "cancel":
      return;
    default:
      up(path, action.intervalMs > 0 ? impliesThen : 0);
  }
}

/** What is done on a guest cannot wait for, nor hold up, the container that holds it, unless fencing says so (3-actions U22). */
export function voidOrderingsOfHeld(cluster: Cluster): void {
  for (const action of cluster.actions.all) {
    const container = action.resource !== null && action.node?.kind === "guest" ? action.node.connection?.container : null;
    if (container == null) continue;
    for (const ordering of action.outputs) {
      if (ordering.next.resource === container && (ordering.flags & keep) === 0) ordering.flags = 0;
    }
  }
}
