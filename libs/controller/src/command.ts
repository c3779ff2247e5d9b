/**
 * What stands in a log entry. Every replica applies the same commands in the same order with `applyCommand`
 * (replica.ts); nothing else changes the CIB, the view, the fencing ledger, the outbox or the cursors.
 * Wall times are put in by the proposer, so that replicas stay equal.
 */
import type { BootId, ClusterEvent, EventSeverity, LogIndex, NodeName, ResourceId, SessionId, WallMs } from "@quorate/core";
import type { CibOperation } from "@quorate/cib";
import type { FenceAction } from "@quorate/fencing";
import type { OperationResult } from "@quorate/execution";

export interface ViewMember {
  readonly node: NodeName;
  readonly bootId: BootId;
}

/** A node that leaves the view, and the evidence. */
export interface LostNode {
  readonly node: NodeName;
  /** For people, for example "silent on nats, udp:san for 612 ms; suspected by node1, node3, node4". */
  readonly reason: string;
  /** `lost` must be fenced; `left` closed its gate first and ran nothing. */
  readonly how: "lost" | "left";
}

/** Why something was decided, kept for `why`. Texts are sentences, nearest cause first. */
export interface ResourceReason {
  readonly resource: ResourceId;
  readonly task: string;
  readonly from: NodeName | null;
  readonly to: NodeName | null;
  readonly causes: readonly string[];
  /** Ranked nodes with their score arithmetic, one line each. */
  readonly candidates: readonly string[];
}

export type Command =
  /** A new view; its id is the index of this entry. */
  | { readonly kind: "view"; readonly atMs: WallMs; readonly dc: NodeName; readonly members: readonly ViewMember[]; readonly gone: readonly LostNode[] }
  /** An executor answered the claim: its history replaces what the CIB says of the node, and the node may run resources. */
  | { readonly kind: "joined"; readonly atMs: WallMs; readonly node: NodeName; readonly bootId: BootId; readonly session: SessionId; readonly history: readonly OperationResult[] }
  | { readonly kind: "results"; readonly atMs: WallMs; readonly node: NodeName; readonly session: SessionId; /** last report sequence included */ readonly reportSequence: number; readonly results: readonly OperationResult[] }
  | { readonly kind: "cib"; readonly atMs: WallMs; readonly requestId: string; readonly by: string; readonly operation: CibOperation }
  | { readonly kind: "fenceStarted"; readonly atMs: WallMs; readonly fenceId: string; readonly target: NodeName; readonly bootId: BootId | null; readonly action: FenceAction; readonly gateway: NodeName; readonly devices: readonly string[]; readonly reason: string }
  | { readonly kind: "fenceEnded"; readonly atMs: WallMs; readonly fenceId: string; readonly outcome: "succeeded" | "failed" | "unknown"; readonly device: string | null; readonly detail: string }
  /** An administrator vouches that the node is off. Refused on apply when the node is a member. */
  | { readonly kind: "fenceConfirmed"; readonly atMs: WallMs; readonly requestId: string; readonly target: NodeName; readonly by: string }
  | { readonly kind: "transitionStarted"; readonly atMs: WallMs; readonly transition: number; readonly trigger: string; readonly reasons: readonly ResourceReason[] }
  | { readonly kind: "transitionEnded"; readonly atMs: WallMs; readonly transition: number; readonly outcome: "complete" | "aborted" | "failed"; readonly detail: string }
  /** Operation history and fail counts of a resource are forgotten; node null: everywhere. */
  | { readonly kind: "cleanup"; readonly atMs: WallMs; readonly requestId: string; readonly resource: ResourceId; readonly node: NodeName | null; readonly by: string }
  /** Transient node attribute; value null removes it. */
  | { readonly kind: "attribute"; readonly atMs: WallMs; readonly requestId: string; readonly node: NodeName; readonly name: string; readonly value: string | null }
  /** An event from outside, for example of `fs-instance-alarm.pl`. */
  | { readonly kind: "alarm"; readonly atMs: WallMs; readonly requestId: string; readonly type: string; readonly severity: EventSeverity; readonly node: NodeName | null; readonly resource: ResourceId | null; readonly message: string; readonly data: Readonly<Record<string, string>> }
  /** A recipient has everything up to and including this event. */
  | { readonly kind: "cursor"; readonly recipient: string; readonly index: LogIndex; readonly ordinal: number };

/** Answer to a request that became an entry. */
export interface CommandOutcome {
  readonly index: LogIndex;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly events: readonly ClusterEvent[];
}
