/** Commands to an executor. What is not understood in full is not a command: it never comes out of here. */
import type { Authority, SessionId } from "@quorate/core";
import type { ExecutorRequest } from "@quorate/execution";
import { ExecutorRequestProto, type CommandHeadProto } from "./gen/quorate/executor/v1/executor.ts";
import { authorityToProto, commandAuthorityFromProto } from "./authority.ts";
import { operationFromProto, operationToProto } from "./operation.ts";
import { count, countFromOne, decodeWire, encodeWire, fieldsOf, milliseconds, present, text } from "./wire-field.ts";

type Kind = NonNullable<ExecutorRequestProto["kind"]>;

const at = fieldsOf("ExecutorRequest");
const inClaim = fieldsOf("Claim");
const inHead = fieldsOf("CommandHead");
const inExecute = fieldsOf("Execute");
const inCancel = fieldsOf("Cancel");
const inForget = fieldsOf("Forget");

export function encodeExecutorRequest(request: ExecutorRequest): Uint8Array {
  return encodeWire("ExecutorRequest", ExecutorRequestProto, executorRequestToProto(request));
}

export function decodeExecutorRequest(bytes: Uint8Array): ExecutorRequest {
  return executorRequestFromProto(decodeWire("ExecutorRequest", ExecutorRequestProto, bytes));
}

export function executorRequestToProto(request: ExecutorRequest): ExecutorRequestProto {
  return { kind: kindToProto(request) };
}

function kindToProto(request: ExecutorRequest): Kind {
  switch (request.kind) {
    case "claim":
      return { $case: "claim", value: { authority: authorityToProto(request.authority), dc: text(request.dc, inClaim("dc")) } };
    case "execute": {
      const sequence = countFromOne(request.sequence, inExecute("sequence"));
      const budgetMs = milliseconds(request.budgetMs, inExecute("budget_ms"));
      const operation = operationToProto(request.operation);
      return { $case: "execute", value: { head: headToProto(request), sequence, budgetMs, operation } };
    }
    case "cancel": {
      const sequence = countFromOne(request.sequence, inCancel("sequence"));
      const resource = text(request.resource, inCancel("resource"));
      const task = text(request.task, inCancel("task"));
      const intervalMs = milliseconds(request.intervalMs, inCancel("interval_ms"));
      return { $case: "cancel", value: { head: headToProto(request), sequence, resource, task, intervalMs } };
    }
    case "forget": {
      const sequence = countFromOne(request.sequence, inForget("sequence"));
      const resource = text(request.resource, inForget("resource"));
      return { $case: "forget", value: { head: headToProto(request), sequence, resource } };
    }
    case "acknowledge": {
      const reportSequence = count(request.reportSequence, { message: "Acknowledge", field: "report_sequence" });
      return { $case: "acknowledge", value: { head: headToProto(request), reportSequence } };
    }
    case "executeLocal":
      return { $case: "executeLocal", value: { operation: operationToProto(request.operation) } };
    case "close":
      return { $case: "close", value: { head: headToProto(request) } };
  }
}

export function executorRequestFromProto(proto: ExecutorRequestProto | null | undefined): ExecutorRequest {
  const known = present(present(proto, at("")).kind, at("kind"));
  switch (known.$case) {
    case "claim": {
      const authority = commandAuthorityFromProto(known.value.authority, inClaim("authority"));
      return { kind: "claim", authority, dc: text(known.value.dc, inClaim("dc")) };
    }
    case "execute": {
      const { head, budgetMs, operation } = known.value;
      const sequence = countFromOne(known.value.sequence, inExecute("sequence"));
      return { kind: "execute", ...headFromProto(head), sequence, budgetMs, operation: operationFromProto(operation) };
    }
    case "cancel": {
      const { head, sequence, resource, task, intervalMs } = known.value;
      const what = { resource: text(resource, inCancel("resource")), task: text(task, inCancel("task")), intervalMs };
      return { kind: "cancel", ...headFromProto(head), sequence: countFromOne(sequence, inCancel("sequence")), ...what };
    }
    case "forget": {
      const sequence = countFromOne(known.value.sequence, inForget("sequence"));
      const resource = text(known.value.resource, inForget("resource"));
      return { kind: "forget", ...headFromProto(known.value.head), sequence, resource };
    }
    case "acknowledge":
      return { kind: "acknowledge", ...headFromProto(known.value.head), reportSequence: known.value.reportSequence };
    case "executeLocal":
      return { kind: "executeLocal", operation: operationFromProto(known.value.operation) };
    case "close":
      return { kind: "close", ...headFromProto(known.value.head) };
  }
}

function headToProto(request: { readonly authority: Authority; readonly session: SessionId }): CommandHeadProto {
  return { authority: authorityToProto(request.authority), session: text(request.session, inHead("session")) };
}

function headFromProto(proto: CommandHeadProto | null): { authority: Authority; session: SessionId } {
  const { authority, session } = present(proto, inHead(""));
  return { authority: commandAuthorityFromProto(authority, inHead("authority")), session: text(session, inHead("session")) };
}
