/** Commands about nodes: views, joins, and what their executors report. */
import type { Command, LostNode } from "@quorate/controller";
import type { WallMs } from "@quorate/core";
import { LossKindProto, type JoinedProto, type ResultsProto, type ViewProto } from "./gen/quorate/policy/v1/command.ts";
import { operationResultFromProto, operationResultToProto } from "./operation.ts";
import { count, enumTable, fieldsOf, text } from "./wire-field.ts";
import type { EnumTable } from "./wire-field.ts";

type View = Extract<Command, { kind: "view" }>;
type Joined = Extract<Command, { kind: "joined" }>;
type Results = Extract<Command, { kind: "results" }>;

const inView = fieldsOf("View");
const inMember = fieldsOf("ViewMember");
const inLost = fieldsOf("LostNode");
const inJoined = fieldsOf("Joined");
const inResults = fieldsOf("Results");

const losses: EnumTable<LostNode["how"], LossKindProto> = enumTable({ lost: LossKindProto.LOST, left: LossKindProto.LEFT });

export function viewToProto(command: View): ViewProto {
  return {
    dc: text(command.dc, inView("dc")),
    members: command.members.map(({ node, bootId }) => ({ node: text(node, inMember("node")), bootId: text(bootId, inMember("boot_id")) })),
    gone: command.gone.map(({ node, reason, how }) => {
      return { node: text(node, inLost("node")), reason, how: losses.toProto(how, inLost("how")) };
    }),
  };
}

export function viewFromProto(proto: ViewProto, atMs: WallMs): View {
  return {
    kind: "view",
    atMs,
    dc: text(proto.dc, inView("dc")),
    members: proto.members.map(({ node, bootId }) => ({ node: text(node, inMember("node")), bootId: text(bootId, inMember("boot_id")) })),
    gone: proto.gone.map(({ node, reason, how }) => {
      return { node: text(node, inLost("node")), reason, how: losses.fromProto(how, inLost("how")) };
    }),
  };
}

export function joinedToProto(command: Joined): JoinedProto {
  return {
    node: text(command.node, inJoined("node")),
    bootId: text(command.bootId, inJoined("boot_id")),
    session: text(command.session, inJoined("session")),
    history: command.history.map(operationResultToProto),
  };
}

export function joinedFromProto(proto: JoinedProto, atMs: WallMs): Joined {
  return {
    kind: "joined",
    atMs,
    node: text(proto.node, inJoined("node")),
    bootId: text(proto.bootId, inJoined("boot_id")),
    session: text(proto.session, inJoined("session")),
    history: proto.history.map(operationResultFromProto),
  };
}

export function resultsToProto(command: Results): ResultsProto {
  return {
    node: text(command.node, inResults("node")),
    session: text(command.session, inResults("session")),
    reportSequence: count(command.reportSequence, inResults("report_sequence")),
    results: command.results.map(operationResultToProto),
  };
}

export function resultsFromProto(proto: ResultsProto, atMs: WallMs): Results {
  return {
    kind: "results",
    atMs,
    node: text(proto.node, inResults("node")),
    session: text(proto.session, inResults("session")),
    reportSequence: proto.reportSequence,
    results: proto.results.map(operationResultFromProto),
  };
}
