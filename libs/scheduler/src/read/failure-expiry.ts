/** Failures that expire, and fail counts that are to be cleared (1-state F7). */
import { requestAction } from "../actions/action-table.ts";
import { fenceAction } from "../actions/fence-action.ts";
import { ORDER } from "../model/action.ts";
import { isAddressedByHost } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import { noteRecheck } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { attach } from "../order/attach.ts";
import { compareDigests } from "./digests.ts";
import { effectiveFailCount, rawFailCount } from "./fail-counts.ts";
import { isProbe } from "./history-entry.ts";
import type { HistoryEntry } from "./history-entry.ts";
import type { Replay } from "./operation-result.ts";

/** Exit codes of a probe that say something about the present, however old. */
const LASTING: ReadonlySet<number> = new Set([0, 7, 8, 190, 191]);

/** True when the entry is a failure too old to count. Plans the clearing of fail counts that are over. */
export function checkExpiry(replay: Replay, entry: HistoryEntry): boolean {
  const { cluster, resource, node } = replay;
  const isLastFailure = entry.id.endsWith("_last_failure_0");
  let expired = false, clear: string | null = null;
  withdrawTimeoutIfBlocked(replay, entry);
  if (resource.failureTimeoutMs > 0 && entry.changedAt !== null) {
    const timeout = resource.failureTimeoutMs / 1000;
    expired = cluster.nowMs / 1000 >= entry.changedAt + timeout && !awaitsFencing(replay, entry);
    const effective = effectiveFailCount(cluster, resource, node);
    if (effective.count > 0 && effective.last > 0) noteRecheck(cluster, (effective.last + timeout + 1) * 1000);
    if (expired && rawFailCount(cluster, resource, node).count > 0) {
      if (effective.count === 0) clear = "it expired";
      else expired = false;
    } else if (expired && isLastFailure && resource.reconnectMs > 0) {
      clear = "reconnect interval is set";
    }
  }
  if (!expired && isLastFailure && (entry.task === "start" || entry.task === "monitor") && clear === null) {
    if (isAddressedByHost(resource)) cluster.deferred.push(() => clearIfChanged(replay, entry));
    else if (haveChanged(replay, entry)) clear = PARAMETERS_CHANGED;
  }
  if (clear !== null) clearFailCount(cluster, resource, node, clear);
  return expired && !(isProbe(entry) && LASTING.has(entry.rc));
}

const PARAMETERS_CHANGED = "resource parameters have changed";

function haveChanged({ cluster, resource, node }: Replay, entry: HistoryEntry): boolean {
  const verdict = compareDigests(cluster, resource, node, entry, true);
  return verdict !== "same" && verdict !== "unknown";
}

function clearIfChanged(replay: Replay, entry: HistoryEntry): void {
  if (haveChanged(replay, entry)) clearFailCount(replay.cluster, replay.resource, replay.node, PARAMETERS_CHANGED);
}

/** A lost connection with a reconnect interval: its monitor stays failed until the remote node was fenced. */
function awaitsFencing({ cluster, resource }: Replay, entry: HistoryEntry): boolean {
  return cluster.options.fencingEnabled && resource.reconnectMs > 0 && resource.remoteNode !== null && !resource.remoteNode.fenced
    && entry.task === "monitor" && entry.intervalMs > 0;
}

/** A failure that blocks does not go away by itself. */
function withdrawTimeoutIfBlocked({ resource, node, cluster }: Replay, entry: HistoryEntry): void {
  if (resource.failureTimeoutMs === 0 || rawFailCount(cluster, resource, node).count === 0) return;
  const failed = entry.id.endsWith("_last_failure_0") || entry.rc !== entry.targetRc;
  const blocks = resource.operations.some(
    (operation) => operation.element.attributes["on-fail"] === "block" && operation.name === entry.task && operation.intervalMs === entry.intervalMs,
  );
  if (failed && blocks) resource.failureTimeoutMs = 0;
}

export function clearFailCount(cluster: Cluster, resource: Resource, node: Node, reason: string): void {
  const action = requestAction(cluster, { resource, task: "clear_failcount", node, optional: false });
  action.extraMeta.set("op_no_wait", "true");
  action.reason ??= reason;
  // A lost connection is tried anew only after the remote node was fenced
  if (resource.reconnectMs > 0 && resource.remoteNode !== null && cluster.options.fencingEnabled) {
    attach(fenceAction(cluster, resource.remoteNode, cluster.options.fencingAction), action, ORDER.impliesThen);
  }
}
