/**
 * Results on their way to the DC: numbered from 1 in a session, sent oldest first, kept until acknowledged.
 * A report always begins at the oldest result that is not acknowledged, so that a lost one is never skipped.
 */
import type { MonotonicMs } from "@quorate/core";
import { operationKey } from "./stored.ts";
import type { OperationResult } from "./types.ts";

interface Pending {
  readonly sequence: number;
  readonly result: OperationResult;
}

export interface ReportBatch {
  /** Of the last result. */
  readonly sequence: number;
  readonly results: readonly OperationResult[];
}

const REPEAT_MS = 500;
/** Keeps a report well below the 256 KiB of a bus message. */
const BATCH_MAX = 32;
/** Above this many, the oldest result that a newer one of its operation supersedes is dropped. */
const PENDING_MAX = 512;

export class ReportWindow {
  #pending: Pending[] = [];
  #lastSequence = 0;
  #sentSequence = 0;
  #sentAtMs: MonotonicMs = Number.NEGATIVE_INFINITY;

  add(result: OperationResult): void {
    this.#lastSequence += 1;
    this.#pending.push({ sequence: this.#lastSequence, result });
    this.#sentAtMs = Number.NEGATIVE_INFINITY;
    if (this.#pending.length > PENDING_MAX) this.#dropSuperseded();
  }

  has(transitionKey: string, resource: string): boolean {
    return this.#pending.some(({ result: { operation } }) => operation.transitionKey === transitionKey && operation.resource === resource);
  }

  /** Everything up to this sequence is safe in the log. What was never sent in this numbering cannot be: such a word is of another session. */
  acknowledge(sequence: number): void {
    if (sequence > this.#sentSequence) return;
    this.#pending = this.#pending.filter((pending) => pending.sequence > sequence);
    if (sequence >= this.#sentSequence) this.#sentAtMs = Number.NEGATIVE_INFINITY; // the rest was never sent
  }

  /** A new session, or a new DC: numbers begin again when `renumber`, and what waits is sent at once. */
  restart(renumber: boolean): void {
    this.#sentAtMs = Number.NEGATIVE_INFINITY;
    if (!renumber) return;
    this.#sentSequence = 0;
    this.#pending = this.#pending.map(({ result }, index) => ({ sequence: index + 1, result }));
    this.#lastSequence = this.#pending.length;
  }

  /** What is to be sent now: after news at once, else each 500 ms while something waits. Null: nothing. */
  due(nowMs: MonotonicMs): ReportBatch | null {
    if (this.#pending.length === 0 || nowMs - this.#sentAtMs < REPEAT_MS) return null;
    this.#sentAtMs = nowMs;
    const batch = this.#pending.slice(0, BATCH_MAX);
    this.#sentSequence = batch.at(-1)!.sequence;
    return { sequence: this.#sentSequence, results: batch.map(({ result }) => result) };
  }

  #dropSuperseded(): void {
    const newer = new Set<string>();
    let oldest = -1;
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      const key = operationKey(this.#pending[i]!.result.operation);
      if (newer.has(key)) oldest = i;
      newer.add(key);
    }
    if (oldest >= 0) this.#pending.splice(oldest, 1);
  }
}
