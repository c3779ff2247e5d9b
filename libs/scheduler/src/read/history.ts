/** Operation histories of the status section: from entries to roles (1-state F1 to F5, F10). */
import type { XmlElement } from "@quorate/cib";
import { requestAction } from "../actions/action-table.ts";
import type { Cluster } from "../model/cluster.ts";
import { markForFencing } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import { isRemote } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { cloneOf } from "../model/resource.ts";
import { rank } from "../model/role.ts";
import { addActive } from "./active.ts";
import { historyElements, historyEntries, isProbe, RC, STATUS } from "./history-entry.ts";
import type { HistoryEntry } from "./history-entry.ts";
import { resourceOfHistory } from "./history-resource.ts";
import { addNodePriority } from "./node-priorities.ts";
import { nodeOfEntry } from "./nodes.ts";
import { applyOperation } from "./operation-result.ts";
import type { Replay } from "./operation-result.ts";
import { linkOrphanToContainer } from "./remote-nodes.ts";
import { concludeRemotes, judgeRemote, readRemoteEntry } from "./remote-state.ts";
import { addNodeScore, ban, targetRole } from "./resources.ts";
import { readShutdownLock } from "./shutdown-locks.ts";
import { child } from "@quorate/cib";

/** One `lrm_resource` with the resource it was found to be about. */
export interface ResourceHistory {
  readonly node: Node;
  readonly resource: Resource;
  readonly element: XmlElement;
  /** Oldest first. */
  readonly entries: readonly HistoryEntry[];
  /** Index of the entry that made it active; -1: none. */
  readonly startIndex: number;
  readonly stopIndex: number;
}

/**
 * In passes, because remote and guest nodes become known through the histories of other nodes (1-state F1).
 * What no pass could read is read at the end when fencing is enabled, for what may be active there; else not at all.
 */
export function readHistories(cluster: Cluster, status: XmlElement): ResourceHistory[] {
  const histories: ResourceHistory[] = [];
  const read = new Set<Node>();
  let open = status.children.filter((entry) => entry.name === "node_state");
  const pass = (isDue: (node: Node) => boolean): boolean => {
    const before = open.length;
    open = open.filter((entry) => {
      // The node of a connection that is not configured any more comes with the history of that connection
      const node = nodeOfEntry(cluster, entry);
      if (node === null || node.kind === "ping" || !isDue(node)) return true;
      read.add(node);
      histories.push(...readNodeHistory(cluster, node, entry));
      return false;
    });
    return open.length < before;
  };
  while (pass((node) => isReadable(cluster, node))) continue;
  if (cluster.options.fencingEnabled) pass(() => true);
  concludeRemotes(cluster, read);
  return histories;
}

function isReadable(cluster: Cluster, node: Node): boolean {
  const { connection } = node;
  if (node.kind === "guest") return connection?.role === "Started" && connection.container?.role === "Started";
  if (node.kind === "remote") return connection?.role === "Started" || cluster.options.shutdownLock;
  return node.online || cluster.options.fencingEnabled || cluster.options.shutdownLock;
}

function readNodeHistory(cluster: Cluster, node: Node, entry: XmlElement): ResourceHistory[] {
  if (isRemote(node)) {
    judgeRemote(node);
    readRemoteEntry(cluster, node, entry);
  }
  const histories = historyElements(entry).flatMap((element) => readResourceHistory(cluster, node, element) ?? []);
  for (const { resource, element } of histories) linkOrphanToContainer(cluster, resource, element.attributes["container"]);
  return histories;
}

