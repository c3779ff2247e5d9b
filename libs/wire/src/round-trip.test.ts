/** What is written is read again as it was, whatever it is; and reading never fails in another way than QUORATE_WIRE_INVALID. */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { CibOperation, CibSection } from "@quorate/cib";
import type { Command } from "@quorate/controller";
import { EVENT_SEVERITIES, QuorateError, type Authority, type ClusterEvent } from "@quorate/core";
import type { ExecutorReply, ExecutorReport, ExecutorRequest, Operation, OperationResult } from "@quorate/execution";
import type { FenceReply, FenceRequest } from "@quorate/fencing";
import type { Beat, MembershipReport, Progress } from "@quorate/membership";
import type { Entry, HardState, Message } from "@quorate/raft";
import fc, { type Arbitrary } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeBeat, decodeCibOperation, decodeClusterEvent, decodeClusterStatus, decodeCommand, decodeEntry, decodeExecutorReply, decodeExecutorReport,
  decodeExecutorRequest, decodeFenceReply, decodeFenceRequest, decodeHardState, decodeMembershipReport, decodeMessage, decodeOperation,
  decodeOperationResult, decodeRaftPacket, encodeBeat, encodeCibOperation, encodeClusterEvent, encodeClusterStatus, encodeCommand, encodeEntry,
  encodeExecutorReply, encodeExecutorReport, encodeExecutorRequest, encodeFenceReply, encodeFenceRequest, encodeHardState, encodeMembershipReport,
  encodeMessage, encodeOperation, encodeOperationResult, encodeRaftPacket,
  type ClusterStatus, type FenceRecord, type NodeStatus, type RaftPacket, type ResourceStatus,
} from "./index.ts";

/** Plain objects, as programs make them. */
function record<T>(fields: { [K in keyof T]: Arbitrary<T[K]> }): Arbitrary<T> {
  return fc.record(fields, { noNullPrototype: true }) as Arbitrary<T>;
}

const line = fc.string({ unit: "grapheme", maxLength: 12 });
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
const maybe = fc.option(name);
const names = fc.array(name, { maxLength: 3 });
const nat = fc.maxSafeNat();
const fromOne = nat.map((n) => Math.max(n, 1));
const nat32 = fc.nat();
const maybeNat = fc.option(nat);
const rc = fc.integer();
const flag = fc.boolean();
const bytes = fc.uint8Array({ maxLength: 20 });
const values = fc.dictionary(fc.oneof(name, fc.constant("__proto__")), line, { maxKeys: 3, noNullPrototype: true });
const few = <T>(item: Arbitrary<T>): Arbitrary<T[]> => fc.array(item, { maxLength: 2 });

const authority: Arbitrary<Authority> = record({ term: fromOne, view: nat });
const action = fc.constantFrom("off", "on", "reboot", "status", "list", "monitor");
const severity = fc.constantFrom(...EVENT_SEVERITIES);

const entry: Arbitrary<Entry> = record({ index: fromOne, term: fromOne, data: bytes });
const hardState: Arbitrary<HardState> = record({ term: nat, votedFor: maybe, commit: nat });

const head = { from: name, to: name, term: nat };
const message: Arbitrary<Message> = fc.oneof(
  record({ ...head, kind: fc.constantFrom("preVote", "vote"), lastIndex: nat, lastTerm: nat, force: flag }),
  record({ ...head, kind: fc.constantFrom("preVoteReply", "voteReply"), granted: flag }),
  record({ ...head, kind: fc.constant("append"), prevIndex: nat32, prevTerm: nat, entries: few(entry), commit: nat, round: nat })
    .map((append) => ({ ...append, entries: append.entries.map((item, place) => ({ ...item, index: append.prevIndex + 1 + place })) })),
  record({ ...head, kind: fc.constant("appendReply"), accepted: flag, index: nat, round: nat }),
  record({ ...head, kind: fc.constant("timeoutNow") }),
);
const hello = record({ node: name, storeId: name, initialised: flag, configHash: name, clusterUuid: maybe, roster: fc.option(values) });
const raftPacket: Arbitrary<RaftPacket> = fc.oneof(
  record({ clusterId: name, kind: fc.constant("raft"), message }),
  record({ clusterId: name, kind: fc.constant("hello"), hello }),
  record({ clusterId: name, kind: fc.constant("propose"), from: name, data: fc.array(bytes, { minLength: 1, maxLength: 3 }) }),
);

