/** Events of the cluster on their way to whoever follows them. */
import type { ClusterEvent, EventSeverity } from "@quorate/core";
import { ClusterEventProto, EventSeverityProto } from "./gen/quorate/events/v1/event.ts";
import {
  count32, countFromOne, decodeWire, encodeWire, enumTable, fieldsOf, mapFromProto, mapToProto, milliseconds,
  present, text,
} from "./wire-field.ts";
import type { EnumTable, Field } from "./wire-field.ts";

const at = fieldsOf("ClusterEvent");

const severities: EnumTable<EventSeverity, EventSeverityProto> = enumTable({
  info: EventSeverityProto.INFO,
  warning: EventSeverityProto.WARNING,
  error: EventSeverityProto.ERROR,
  critical: EventSeverityProto.CRITICAL,
});

/** `field` names the place for error texts. */
export function eventSeverityToProto(severity: EventSeverity, field: Field = at("severity")): EventSeverityProto {
  return severities.toProto(severity, field);
}

/** Of a request or a command: an unknown severity is an error. */
export function eventSeverityFromProto(proto: EventSeverityProto, field: Field = at("severity")): EventSeverity {
  return severities.fromProto(proto, field);
}

export function encodeClusterEvent(event: ClusterEvent): Uint8Array {
  return encodeWire("ClusterEvent", ClusterEventProto, clusterEventToProto(event));
}

export function decodeClusterEvent(bytes: Uint8Array): ClusterEvent {
  return clusterEventFromProto(decodeWire("ClusterEvent", ClusterEventProto, bytes));
}

export function clusterEventToProto(event: ClusterEvent): ClusterEventProto {
  return {
    index: countFromOne(event.index, at("index")),
    ordinal: count32(event.ordinal, at("ordinal")),
    type: text(event.type, at("type")),
    severity: eventSeverityToProto(event.severity),
    atMs: milliseconds(event.atMs, at("at_ms")),
    node: event.node,
    resource: event.resource,
    message: event.message,
    data: mapToProto(event.data),
  };
}

/** An event of a newer program may be more than `critical` or less than `info`: it is kept, as a `warning`. */
export function clusterEventFromProto(proto: ClusterEventProto | null | undefined): ClusterEvent {
  const given = present(proto, at(""));
  return {
    index: countFromOne(given.index, at("index")),
    ordinal: given.ordinal,
    type: text(given.type, at("type")),
    severity: severities.fromProto(given.severity, at("severity"), "warning"),
    atMs: given.atMs,
    node: given.node ?? null,
    resource: given.resource ?? null,
    message: given.message,
    data: mapFromProto(given.data),
  };
}
