/**
 * Commands: the data of log entries. Every replica must read the same from the same bytes, so nothing is tolerated here:
 * what is not known is an error, and the replica stops applying instead of going on with a state that differs.
 */
import type { Command } from "@quorate/controller";
import { CommandEnvelopeProto, type CommandProto } from "./gen/quorate/policy/v1/command.ts";
import {
  fenceConfirmedFromProto, fenceConfirmedToProto, fenceEndedFromProto, fenceEndedToProto, fenceStartedFromProto,
  fenceStartedToProto,
} from "./command-fencing.ts";
import {
  joinedFromProto, joinedToProto, resultsFromProto, resultsToProto, viewFromProto, viewToProto,
} from "./command-node.ts";
import {
  alarmFromProto, alarmToProto, attributeFromProto, attributeToProto, cibFromProto, cibToProto, cleanupFromProto,
  cleanupToProto, cursorFromProto, cursorToProto,
} from "./command-request.ts";
import {
  transitionEndedFromProto, transitionEndedToProto, transitionStartedFromProto, transitionStartedToProto,
} from "./command-transition.ts";
import {
  count32, countFromOne, decodeWire, encodeWire, fieldsOf, invalid, milliseconds, present,
} from "./wire-field.ts";

/** The newest entries that this program can apply. Raised when a command gets a meaning that older programs would not see. */
export const FEATURE_LEVEL = 1;

/** A command with the feature level needed to apply it. */
export interface CommandEnvelope {
  readonly featureLevel: number;
  readonly command: Command;
}

const at = fieldsOf("Command");
const inEnvelope = fieldsOf("CommandEnvelope");

/** Data of a log entry. `featureLevel` is that of the cluster: what every node can apply. */
export function encodeCommand(command: Command, featureLevel: number = FEATURE_LEVEL): Uint8Array {
  const level = countFromOne(count32(featureLevel, inEnvelope("feature_level")), inEnvelope("feature_level"));
  return encodeWire("CommandEnvelope", CommandEnvelopeProto, { featureLevel: level, command: commandToProto(command) });
}

/** The empty data of a new leader's first entry is not a command: the caller asks before. */
export function decodeCommand(bytes: Uint8Array): Command {
  return decodeCommandEnvelope(bytes).command;
}

export function decodeCommandEnvelope(bytes: Uint8Array): CommandEnvelope {
  const { featureLevel, command } = decodeWire("CommandEnvelope", CommandEnvelopeProto, bytes);
  if (countFromOne(featureLevel, inEnvelope("feature_level")) > FEATURE_LEVEL) {
    throw invalid(inEnvelope("feature_level"), `is ${featureLevel}, this program knows up to ${FEATURE_LEVEL}: upgrade it`);
  }
  return { featureLevel, command: commandFromProto(command) };
}

export function commandToProto(command: Command): CommandProto {
  return { atMs: command.kind === "cursor" ? 0 : milliseconds(command.atMs, at("at_ms")), kind: kindToProto(command) };
}

function kindToProto(command: Command): NonNullable<CommandProto["kind"]> {
  switch (command.kind) {
    case "view":
      return { $case: "view", value: viewToProto(command) };
    case "joined":
      return { $case: "joined", value: joinedToProto(command) };
    case "results":
      return { $case: "results", value: resultsToProto(command) };
    case "cib":
      return { $case: "cib", value: cibToProto(command) };
    case "fenceStarted":
      return { $case: "fenceStarted", value: fenceStartedToProto(command) };
    case "fenceEnded":
      return { $case: "fenceEnded", value: fenceEndedToProto(command) };
    case "fenceConfirmed":
      return { $case: "fenceConfirmed", value: fenceConfirmedToProto(command) };
    case "transitionStarted":
      return { $case: "transitionStarted", value: transitionStartedToProto(command) };
    case "transitionEnded":
      return { $case: "transitionEnded", value: transitionEndedToProto(command) };
    case "cleanup":
      return { $case: "cleanup", value: cleanupToProto(command) };
    case "attribute":
      return { $case: "attribute", value: attributeToProto(command) };
    case "alarm":
      return { $case: "alarm", value: alarmToProto(command) };
    case "cursor":
      return { $case: "cursor", value: cursorToProto(command) };
  }
}

export function commandFromProto(proto: CommandProto | null | undefined): Command {
  const { atMs, kind } = present(proto, at(""));
  const known = present(kind, at("kind"));
  switch (known.$case) {
    case "view":
      return viewFromProto(known.value, atMs);
    case "joined":
      return joinedFromProto(known.value, atMs);
    case "results":
      return resultsFromProto(known.value, atMs);
    case "cib":
      return cibFromProto(known.value, atMs);
    case "fenceStarted":
      return fenceStartedFromProto(known.value, atMs);
    case "fenceEnded":
      return fenceEndedFromProto(known.value, atMs);
    case "fenceConfirmed":
      return fenceConfirmedFromProto(known.value, atMs);
    case "transitionStarted":
      return transitionStartedFromProto(known.value, atMs);
    case "transitionEnded":
      return transitionEndedFromProto(known.value, atMs);
    case "cleanup":
      return cleanupFromProto(known.value, atMs);
    case "attribute":
      return attributeFromProto(known.value, atMs);
    case "alarm":
      return alarmFromProto(known.value, atMs);
    case "cursor":
      return cursorFromProto(known.value);
  }
}
