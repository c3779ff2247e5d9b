/** What went wrong: failed operations, fencing, fail counts. */
import { ocfExitName } from "@quorate/ocf";
import type { FailCountStatus, FailedOperationStatus, FenceRecord } from "@quorate/wire";
import { bullet } from "./layout.ts";
import { type TimeText, spanText } from "./time-text.ts";

const INFINITY_COUNT = 1_000_000;

/** `rsc 10s-interval monitor on node2 returned 'not running' at ... after 12ms`. */
export function renderFailedOperations(failed: readonly FailedOperationStatus[], time: TimeText): string[] {
  return failed.flatMap((operation) => {
    const task = operation.intervalMs > 0 ? `${spanText(operation.intervalMs)}-interval ${operation.task}` : operation.task;
    const reason = operation.exitReason === "" ? "" : ` (${operation.exitReason})`;
    const outcome = ["done", "error", ""].includes(operation.status)
      ? `returned '${ocfExitName(operation.rc)}'${reason}`
      : `could not be executed (${operation.status}${operation.exitReason === "" ? "" : `: ${operation.exitReason}`})`;
    const at = operation.atMs === null ? "" : ` at ${time(operation.atMs)}`;
    const took = operation.execMs === null || operation.execMs === 0 ? "" : ` after ${spanText(operation.execMs)}`;
    return bullet(1, `${operation.resource} ${task} on ${operation.node} ${outcome}${at}${took}`);
  });
}

/** Records in the order given; `reason` says why the node was to be fenced, `detail` what the devices answered. */
export function renderFenceRecords(records: readonly FenceRecord[], time: TimeText): string[] {
  return records.flatMap((record) => {
    const by = record.outcome === "confirmed" ? ["vouched for by an administrator"] : [];
    const facts = [
      ...by,
      ...(record.device === null ? [] : [`device=${record.device}`]),
      ...(record.gateway === null ? [] : [`delegate=${record.gateway}`]),
      record.endedAtMs === null ? `since='${time(record.startedAtMs)}'` : `completed='${time(record.endedAtMs)}' after ${spanText(record.endedAtMs - record.startedAtMs)}`,
    ];
    return [
      ...bullet(1, `${record.action} of ${record.target} ${outcomeWord(record)}: ${facts.join(", ")}`),
      ...(record.reason === "" ? [] : bullet(2, `reason: ${record.reason}`)),
      ...(record.detail === "" || record.outcome === "succeeded" ? [] : bullet(2, record.detail)),
    ];
  });
}

function outcomeWord({ outcome }: FenceRecord): string {
  switch (outcome) {
    case "succeeded": return "successful";
    case "unknown": return "not verified (it counts as failed)";
    case "pending":
    case "failed":
    case "confirmed": return outcome;
  }
}

/** Fail counts by node, in the order of the nodes. */
export function renderFailCounts(counts: readonly FailCountStatus[], time: TimeText): string[] {
  const nodes = [...new Set(counts.map(({ node }) => node))].sort((a, b) => (a < b ? -1 : 1));
  return nodes.flatMap((node) => [
    ...bullet(1, `Node: ${node}:`),
    ...counts.filter((count) => count.node === node).flatMap((count) => {
      const last = count.lastFailureMs === null ? "" : ` last-failure='${time(count.lastFailureMs)}'`;
      const threshold = ` migration-threshold=${countText(count.migrationThreshold)}`;
      return bullet(2, `${count.resource}:${threshold} fail-count=${countText(count.count)}${last}`);
    }),
  ]);
}

function countText(count: number): string {
  return count >= INFINITY_COUNT ? "INFINITY" : String(count);
}
