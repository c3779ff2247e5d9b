/** Last result of each operation of this node: what the node knows to be active or not. */
import type { ResourceId } from "@quorate/core";
import { type StoredRecord } from "./effect.ts";
import { forgottenRecord, historyRecord, operationKey } from "./stored.ts";
import type { Operation, OperationResult } from "./types.ts";

/** Tasks after which monitors begin anew, as in Pacemaker: they change what the monitors were looking at. */
const STATE_CHANGES: ReadonlySet<string> = new Set(["start", "stop", "promote", "demote", "migrate_to", "migrate_from", "reload", "reload-agent"]);
/** Tasks that say nothing about the state of a resource. */
const STATELESS: ReadonlySet<string> = new Set(["notify", "meta-data", "validate-all"]);

export function changesState(task: string): boolean {
  return STATE_CHANGES.has(task);
}

export function isTask(task: string): boolean {
  return task === "monitor" || STATE_CHANGES.has(task) || STATELESS.has(task);
}

export class History {
  readonly #results: Map<string, OperationResult>;

  constructor(results: Iterable<OperationResult>) {
    this.#results = new Map(Array.from(results, (result) => [operationKey(result.operation), result]));
  }

  last(operation: Pick<Operation, "resource" | "task" | "intervalMs">): OperationResult | null {
    return this.#results.get(operationKey(operation)) ?? null;
  }

  /** By call id, oldest first. */
  all(): OperationResult[] {
    return [...this.#results.values()].toSorted((a, b) => a.callId - b.callId);
  }

  /** The last start succeeded, and no stop came after it. */
  isStarted(resource: ResourceId): boolean {
    const start = this.last({ resource, task: "start", intervalMs: 0 });
    const stop = this.last({ resource, task: "stop", intervalMs: 0 });
    return start !== null && start.status === "done" && start.rc === 0 && start.callId > (stop?.callId ?? 0);
  }

  /** Keeps a result; nothing for one that says nothing of the state (cancelled, or a stateless task). */
  put(result: OperationResult): StoredRecord[] {
    if (result.status === "cancelled" || STATELESS.has(result.operation.task)) return [];
    this.#results.set(operationKey(result.operation), result);
    return [historyRecord(result)];
  }

  forget(which: (operation: Operation) => boolean): StoredRecord[] {
    const keys = [...this.#results].filter(([, { operation }]) => which(operation)).map(([key]) => key);
    for (const key of keys) this.#results.delete(key);
    return keys.map(forgottenRecord);
  }

  /** Recurring operations of a resource end with the state that they looked at. */
  forgetRecurring(resource: ResourceId): StoredRecord[] {
    return this.forget((operation) => operation.resource === resource && operation.intervalMs > 0);
  }
}
