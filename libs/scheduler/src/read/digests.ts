/** Whether an operation of the history ran with the parameters that are configured now (1-state G4, G5). */
import { operationDigest } from "@quorate/ocf";
import type { Cluster } from "../model/cluster.ts";
import { nodeContext } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { isFenceDevice } from "../model/resource.ts";
import { isProbe } from "./history-entry.ts";
import type { HistoryEntry } from "./history-entry.ts";
import { operationOptions, resourceParameters } from "./operations.ts";

export type DigestVerdict = "same" | "changed" | "restart" | "unknown";

/**
 * Tools that show CIBs without secrets drop the parameters named in `op-secure-params`; then that digest has to do.
 * Not so, as in the reference, when it is asked whether a failure is still about the present parameters (`withSecrets`).
 */
export function compareDigests(cluster: Cluster, resource: Resource, node: Node, entry: HistoryEntry, withSecrets = false): DigestVerdict {
  const recorded = entry.element.attributes;
  const options = operationOptions(cluster, resource, entry.task, entry.intervalMs);
  const own = Object.fromEntries(resourceParameters(cluster, resource, nodeContext(cluster, node)));
  const all = { ...own, ...Object.fromEntries([...options.parameters].filter(([name]) => !(name in own))) };
  const recurringTimeoutMs = entry.intervalMs > 0 ? options.timeoutMs : null;
  const restart = recorded["op-restart-digest"];
  if (restart !== undefined) {
    const names = recorded["op-force-restart"];
    const only = names === undefined ? undefined : new Set(names.split(" ").filter((name) => name !== ""));
    const digest = operationDigest(all, only === undefined ? { recurringTimeoutMs } : { recurringTimeoutMs, only });
    if (digest !== restart) return "restart";
  }
  if (recorded["op-digest"] === undefined) return "unknown";
  if (operationDigest(all, { recurringTimeoutMs }) === recorded["op-digest"]) return "same";
  if (!withSecrets && matchesSecurely(resource, entry, all, recurringTimeoutMs)) return "same";
  return entry.intervalMs === 0 && options.parameters.size > 0 ? "restart" : "changed";
}

function matchesSecurely(resource: Resource, entry: HistoryEntry, parameters: Readonly<Record<string, string>>, recurringTimeoutMs: number | null): boolean {
  const { "op-secure-digest": digest, "op-secure-params": hidden = "" } = entry.element.attributes;
  if (digest === undefined) return false;
  const names = new Set(hidden.split(" ").filter((name) => name !== ""));
  const old = featureSetBefore(entry.element.attributes["crm_feature_set"] ?? "", [3, 16, 0]);
  const kept = Object.entries(parameters).filter(([name]) => {
    if (names.has(name)) return false;
    return !(old && isFenceDevice(resource) && (name.startsWith("pcmk_") || name === "provides" || name === "stonith-timeout"));
  });
  return operationDigest(Object.fromEntries(kept), { recurringTimeoutMs: old ? null : recurringTimeoutMs }) === digest;
}

export function featureSetBefore(text: string, version: readonly number[]): boolean {
  const parts = text.split(".").map((part) => Number.parseInt(part, 10) || 0);
  for (let i = 0; i < version.length; i++) {
    const difference = (parts[i] ?? 0) - (version[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Operations whose parameters decide about a restart. */
export function isCompared(entry: HistoryEntry): boolean {
  return entry.intervalMs > 0 || isProbe(entry) || ["start", "promote", "migrate_from"].includes(entry.task);
}
