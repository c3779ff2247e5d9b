/**
 * Events as CloudEvents 1.0 in JSON (structured mode): what webhooks carry and what stands on `quorate.<cluster>.events.>`.
 * Source: CloudEvents specification 1.0.2, "Required" and "Optional attributes"; JSON event format 1.0.2.
 */
import { eventId, type ClusterEvent, type EventSeverity } from "@quorate/core";

export interface CloudEvent {
  readonly specversion: "1.0";
  /** `<index>.<ordinal>`; with `source` unique for ever, so receivers can drop what came twice. */
  readonly id: string;
  /** `/quorate/<cluster>`, the name percent-encoded where a URI wants it. */
  readonly source: string;
  /** `org.quorate.<family>.<what-happened>`. */
  readonly type: string;
  /** RFC 3339 in UTC with milliseconds. */
  readonly time: string;
  /** `<node>/<resource>`, `<node>` or `<resource>`, as far as the event has them; absent for an event of the whole cluster. */
  readonly subject?: string;
  readonly datacontenttype: "application/json";
  readonly data: {
    readonly severity: EventSeverity;
    readonly message: string;
    readonly node: string | null;
    readonly resource: string | null;
    readonly facts: Readonly<Record<string, string>>;
  };
}

/** The last moment that a JavaScript date, and so an RFC 3339 time of it, can say. */
const LAST_MOMENT_MS = 8.64e15;

/** `cluster` is the configured name of the cluster. */
export function eventToCloudEvent(event: ClusterEvent, cluster: string): CloudEvent {
  const subject = [event.node, event.resource].filter((part) => part !== null && part !== "").join("/");
  return {
    specversion: "1.0",
    id: eventId(event),
    source: `/quorate/${encodeURIComponent(cluster)}`,
    type: `org.quorate.${event.type}`,
    time: new Date(Math.min(event.atMs, LAST_MOMENT_MS)).toISOString(),
    ...(subject === "" ? {} : { subject }),
    datacontenttype: "application/json",
    data: { severity: event.severity, message: event.message, node: event.node, resource: event.resource, facts: event.data },
  };
}
