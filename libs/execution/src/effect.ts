/** What goes into the executor core and what comes out. The shell (or the simulator) feeds inputs one at a time. */
import type { Authority, MonotonicMs, NodeName, SessionId, WallMs } from "@quorate/core";
import type { ExecutorReply, ExecutorReport, ExecutorRequest, Operation, OperationResult } from "./types.ts";

/** Two clocks read at one moment: monotonic for waiting, wall for what people read. */
export interface Time {
  readonly nowMs: MonotonicMs;
  readonly wallMs: WallMs;
}

/** One record of the store; the text is the core's own JSON. Null removes it. */
export interface StoredRecord {
  readonly key: string;
  readonly value: string | null;
}

/** How a run ended, as the shell saw it. */
export interface RunOutcome {
  /** done: the agent exited by itself; timeout: killed at its time limit; error: it could not be run, or a signal ended it. */
  readonly status: "done" | "timeout" | "error";
  readonly rc: number;
  readonly exitReason: string;
}

export type ExecutorInput =
  /** The first input: what the store held was given at construction. */
  | { readonly kind: "restored" }
  /** `from` "local": over the node's own socket, which only its policy-engine may open. The token comes back with the reply. */
  | { readonly kind: "request"; readonly token: number; readonly from: "bus" | "local"; readonly request: ExecutorRequest }
  /** `startTime` (with the pid) names the process for ever. */
  | { readonly kind: "spawned"; readonly callId: number; readonly pid: number; readonly startTime: string | null }
  /** `lingering`: processes of the run are still alive (a SIGKILL may wait for a disk); `gone` follows when they are not. */
  | { readonly kind: "ended"; readonly callId: number; readonly outcome: RunOutcome; readonly lingering: boolean }
  /** No process of this run (lingering, or left over by a former life of the executor) lives any more. */
  | { readonly kind: "gone"; readonly callId: number }
  /** From each report of membership. */
  | { readonly kind: "quorum"; readonly connected: boolean }
  | { readonly kind: "tick" };

/**
 * Performed in order, one list after the other. A `persist` is durable before any effect after it is performed, in its own
 * list or a later one: replies and reports rest on it, and so does every spawn.
 */
export type ExecutorEffect =
  | { readonly kind: "persist"; readonly records: readonly StoredRecord[] }
  | { readonly kind: "reply"; readonly token: number; readonly reply: ExecutorReply }
  /**
   * Run the agent, at most `operation.timeoutMs`, then kill its process group. Answered by `spawned` (when it ran) and `ended`.
   * `session`: this life of the executor. `authority`: the one obeyed now, for agents that are services themselves.
   * `active`: by its history the resource was started here and not stopped since, for agents without a state of their own.
   */
  | { readonly kind: "spawn"; readonly callId: number; readonly session: SessionId; readonly authority: Authority; readonly operation: Operation; readonly active: boolean }
  /** Kill the process group of a run; `ended` follows as usual. */
  | { readonly kind: "kill"; readonly callId: number }
  /**
   * A run of a former life (`session`) of the executor may still live: kill its group if so, and answer `gone` when nobody is left. The pid is
   * null when that life ended before it could be written down; the marker in the environment of the processes finds them then.
   */
  | { readonly kind: "reap"; readonly callId: number; readonly session: SessionId; readonly operation: Operation; readonly pid: number | null; readonly startTime: string | null }
  | { readonly kind: "report"; readonly to: NodeName; readonly report: ExecutorReport }
  /** Every result as it happens, unchanged monitors included, for those who watch this node. */
  | { readonly kind: "result"; readonly result: OperationResult };
