/** Operations of resource agents and their results: in executor commands, in reports, and in the log. */
import type { AgentName, Operation, OperationResult } from "@quorate/execution";
import {
  OperationProto, OperationResultProto, OperationStatusProto, type AgentNameProto,
} from "./gen/quorate/executor/v1/operation.ts";
import {
  count, decodeWire, encodeWire, enumTable, fieldsOf, mapFromProto, mapToProto, milliseconds, present, signed32,
  text,
} from "./wire-field.ts";
import type { EnumTable } from "./wire-field.ts";

const inAgent = fieldsOf("AgentName");
const inOperation = fieldsOf("Operation");
const inResult = fieldsOf("OperationResult");

const statuses: EnumTable<OperationResult["status"], OperationStatusProto> = enumTable({
  done: OperationStatusProto.DONE,
  timeout: OperationStatusProto.TIMEOUT,
  error: OperationStatusProto.ERROR,
  cancelled: OperationStatusProto.CANCELLED,
  lost: OperationStatusProto.LOST,
});

export function encodeOperation(operation: Operation): Uint8Array {
  return encodeWire("Operation", OperationProto, operationToProto(operation));
}

export function decodeOperation(bytes: Uint8Array): Operation {
  return operationFromProto(decodeWire("Operation", OperationProto, bytes));
}

export function encodeOperationResult(result: OperationResult): Uint8Array {
  return encodeWire("OperationResult", OperationResultProto, operationResultToProto(result));
}

export function decodeOperationResult(bytes: Uint8Array): OperationResult {
  return operationResultFromProto(decodeWire("OperationResult", OperationResultProto, bytes));
}

export function agentNameToProto(agent: AgentName): AgentNameProto {
  return { class: text(agent.class, inAgent("class")), provider: agent.provider, type: text(agent.type, inAgent("type")) };
}

export function agentNameFromProto(proto: AgentNameProto): AgentName {
  return { class: text(proto.class, inAgent("class")), provider: proto.provider ?? null, type: text(proto.type, inAgent("type")) };
}

export function operationToProto(operation: Operation): OperationProto {
  return {
    transitionKey: text(operation.transitionKey, inOperation("transition_key")),
    resource: text(operation.resource, inOperation("resource")),
    agent: agentNameToProto(operation.agent),
    task: text(operation.task, inOperation("task")),
    intervalMs: milliseconds(operation.intervalMs, inOperation("interval_ms")),
    timeoutMs: milliseconds(operation.timeoutMs, inOperation("timeout_ms")),
    targetRc: signed32(operation.targetRc, inOperation("target_rc")),
    parameters: mapToProto(operation.parameters),
    meta: mapToProto(operation.meta),
  };
}

export function operationFromProto(proto: OperationProto | null | undefined): Operation {
  const given = present(proto, inOperation(""));
  return {
    transitionKey: text(given.transitionKey, inOperation("transition_key")),
    resource: text(given.resource, inOperation("resource")),
    agent: agentNameFromProto(present(given.agent, inOperation("agent"))),
    task: text(given.task, inOperation("task")),
    intervalMs: given.intervalMs,
    timeoutMs: given.timeoutMs,
    targetRc: given.targetRc,
    parameters: mapFromProto(given.parameters),
    meta: mapFromProto(given.meta),
  };
}

export function operationResultToProto(result: OperationResult): OperationResultProto {
  return {
    operation: operationToProto(result.operation),
    callId: count(result.callId, inResult("call_id")),
    status: statuses.toProto(result.status, inResult("status")),
    rc: signed32(result.rc, inResult("rc")),
    exitReason: result.exitReason,
    startedAtMs: milliseconds(result.startedAtMs, inResult("started_at_ms")),
    rcChangedAtMs: milliseconds(result.rcChangedAtMs, inResult("rc_changed_at_ms")),
    execMs: milliseconds(result.execMs, inResult("exec_ms")),
    queueMs: milliseconds(result.queueMs, inResult("queue_ms")),
  };
}

export function operationResultFromProto(proto: OperationResultProto | null | undefined): OperationResult {
  const given = present(proto, inResult(""));
  return {
    operation: operationFromProto(given.operation),
    callId: given.callId,
    status: statuses.fromProto(given.status, inResult("status")),
    rc: given.rc,
    exitReason: given.exitReason,
    startedAtMs: given.startedAtMs,
    rcChangedAtMs: given.rcChangedAtMs,
    execMs: given.execMs,
    queueMs: given.queueMs,
  };
}