const progress: Arbitrary<Progress> = record({ policyEngineAgeMs: maybeNat, executorAgeMs: maybeNat });
const beat: Arbitrary<Beat> = record({
  clusterId: name, from: name, bootId: name, session: name, sequence: nat, link: name, echoes: values, hears: names, suspects: names, progress,
  state: fc.constantFrom("up", "leaving", "daemon-down"),
});
const membershipReport: Arbitrary<MembershipReport> = record({
  node: name, bootId: name, session: name, sequence: nat, connectedQuorum: flag,
  peers: few(
    record({
      node: name, state: fc.constantFrom("pending", "alive", "suspected", "leaving"), bootId: maybe, session: maybe, suspectedBy: names,
      majoritySuspects: flag, mutual: flag, progress: fc.option(progress), links: few(record({ link: name, silentMs: maybeNat, up: flag })),
    }),
  ),
});

const agent = record({ class: name, provider: maybe, type: name });
const operation: Arbitrary<Operation> = record({
  transitionKey: name, resource: name, agent, task: name, intervalMs: nat, timeoutMs: nat, targetRc: rc, parameters: values, meta: values,
});
const result: Arbitrary<OperationResult> = record({
  operation, callId: nat, status: fc.constantFrom("done", "timeout", "error", "cancelled", "lost"), rc, exitReason: line, startedAtMs: nat,
  rcChangedAtMs: nat, execMs: nat, queueMs: nat,
});
const session = { authority, session: name };
const executorRequest: Arbitrary<ExecutorRequest> = fc.oneof(
  record({ kind: fc.constant("claim"), authority, dc: name }),
  record({ kind: fc.constant("execute"), ...session, sequence: fromOne, budgetMs: nat, operation }),
  record({ kind: fc.constant("cancel"), ...session, sequence: fromOne, resource: name, task: name, intervalMs: nat }),
  record({ kind: fc.constant("forget"), ...session, sequence: fromOne, resource: name }),
  record({ kind: fc.constant("acknowledge"), ...session, reportSequence: nat }),
  record({ kind: fc.constant("executeLocal"), operation }),
  record({ kind: fc.constant("close"), ...session }),
);
const refusal = fc.constantFrom(
  "stale-authority", "wrong-session", "out-of-order", "no-quorum", "not-claimed", "closed", "overloaded", "fenced", "invalid",
);
const anyAuthority = record({ term: nat, view: nat });
const executorReply: Arbitrary<ExecutorReply> = fc.oneof(
  record({
    kind: fc.constant("claimed"), node: name, bootId: name, session: name, authority: anyAuthority, history: few(result), inFlight: few(operation),
  }),
  record({ kind: fc.constant("accepted"), sequence: nat }),
  record({ kind: fc.constant("refused"), reason: refusal, authority: anyAuthority, session: line, expected: nat, message: line }),
);
const executorReport: Arbitrary<ExecutorReport> = record({
  node: name, bootId: name, session: name, authority: anyAuthority, sequence: nat, results: few(result),
});

const fenceRequest: Arbitrary<FenceRequest> = record({
  authority, fenceId: name, action, target: name, targetBootId: maybe, devices: few(record({ id: name, agent: name, parameters: values })),
  timeoutMs: nat,
});
const fenceReply: Arbitrary<FenceReply> = record({
  fenceId: name, outcome: fc.constantFrom("succeeded", "failed", "unknown", "refused"), device: maybe, detail: line, powered: fc.option(flag),
  targets: names, elapsedMs: nat,
});

const section: Arbitrary<CibSection> = fc.constantFrom(
  "all", "configuration", "crm_config", "nodes", "resources", "constraints", "fencing-topology", "acls", "tags", "alerts", "rsc_defaults",
  "op_defaults", "status",
);
const cibOperation: Arbitrary<CibOperation> = fc.oneof(
  record({ kind: fc.constant("replace"), section, xml: name, force: flag }),
  record({ kind: fc.constant("modify"), section, xml: name, allowCreate: flag }),
  record({ kind: fc.constant("create"), section, xml: name, parentId: maybe }),
  record({ kind: fc.constant("delete"), section, xml: name }),
);

