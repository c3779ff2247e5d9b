/**
 * The transition graph: what the scheduler asks for and the DC walks through.
 * Shape after Pacemaker's graph (Pacemaker Administration, "How transitions work"), without its XML.
 */
import type { NodeName, ResourceId } from "@quorate/core";

/** Number of an action inside one graph, from 0; also its place in `Graph.actions`. */
export type ActionId = number;

/** `rsc`: an executor does it. `fence`: a fence device does it. `cluster`: the DC does it. `pseudo`: a point in the order only. */
export type ActionKind = "rsc" | "fence" | "cluster" | "pseudo";

export interface Action {
  readonly id: ActionId;
  readonly kind: ActionKind;
  /** start stop monitor promote demote notify migrate_to migrate_from delete cancel clear_failcount ..., or off reboot on for `fence`. */
  readonly task: string;
  /** `<resource>_<task>_<interval ms>`, for example `server1_fs_monitor_2000`; for `fence` `stonith-<node>-<op>`. */
  readonly key: string;
  /** Where it is done; for `fence` the target; null for pseudo actions without a place. */
  readonly node: NodeName | null;
  /** On a remote or guest node: the cluster node whose executor does it over its connection. Absent when `node` has an executor itself. */
  readonly router?: NodeName;
  /** Nodes that are down once it has succeeded, in name order: a fenced or leaving node, its guests, a disconnected remote. Absent: none. */
  readonly downed?: readonly NodeName[];
  readonly resource: ResourceId | null;
  /** Recurring when > 0. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** OCF exit code that counts as success: 0, 7 or 8. */
  readonly targetRc: number;
  /** Whether the graph goes on when this action fails (`can_fail`). */
  readonly canFail: boolean;
  readonly priority: number;
  /** Instance parameters for the agent, without the `OCF_RESKEY_` prefix. Sorted by name. */
  readonly parameters: Readonly<Record<string, string>>;
  /** `CRM_meta_*` values without prefix: name, timeout, interval, on_node, clone, notify variables ... Sorted by name. */
  readonly meta: Readonly<Record<string, string>>;
  /** Agent of a `rsc` action. */
  readonly agent: { readonly class: string; readonly provider: string | null; readonly type: string } | null;
  /** Actions that must have succeeded before this one may start, ascending. */
  readonly after: readonly ActionId[];
  /** Why it is done, in words an administrator knows; never empty for `rsc` and `fence`. */
  readonly reason: string;
}

export interface Graph {
  readonly actions: readonly Action[];
  /** Most actions in flight at once; 0 means no limit of the configuration's (the walk uses its own default). */
  readonly batchLimit: number;
  /** Wall time at which rules next change the result; null when they do not. */
  readonly recheckAtMs: number | null;
}
