/** What an executor answers, and what it reports unasked. */
import type { ExecutorReply, ExecutorReport, RefusalReason } from "@quorate/execution";
import { ExecutorReplyProto, ExecutorReportProto, RefusalReasonProto } from "./gen/quorate/executor/v1/executor.ts";
import { authorityFromProto, authorityToProto } from "./authority.ts";
import { operationFromProto, operationResultFromProto, operationResultToProto, operationToProto } from "./operation.ts";
import { count, decodeWire, encodeWire, enumTable, fieldsOf, present, text } from "./wire-field.ts";
import type { EnumTable } from "./wire-field.ts";

type Kind = NonNullable<ExecutorReplyProto["kind"]>;

const at = fieldsOf("ExecutorReply");
const inClaimed = fieldsOf("Claimed");
const inRefused = fieldsOf("Refused");
const inReport = fieldsOf("ExecutorReport");

const reasons: EnumTable<RefusalReason, RefusalReasonProto> = enumTable({
  "stale-authority": RefusalReasonProto.STALE_AUTHORITY,
  "wrong-session": RefusalReasonProto.WRONG_SESSION,
  "out-of-order": RefusalReasonProto.OUT_OF_ORDER,
  "no-quorum": RefusalReasonProto.NO_QUORUM,
  "not-claimed": RefusalReasonProto.NOT_CLAIMED,
  "closed": RefusalReasonProto.CLOSED,
  "overloaded": RefusalReasonProto.OVERLOADED,
  "fenced": RefusalReasonProto.FENCED,
  "invalid": RefusalReasonProto.INVALID,
});

export function encodeExecutorReply(reply: ExecutorReply): Uint8Array {
  return encodeWire("ExecutorReply", ExecutorReplyProto, executorReplyToProto(reply));
}

export function decodeExecutorReply(bytes: Uint8Array): ExecutorReply {
  return executorReplyFromProto(decodeWire("ExecutorReply", ExecutorReplyProto, bytes));
}

export function executorReplyToProto(reply: ExecutorReply): ExecutorReplyProto {
  return { kind: kindToProto(reply) };
}

function kindToProto(reply: ExecutorReply): Kind {
  switch (reply.kind) {
    case "claimed":
      return {
        $case: "claimed",
        value: {
          node: text(reply.node, inClaimed("node")),
          bootId: text(reply.bootId, inClaimed("boot_id")),
          session: text(reply.session, inClaimed("session")),
          authority: authorityToProto(reply.authority),
          history: reply.history.map(operationResultToProto),
          inFlight: reply.inFlight.map(operationToProto),
        },
      };
    case "accepted":
      return { $case: "accepted", value: { sequence: count(reply.sequence, { message: "Accepted", field: "sequence" }) } };
    case "refused":
      return {
        $case: "refused",
        value: {
          reason: reasons.toProto(reply.reason, inRefused("reason")),
          authority: authorityToProto(reply.authority),
          session: reply.session,
          expected: count(reply.expected, inRefused("expected")),
          message: reply.message,
        },
      };
  }
}

/** A refusal for a reason that this program does not know is still a refusal: `invalid`. */
export function executorReplyFromProto(proto: ExecutorReplyProto | null | undefined): ExecutorReply {
  const known = present(present(proto, at("")).kind, at("kind"));
  switch (known.$case) {
    case "claimed":
      return {
        kind: "claimed",
        node: text(known.value.node, inClaimed("node")),
        bootId: text(known.value.bootId, inClaimed("boot_id")),
        session: text(known.value.session, inClaimed("session")),
        authority: authorityFromProto(known.value.authority, inClaimed("authority")),
        history: known.value.history.map(operationResultFromProto),
        inFlight: known.value.inFlight.map(operationFromProto),
      };
    case "accepted":
      return { kind: "accepted", sequence: known.value.sequence };
    case "refused": {
      const { reason, authority, session, expected, message } = known.value;
      const why = reasons.fromProto(reason, inRefused("reason"), "invalid");
      return { kind: "refused", reason: why, authority: authorityFromProto(authority, inRefused("authority")), session, expected, message };
    }
  }
}

export function encodeExecutorReport(report: ExecutorReport): Uint8Array {
  return encodeWire("ExecutorReport", ExecutorReportProto, executorReportToProto(report));
}

export function decodeExecutorReport(bytes: Uint8Array): ExecutorReport {
  return executorReportFromProto(decodeWire("ExecutorReport", ExecutorReportProto, bytes));
}

export function executorReportToProto(report: ExecutorReport): ExecutorReportProto {
  return {
    node: text(report.node, inReport("node")),
    bootId: text(report.bootId, inReport("boot_id")),
    session: text(report.session, inReport("session")),
    authority: authorityToProto(report.authority),
    sequence: count(report.sequence, inReport("sequence")),
    results: report.results.map(operationResultToProto),
  };
}

export function executorReportFromProto(proto: ExecutorReportProto): ExecutorReport {
  return {
    node: text(proto.node, inReport("node")),
    bootId: text(proto.bootId, inReport("boot_id")),
    session: text(proto.session, inReport("session")),
    authority: authorityFromProto(proto.authority, inReport("authority")),
    sequence: proto.sequence,
    results: proto.results.map(operationResultFromProto),
  };
}
