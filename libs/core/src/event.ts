/** What the cluster tells people and programs. Derived from committed log entries only (ARCHITECTURE D9). */
import type { LogIndex, NodeName, ResourceId, WallMs } from "./ids.ts";

export const EVENT_FAMILIES = ["node", "quorum", "dc", "fencing", "resource", "group", "transition", "cib", "notifier"] as const;
export type EventFamily = (typeof EVENT_FAMILIES)[number];
export const EVENT_SEVERITIES = ["info", "warning", "error", "critical"] as const;
export type EventSeverity = (typeof EVENT_SEVERITIES)[number];

export interface ClusterEvent {
  /** Log index of the entry it comes from. */
  readonly index: LogIndex;
  /** Position among the events of one entry, from 0. `id` is `<index>.<ordinal>` and never changes. */
  readonly ordinal: number;
  /** `<family>.<what-happened>`, for example `node.lost`, `fencing.succeeded`, `group.failover-completed`. */
  readonly type: string;
  readonly severity: EventSeverity;
  readonly atMs: WallMs;
  readonly node: NodeName | null;
  readonly resource: ResourceId | null;
  /** One sentence for people. */
  readonly message: string;
  /** Machine-readable facts; values are short; never secrets. */
  readonly data: Readonly<Record<string, string>>;
}

export function eventId(event: { readonly index: LogIndex; readonly ordinal: number }): string {
  return `${event.index}.${event.ordinal}`;
}

/** Events in outbox order. */
export function compareEvents(a: ClusterEvent, b: ClusterEvent): number {
  return a.index - b.index || a.ordinal - b.ordinal;
}