const clusterEvent: Arbitrary<ClusterEvent> = record({
  index: fromOne, ordinal: nat32, type: name, severity, atMs: nat, node: maybe, resource: maybe, message: line, data: values,
});

const gone = record({ node: name, reason: line, how: fc.constantFrom("lost", "left") });
const reason = record({ resource: name, task: name, from: maybe, to: maybe, causes: names, candidates: names });
const at = { atMs: nat };
const asked = { atMs: nat, requestId: name };
const command: Arbitrary<Command> = fc.oneof(
  record({ kind: fc.constant("view"), ...at, dc: name, members: few(record({ node: name, bootId: name })), gone: few(gone) }),
  record({ kind: fc.constant("joined"), ...at, node: name, bootId: name, session: name, history: few(result) }),
  record({ kind: fc.constant("results"), ...at, node: name, session: name, reportSequence: nat, results: few(result) }),
  record({ kind: fc.constant("cib"), ...asked, by: line, operation: cibOperation }),
  record({
    kind: fc.constant("fenceStarted"), ...at, fenceId: name, target: name, bootId: maybe, action, gateway: name, devices: names, reason: line,
  }),
  record({
    kind: fc.constant("fenceEnded"), ...at, fenceId: name, outcome: fc.constantFrom("succeeded", "failed", "unknown"), device: maybe, detail: line,
  }),
  record({ kind: fc.constant("fenceConfirmed"), ...asked, target: name, by: line }),
  record({ kind: fc.constant("transitionStarted"), ...at, transition: nat, trigger: line, reasons: few(reason) }),
  record({
    kind: fc.constant("transitionEnded"), ...at, transition: nat, outcome: fc.constantFrom("complete", "aborted", "failed"), detail: line,
  }),
  record({ kind: fc.constant("cleanup"), ...asked, resource: name, node: maybe, by: line }),
  record({ kind: fc.constant("attribute"), ...asked, node: name, name, value: fc.option(line) }),
  record({ kind: fc.constant("alarm"), ...asked, type: name, severity, node: maybe, resource: maybe, message: line, data: values }),
  record({ kind: fc.constant("cursor"), recipient: name, index: nat, ordinal: nat32 }),
);

const node: Arbitrary<NodeStatus> = record({
  name, online: flag, standby: flag, standbyOnFail: flag, maintenance: flag, pending: flag, unclean: flag, shutdown: flag, state: line,
  bootId: maybe, links: few(record({ name, up: flag, silentMs: maybeNat })), resourceCount: nat32, attributes: values,
});
const leaf = {
  id: name, kind: fc.constantFrom("primitive", "group", "clone", "bundle", "unknown"), promotable: flag, agent: fc.option(agent),
  role: fc.constantFrom("Unknown", "Stopped", "Started", "Unpromoted", "Promoted"), nodes: names, failed: flag, blocked: flag, unmanaged: flag,
  disabled: flag, orphan: flag, pendingTask: maybe,
} as const;
const tree = (levels: number): Arbitrary<ResourceStatus> =>
  record({ ...leaf, children: levels === 0 ? fc.constant([]) : few(tree(levels - 1)) });
/** A clone of groups of primitives. */
const resource = tree(2);
const fence: Arbitrary<FenceRecord> = record({
  fenceId: name, target: name, action: fc.constantFrom("off", "on", "reboot", "unknown"), gateway: maybe, device: maybe,
  outcome: fc.constantFrom("pending", "succeeded", "failed", "unknown", "confirmed"), reason: line, detail: line, startedAtMs: nat, endedAtMs: maybeNat,
});
const failedOperation = record({
  node: name, resource: name, task: line, intervalMs: nat, rc, status: line, exitReason: line, atMs: maybeNat, execMs: maybeNat,
});
const clusterStatus: Arbitrary<ClusterStatus> = record({
  cluster: name, stack: line, node: name, atMs: nat, dc: maybe, haveQuorum: flag,
  votes: record({ present: nat32, expected: nat32, needed: nat32 }), featureLevel: nat32,
  cibVersion: record({ adminEpoch: nat, epoch: nat, numUpdates: nat }), lastChange: fc.option(record({ atMs: nat, by: maybe })),
  options: record({ stonithEnabled: flag, maintenanceMode: flag, symmetricCluster: flag, noQuorumPolicy: line }),
  view: fc.option(record({ id: nat, members: names })), nodes: few(node), resources: few(resource), failedOperations: few(failedOperation),
  failCounts: few(record({ node: name, resource: name, count: nat, migrationThreshold: nat, lastFailureMs: maybeNat })),
  fencingHistory: few(fence), pendingFencing: few(fence), warnings: names, pendingNodes: few(record({ node: name, secondsLeft: nat32 })),
});

