/** The copy of every event on JetStream, for whoever subscribes. A recipient like any other, with a cursor of its own. */
import { eventId } from "@quorate/core";
import { type Bus, type EventStream, ensureEventStream } from "@quorate/runtime";
import { eventToCloudEvent } from "@quorate/wire";
import { DELIVERED, type EventSink, notDelivered, reasonOf } from "./event-sink.ts";

export const JETSTREAM_SINK = "jetstream";

export function createJetStreamSink(options: { readonly bus: Bus; readonly cluster: string; readonly servers: number }): EventSink {
  const { bus, cluster, servers } = options;
  let stream: EventStream | null = null;
  return {
    name: JETSTREAM_SINK,
    kind: "jetstream",
    async deliver(event) {
      try {
        stream ??= await ensureEventStream({ bus, cluster, servers });
        const payload = new TextEncoder().encode(JSON.stringify(eventToCloudEvent(event, cluster)));
        await stream.publishEvent(`quorate.${cluster}.events.${event.type}`, eventId(event), payload);
        return DELIVERED;
      } catch (error) {
        stream = null; // it may have been deleted meanwhile
        return notDelivered(reasonOf(error));
      }
    },
    close: () => {},
  };
}
