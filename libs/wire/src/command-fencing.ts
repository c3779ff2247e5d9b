/** Commands of the fencing ledger. */
import type { Command } from "@quorate/controller";
import type { WallMs } from "@quorate/core";
import { FenceOutcomeProto } from "./gen/quorate/fencing/v1/fencing.ts";
import type { FenceConfirmedProto, FenceEndedProto, FenceStartedProto } from "./gen/quorate/policy/v1/command.ts";
import { fenceActionFromProto, fenceActionToProto } from "./fencing.ts";
import { enumTable, fieldsOf, text } from "./wire-field.ts";
import type { EnumTable } from "./wire-field.ts";

type FenceStarted = Extract<Command, { kind: "fenceStarted" }>;
type FenceEnded = Extract<Command, { kind: "fenceEnded" }>;
type FenceConfirmed = Extract<Command, { kind: "fenceConfirmed" }>;

const inStarted = fieldsOf("FenceStarted");
const inEnded = fieldsOf("FenceEnded");
const inConfirmed = fieldsOf("FenceConfirmed");

/** Stricter than in a gateway's answer: in the log an outcome that is not understood is an error of the replica. */
const ended: EnumTable<FenceEnded["outcome"], FenceOutcomeProto> = enumTable({
  succeeded: FenceOutcomeProto.SUCCEEDED,
  failed: FenceOutcomeProto.FAILED,
  unknown: FenceOutcomeProto.UNKNOWN,
});

export function fenceStartedToProto(command: FenceStarted): FenceStartedProto {
  return {
    fenceId: text(command.fenceId, inStarted("fence_id")),
    target: text(command.target, inStarted("target")),
    bootId: command.bootId,
    action: fenceActionToProto(command.action, inStarted("action")),
    gateway: text(command.gateway, inStarted("gateway")),
    devices: command.devices,
    reason: command.reason,
  };
}

export function fenceStartedFromProto(proto: FenceStartedProto, atMs: WallMs): FenceStarted {
  return {
    kind: "fenceStarted",
    atMs,
    fenceId: text(proto.fenceId, inStarted("fence_id")),
    target: text(proto.target, inStarted("target")),
    bootId: proto.bootId ?? null,
    action: fenceActionFromProto(proto.action, inStarted("action")),
    gateway: text(proto.gateway, inStarted("gateway")),
    devices: proto.devices,
    reason: proto.reason,
  };
}

export function fenceEndedToProto(command: FenceEnded): FenceEndedProto {
  return {
    fenceId: text(command.fenceId, inEnded("fence_id")),
    outcome: ended.toProto(command.outcome, inEnded("outcome")),
    device: command.device,
    detail: command.detail,
  };
}

export function fenceEndedFromProto(proto: FenceEndedProto, atMs: WallMs): FenceEnded {
  return {
    kind: "fenceEnded",
    atMs,
    fenceId: text(proto.fenceId, inEnded("fence_id")),
    outcome: ended.fromProto(proto.outcome, inEnded("outcome")),
    device: proto.device ?? null,
    detail: proto.detail,
  };
}

export function fenceConfirmedToProto(command: FenceConfirmed): FenceConfirmedProto {
  return { requestId: text(command.requestId, inConfirmed("request_id")), target: text(command.target, inConfirmed("target")), by: command.by };
}

export function fenceConfirmedFromProto(proto: FenceConfirmedProto, atMs: WallMs): FenceConfirmed {
  const requestId = text(proto.requestId, inConfirmed("request_id"));
  return { kind: "fenceConfirmed", atMs, requestId, target: text(proto.target, inConfirmed("target")), by: proto.by };
}
