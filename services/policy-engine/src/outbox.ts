/** Followers of the event stream on this node: first what the outbox holds, then what is committed. */
import type { Replica } from "@quorate/controller";
import { type ClusterEvent, compareEvents } from "@quorate/core";

export interface Outbox {
  /** Events after the given place, in order. */
  after(place: { readonly index: number; readonly ordinal: number }): readonly ClusterEvent[];
  /** Calls `onEvents` for everything committed from now on; returns the end of it. */
  follow(onEvents: (events: readonly ClusterEvent[]) => void): () => void;
  publish(events: readonly ClusterEvent[]): void;
}

export function createOutbox(replica: Replica): Outbox {
  const followers = new Set<(events: readonly ClusterEvent[]) => void>();
  return {
    after: (place) => replica.outbox.filter((event) => compareEvents(event, place as ClusterEvent) > 0),
    follow(onEvents) {
      followers.add(onEvents);
      return () => followers.delete(onEvents);
    },
    publish(events) {
      for (const follower of followers) follower(events);
    },
  };
}
