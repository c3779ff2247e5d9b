/**
 * What a gateway remembers of the power commands it was asked for. An entry is durable before a device is touched and again
 * after the outcome, so that a repeat is answered from it, also by the next life of the process. It holds no parameters of
 * devices, therefore no secrets.
 */
import type { Authority, BootId, NodeName } from "@quorate/core";
import type { FenceAction, FenceReply } from "./types.ts";

export interface LedgerEntry {
  readonly fenceId: string;
  /** Order of beginning on this gateway, from 1. */
  readonly sequence: number;
  readonly authority: Authority;
  readonly action: FenceAction;
  readonly target: NodeName;
  readonly targetBootId: BootId | null;
  /** Ids, in the order they were to be tried. */
  readonly devices: readonly string[];
  /** Null while the attempt runs. */
  readonly reply: FenceReply | null;
  /** For a reboot that succeeded: whether the power came back; null until that is known, and for other actions. */
  readonly powerOn: "succeeded" | "failed" | "unknown" | null;
}

/** What survives a restart of the gateway. */
export interface StoredFencing {
  /** Newest authority that was ever obeyed; null before the first. */
  readonly authority: Authority | null;
  readonly ledger: readonly LedgerEntry[];
}

/** Ended entries kept; the oldest go first. */
export const LEDGER_LIMIT = 128;

/** Entries to forget so that at most LEDGER_LIMIT ended ones remain; entries of running attempts always stay. */
export function expiredEntries(entries: Iterable<LedgerEntry>): readonly LedgerEntry[] {
  const ended = [...entries].filter((entry) => entry.reply !== null).sort((a, b) => a.sequence - b.sequence);
  return ended.slice(0, Math.max(0, ended.length - LEDGER_LIMIT));
}

/** What a new life of the gateway makes of an entry that has no outcome: it may or may not have happened. */
export function interrupted(entry: LedgerEntry): LedgerEntry {
  const reply: FenceReply = {
    fenceId: entry.fenceId,
    outcome: "unknown",
    device: entry.devices[0] ?? null,
    detail: "the fencing-gateway ended during the attempt",
    powered: null,
    targets: [],
    elapsedMs: 0,
  };
  return { ...entry, reply };
}
