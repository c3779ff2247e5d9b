/** What is missing or not known is refused by name; only what the proto documents as tolerated is. */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { QuorateError, type ClusterEvent } from "@quorate/core";
import type { ExecutorReply, Operation, OperationResult } from "@quorate/execution";
import type { FenceReply, FenceRequest } from "@quorate/fencing";
import type { Beat, PeerReport } from "@quorate/membership";
import { describe, expect, test } from "vitest";
import { CibOperationProto } from "./gen/quorate/cib/v1/cib.ts";
import { ClusterEventProto } from "./gen/quorate/events/v1/event.ts";
import { ExecutorReplyProto, ExecutorReportProto, ExecutorRequestProto } from "./gen/quorate/executor/v1/executor.ts";
import { FenceRequestProto, FenceResponseProto } from "./gen/quorate/fencing/v1/fencing.ts";
import { BeatProto, MembershipReportProto } from "./gen/quorate/membership/v1/membership.ts";
import { CommandEnvelopeProto } from "./gen/quorate/policy/v1/command.ts";
import { EntryProto, MessageProto } from "./gen/quorate/raft/v1/raft.ts";
import { RaftPacketProto } from "./gen/quorate/raft/v1/packet.ts";
import { beatToProto } from "./beat.ts";
import { cibOperationToProto, cibSectionFromProto, issueFromProto } from "./cib-operation.ts";
import { clusterEventToProto } from "./cluster-event.ts";
import { commandToProto } from "./command.ts";
import { executorReplyToProto, executorReportToProto } from "./executor-reply.ts";
import { executorRequestToProto } from "./executor-request.ts";
import { fenceRecordFromProto, fenceRecordToProto } from "./fence-record.ts";
import { fenceReplyToProto, fenceRequestToProto } from "./fencing.ts";
import {
  WIRE_BYTES_MAX, decodeBeat, decodeCibOperation, decodeClusterEvent, decodeCommand, decodeEntry, decodeExecutorReply, decodeExecutorReport,
  decodeExecutorRequest, decodeFenceReply, decodeFenceRequest, decodeMembershipReport, decodeMessage, decodeRaftPacket, encodeBeat, encodeCommand,
  encodeEntry, encodeFenceRequest, encodeOperation, partFromProto,
} from "./index.ts";
import { membershipReportToProto } from "./membership-report.ts";
import type { ProtoCodec } from "./wire-field.ts";

const UNKNOWN = 99 as never;

const authority = { term: 3, view: 17 };
const operation: Operation = {
  transitionKey: "4:12:0:dc", resource: "server1_fs", agent: { class: "ocf", provider: "heartbeat", type: "Filesystem" }, task: "start",
  intervalMs: 0, timeoutMs: 60_000, targetRc: 0, parameters: { device: "/dev/sdb1" }, meta: {},
};
const result: OperationResult = {
  operation, callId: 7, status: "done", rc: 0, exitReason: "", startedAtMs: 1_700_000_000_000, rcChangedAtMs: 1_700_000_000_000, execMs: 12, queueMs: 0,
};
const beat: Beat = {
  clusterId: "c", from: "node1", bootId: "b1", session: "s1", sequence: 4, link: "nats", echoes: { node2: "s2" }, hears: ["node2"], suspects: [],
  progress: { policyEngineAgeMs: 10, executorAgeMs: null }, state: "up",
};
const peer: PeerReport = {
  node: "node2", state: "alive", bootId: null, session: null, suspectedBy: [], majoritySuspects: false, mutual: true, progress: null, links: [],
};
const fenceRequest: FenceRequest = {
  authority, fenceId: "f1", action: "off", target: "node2", targetBootId: null, devices: [{ id: "pdu", agent: "apc-pdu-snmp", parameters: {} }],
  timeoutMs: 60_000,
};
const fenceReply: FenceReply = { fenceId: "f1", outcome: "succeeded", device: "pdu", detail: "", powered: null, targets: [], elapsedMs: 5 };
const event: ClusterEvent = { index: 5, ordinal: 0, type: "node.lost", severity: "error", atMs: 1, node: "node2", resource: null, message: "m", data: {} };
const refused: ExecutorReply = { kind: "refused", reason: "fenced", authority, session: "s", expected: 1, message: "" };

