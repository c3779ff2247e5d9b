/** The fencing ledger: a sentence is written before a device is touched, and its outcome before anything rests on it. */
import type { BootId, WallMs } from "@quorate/core";
import type { Command } from "./command.ts";
import { draft } from "./event-draft.ts";
import { type Applied, FENCED_BOOT_IDS_MAX, FENCE_RECORDS_MAX, type FenceRecord, type Replica } from "./replica.ts";
import { changeNodeState, clearHistory, setStanding } from "./status-section.ts";

export function applyFenceStarted(replica: Replica, command: Extract<Command, { kind: "fenceStarted" }>): Applied {
  const { target, bootId, fenceId, action, gateway, devices, reason, atMs } = command;
  replica.fences.push({ fenceId, target, bootId, action, gateway, devices, reason, startedAtMs: atMs, outcome: "pending", device: null, detail: "", endedAtMs: null });
  if (replica.fences.length > FENCE_RECORDS_MAX) replica.fences.shift();
  if (action !== "on") sentence(replica, bootId);
  const record = replica.nodes.get(target);
  if (record !== undefined && action !== "on") replica.nodes.set(target, { ...record, condition: "fencing", reason: record.reason === "" ? reason : record.reason, sinceMs: atMs });
  const message = `Fencing of ${target} (${action}) through ${gateway}: ${reason}`;
  return { events: [draft("fencing.started", "warning", atMs, message, { node: target, data: { fenceId, action, gateway, reason, devices: devices.join(" ") } })], error: null };
}

export function applyFenceEnded(replica: Replica, command: Extract<Command, { kind: "fenceEnded" }>): Applied {
  const at = replica.fences.findIndex(({ fenceId }) => fenceId === command.fenceId);
  const record = replica.fences[at];
  if (record === undefined || record.outcome !== "pending") {
    return { events: [], error: { code: "QUORATE_NOT_FOUND", message: `no fencing ${command.fenceId} is under way` } };
  }
  const { outcome, device, detail, atMs } = command;
  const ended: FenceRecord = { ...record, outcome, device, detail, endedAtMs: atMs };
  replica.fences[at] = ended;
  const data = { fenceId: record.fenceId, action: record.action, gateway: record.gateway, device: device ?? "", detail, elapsedMs: String(atMs - record.startedAtMs) };
  if (outcome !== "succeeded") {
    const message = `Fencing of ${record.target} ${outcome === "failed" ? "failed" : "has an unknown result"}: ${detail}. Nothing of it is started elsewhere.`;
    return { events: [draft("fencing.failed", "critical", atMs, message, { node: record.target, data: { ...data, outcome } })], error: null };
  }
  if (record.action !== "on") settleFenced(replica, record, atMs);
  const message = `${record.target} is fenced (${record.action}), confirmed by ${device ?? "its device"}`;
  return { events: [draft("fencing.succeeded", "warning", atMs, message, { node: record.target, data })], error: null };
}

/** Only for a node that is out of the view: while it is heard, nobody can vouch that it is off. */
export function applyFenceConfirmed(replica: Replica, command: Extract<Command, { kind: "fenceConfirmed" }>): Applied {
  const { target, by, atMs } = command;
  const record = replica.nodes.get(target);
  if (record === undefined) return { events: [], error: { code: "QUORATE_NOT_FOUND", message: `no node ${target}` } };
  if (record.condition === "member") {
    return { events: [], error: { code: "QUORATE_UNSAFE", message: `${target} is a member of the cluster: it is heard, so it is not off` } };
  }
  sentence(replica, record.bootId);
  settleFenced(replica, { target, bootId: record.bootId }, atMs);
  return { events: [draft("fencing.confirmed", "critical", atMs, `${by} confirmed by hand that ${target} is off`, { node: target, data: { by } })], error: null };
}

/** This life is never admitted again. */
function sentence(replica: Replica, bootId: BootId | null): void {
  if (bootId === null) return;
  replica.fencedBootIds.add(bootId);
  if (replica.fencedBootIds.size > FENCED_BOOT_IDS_MAX) replica.fencedBootIds.delete(replica.fencedBootIds.values().next().value!);
}

/** The node is off: what it ran is gone, and the life that was sentenced never comes back. */
function settleFenced(replica: Replica, { target, bootId }: { target: string; bootId: BootId | null }, atMs: WallMs): void {
  const record = replica.nodes.get(target);
  // It may be back already, in a new life: what that one runs was not switched off, be it a member still or lost again.
  if (record === undefined || record.bootId !== bootId) return;
  replica.nodes.set(target, { ...record, condition: "fenced", session: null, reportSequence: 0, sinceMs: atMs });
  replica.cib = changeNodeState(replica.cib, target, (state) => setStanding(clearHistory(state), "down"));
}
