/** Commands that frame the walk through a transition graph. */
import type { Command, ResourceReason } from "@quorate/controller";
import type { WallMs } from "@quorate/core";
import {
  TransitionOutcomeProto, type ResourceReasonProto, type TransitionEndedProto, type TransitionStartedProto,
} from "./gen/quorate/policy/v1/command.ts";
import { count, enumTable, fieldsOf, text } from "./wire-field.ts";
import type { EnumTable } from "./wire-field.ts";

type TransitionStarted = Extract<Command, { kind: "transitionStarted" }>;
type TransitionEnded = Extract<Command, { kind: "transitionEnded" }>;

const inStarted = fieldsOf("TransitionStarted");
const inEnded = fieldsOf("TransitionEnded");
const inReason = fieldsOf("ResourceReason");

const outcomes: EnumTable<TransitionEnded["outcome"], TransitionOutcomeProto> = enumTable({
  complete: TransitionOutcomeProto.COMPLETE,
  aborted: TransitionOutcomeProto.ABORTED,
  failed: TransitionOutcomeProto.FAILED,
});

export function transitionStartedToProto(command: TransitionStarted): TransitionStartedProto {
  return {
    transition: count(command.transition, inStarted("transition")),
    trigger: command.trigger,
    reasons: command.reasons.map(reasonToProto),
  };
}

export function transitionStartedFromProto(proto: TransitionStartedProto, atMs: WallMs): TransitionStarted {
  return { kind: "transitionStarted", atMs, transition: proto.transition, trigger: proto.trigger, reasons: proto.reasons.map(reasonFromProto) };
}

export function transitionEndedToProto(command: TransitionEnded): TransitionEndedProto {
  return {
    transition: count(command.transition, inEnded("transition")),
    outcome: outcomes.toProto(command.outcome, inEnded("outcome")),
    detail: command.detail,
  };
}

export function transitionEndedFromProto(proto: TransitionEndedProto, atMs: WallMs): TransitionEnded {
  const outcome = outcomes.fromProto(proto.outcome, inEnded("outcome"));
  return { kind: "transitionEnded", atMs, transition: proto.transition, outcome, detail: proto.detail };
}

function reasonToProto(reason: ResourceReason): ResourceReasonProto {
  const { from, to, causes, candidates } = reason;
  return { resource: text(reason.resource, inReason("resource")), task: text(reason.task, inReason("task")), from, to, causes, candidates };
}

function reasonFromProto(proto: ResourceReasonProto): ResourceReason {
  return {
    resource: text(proto.resource, inReason("resource")),
    task: text(proto.task, inReason("task")),
    from: proto.from ?? null,
    to: proto.to ?? null,
    causes: proto.causes,
    candidates: proto.candidates,
  };
}
