/** A place in the outbox: an event and all before it. `{ index: 0, ordinal: 0 }` stands before the first event. */
import type { ClusterEvent, LogIndex } from "@quorate/core";

export interface Position {
  readonly index: LogIndex;
  readonly ordinal: number;
}

/** Before every event: log indexes begin at 1. */
export const BEGINNING: Position = { index: 0, ordinal: 0 };

/** Negative when `a` comes before `b`. */
export function comparePositions(a: Position, b: Position): number {
  return a.index - b.index || a.ordinal - b.ordinal;
}

export function positionOf(event: ClusterEvent): Position {
  return { index: event.index, ordinal: event.ordinal };
}
