/**
 * Operation results as the status section keeps them: `lrm_resource` with its `lrm_rsc_op` entries.
 * Shape after Pacemaker Explained, "Status: operation history", so that the scheduler and old tools read it alike.
 */
import { type XmlElement, attribute, children, makeElement } from "@quorate/cib";
import type { OperationResult } from "@quorate/execution";
import { operationDigest } from "@quorate/ocf";

export const FEATURE_SET = "3.19.0";

/** Tasks whose results say nothing about the state of a resource. */
const STATELESS: ReadonlySet<string> = new Set(["notify", "meta-data", "validate-all"]);

export function isStateless({ operation }: OperationResult): boolean {
  return STATELESS.has(operation.task);
}

/** OCF exit codes that say something definite about the resource; with them an operation counts as done, not as broken. */
const DEFINITE = new Set([0, 7, 8, 190, 191]);

/** Pacemaker's numbers for the status of an operation: 0 done, 1 cancelled, 2 timeout, 4 error. */
export function operationStatus(result: OperationResult): number {
  switch (result.status) {
    case "done":
      return DEFINITE.has(result.rc) ? 0 : 4;
    case "cancelled":
      return 1;
    case "timeout":
      return 2;
    case "error":
    case "lost":
      return 4;
  }
}

/** Whether the result is what was asked for. A probe that finds the resource running or not is never a failure. */
export function isFailure(result: OperationResult): boolean {
  if (result.status === "cancelled") return false;
  if (result.status !== "done") return true;
  const { task, intervalMs, targetRc } = result.operation;
  if (task === "monitor" && intervalMs === 0 && (DEFINITE.has(result.rc) || result.rc === 5)) return false;
  return result.rc !== targetRc && !(targetRc === 0 && result.rc === 190);
}

/** A probe that found something other than it was sent to confirm: above all a resource that runs where nobody knew of it. */
export function isSurprise({ status, rc, operation }: OperationResult): boolean {
  return status === "done" && operation.task === "monitor" && operation.intervalMs === 0 && rc !== operation.targetRc;
}

/**
 * Writes one result into the history of its resource. Cancelled runs, and those that say nothing about its state, leave no
 * trace; a stop that worked ends recurring ones. A migration that failed stands only as the last failure, and until one of its kind works: the scheduler pairs the entries
 * of source and target, and passes over what stands twice.
 */
export function recordResult(resource: XmlElement | null, result: OperationResult): XmlElement {
  const { operation } = result;
  const base = resource ?? makeElement("lrm_resource", {
    id: operation.resource, class: operation.agent.class, ...(operation.agent.provider === null ? {} : { provider: operation.agent.provider }), type: operation.agent.type,
  });
  if (result.status === "cancelled" || isStateless(result)) return base;
  const entries = new Map(children(base).map((op) => [attribute(op, "id") ?? "", op]));
  const id = operation.intervalMs > 0 ? `${operation.resource}_${operation.task}_${operation.intervalMs}` : `${operation.resource}_last_0`;
  const failureId = `${operation.resource}_last_failure_0`;
  const failed = isFailure(result);
  if (!failed || !isMigration(result)) entries.set(id, operationElement(result, id));
  if (failed) {
    entries.set(failureId, operationElement(result, failureId));
  } else if (isMigration(result) && attribute(entries.get(failureId) ?? base, "operation") === operation.task) {
    entries.delete(failureId);
  } else if (operation.task === "stop") {
    for (const [key, op] of entries) if (Number(attribute(op, "interval") ?? "0") > 0) entries.delete(key);
  }
  return { ...base, children: [...entries.values()] };
}

function isMigration({ operation }: OperationResult): boolean {
  return operation.task === "migrate_to" || operation.task === "migrate_from";
}

/** Removes the entry of a recurring operation that was cancelled. */
export function dropRecurring(resource: XmlElement, task: string, intervalMs: number): XmlElement {
  const id = `${attribute(resource, "id") ?? ""}_${task}_${intervalMs}`;
  return { ...resource, children: resource.children.filter((op) => attribute(op, "id") !== id) };
}

function operationElement(result: OperationResult, id: string): XmlElement {
  const { operation } = result;
  const status = operationStatus(result);
  return makeElement("lrm_rsc_op", {
    id,
    operation_key: `${operation.resource}_${operation.task}_${operation.intervalMs}`,
    operation: operation.task,
    "crm-debug-origin": "quorate",
    crm_feature_set: FEATURE_SET,
    "transition-key": operation.transitionKey,
    "transition-magic": `${status}:${result.rc};${operation.transitionKey}`,
    "exit-reason": result.exitReason,
    "call-id": String(result.callId),
    "rc-code": String(result.rc),
    "op-status": String(status),
    interval: String(operation.intervalMs),
    "last-rc-change": String(Math.floor(result.rcChangedAtMs / 1000)),
    "exec-time": String(result.execMs),
    "queue-time": String(result.queueMs),
    ...migrationEnds(result),
    "op-digest": digestOf(result),
  });
}

/** Where a migration goes from and to, without which its entry tells nothing. */
function migrationEnds(result: OperationResult): Record<string, string> {
  const { migrate_source: source, migrate_target: target } = result.operation.meta;
  return !isMigration(result) || source === undefined || target === undefined ? {} : { migrate_source: source, migrate_target: target };
}

/** Digest over the parameters as they were given; a recurring operation counts its time-out too. */
function digestOf({ operation }: OperationResult): string {
  return operationDigest(operation.parameters, { recurringTimeoutMs: operation.intervalMs > 0 ? operation.timeoutMs : null });
}
