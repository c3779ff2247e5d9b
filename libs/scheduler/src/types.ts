/** What the policy engine answers. `schedule(cib, nowMs)` is pure: same input, same output, byte for byte (ARCHITECTURE D7). */
import type { NodeName, ResourceId } from "@quorate/core";
import type { Action, Graph } from "@quorate/transition";

export type Role = "Unknown" | "Stopped" | "Started" | "Unpromoted" | "Promoted";

/** A node as the policy engine reads it from the status section, before anything is decided. */
export interface NodeState {
  readonly name: NodeName;
  readonly kind: "member" | "remote" | "guest";
  readonly online: boolean;
  /** Must be fenced before anything of it may run elsewhere. */
  readonly unclean: boolean;
  readonly pending: boolean;
  readonly standby: boolean;
  /** Standby because of a failure with on-fail=standby. */
  readonly standbyOnFail: boolean;
  readonly maintenance: boolean;
  readonly shutdown: boolean;
  readonly health: "green" | "yellow" | "red";
  readonly attributes: Readonly<Record<string, string>>;
}

/** A primitive or an instance of a clone, as it is before anything is decided. */
export interface ResourceState {
  readonly id: ResourceId;
  /** Configured id: without the `:n` of a clone instance. */
  readonly configId: ResourceId;
  /** Group, clone or bundle it stands in directly; null at top level. */
  readonly parent: ResourceId | null;
  readonly agent: { readonly class: string; readonly provider: string | null; readonly type: string };
  readonly role: Role;
  readonly runningOn: readonly NodeName[];
  /** An instance of a clone whose instances cannot be told apart: people see `configId`, and so does the history of a node. */
  readonly anonymous: boolean;
  readonly orphan: boolean;
  readonly managed: boolean;
  readonly blocked: boolean;
  readonly failed: boolean;
  readonly disabled: boolean;
  /** An operation is in flight: its name, for example `Starting`; else null. */
  readonly pendingTask: string | null;
}

/** Everything that holds resources, for status displays: top-level order is CIB order. */
export interface ResourceTree {
  readonly id: ResourceId;
  readonly kind: "primitive" | "group" | "clone" | "bundle";
  readonly promotable: boolean;
  readonly children: readonly ResourceTree[];
}

/** An operation in the history that failed, or a fail count that stands. */
export interface FailedOperation {
  readonly node: NodeName;
  readonly resource: ResourceId;
  readonly task: string;
  readonly intervalMs: number;
  readonly rc: number;
  readonly status: string;
  readonly exitReason: string;
  readonly atMs: number | null;
  readonly execMs: number | null;
}

export interface FailCount {
  readonly node: NodeName;
  readonly resource: ResourceId;
  /** 1000000 is INFINITY. */
  readonly count: number;
  readonly migrationThreshold: number;
  readonly lastFailureMs: number | null;
}

/** The known state of the cluster: input of every decision, and what `quorate status` shows. */
export interface ClusterState {
  readonly haveQuorum: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly nodes: readonly NodeState[];
  readonly resources: readonly ResourceState[];
  readonly tree: readonly ResourceTree[];
  readonly failedOperations: readonly FailedOperation[];
  readonly failCounts: readonly FailCount[];
}

/** One term of a score: where it comes from and how much it adds. */
export interface ScoreTerm {
  /** `location`, `stickiness`, `colocation`, `failcount`, `utilization`, `node-state`, `symmetric`, `tie-break`, ... */
  readonly source: string;
  /** Constraint id, attribute or setting that gives it; "" when there is none. */
  readonly id: string;
  readonly score: number;
  /** In words an administrator knows. */
  readonly text: string;
}

/** A node considered for one resource. Candidates stand best first. */
export interface Candidate {
  readonly node: NodeName;
  readonly score: number;
  readonly terms: readonly ScoreTerm[];
  /** Why the node cannot be used; null when it can. */
  readonly excluded: string | null;
}

/** How an instance of a promotable clone stands in the choice of who is promoted. */
export interface Promotion {
  /** Instances are promoted from the highest score on; below zero never. */
  readonly score: number;
  readonly terms: readonly ScoreTerm[];
  /** One sentence: why it is promoted, or why not. */
  readonly reason: string;
}

/** Where one primitive (or instance) is put, and why. */
export interface Assignment {
  readonly resource: ResourceId;
  readonly from: readonly NodeName[];
  /** Null: it is not to run. */
  readonly to: NodeName | null;
  readonly role: Role;
  readonly candidates: readonly Candidate[];
  /** One sentence: why this node, or why none. */
  readonly reason: string;
  /** Only in promotable clones; members of a group share that of the group. */
  readonly promotion?: Promotion;
}

/** What happens to a resource, as `crm_simulate` words it: Start Stop Move Restart Recover Reload Promote Demote Migrate Leave ... */
export interface SummaryAction {
  readonly task: string;
  readonly resource: ResourceId;
  readonly from: NodeName | null;
  readonly to: NodeName | null;
  readonly role: Role | null;
  readonly nextRole: Role | null;
  readonly blocked: boolean;
  /** Cause chain down to the fact that started it, nearest cause first. */
  readonly causes: readonly string[];
}

export interface FencingDecision {
  readonly node: NodeName;
  /** A guest node is fenced by restarting this resource; null for other nodes. */
  readonly container: ResourceId | null;
  readonly op: "off" | "reboot" | "on";
  /** Why the node must be fenced, in words. */
  readonly reason: string;
}

/** Amounts by name (cpu, memory ...), sorted by name. */
export type Amounts = Readonly<Record<string, number>>;

/** What nodes offer and what is put on them; empty lists when nothing of it is configured. */
export interface UtilizationReport {
  /** In name order. `left`: what the decision leaves free; negative when a node is overfull. */
  readonly nodes: readonly { readonly node: NodeName; readonly offers: Amounts; readonly left: Amounts }[];
  /** What each primitive takes of the node it is put on, in CIB order. */
  readonly resources: readonly { readonly resource: ResourceId; readonly node: NodeName; readonly takes: Amounts }[];
}

export interface Decision {
  readonly state: ClusterState;
  readonly graph: Graph;
  /** Required, but each waits for something that will never be done: left out of the graph, which could not end otherwise. */
  readonly stuck?: readonly Action[];
  readonly assignments: readonly Assignment[];
  readonly utilization?: UtilizationReport;
  readonly fencing: readonly FencingDecision[];
  readonly actions: readonly SummaryAction[];
  /** Things an administrator should know: ignored values, cycles broken, nothing can be fenced ... */
  readonly warnings: readonly string[];
}
