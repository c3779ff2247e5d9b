/**
 * The replicated state: CIB, view, what is known of each node, the fencing ledger, the outbox and its cursors.
 * Only `applyCommand` (apply.ts) changes it; replicas that applied the same entries are equal (invariant 1).
 */
import { type Cib, digestCib } from "@quorate/cib";
import type { BootId, ClusterEvent, LogIndex, NodeName, ResourceId, SessionId, WallMs } from "@quorate/core";
import type { FenceAction } from "@quorate/fencing";
import type { CommandOutcome, ResourceReason, ViewMember } from "./command.ts";
import type { ResourceIndex } from "./resource-index.ts";

export interface View {
  /** Log index of its entry; 0 before the first. */
  readonly id: LogIndex;
  readonly dc: NodeName | null;
  readonly members: readonly ViewMember[];
  readonly atMs: WallMs;
}

/**
 * `pending`: never seen since the cluster was made. `member`: in the view. `lost`: must be fenced before anything of it
 * starts elsewhere. `fencing`: as lost, and its boot id will never be admitted again. `fenced`: confirmed off. `left`: it
 * closed its gate with nothing active.
 */
export type NodeCondition = "pending" | "member" | "lost" | "fencing" | "fenced" | "left";

export interface NodeRecord {
  readonly condition: NodeCondition;
  readonly bootId: BootId | null;
  /** Executor that answered the claim of this life. */
  readonly session: SessionId | null;
  /** Highest report of that session in the log. */
  readonly reportSequence: number;
  /** Why it is lost; "" otherwise. */
  readonly reason: string;
  readonly sinceMs: WallMs;
}

export interface FenceRecord {
  readonly fenceId: string;
  readonly target: NodeName;
  readonly bootId: BootId | null;
  readonly action: FenceAction;
  readonly gateway: NodeName;
  readonly devices: readonly string[];
  readonly reason: string;
  readonly startedAtMs: WallMs;
  readonly outcome: "pending" | "succeeded" | "failed" | "unknown";
  /** Device that gave the outcome, or those, separated by commas, that gave it together. */
  readonly device: string | null;
  readonly detail: string;
  readonly endedAtMs: WallMs | null;
  /** It succeeded, and the life that it ended was heard afterwards. */
  readonly contradicted?: boolean;
}

/** One entry of the decision history of a resource. */
export interface DecisionRecord {
  readonly transition: number;
  readonly atMs: WallMs;
  readonly trigger: string;
  readonly reason: ResourceReason;
}

/** A group or primitive that lost its node and is not back yet. */
export interface Displaced {
  readonly from: NodeName;
  readonly sinceMs: WallMs;
}

export const FENCE_RECORDS_MAX = 200;
export const DECISIONS_PER_RESOURCE_MAX = 20;
export const OUTBOX_KEPT_MIN = 2_000;
/** A recipient that confirms nothing for so long (one that was taken out of use, say) loses the oldest. */
export const OUTBOX_KEPT_MAX = 20_000;
export const REQUESTS_REMEMBERED_MAX = 2_000;
export const FENCED_BOOT_IDS_MAX = 1_000;

export interface Replica {
  applied: LogIndex;
  cib: Cib;
  view: View;
  readonly nodes: Map<NodeName, NodeRecord>;
  readonly fences: FenceRecord[];
  /** Lives that were sentenced: never readmitted (D5). Oldest first. */
  readonly fencedBootIds: Set<BootId>;
  readonly outbox: ClusterEvent[];
  readonly cursors: Map<string, { readonly index: LogIndex; readonly ordinal: number }>;
  readonly decisions: Map<ResourceId, readonly DecisionRecord[]>;
  readonly displaced: Map<ResourceId, Displaced>;
  transition: number;
  lastChange: { readonly atMs: WallMs; readonly by: string };
  /** Outcomes of requests by id, so that a proposal that arrives twice is applied once. */
  readonly requests: Map<string, CommandOutcome["error"]>;
  /** Derived from the configuration; rebuilt when it changes. */
  index: ResourceIndex | null;
}

/** The state before the first entry. `nodes` are the configured ones, `cib` the initial document every node starts from. */
export function createReplica(nodes: readonly NodeName[], cib: Cib): Replica {
  return {
    applied: 0,
    cib,
    view: { id: 0, dc: null, members: [], atMs: 0 },
    nodes: new Map(nodes.map((node) => [node, { condition: "pending", bootId: null, session: null, reportSequence: 0, reason: "", sinceMs: 0 }])),
    fences: [],
    fencedBootIds: new Set(),
    outbox: [],
    cursors: new Map(),
    decisions: new Map(),
    displaced: new Map(),
    transition: 0,
    lastChange: { atMs: 0, by: "" },
    requests: new Map(),
    index: null,
  };
}

/** An event before it has its place in the log. */
export type EventDraft = Omit<ClusterEvent, "index" | "ordinal">;

/** What applying one command did. */
export interface Applied {
  readonly events: readonly EventDraft[];
  readonly error: CommandOutcome["error"];
}

/** Equal on replicas that applied the same entries; compared between nodes. */
export function replicaDigest(replica: Replica): string {
  return `${replica.applied}:${replica.view.id}:${replica.transition}:${replica.fences.length}:${replica.outbox.at(-1)?.index ?? 0}:${digestCib(replica.cib)}`;
}