const beatProto = beatToProto(beat);
const reportProto = membershipReportToProto({ node: "node1", bootId: "b", session: "s", sequence: 1, connectedQuorum: true, peers: [peer] });
const executeProto = executorRequestToProto({ kind: "execute", authority, session: "s", sequence: 1, budgetMs: 100, operation });
const fenceProto = fenceRequestToProto(fenceRequest);
const reportOfResult = executorReportToProto({ node: "node1", bootId: "b", session: "s", authority, sequence: 1, results: [result] });
const resultProto = reportOfResult.results[0]!;
const cibProto = cibOperationToProto({ kind: "delete", section: "resources", xml: "<primitive id='a'/>" });
const ended = commandToProto({ kind: "fenceEnded", atMs: 1, fenceId: "f1", outcome: "succeeded", device: null, detail: "" });
const alarm = commandToProto({
  kind: "alarm", atMs: 1, requestId: "r", type: "resource.alarm", severity: "info", node: null, resource: null, message: "", data: {},
});
const view = commandToProto({ kind: "view", atMs: 1, dc: "node1", members: [], gone: [{ node: "node2", reason: "", how: "lost" }] });
const vote = { $case: "vote", value: { lastIndex: 0, lastTerm: 0, force: false } } as const;

type Execute = Extract<typeof executeProto.kind, { $case: "execute" }>["value"];
const execute = (executeProto.kind as { value: Execute }).value;

function bytes<P>(codec: ProtoCodec<P>, message: P): Uint8Array {
  return codec.encode(message).finish();
}
const request = (kind: ExecutorRequestProto["kind"]): Uint8Array => bytes(ExecutorRequestProto, { kind });
const executed = (change: Partial<Execute>): Uint8Array => request({ $case: "execute", value: { ...execute, ...change } });
const entryOf = (command: CommandEnvelopeProto["command"], featureLevel = 1): Uint8Array => bytes(CommandEnvelopeProto, { featureLevel, command });
const inEntry = (kind: NonNullable<typeof ended.kind>, change: object): Uint8Array =>
  entryOf({ ...ended, kind: { ...kind, value: { ...kind.value, ...change } } as never });
/** A oneof that only a newer program has: one unknown field. */
const newerKind = new BinaryWriter().uint32((500 << 3) | 2).string("new").finish();

