/** Requests to a fencing-gateway and what it answers. An outcome that is not understood is `unknown`, never success. */
import type { FenceAction, FenceDevice, FenceReply, FenceRequest } from "@quorate/fencing";
import {
  FenceActionProto, FenceOutcomeProto, FenceRequestProto, FenceResponseProto, type FenceDeviceProto,
} from "./gen/quorate/fencing/v1/fencing.ts";
import { authorityToProto, commandAuthorityFromProto } from "./authority.ts";
import {
  decodeWire, encodeWire, enumTable, fieldsOf, mapFromProto, mapToProto, milliseconds, present, text,
} from "./wire-field.ts";
import type { EnumTable, Field } from "./wire-field.ts";

export type FenceOutcome = FenceReply["outcome"];

const at = fieldsOf("FenceRequest");
const inDevice = fieldsOf("FenceDevice");
const inReply = fieldsOf("FenceResponse");

const actions: EnumTable<FenceAction, FenceActionProto> = enumTable({
  off: FenceActionProto.OFF,
  on: FenceActionProto.ON,
  reboot: FenceActionProto.REBOOT,
  status: FenceActionProto.STATUS,
  list: FenceActionProto.LIST,
  monitor: FenceActionProto.MONITOR,
});

const outcomes: EnumTable<FenceOutcome, FenceOutcomeProto> = enumTable({
  succeeded: FenceOutcomeProto.SUCCEEDED,
  failed: FenceOutcomeProto.FAILED,
  unknown: FenceOutcomeProto.UNKNOWN,
  refused: FenceOutcomeProto.REFUSED,
});

/** `field` names the place for error texts. */
export function fenceActionToProto(action: FenceAction, field: Field = at("action")): FenceActionProto {
  return actions.toProto(action, field);
}

export function fenceActionFromProto(proto: FenceActionProto, field: Field = at("action")): FenceAction {
  return actions.fromProto(proto, field);
}

export function fenceOutcomeToProto(outcome: FenceOutcome, field: Field = inReply("outcome")): FenceOutcomeProto {
  return outcomes.toProto(outcome, field);
}

export function fenceOutcomeFromProto(proto: FenceOutcomeProto, field: Field = inReply("outcome")): FenceOutcome {
  return outcomes.fromProto(proto, field, "unknown");
}

export function encodeFenceRequest(request: FenceRequest): Uint8Array {
  return encodeWire("FenceRequest", FenceRequestProto, fenceRequestToProto(request));
}

export function decodeFenceRequest(bytes: Uint8Array): FenceRequest {
  return fenceRequestFromProto(decodeWire("FenceRequest", FenceRequestProto, bytes));
}

export function fenceRequestToProto(request: FenceRequest): FenceRequestProto {
  return {
    authority: authorityToProto(request.authority),
    fenceId: text(request.fenceId, at("fence_id")),
    action: fenceActionToProto(request.action),
    target: targetOf(request.action, request.target),
    targetBootId: request.targetBootId,
    devices: request.devices.map(fenceDeviceToProto),
    timeoutMs: milliseconds(request.timeoutMs, at("timeout_ms")),
  };
}

export function fenceRequestFromProto(proto: FenceRequestProto): FenceRequest {
  const action = fenceActionFromProto(proto.action);
  return {
    authority: commandAuthorityFromProto(proto.authority, at("authority")),
    fenceId: text(proto.fenceId, at("fence_id")),
    action,
    target: targetOf(action, proto.target ?? null),
    targetBootId: proto.targetBootId ?? null,
    devices: proto.devices.map(fenceDeviceFromProto),
    timeoutMs: proto.timeoutMs,
  };
}

/** Nothing is switched without a name of what is to be switched. */
function targetOf(action: FenceAction, target: string | null): string | null {
  if (action === "list" || action === "monitor") return target;
  return text(present(target, at("target")), at("target"));
}

export function fenceDeviceToProto(device: FenceDevice): FenceDeviceProto {
  return { id: text(device.id, inDevice("id")), agent: text(device.agent, inDevice("agent")), parameters: mapToProto(device.parameters) };
}

export function fenceDeviceFromProto(proto: FenceDeviceProto): FenceDevice {
  return { id: text(proto.id, inDevice("id")), agent: text(proto.agent, inDevice("agent")), parameters: mapFromProto(proto.parameters) };
}

export function encodeFenceReply(reply: FenceReply): Uint8Array {
  return encodeWire("FenceResponse", FenceResponseProto, fenceReplyToProto(reply));
}

export function decodeFenceReply(bytes: Uint8Array): FenceReply {
  return fenceReplyFromProto(decodeWire("FenceResponse", FenceResponseProto, bytes));
}

export function fenceReplyToProto(reply: FenceReply): FenceResponseProto {
  return {
    fenceId: text(reply.fenceId, inReply("fence_id")),
    outcome: fenceOutcomeToProto(reply.outcome),
    device: reply.device,
    detail: reply.detail,
    powered: reply.powered,
    targets: reply.targets,
    elapsedMs: milliseconds(reply.elapsedMs, inReply("elapsed_ms")),
  };
}

export function fenceReplyFromProto(proto: FenceResponseProto): FenceReply {
  return {
    fenceId: text(proto.fenceId, inReply("fence_id")),
    outcome: fenceOutcomeFromProto(proto.outcome),
    device: proto.device ?? null,
    detail: proto.detail,
    powered: proto.powered ?? null,
    targets: proto.targets,
    elapsedMs: proto.elapsedMs,
  };
}