function readResourceHistory(cluster: Cluster, node: Node, element: XmlElement): ResourceHistory | null {
  if (child(element, "lrm_rsc_op") === null && !cluster.options.shutdownLock) return null;
  const resource = resourceOfHistory(cluster, node, element);
  if (resource === null) return null;
  readShutdownLock(cluster, element, resource, node);
  const entries = historyEntries(element);
  if (isPlainAbsence(resource, entries)) {
    concludeAbsence(resource, node);
    restoreSource(resource, node);
    return { node, resource, element, entries, startIndex: -1, stopIndex: -1 };
  }
  const replay: Replay = { cluster, resource, node, entries, role: "Unknown", onFail: "ignore", lastFailure: null, failedHere: null };
  const before = resource.role;
  for (const entry of entries) applyOperation(replay, entry);
  const { startIndex, stopIndex } = activeSpan(entries);
  if (node.online) rememberMonitors(cluster, { resource, node, entries, startIndex, stopIndex });
  conclude(replay);
  resource.role = rank(before) > rank(replay.role) ? before : replay.role === "Unknown" ? before : replay.role;
  restoreSource(resource, node);
  return { node, resource, element, entries, startIndex, stopIndex };
}

/** The source of a migration has stopped it already, but the target has it. */
function restoreSource(resource: Resource, node: Node): void {
  if (resource.role === "Stopped" && resource.partialMigration?.source === node && resource.runningOn.length > 0) resource.role = "Started";
}

/** A probe found nothing where nothing was expected: by far the most histories of a large cluster, and nothing of one can fail or expire. */
function isPlainAbsence(resource: Resource, entries: readonly HistoryEntry[]): boolean {
  const [only] = entries;
  if (only === undefined || entries.length > 1 || resource.failureTimeoutMs > 0 || resource.remoteNode !== null) return false;
  return isProbe(only) && only.status === STATUS.done && only.rc === RC.notRunning && only.targetRc === RC.notRunning && !only.id.endsWith("_last_failure_0");
}

/** What `conclude` comes to after such a probe. */
function concludeAbsence(resource: Resource, node: Node): void {
  resource.nextRole = "Unknown";
  markKnown(resource, node);
  makeStopsOptional(resource, node);
  applyTargetRole(resource);
  if (rank(resource.role) < rank("Stopped")) resource.role = "Stopped";
}

/** Where the present life of the resource starts, and where the last one ended. */
function activeSpan(entries: readonly HistoryEntry[]): { readonly startIndex: number; readonly stopIndex: number } {
  const last = (test: (entry: HistoryEntry) => boolean): number => entries.findLastIndex(test);
  const stopIndex = last((entry) => entry.task === "stop" && entry.status === STATUS.done);
  const started = last((entry) => entry.task === "start" || entry.task === "migrate_from");
  if (started !== -1) return { startIndex: started, stopIndex };
  const promoted = last((entry) => entry.task === "promote" || entry.task === "demote");
  if (promoted !== -1) return { startIndex: promoted, stopIndex };
  const active = (entry: HistoryEntry): boolean => entry.task === "monitor" && (entry.rc === 0 || entry.rc === 8);
  const afterStop = entries.findIndex((entry, index) => index > stopIndex && active(entry));
  return { startIndex: afterStop !== -1 ? afterStop : entries.findIndex(active), stopIndex };
}

interface Span {
  readonly resource: Resource;
  readonly node: Node;
  readonly entries: readonly HistoryEntry[];
  readonly startIndex: number;
  readonly stopIndex: number;
}

/** Recurring operations that run there are known as optional actions. */
function rememberMonitors(cluster: Cluster, { resource, node, entries, startIndex, stopIndex }: Span): void {
  entries.forEach((entry, index) => {
    if (entry.intervalMs === 0 || entry.status === STATUS.pending || index < startIndex) return;
    if (startIndex < stopIndex && index <= stopIndex) return;
    requestAction(cluster, { resource, task: entry.task, intervalMs: entry.intervalMs, node, optional: true });
  });
}

