/** Names and numbers that travel through the whole program. Aliases, not brands: the name says what is meant. */

/** Name of a node as in the configuration, `[a-z0-9][a-z0-9.-]{0,62}`; equal to `uname` in the CIB. */
export type NodeName = string;
/** Id of a resource element in the CIB; a clone instance is written `id:0`. */
export type ResourceId = string;
/** One life of a node's kernel (`/proc/sys/kernel/random/boot_id`, or the configured file). */
export type BootId = string;
/** One life of a process; chosen at random at its start, 16 hexadecimal digits. */
export type SessionId = string;
/** Position in the Raft log, from 1. */
export type LogIndex = number;
/** Milliseconds since the Unix epoch, for what people read and what the CIB stores. Never used to decide order. */
export type WallMs = number;
/** Milliseconds of a monotonic clock of one process; only differences mean anything. */
export type MonotonicMs = number;

/**
 * In whose name a command is given: the Raft term of the DC and the view it rests on.
 * Ordered by term, then by view. A receiver never obeys a smaller one than it has seen (ARCHITECTURE D4).
 */
export interface Authority {
  readonly term: number;
  /** Log index of the committed view; 0 before the first. */
  readonly view: LogIndex;
}

/** Negative when `a` is older than `b`, 0 when equal, positive when newer. */
export function compareAuthority(a: Authority, b: Authority): number {
  return a.term - b.term || a.view - b.view;
}