interface WireType {
  readonly name: string;
  readonly arbitrary: Arbitrary<unknown>;
  readonly encode: (value: unknown) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}

function wireType<T>(type: string, arbitrary: Arbitrary<T>, encode: (value: T) => Uint8Array, decode: (bytes: Uint8Array) => T): WireType {
  return { name: type, arbitrary, encode: (value) => encode(value as T), decode };
}

const TYPES: readonly WireType[] = [
  wireType("Entry", entry, encodeEntry, decodeEntry),
  wireType("HardState", hardState, encodeHardState, decodeHardState),
  wireType("Message", message, encodeMessage, decodeMessage),
  wireType("RaftPacket", raftPacket, encodeRaftPacket, decodeRaftPacket),
  wireType("Beat", beat, encodeBeat, decodeBeat),
  wireType("MembershipReport", membershipReport, encodeMembershipReport, decodeMembershipReport),
  wireType("Operation", operation, encodeOperation, decodeOperation),
  wireType("OperationResult", result, encodeOperationResult, decodeOperationResult),
  wireType("ExecutorRequest", executorRequest, encodeExecutorRequest, decodeExecutorRequest),
  wireType("ExecutorReply", executorReply, encodeExecutorReply, decodeExecutorReply),
  wireType("ExecutorReport", executorReport, encodeExecutorReport, decodeExecutorReport),
  wireType("FenceRequest", fenceRequest, encodeFenceRequest, decodeFenceRequest),
  wireType("FenceReply", fenceReply, encodeFenceReply, decodeFenceReply),
  wireType("CibOperation", cibOperation, encodeCibOperation, decodeCibOperation),
  wireType("ClusterEvent", clusterEvent, encodeClusterEvent, decodeClusterEvent),
  wireType("Command", command, encodeCommand, decodeCommand),
  wireType("ClusterStatus", clusterStatus, encodeClusterStatus, decodeClusterStatus),
];

describe.each(TYPES)("$name", ({ arbitrary, encode, decode }) => {
  const runs = { numRuns: 100 };

  test("is read as it was written, and equal values give equal bytes", () => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        const encoded = encode(value);
        expect(decode(encoded)).toStrictEqual(value);
        expect(encode(decode(encoded))).toStrictEqual(encoded);
      }),
      runs,
    );
  });

  test("of a newer program: fields that are not known are ignored", () => {
    fc.assert(
      fc.property(arbitrary, nat32, line, (value, number, words) => {
        const unknown = new BinaryWriter().uint32((1999 << 3) | 0).uint32(number).uint32((2000 << 3) | 2).string(words).finish();
        expect(decode(joined(encode(value), unknown))).toStrictEqual(value);
      }),
      { numRuns: 30 },
    );
  });

  test("cut off or changed anywhere: read as something else or refused, nothing worse", () => {
    fc.assert(
      fc.property(arbitrary, nat32, fc.integer({ min: 1, max: 255 }), (value, place, change) => {
        const encoded = encode(value);
        const cut = encoded.slice(0, place % (encoded.length + 1));
        const damaged = encoded.slice();
        if (damaged.length > 0) damaged[place % damaged.length] = (damaged[place % damaged.length] ?? 0) ^ change;
        for (const bad of [cut, damaged]) expect(readsOrRefuses(() => decode(bad))).toBe(true);
      }),
      runs,
    );
  });

  test("any bytes: read or refused, nothing worse", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => readsOrRefuses(() => decode(noise))),
      runs,
    );
  });
});

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  return new Uint8Array([...a, ...b]);
}

function readsOrRefuses(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    return error instanceof QuorateError && error.code === "QUORATE_WIRE_INVALID";
  }
}