describe("refused, naming message and field", () => {
  test.each<{ name: string; read: () => unknown; field: string }>([
    { name: "entry without index", read: () => decodeEntry(bytes(EntryProto, { index: 0, term: 1, data: new Uint8Array() })), field: "Entry.index" },
    { name: "entry without term", read: () => decodeEntry(bytes(EntryProto, { index: 1, term: 0, data: new Uint8Array() })), field: "Entry.term" },
    { name: "raft message without sender", read: () => decodeMessage(bytes(MessageProto, { from: "", to: "b", term: 1, body: vote })), field: "Message.from" },
    { name: "raft message without body", read: () => decodeMessage(bytes(MessageProto, { from: "a", to: "b", term: 1, body: null })), field: "Message.body" },
    {
      name: "append with a gap",
      read: () => {
        const entries = [{ index: 9, term: 1, data: new Uint8Array() }];
        const value = { prevIndex: 7, prevTerm: 1, entries, commit: 0, round: 0 };
        return decodeMessage(bytes(MessageProto, { from: "a", to: "b", term: 1, body: { $case: "append", value } }));
      },
      field: "Message.entries",
    },
    { name: "packet of no cluster", read: () => decodeRaftPacket(bytes(RaftPacketProto, { clusterId: "", body: null })), field: "RaftPacket.cluster_id" },
    { name: "packet without body", read: () => decodeRaftPacket(bytes(RaftPacketProto, { clusterId: "c", body: null })), field: "RaftPacket.body" },
    {
      name: "proposal of nothing",
      read: () => decodeRaftPacket(bytes(RaftPacketProto, { clusterId: "c", body: { $case: "propose", value: { from: "a", data: [] } } })),
      field: "ForwardedProposal.data",
    },
    { name: "beat without session", read: () => decodeBeat(bytes(BeatProto, { ...beatProto, session: "" })), field: "Beat.session" },
    { name: "beat without progress", read: () => decodeBeat(bytes(BeatProto, { ...beatProto, progress: null })), field: "Beat.progress" },
    { name: "beat without state", read: () => decodeBeat(bytes(BeatProto, { ...beatProto, state: 0 })), field: "Beat.state" },
    { name: "beat in an unknown state", read: () => decodeBeat(bytes(BeatProto, { ...beatProto, state: UNKNOWN })), field: "Beat.state" },
    {
      name: "peer in an unknown state",
      read: () => decodeMembershipReport(bytes(MembershipReportProto, { ...reportProto, peers: [{ ...reportProto.peers[0]!, state: UNKNOWN }] })),
      field: "PeerReport.state",
    },
    { name: "progress of an unknown part", read: () => partFromProto(UNKNOWN), field: "ReportProgressRequest.part" },
    { name: "executor command of no kind", read: () => decodeExecutorRequest(request(null)), field: "ExecutorRequest.kind" },
    { name: "executor command of a newer kind", read: () => decodeExecutorRequest(newerKind), field: "ExecutorRequest.kind" },
    { name: "command without head", read: () => decodeExecutorRequest(executed({ head: null })), field: "CommandHead" },
    { name: "command without authority", read: () => decodeExecutorRequest(executed({ head: { authority: null, session: "s" } })), field: "CommandHead.authority" },
    { name: "command of term 0", read: () => decodeExecutorRequest(executed({ head: { authority: { term: 0, view: 9 }, session: "s" } })), field: "Authority.term" },
    { name: "command without session", read: () => decodeExecutorRequest(executed({ head: { authority, session: "" } })), field: "CommandHead.session" },
    { name: "command without sequence", read: () => decodeExecutorRequest(executed({ sequence: 0 })), field: "Execute.sequence" },
    { name: "command without operation", read: () => decodeExecutorRequest(executed({ operation: null })), field: "Operation" },
    { name: "operation without agent", read: () => decodeExecutorRequest(executed({ operation: { ...execute.operation!, agent: null } })), field: "Operation.agent" },
    { name: "operation without task", read: () => decodeExecutorRequest(executed({ operation: { ...execute.operation!, task: "" } })), field: "Operation.task" },
    { name: "claim without DC", read: () => decodeExecutorRequest(request({ $case: "claim", value: { authority, dc: "" } })), field: "Claim.dc" },
    { name: "answer of a newer kind", read: () => decodeExecutorReply(newerKind), field: "ExecutorReply.kind" },
    {
      name: "result with an unknown status",
      read: () => decodeExecutorReport(bytes(ExecutorReportProto, { ...reportOfResult, results: [{ ...resultProto, status: UNKNOWN }] })),
      field: "OperationResult.status",
    },
    { name: "fencing by nobody", read: () => decodeFenceRequest(bytes(FenceRequestProto, { ...fenceProto, authority: null })), field: "FenceRequest.authority" },
    { name: "fencing of nobody", read: () => decodeFenceRequest(bytes(FenceRequestProto, { ...fenceProto, target: null })), field: "FenceRequest.target" },
    { name: "unknown fence action", read: () => decodeFenceRequest(bytes(FenceRequestProto, { ...fenceProto, action: UNKNOWN })), field: "FenceRequest.action" },
    { name: "CIB change of no kind", read: () => decodeCibOperation(bytes(CibOperationProto, { ...cibProto, kind: null })), field: "CibOperation.kind" },
    { name: "CIB change of no section", read: () => decodeCibOperation(bytes(CibOperationProto, { ...cibProto, section: 0 })), field: "CibOperation.section" },
    { name: "CIB change without text", read: () => decodeCibOperation(bytes(CibOperationProto, { ...cibProto, xml: "" })), field: "CibOperation.xml" },
    { name: "query of an unknown section", read: () => cibSectionFromProto(UNKNOWN), field: "QueryRequest.section" },
    { name: "event without index", read: () => decodeClusterEvent(bytes(ClusterEventProto, { ...clusterEventToProto(event), index: 0 })), field: "ClusterEvent.index" },
    { name: "entry without feature level", read: () => decodeCommand(entryOf(ended, 0)), field: "CommandEnvelope.feature_level" },
    { name: "entry of a newer feature level", read: () => decodeCommand(entryOf(ended, 2)), field: "CommandEnvelope.feature_level" },
    { name: "entry without command", read: () => decodeCommand(entryOf(null)), field: "Command" },
    { name: "empty entry data is not a command", read: () => decodeCommand(new Uint8Array()), field: "CommandEnvelope.feature_level" },
    { name: "command of no kind", read: () => decodeCommand(entryOf({ atMs: 1, kind: null })), field: "Command.kind" },
    { name: "in the log: unknown fencing outcome", read: () => decodeCommand(inEntry(ended.kind!, { outcome: 99 })), field: "FenceEnded.outcome" },
    { name: "in the log: refused is no outcome", read: () => decodeCommand(inEntry(ended.kind!, { outcome: 4 })), field: "FenceEnded.outcome" },
    { name: "in the log: unknown severity", read: () => decodeCommand(inEntry(alarm.kind!, { severity: 99 })), field: "Alarm.severity" },
    { name: "in the log: unknown kind of loss", read: () => decodeCommand(inEntry(view.kind!, { gone: [{ node: "n", reason: "", how: 99 }] })), field: "LostNode.how" },
    { name: "request without id", read: () => decodeCommand(inEntry(alarm.kind!, { requestId: "" })), field: "Alarm.request_id" },
    { name: "written: a session of nobody", read: () => encodeBeat({ ...beat, session: "" }), field: "Beat.session" },
    { name: "written: a count below 0", read: () => encodeBeat({ ...beat, sequence: -1 }), field: "Beat.sequence" },
    { name: "written: a fraction of an index", read: () => encodeEntry({ index: 1.5, term: 1, data: new Uint8Array() }), field: "Entry.index" },
    { name: "written: a time that is not a number", read: () => encodeOperation({ ...operation, timeoutMs: Number.NaN }), field: "Operation.timeout_ms" },
    { name: "written: an exit code beyond 32 bits", read: () => encodeOperation({ ...operation, targetRc: 2 ** 31 }), field: "Operation.target_rc" },
    { name: "written: fencing of nobody", read: () => encodeFenceRequest({ ...fenceRequest, target: null }), field: "FenceRequest.target" },
    { name: "written: an outcome that the type does not have", read: () => fenceReplyToProto({ ...fenceReply, outcome: "maybe" as never }), field: "FenceResponse.outcome" },
  ])("$name: $field", ({ read, field }) => {
    const error = errorOf(read);
    expect(error.code).toBe("QUORATE_WIRE_INVALID");
    expect([error.details["message"], error.details["field"]].filter((part) => part !== "").join(".")).toBe(field);
    expect(error.message).toContain(field);
  });
});

