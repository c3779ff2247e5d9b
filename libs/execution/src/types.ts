/**
 * The protocol between the DC (or, without quorum, this node's own policy-engine) and an executor.
 * Carried by NATS request/reply on `executor.<node>` and, on the same node, by gRPC. Source: ARCHITECTURE D4.
 */
import type { Authority, BootId, NodeName, ResourceId, SessionId, WallMs } from "@quorate/core";

export interface AgentName {
  /** ocf, systemd, lsb, service, stonith. */
  readonly class: string;
  readonly provider: string | null;
  readonly type: string;
}

/** One thing an agent is to do. */
export interface Operation {
  /** `<transition>:<action>:<target rc>:<dc session>`; names the result. */
  readonly transitionKey: string;
  readonly resource: ResourceId;
  readonly agent: AgentName;
  /** start stop monitor promote demote notify migrate_to migrate_from reload reload-agent meta-data validate-all. */
  readonly task: string;
  /** Recurring when > 0 (monitor only); 0 for a single run (a monitor with 0 is a probe or a re-check). */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly targetRc: number;
  /** Instance parameters; become OCF_RESKEY_<name>. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Become OCF_RESKEY_CRM_meta_<name>, with `-` written `_`. */
  readonly meta: Readonly<Record<string, string>>;
}

/** Outcome of one run. `status`: done (rc is the agent's), timeout (killed), error (could not be run), cancelled, lost (the executor died meanwhile). */
export interface OperationResult {
  readonly operation: Operation;
  /** Counts runs of this executor's node store, from 1; later is newer. */
  readonly callId: number;
  readonly status: "done" | "timeout" | "error" | "cancelled" | "lost";
  /** OCF exit code; for a status other than done: 1. */
  readonly rc: number;
  /** From `ocf-exit-reason:`, or what the executor says about a time-out; at most 512 characters. */
  readonly exitReason: string;
  readonly startedAtMs: WallMs;
  /** Time of the last change of rc of this operation. */
  readonly rcChangedAtMs: WallMs;
  readonly execMs: number;
  readonly queueMs: number;
}

export type ExecutorRequest =
  /** Take this authority; refuse all older ones for ever (durably). */
  | { readonly kind: "claim"; readonly authority: Authority; readonly dc: NodeName }
  /** Commands of one session are numbered from 1 after each claim, without a gap. */
  | { readonly kind: "execute"; readonly authority: Authority; readonly session: SessionId; readonly sequence: number; /** from receipt; over that the command is dropped unstarted and its result is `cancelled` */ readonly budgetMs: number; readonly operation: Operation }
  /** Stop a recurring operation. */
  | { readonly kind: "cancel"; readonly authority: Authority; readonly session: SessionId; readonly sequence: number; readonly resource: ResourceId; readonly task: string; readonly intervalMs: number }
  /** Forget the history of a resource (after `delete` or cleanup). */
  | { readonly kind: "forget"; readonly authority: Authority; readonly session: SessionId; readonly sequence: number; readonly resource: ResourceId }
  /** Reports up to this sequence are safe in the log. */
  | { readonly kind: "acknowledge"; readonly authority: Authority; readonly session: SessionId; readonly reportSequence: number }
  /** From this node's own policy-engine only, while there is no connected quorum: stop, demote and monitor of local resources. */
  | { readonly kind: "executeLocal"; readonly operation: Operation }
  /** Close the gate for a clean leave: nothing starts any more; answered once it is durable. */
  | { readonly kind: "close"; readonly authority: Authority; readonly session: SessionId };

export type RefusalReason = "stale-authority" | "wrong-session" | "out-of-order" | "no-quorum" | "not-claimed" | "closed" | "overloaded" | "fenced" | "invalid";

export type ExecutorReply =
  | {
      readonly kind: "claimed";
      readonly node: NodeName;
      readonly bootId: BootId;
      readonly session: SessionId;
      readonly authority: Authority;
      /** Last result per resource, task and interval; this is what the node knows to be active or not. */
      readonly history: readonly OperationResult[];
      /** Operations running or queued now; their results follow as reports. */
      readonly inFlight: readonly Operation[];
    }
  /** Taken (or taken before: a repeat is answered alike). `sequence`: the highest one taken. */
  | { readonly kind: "accepted"; readonly sequence: number }
  /** `authority`: the newest the executor obeys; `expected`: the sequence it wants next. */
  | { readonly kind: "refused"; readonly reason: RefusalReason; readonly authority: Authority; readonly session: SessionId; readonly expected: number; readonly message: string };

/** Results on their way to the DC on `policy.<dc>`; repeated every 500 ms until acknowledged. */
export interface ExecutorReport {
  readonly node: NodeName;
  readonly bootId: BootId;
  readonly session: SessionId;
  readonly authority: Authority;
  /** Sequence of the last result in `results`; results are numbered from 1 in one session, oldest first. */
  readonly sequence: number;
  readonly results: readonly OperationResult[];
}
