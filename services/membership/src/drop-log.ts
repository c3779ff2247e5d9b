/** Counts packets that were not taken, and says so at most once per second, however many come. */
import type { MonotonicMs } from "@quorate/core";
import type { LinkName } from "@quorate/membership";
import type { Logger } from "@quorate/runtime";

/** `size`, `signature`, `malformed`: see packet.ts. `cluster`, `link`: signed, but for another cluster or another way. */
export type DropReason = "size" | "signature" | "malformed" | "cluster" | "link";

const LOG_INTERVAL_MS = 1_000;

export class DropLog {
  readonly #log: Logger;
  readonly #counts = new Map<string, number>();
  #loggedAtMs: MonotonicMs = Number.NEGATIVE_INFINITY;
  #total = 0;
  #fresh = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  count(link: LinkName, reason: DropReason): void {
    const name = `${link} ${reason}`;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    this.#total += 1;
    this.#fresh += 1;
  }

  /** Call at every tick. Counts in the line are since the start of the process. */
  flush(nowMs: MonotonicMs): void {
    if (this.#fresh === 0 || nowMs - this.#loggedAtMs < LOG_INTERVAL_MS) return;
    this.#loggedAtMs = nowMs;
    this.#log.warn({ fresh: this.#fresh, total: this.#total, counts: Object.fromEntries(this.#counts) }, "packets dropped");
    this.#fresh = 0;
  }
}