describe("tolerated, as the proto says", () => {
  test("a refusal for an unknown reason is a refusal", () => {
    const proto = executorReplyToProto(refused);
    const kind = proto.kind as Extract<typeof proto.kind, { $case: "refused" }>;
    const newer = bytes(ExecutorReplyProto, { kind: { ...kind, value: { ...kind.value, reason: UNKNOWN } } });
    expect(decodeExecutorReply(newer)).toStrictEqual({ ...refused, reason: "invalid" });
  });

  test.each([0, 99])("a fencing outcome %i is unknown, never success", (outcome) => {
    const proto = { ...fenceReplyToProto(fenceReply), outcome: outcome as never };
    expect(decodeFenceReply(bytes(FenceResponseProto, proto)).outcome).toBe("unknown");
  });

  test("an event of unknown severity is kept as a warning", () => {
    const proto = { ...clusterEventToProto(event), severity: UNKNOWN };
    expect(decodeClusterEvent(bytes(ClusterEventProto, proto))).toStrictEqual({ ...event, severity: "warning" });
  });

  test("an issue of unknown severity is an error", () => {
    expect(issueFromProto({ severity: UNKNOWN, path: "", place: null, message: "m" }).severity).toBe("error");
  });

  test("a fencing record with unknown values is shown as unknown", () => {
    const record = {
      fenceId: "f1", target: "node2", action: "off", gateway: null, device: null, outcome: "pending", reason: "", detail: "", startedAtMs: 1, endedAtMs: null,
    } as const;
    const newer = { ...fenceRecordToProto(record), action: UNKNOWN, state: UNKNOWN };
    expect(fenceRecordFromProto(newer)).toStrictEqual({ ...record, action: "unknown", outcome: "unknown" });
  });

  test("a query without section reads all", () => expect(cibSectionFromProto(0)).toBe("all"));

  test("list and monitor need no target", () => {
    expect(decodeFenceRequest(encodeFenceRequest({ ...fenceRequest, action: "list", target: null })).target).toBe(null);
  });
});

