/**
 * What a leader knows of one follower's log, and what it may send next.
 * `probe`: where the logs agree is not known; one message goes out and its answer is awaited (heartbeats, which ask the
 * same question without entries, replace a lost one). `replicate`: entries are sent ahead of their acknowledgement;
 * those from `match + 1` to `next - 1` are in flight. Source: etcd-io/raft, tracker.
 * Invariant: `match` < `next`.
 */
import type { LogIndex } from "@quorate/core";

export interface Progress {
  state: "probe" | "replicate";
  /** Last index known to be equal in both logs. */
  match: LogIndex;
  /** First index not sent yet. */
  next: LogIndex;
  /** In `probe`: the one message is out. */
  probed: boolean;
  /** In `probe`: refusals in a row. */
  refusals: number;
  /** Commit index in the newest message sent. */
  commitTold: LogIndex;
  /** Tick of the leader's term at which the newest answered message was sent. */
  answeredTick: number;
}

/** Nothing is known; `lastIndex` is the optimistic guess of where the logs agree. */
export function beginProgress(lastIndex: LogIndex, answeredTick: number): Progress {
  return { state: "probe", match: 0, next: lastIndex + 1, probed: false, refusals: 0, commitTold: 0, answeredTick };
}

/** The follower holds everything up to `index`. An old or repeated answer changes nothing. */
export function accepted(progress: Progress, index: LogIndex): void {
  if (index < progress.match) return;
  progress.match = index;
  progress.refusals = 0;
  if (progress.state === "probe") {
    progress.state = "replicate";
    progress.next = index + 1;
  } else {
    progress.next = Math.max(progress.next, index + 1);
  }
}

/**
 * The follower refused and says to go on after `hint`. A true refusal of `next - 1` always hints lower and never lower
 * than `match`; any other is old or repeated and changes nothing. The first hint is taken as it is (most often it is the
 * end of a log that only lags); then the steps back double, so that a long divergence costs its logarithm in questions
 * and at most its own length in entries sent twice.
 */
export function refused(progress: Progress, hint: LogIndex): void {
  if (hint < progress.match || hint + 1 >= progress.next) return;
  const stepBack = 2 ** progress.refusals - 1;
  progress.state = "probe";
  progress.next = Math.max(progress.match, hint - stepBack) + 1;
  progress.probed = false;
  progress.refusals += 1;
}

/** How many entries may go out now. */
export function sendable(progress: Progress, inFlightMax: number): number {
  if (progress.state === "probe") return progress.probed ? 0 : inFlightMax;
  return Math.max(0, inFlightMax - (progress.next - 1 - progress.match));
}

/** A message with `count` entries from `next` on went out. */
export function sent(progress: Progress, count: number, commit: LogIndex): void {
  progress.commitTold = commit;
  if (progress.state === "probe") progress.probed = true;
  else progress.next += count;
}
