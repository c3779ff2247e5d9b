/** What the cluster said of itself: the event streams of all nodes, joined into one, as every one of them must tell the same story. */
import { type ClusterEvent, compareEvents, eventId } from "@quorate/core";
import type { EventPosition } from "@quorate/client";
import type { Cluster } from "./cluster.ts";

export interface EventFilter {
  readonly type?: string;
  readonly node?: string;
  /** The resource, or (with a `*` at its end) the beginning of its name. */
  readonly resource?: string;
  readonly after?: EventPosition;
}

export interface EventLog {
  /** Where the log is now, for `after`. */
  mark(): EventPosition;
  /** In outbox order. */
  find(filter: EventFilter): ClusterEvent[];
  /** Events that two nodes tell differently, and streams that ended with an error. Must stay empty. */
  problems(): readonly string[];
  close(): void;
}

export function followCluster(cluster: Cluster): EventLog {
  const known = new Map<string, ClusterEvent>();
  const problems: string[] = [];
  const streams = [...cluster.machines.keys()].map((node) =>
    cluster.client(node).followEvents({
      live: true,
      onEvent(event) {
        const id = eventId(event);
        const before = known.get(id);
        if (before === undefined) known.set(id, event);
        else if (JSON.stringify(before) !== JSON.stringify(event)) problems.push(`event ${id} is ${JSON.stringify(before)}, but on ${node} ${JSON.stringify(event)}`);
      },
      onError(error, willRetry) {
        if (!willRetry) problems.push(`the event stream of ${node} ended: ${error.message}`);
      },
    }),
  );
  const sorted = (): ClusterEvent[] => [...known.values()].sort(compareEvents);
  return {
    mark() {
      const last = sorted().at(-1);
      return { index: last?.index ?? 0, ordinal: last?.ordinal ?? 0 };
    },
    find: (filter) => sorted().filter((event) => fits(event, filter)),
    problems: () => problems,
    close: () => {
      for (const stream of streams) stream.close();
    },
  };
}

function fits(event: ClusterEvent, { type, node, resource, after }: EventFilter): boolean {
  if (after !== undefined && (event.index < after.index || (event.index === after.index && event.ordinal <= after.ordinal))) return false;
  if (type !== undefined && event.type !== type) return false;
  if (node !== undefined && event.node !== node) return false;
  if (resource === undefined) return true;
  return resource.endsWith("*") ? (event.resource ?? "").startsWith(resource.slice(0, -1)) : event.resource === resource;
}
