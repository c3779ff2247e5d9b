/** Entries of the fencing ledger, in a status and in the answer to FenceHistory. */
import { FenceActionProto } from "./gen/quorate/fencing/v1/fencing.ts";
import { FenceStateProto, type FenceRecordProto } from "./gen/quorate/policy/v1/status.ts";
import type { FenceRecord, FenceState } from "./status.ts";
import { enumTable, fieldsOf, milliseconds, optionalMilliseconds, text } from "./wire-field.ts";
import type { EnumTable } from "./wire-field.ts";

const at = fieldsOf("FenceRecord");

const states: EnumTable<FenceState, FenceStateProto> = enumTable({
  pending: FenceStateProto.PENDING,
  succeeded: FenceStateProto.SUCCEEDED,
  failed: FenceStateProto.FAILED,
  unknown: FenceStateProto.UNKNOWN,
  confirmed: FenceStateProto.CONFIRMED,
});

/** A status must be readable whatever a newer server says; nothing is done because of it. */
const actions: EnumTable<FenceRecord["action"], FenceActionProto> = enumTable({
  off: FenceActionProto.OFF,
  on: FenceActionProto.ON,
  reboot: FenceActionProto.REBOOT,
  status: FenceActionProto.STATUS,
  list: FenceActionProto.LIST,
  monitor: FenceActionProto.MONITOR,
  unknown: FenceActionProto.UNSPECIFIED,
});

export function fenceRecordToProto(record: FenceRecord): FenceRecordProto {
  return {
    fenceId: text(record.fenceId, at("fence_id")),
    target: text(record.target, at("target")),
    action: actions.toProto(record.action, at("action")),
    gateway: record.gateway,
    device: record.device,
    state: states.toProto(record.outcome, at("state")),
    reason: record.reason,
    detail: record.detail,
    startedAtMs: milliseconds(record.startedAtMs, at("started_at_ms")),
    endedAtMs: optionalMilliseconds(record.endedAtMs, at("ended_at_ms")),
  };
}

export function fenceRecordFromProto(proto: FenceRecordProto): FenceRecord {
  return {
    fenceId: text(proto.fenceId, at("fence_id")),
    target: text(proto.target, at("target")),
    action: actions.fromProto(proto.action, at("action"), "unknown"),
    gateway: proto.gateway ?? null,
    device: proto.device ?? null,
    outcome: states.fromProto(proto.state, at("state"), "unknown"),
    reason: proto.reason,
    detail: proto.detail,
    startedAtMs: proto.startedAtMs,
    endedAtMs: proto.endedAtMs ?? null,
  };
}
