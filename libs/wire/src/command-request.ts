/** Commands that somebody asked for: administrators, agents, notifiers. */
import type { Command } from "@quorate/controller";
import type { WallMs } from "@quorate/core";
import type {
  AlarmProto, AttributeChangeProto, CibChangeProto, CleanupHistoryProto, CursorMovedProto,
} from "./gen/quorate/policy/v1/command.ts";
import { cibOperationFromProto, cibOperationToProto } from "./cib-operation.ts";
import { eventSeverityFromProto, eventSeverityToProto } from "./cluster-event.ts";
import { count, count32, fieldsOf, mapFromProto, mapToProto, text } from "./wire-field.ts";

type CibChange = Extract<Command, { kind: "cib" }>;
type Cleanup = Extract<Command, { kind: "cleanup" }>;
type Attribute = Extract<Command, { kind: "attribute" }>;
type Alarm = Extract<Command, { kind: "alarm" }>;
type Cursor = Extract<Command, { kind: "cursor" }>;

const inCib = fieldsOf("CibChange");
const inCleanup = fieldsOf("CleanupHistory");
const inAttribute = fieldsOf("AttributeChange");
const inAlarm = fieldsOf("Alarm");
const inCursor = fieldsOf("CursorMoved");

export function cibToProto(command: CibChange): CibChangeProto {
  return { requestId: text(command.requestId, inCib("request_id")), by: command.by, operation: cibOperationToProto(command.operation) };
}

export function cibFromProto(proto: CibChangeProto, atMs: WallMs): CibChange {
  const requestId = text(proto.requestId, inCib("request_id"));
  return { kind: "cib", atMs, requestId, by: proto.by, operation: cibOperationFromProto(proto.operation) };
}

export function cleanupToProto(command: Cleanup): CleanupHistoryProto {
  const { requestId, resource, node, by } = command;
  return { requestId: text(requestId, inCleanup("request_id")), resource: text(resource, inCleanup("resource")), node, by };
}

export function cleanupFromProto(proto: CleanupHistoryProto, atMs: WallMs): Cleanup {
  return {
    kind: "cleanup",
    atMs,
    requestId: text(proto.requestId, inCleanup("request_id")),
    resource: text(proto.resource, inCleanup("resource")),
    node: proto.node ?? null,
    by: proto.by,
  };
}

export function attributeToProto(command: Attribute): AttributeChangeProto {
  return {
    requestId: text(command.requestId, inAttribute("request_id")),
    node: text(command.node, inAttribute("node")),
    name: text(command.name, inAttribute("name")),
    value: command.value,
  };
}

export function attributeFromProto(proto: AttributeChangeProto, atMs: WallMs): Attribute {
  return {
    kind: "attribute",
    atMs,
    requestId: text(proto.requestId, inAttribute("request_id")),
    node: text(proto.node, inAttribute("node")),
    name: text(proto.name, inAttribute("name")),
    value: proto.value ?? null,
  };
}

export function alarmToProto(command: Alarm): AlarmProto {
  return {
    requestId: text(command.requestId, inAlarm("request_id")),
    type: text(command.type, inAlarm("type")),
    severity: eventSeverityToProto(command.severity, inAlarm("severity")),
    node: command.node,
    resource: command.resource,
    message: command.message,
    data: mapToProto(command.data),
  };
}

export function alarmFromProto(proto: AlarmProto, atMs: WallMs): Alarm {
  return {
    kind: "alarm",
    atMs,
    requestId: text(proto.requestId, inAlarm("request_id")),
    type: text(proto.type, inAlarm("type")),
    severity: eventSeverityFromProto(proto.severity, inAlarm("severity")),
    node: proto.node ?? null,
    resource: proto.resource ?? null,
    message: proto.message,
    data: mapFromProto(proto.data),
  };
}

export function cursorToProto(command: Cursor): CursorMovedProto {
  return {
    recipient: text(command.recipient, inCursor("recipient")),
    index: count(command.index, inCursor("index")),
    ordinal: count32(command.ordinal, inCursor("ordinal")),
  };
}

export function cursorFromProto(proto: CursorMovedProto): Cursor {
  return { kind: "cursor", recipient: text(proto.recipient, inCursor("recipient")), index: proto.index, ordinal: proto.ordinal };
}