describe("limits", () => {
  test("more than 8 MiB is refused unread, and not written either", () => {
    const data = new Uint8Array(WIRE_BYTES_MAX);
    expect(errorOf(() => decodeEntry(new Uint8Array(WIRE_BYTES_MAX + 1))).message).toContain("8388609 bytes");
    expect(errorOf(() => encodeEntry({ index: 1, term: 1, data })).code).toBe("QUORATE_WIRE_INVALID");
  });

  test("numbers from 2^53 on are refused, not rounded", () => {
    const tooGreat = new BinaryWriter().uint32((1 << 3) | 0).uint64(2n ** 53n).uint32((2 << 3) | 0).uint64(1).finish();
    expect(errorOf(() => decodeEntry(tooGreat)).code).toBe("QUORATE_WIRE_INVALID");
  });

  test("fractions of milliseconds are rounded", () => {
    const progress = { policyEngineAgeMs: 12.5, executorAgeMs: 0.2 };
    expect(decodeBeat(encodeBeat({ ...beat, progress })).progress).toStrictEqual({ policyEngineAgeMs: 13, executorAgeMs: 0 });
  });

  test("values of fields never stand in an error", () => {
    const secret = { ...operation, parameters: { password: "hunter2" }, task: "" };
    expect(errorOf(() => encodeOperation(secret)).message).not.toContain("hunter2");
  });

  test("the data of an entry is a copy: it does not keep, or follow, the buffer it came in", () => {
    const packet = encodeEntry({ index: 1, term: 1, data: new Uint8Array([1, 2, 3]) });
    const { data } = decodeEntry(packet);
    packet.fill(0);
    expect(data).toStrictEqual(new Uint8Array([1, 2, 3]));
    expect(data.buffer.byteLength).toBe(3);
  });
});

/** Logs on disk and nodes that are not upgraded yet hold these bytes: they must be read for ever as they are read today. */
describe("old messages", () => {
  test("entry", () => {
    const entry = { index: 5, term: 3, data: new Uint8Array([1, 2, 3]) };
    expect(toHex(encodeEntry(entry))).toBe("080510031a03010203");
    expect(decodeEntry(fromHex("080510031a03010203"))).toStrictEqual(entry);
  });

  test("command", () => {
    const cursor = { kind: "cursor", recipient: "mail", index: 41, ordinal: 2 } as const;
    expect(toHex(encodeCommand(cursor))).toBe("0801120c720a0a046d61696c10291802");
    expect(decodeCommand(fromHex("0801120c720a0a046d61696c10291802"))).toStrictEqual(cursor);
  });
});

function errorOf(read: () => unknown): QuorateError {
  try {
    read();
  } catch (error) {
    if (error instanceof QuorateError) return error;
    throw error;
  }
  throw new Error("was not refused");
}

function fromHex(hex: string): Uint8Array {
  return new Uint8Array((hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)));
}

function toHex(data: Uint8Array): string {
  return [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
