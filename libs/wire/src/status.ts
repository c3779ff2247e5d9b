/**
 * The state of the cluster as one node knows it: what `quorate status` shows, and (as it stands, by JSON.stringify) what
 * `--output-as json` prints. Plain data; times are milliseconds since the Unix epoch; null means "none" or "not known".
 */
import type { BootId, LogIndex, NodeName, ResourceId, WallMs } from "@quorate/core";
import type { CibVersion } from "@quorate/cib";
import type { AgentName } from "@quorate/execution";
import type { FenceAction } from "@quorate/fencing";

export interface ClusterStatus {
  readonly cluster: string;
  /** Transport between the nodes: "NATS". */
  readonly stack: string;
  /** Node that answers. */
  readonly node: NodeName;
  /** When it was put together. */
  readonly atMs: WallMs;
  readonly dc: NodeName | null;
  /** The answering node has a leader that holds its lease. */
  readonly haveQuorum: boolean;
  readonly votes: VoteStatus;
  readonly featureLevel: number;
  readonly cibVersion: CibVersion;
  readonly lastChange: LastChange | null;
  readonly options: StatusOptions;
  /** Null before the first view. */
  readonly view: ViewStatus | null;
  /** Sorted by name. */
  readonly nodes: readonly NodeStatus[];
  /** In CIB order; orphans last. */
  readonly resources: readonly ResourceStatus[];
  readonly failedOperations: readonly FailedOperationStatus[];
  readonly failCounts: readonly FailCountStatus[];
  /** Ended attempts, newest first; bounded by the server. */
  readonly fencingHistory: readonly FenceRecord[];
  /** Attempts under way or waiting. */
  readonly pendingFencing: readonly FenceRecord[];
  /** Things the operator must know, worst first. */
  readonly warnings: readonly string[];
  /** Cold start: nodes not seen yet. */
  readonly pendingNodes: readonly PendingNode[];
}

export interface VoteStatus {
  /** Voters heard now, the answering node included. */
  readonly present: number;
  readonly expected: number;
  /** More than half of `expected`. */
  readonly needed: number;
}

/** The last change of the configuration. */
export interface LastChange {
  readonly atMs: WallMs;
  readonly by: string | null;
}

export interface StatusOptions {
  readonly stonithEnabled: boolean;
  readonly maintenanceMode: boolean;
  readonly symmetricCluster: boolean;
  /** stop, freeze, demote, suicide or ignore. */
  readonly noQuorumPolicy: string;
}

export interface ViewStatus {
  readonly id: LogIndex;
  /** Sorted. */
  readonly members: readonly NodeName[];
}

export interface NodeStatus {
  readonly name: NodeName;
  readonly online: boolean;
  readonly standby: boolean;
  /** Standby because of a failure with on-fail=standby. */
  readonly standbyOnFail: boolean;
  readonly maintenance: boolean;
  readonly pending: boolean;
  /** Must be fenced before anything of it may run elsewhere. */
  readonly unclean: boolean;
  readonly shutdown: boolean;
  /** The state in words: "online", "OFFLINE", "UNCLEAN (offline)", "pending", "standby", "maintenance" ... */
  readonly state: string;
  readonly bootId: BootId | null;
  /** As the answering node hears it; empty for itself. */
  readonly links: readonly NodeLinkStatus[];
  /** Resource instances that run there. */
  readonly resourceCount: number;
  /** Node attributes, permanent and transient. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface NodeLinkStatus {
  readonly name: string;
  readonly up: boolean;
  /** ms since the last beat; null when none came yet. */
  readonly silentMs: number | null;
}

export type ResourceKind = "primitive" | "group" | "clone" | "bundle" | "unknown";
export type ResourceRole = "Unknown" | "Stopped" | "Started" | "Unpromoted" | "Promoted";

/** A resource, or an instance of a clone (`<clone member>:<n>`), with what stands in it. */
export interface ResourceStatus {
  readonly id: ResourceId;
  readonly kind: ResourceKind;
  /** A clone only. */
  readonly promotable: boolean;
  /** A primitive only. */
  readonly agent: AgentName | null;
  /** Of a primitive; of others the highest role of what they hold. */
  readonly role: ResourceRole;
  /** Where it is active, sorted. */
  readonly nodes: readonly NodeName[];
  readonly failed: boolean;
  readonly blocked: boolean;
  readonly unmanaged: boolean;
  readonly disabled: boolean;
  readonly orphan: boolean;
  /** An operation is in flight: its name, for example "Starting". */
  readonly pendingTask: string | null;
  readonly children: readonly ResourceStatus[];
}

/** An operation in the history that failed. */
export interface FailedOperationStatus {
  readonly node: NodeName;
  readonly resource: ResourceId;
  readonly task: string;
  readonly intervalMs: number;
  readonly rc: number;
  /** done, timeout, error, cancelled or lost. */
  readonly status: string;
  readonly exitReason: string;
  readonly atMs: WallMs | null;
  readonly execMs: number | null;
}

export interface FailCountStatus {
  readonly node: NodeName;
  readonly resource: ResourceId;
  /** 1000000 is INFINITY. */
  readonly count: number;
  readonly migrationThreshold: number;
  readonly lastFailureMs: WallMs | null;
}

export type FenceState = "pending" | "succeeded" | "failed" | "unknown" | "confirmed";

/** One entry of the fencing ledger. `confirmed`: an administrator vouched for it. */
export interface FenceRecord {
  readonly fenceId: string;
  readonly target: NodeName;
  readonly action: FenceAction | "unknown";
  /** Node whose gateway does it; null for a manual confirmation. */
  readonly gateway: NodeName | null;
  /** Device that gave the outcome. */
  readonly device: string | null;
  readonly outcome: FenceState;
  /** Why the node was to be fenced. */
  readonly reason: string;
  /** What was tried and what each device said. */
  readonly detail: string;
  readonly startedAtMs: WallMs;
  /** Null while it is under way. */
  readonly endedAtMs: WallMs | null;
}

export interface PendingNode {
  readonly node: NodeName;
  /** After that it counts as lost and is fenced. */
  readonly secondsLeft: number;
}
