/** A network that delays, drops, duplicates, reorders and parts. One-way cuts too. */
import type { NodeName, Prng } from "@quorate/core";
import type { EventQueue } from "./event-queue.ts";

export interface NetworkFaults {
  /** In thousandths. */
  readonly drop: number;
  readonly duplicate: number;
  /** In thousandths: a message takes up to `slowMs` instead of a few milliseconds. */
  readonly slow: number;
  readonly slowMs: number;
}

export const CALM: NetworkFaults = { drop: 0, duplicate: 0, slow: 0, slowMs: 0 };

export class Network {
  readonly #queue: EventQueue;
  readonly #prng: Prng;
  faults: NetworkFaults = CALM;
  /** Directed pairs `from>to` that are cut. */
  readonly cut: Set<string> = new Set();

  constructor(queue: EventQueue, prng: Prng) {
    this.#queue = queue;
    this.#prng = prng;
  }

  /** Delivers later, perhaps never, perhaps twice. A cut counts at sending and at arrival. */
  send(from: NodeName, to: NodeName, deliver: () => void): void {
    const copies = from !== to && this.#chance(this.faults.duplicate) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (from !== to && (this.isCut(from, to) || this.#chance(this.faults.drop))) continue;
      const delayMs = this.#chance(this.faults.slow) ? 1 + this.#prng.below(this.faults.slowMs) : 0.2 + this.#prng.below(20) / 10;
      this.#queue.after(from === to ? 0.1 : delayMs, () => {
        if (!this.isCut(from, to)) deliver();
      });
    }
  }

  isCut(from: NodeName, to: NodeName): boolean {
    return this.cut.has(`${from}>${to}`);
  }

  /** Cuts every pair between the two sides, both ways. */
  part(side: ReadonlySet<NodeName>, all: readonly NodeName[]): void {
    for (const a of all) for (const b of all) if (side.has(a) !== side.has(b)) this.cut.add(`${a}>${b}`);
  }

  heal(): void {
    this.cut.clear();
    this.faults = CALM;
  }

  #chance(perMille: number): boolean {
    return perMille > 0 && this.#prng.below(1_000) < perMille;
  }
}
