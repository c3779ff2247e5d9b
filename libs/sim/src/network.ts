/** A network that delays, drops, duplicates, reorders and parts. One-way cuts too. */
import type { NodeName, Prng } from "@quorate/core";
import type { EventQueue } from "./event-queue.ts";

/** Chances are in thousandths. */
export interface NetworkFaults {
  readonly drop: number;
  /** A second copy arrives, up to `slowMs` later. */
  readonly duplicate: number;
  /** A message takes up to `slowMs` instead of a few milliseconds. */
  readonly slow: number;
  readonly slowMs: number;
}

export const CALM: NetworkFaults = { drop: 0, duplicate: 0, slow: 0, slowMs: 0 };

/** `command`: a request to an executor or gateway, or its answer. They have faults of their own, because what comes late there is worst. */
export type Traffic = "message" | "command";

export class Network {
  readonly #queue: EventQueue;
  readonly #prng: Prng;
  readonly faults: Record<Traffic, NetworkFaults> = { message: CALM, command: CALM };
  /** Directed pairs `from>to` that are cut. */
  readonly cut: Set<string> = new Set();

  constructor(queue: EventQueue, prng: Prng) {
    this.#queue = queue;
    this.#prng = prng;
  }

  /** Delivers later, perhaps never, perhaps twice. A cut counts at sending and at arrival. */
  send(from: NodeName, to: NodeName, deliver: () => void, traffic: Traffic = "message"): void {
    if (from === to) return this.#queue.after(0.1, deliver);
    const { drop, duplicate, slow, slowMs } = this.faults[traffic];
    const quickMs = (): number => 0.2 + this.#prng.below(20) / 10;
    this.#copy(from, to, { deliver, drop, delayMs: this.#chance(slow) ? 1 + this.#prng.below(slowMs) : quickMs() });
    if (this.#chance(duplicate)) this.#copy(from, to, { deliver, drop, delayMs: quickMs() + this.#prng.below(slowMs) });
  }

  isCut(from: NodeName, to: NodeName): boolean {
    return this.cut.size > 0 && this.cut.has(`${from}>${to}`);
  }

  /** Cuts every pair between the two sides, both ways. */
  part(side: ReadonlySet<NodeName>, all: readonly NodeName[]): void {
    for (const a of all) for (const b of all) if (side.has(a) !== side.has(b)) this.cut.add(`${a}>${b}`);
  }

  heal(): void {
    this.cut.clear();
    this.faults.message = CALM;
    this.faults.command = CALM;
  }

  #copy(from: NodeName, to: NodeName, { deliver, drop, delayMs }: { deliver: () => void; drop: number; delayMs: number }): void {
    if (this.isCut(from, to) || this.#chance(drop)) return;
    this.#queue.after(delayMs, () => {
      if (!this.isCut(from, to)) deliver();
    });
  }

  #chance(perMille: number): boolean {
    return perMille > 0 && this.#prng.below(1_000) < perMille;
  }
}