/** What the whole entry means for the resource (1-state F10). */
function conclude(replay: Replay): void {
  const { cluster, resource, node } = replay;
  if (replay.role !== "Unknown") markKnown(resource, node);
  const active = rank(replay.role) > rank("Stopped");
  if (active && !node.online && !node.maintenance && resource.managed) loseActive(cluster, resource, node);
  const onFail = node.unclean ? "ignore" : replay.onFail;
  react(replay, onFail, active);
  // What its connection has lost does not come back by itself
  if (resource.failed && resource.remoteNode?.unclean === true) resource.remoteNode.unseen = false;
  if (active) {
    addActive(cluster, resource, node);
    if (replay.onFail === "ignore") addNodePriority(cluster, node, resource, replay.role);
    if (onFail === "demote" || onFail === "block") resource.failed = true;
    else if (onFail !== "ignore") fail(resource);
  } else {
    makeStopsOptional(resource, node);
  }
  applyTargetRole(resource);
}

function makeStopsOptional(resource: Resource, node: Node): void {
  for (const action of resource.actions) if (action.task === "stop" && action.node === node) action.optional = true;
}

function applyTargetRole(resource: Resource): void {
  const target = targetRole(resource.meta, cloneOf(resource)?.clone ?? null);
  if (target !== "Unknown" && (resource.nextRole === "Unknown" || rank(resource.nextRole) > rank(target))) resource.nextRole = target;
}

/** It runs on a node that is not there. A remote node may come back with its connection: until then it counts as not seen. */
function loseActive(cluster: Cluster, resource: Resource, node: Node): void {
  if (node.kind === "guest") fail(resource);
  else if (!cluster.options.fencingEnabled) return;
  if (node.kind === "remote" && node.connection?.failed !== true) node.unseen = true;
  markForFencing(node, `${resource.id} is thought to be active there`);
}

function fail(resource: Resource): void {
  resource.failed = true;
  resource.mustStop = true;
}

function react(replay: Replay, onFail: Replay["onFail"], active: boolean): void {
  const { cluster, resource, node } = replay;
  switch (onFail) {
    case "ignore":
      return;
    case "demote":
      resource.failed = true;
      requestAction(cluster, { resource, task: "demote", node, optional: false });
      return;
    case "fence":
      markForFencing(node, `${resource.id} failed there`);
      return;
    case "standby":
      node.standby = true;
      node.standbyOnFail = true;
      return;
    case "block":
      resource.managed = false;
      resource.blocked = true;
      return;
    case "migrate":
      addNodeScore(cluster, resource, node.index, ban("failcount", `${replay.failedHere ?? "it failed there"} and on-fail is migrate`));
      return;
    case "stop":
      resource.nextRole = "Stopped";
      return;
    case "restart-container":
      restartContainer(replay, active);
      return;
    case "reset-remote":
      resetRemote(replay, active);
      return;
    case "restart":
      if (!active) return;
      fail(resource);
      requestAction(cluster, { resource, task: "stop", node, optional: false });
      return;
  }
}

/** What holds it is restarted; without that, it itself. */
function restartContainer({ cluster, resource, node }: Replay, active: boolean): void {
  fail(resource);
  // In a bundle the connection need not be where the container is
  const place = resource.remoteNode?.inBundle === true ? null : node;
  if (resource.container !== null) requestAction(cluster, { resource: resource.container, task: "stop", node: place, optional: false });
  else if (active) requestAction(cluster, { resource, task: "stop", node, optional: false });
}

/** The connection is lost: only a reset tells what the remote node does. */
function resetRemote({ cluster, resource, node }: Replay, active: boolean): void {
  fail(resource);
  if (cluster.options.fencingEnabled && resource.remoteNode !== null && !resource.remoteNode.fenced) {
    markForFencing(resource.remoteNode, "remote connection is unrecoverable");
  }
  if (active) requestAction(cluster, { resource, task: "stop", node, optional: false });
  if (resource.reconnectMs > 0) resource.nextRole = "Stopped";
}

/** Known there, so that no probe is needed; for members of a group in a clone the instance is enough. */
function markKnown(resource: Resource, node: Node): void {
  for (let at: Resource | null = resource; at !== null; at = at.parent) {
    at.known.add(node.index);
    if (at.unique) return;
  }
}

