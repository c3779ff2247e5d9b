/** Monitors that come again: each an interval after the former run of it ended. */
import type { MonotonicMs } from "@quorate/core";
import { operationKey } from "./stored.ts";
import type { Operation } from "./types.ts";

interface Entry {
  readonly operation: Operation;
  readonly dueAtMs: MonotonicMs;
}

export class Recurring {
  readonly #entries = new Map<string, Entry>();

  set(operation: Operation, dueAtMs: MonotonicMs): void {
    this.#entries.set(operationKey(operation), { operation, dueAtMs });
  }

  /** Puts off a monitor that is still wanted; one that was removed meanwhile stays so. */
  putOff(operation: Operation, dueAtMs: MonotonicMs): void {
    if (this.has(operation)) this.set(operation, dueAtMs);
  }

  /** The same registration, not just one of the same name. */
  has(operation: Operation): boolean {
    return this.#entries.get(operationKey(operation))?.operation.transitionKey === operation.transitionKey;
  }

  remove(which: (operation: Operation) => boolean): void {
    for (const [key, { operation }] of this.#entries) if (which(operation)) this.#entries.delete(key);
  }

  /** Those due, longest due first. */
  due(nowMs: MonotonicMs): Operation[] {
    const due = [...this.#entries.values()].filter((entry) => entry.dueAtMs <= nowMs);
    return due.toSorted((a, b) => a.dueAtMs - b.dueAtMs).map(({ operation }) => operation);
  }
}
