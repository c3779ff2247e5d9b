/** Entries of the operation history (`lrm_rsc_op`): their fields and their order (1-state F4, F5). */
import type { XmlElement } from "@quorate/cib";
import { children } from "@quorate/cib";

/** The `lrm_resource` elements of a `node_state`. */
export function historyElements(state: XmlElement): XmlElement[] {
  return children(state, "lrm").flatMap((lrm) => children(lrm, "lrm_resources").flatMap((list) => children(list, "lrm_resource")));
}

/** Outcome of an operation as the executor reported it (`op-status`). */
export const STATUS = {
  pending: -1, done: 0, cancelled: 1, timeout: 2, notSupported: 3, error: 4, errorHard: 5, errorFatal: 6, notInstalled: 7,
  notConnected: 8, invalid: 9, noFenceDevice: 10, noSecrets: 11,
} as const;

export const STATUS_NAMES: Readonly<Record<number, string>> = {
  [-1]: "pending", 0: "complete", 1: "cancelled", 2: "Timed Out", 3: "not supported", 4: "error", 5: "error", 6: "error", 7: "not installed",
  8: "not connected", 9: "invalid", 10: "no fence device", 11: "no secrets",
};

export const RC = {
  ok: 0, unknownError: 1, invalidParameter: 2, unimplemented: 3, permission: 4, notInstalled: 5, notConfigured: 6, notRunning: 7,
  runningPromoted: 8, failedPromoted: 9, degraded: 190, degradedPromoted: 191,
  /** Written while the operation is in flight. */
  unknown: 193,
} as const;

export interface HistoryEntry {
  readonly element: XmlElement;
  readonly id: string;
  readonly key: string;
  readonly task: string;
  readonly intervalMs: number;
  readonly callId: number;
  readonly status: number;
  readonly rc: number;
  /** -1 when the transition key cannot be read. */
  readonly targetRc: number;
  /** `last-rc-change` in seconds; null when absent. */
  readonly changedAt: number | null;
  readonly transition: { readonly number: number; readonly uuid: string } | null;
}

export function isProbe(entry: Pick<HistoryEntry, "task" | "intervalMs">): boolean {
  return entry.task === "monitor" && entry.intervalMs === 0;
}

/** Null for what is passed over: no operation, or a status that does not exist. */
export function readHistoryEntry(element: XmlElement): HistoryEntry | null {
  const { id = "", operation, interval = "0" } = element.attributes;
  const status = integer(element.attributes["op-status"]);
  if (operation === undefined || status === null || status < STATUS.pending || status > STATUS.noSecrets) return null;
  const key = element.attributes["transition-key"]?.split(":");
  const magic = /^-?\d+:-?\d+;(.*)$/.exec(element.attributes["transition-magic"] ?? "")?.[1]?.split(":") ?? key;
  const [, transition = "", , uuid = ""] = magic ?? [];
  return {
    element, id, key: element.attributes["operation_key"] ?? id, task: operation,
    intervalMs: integer(interval) ?? 0,
    callId: integer(element.attributes["call-id"]) ?? 0,
    status, rc: integer(element.attributes["rc-code"]) ?? 0,
    targetRc: (key?.length ?? 0) >= 4 ? (integer(key?.[2]) ?? -1) : -1,
    changedAt: integer(element.attributes["last-rc-change"]),
    transition: magic === undefined || magic.length < 4 ? null : { number: integer(transition) ?? -1, uuid },
  };
}

function integer(text: string | undefined): number | null {
  const value = Number.parseInt(text ?? "", 10);
  return Number.isNaN(value) ? null : value;
}

/** Elements never change, so what was read from one stays true: from one decision to the next most histories are the same elements. */
const READ = new WeakMap<XmlElement, readonly HistoryEntry[]>();

/** The entries of an `lrm_resource`, oldest first; what cannot be told apart stands in reverse document order. */
export function historyEntries(history: XmlElement): readonly HistoryEntry[] {
  let entries = READ.get(history);
  if (entries === undefined) {
    entries = children(history, "lrm_rsc_op").flatMap((item) => readHistoryEntry(item) ?? []).reverse().sort((a, b) => compareEntries(a, b));
    READ.set(history, entries);
  }
  return entries;
}

/** Negative when `a` happened before `b`. `sameNode` is for entries that do not tell where they are of. */
export function compareEntries(a: HistoryEntry, b: HistoryEntry, sameNodeAssumed = true): number {
  const nodes = [a.element.attributes["on_node"], b.element.attributes["on_node"]];
  const sameNode = nodes.includes(undefined) ? sameNodeAssumed : nodes[0] === nodes[1];
  if (sameNode && a.id === b.id) return 0;
  if (a.callId === -1 && b.callId === -1) return 0;
  if (sameNode && a.callId >= 0 && a.callId < b.callId) return -1;
  if (sameNode && b.callId >= 0 && a.callId > b.callId) return 1;
  if (a.callId >= 0 && b.callId >= 0) return compareTimes(a.changedAt, b.changedAt);
  return comparePending(a, b);
}

function compareTimes(a: number | null, b: number | null): number {
  return a === null || b === null ? 0 : a - b;
}

/** One of them is pending: a pending one of the same transition, or of another DC, is later. */
function comparePending(a: HistoryEntry, b: HistoryEntry): number {
  if (a.transition === null || b.transition === null) return 0;
  if (a.transition.uuid !== b.transition.uuid || a.transition.number === b.transition.number) return a.callId === -1 ? 1 : -1;
  if (a.transition.number === -1 || a.transition.number < b.transition.number) return a.transition.number === -1 ? 1 : -1;
  return b.transition.number === -1 ? -1 : 1;
}
