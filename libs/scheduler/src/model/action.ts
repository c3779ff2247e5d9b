/** Actions and orderings while a decision is being made (3-actions F, U). */
import type { Node } from "./node.ts";
import type { Resource } from "./resource.ts";

/** Marks a notification, or a point in the order between notifications (3-actions T). */
export interface Notification {
  /** Before or after what is told; confirmed once everybody was told. */
  readonly type: "pre" | "confirmed-pre" | "post" | "confirmed-post";
  /** What instances do: start, stop, promote or demote. */
  readonly task: string;
  /** As agents read it: the same before; running, stopped, promoted or demoted after; stonith when fencing did it. */
  readonly operation: string;
}

export interface PlannedAction {
  readonly index: number;
  readonly resource: Resource | null;
  /** May be filled later by a request for the same key on a node. */
  node: Node | null;
  /** Becomes `cancel` when a recurring operation is to end; `cancels` then says which. */
  task: string;
  cancels: string | null;
  readonly key: string;
  readonly intervalMs: number;
  readonly notification: Notification | null;
  optional: boolean;
  runnable: boolean;
  pseudo: boolean;
  /** In the graph even when optional. */
  printed: boolean;
  /** Part of a live migration. */
  migratable: boolean;
  dangling: boolean;
  /** Runs when enough of what is before it can run; `minimum` says how many. */
  minimum: number;
  ready: number;
  reschedule: boolean;
  /** May run although the node is offline: the DC does it. */
  onDc: boolean;
  targetRc: number | null;
  readonly timeoutMs: number;
  readonly meta: ReadonlyMap<string, string>;
  /** Parameters of the `<op>` itself. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly extraMeta: Map<string, string>;
  priority: number;
  /** First non-empty reason, in Pacemaker's wording of summaries. */
  reason: string | null;
  /** The action it follows from. */
  cause: PlannedAction | null;
  /** Orderings in which it is `next`, oldest first. */
  readonly inputs: Ordering[];
  /** Orderings in which it is `first`, oldest first. */
  readonly outputs: Ordering[];
}

/** The points in the order around one task of a clone whose instances are told of it. */
export interface NotifiedTask {
  readonly task: string;
  readonly pre: PlannedAction;
  readonly preConfirmed: PlannedAction;
  readonly post: PlannedAction;
  readonly postConfirmed: PlannedAction;
}

/** `first` before `next`, with the effects named by `flags`. */
export interface Ordering {
  readonly first: PlannedAction;
  readonly next: PlannedAction;
  flags: number;
}

/** An ordering kept until all actions exist; applied by key then. */
export interface StoredOrdering {
  readonly firstResource: Resource | null;
  readonly firstKey: string | null;
  readonly firstAction: PlannedAction | null;
  readonly nextResource: Resource | null;
  readonly nextKey: string | null;
  readonly nextAction: PlannedAction | null;
  readonly flags: number;
}

/** What an ordering does beside ordering. Names follow 3-actions U8. */
export const ORDER = {
  /** Order only, when both are done. */
  optional: 0x1,
  /** First required: next required. */
  impliesThen: 0x2,
  /** Written the other way round; keeps a live migration from happening. */
  impliesFirst: 0x4,
  /** First cannot run: next cannot. */
  runnableLeft: 0x8,
  /** Stop and start of one resource, and stops inside a group. */
  restart: 0x10,
  promotedImpliesFirst: 0x20,
  /** First is shown when next is required, and the reverse. */
  printFirst: 0x40,
  printThen: 0x80,
  oneOrMore: 0x100,
  asymmetrical: 0x200,
  load: 0x400,
  antiColocation: 0x800,
  serialize: 0x1000,
  keep: 0x2000,
  sameNode: 0x4000,
  cancelsFirst: 0x8000,
  impliesFirstMigratable: 0x10000,
  pseudoLeft: 0x20000,
  notMigrating: 0x40000,
  impliesThenOnNode: 0x80000,
  /** A probe that has to wait for what it looks into; not when that runs already. */
  probe: 0x100000,
} as const;
