/** One thing after the other, with waits for the disk in between: how a service performs its effects in virtual time. */
import type { EventQueue } from "./event-queue.ts";

/** A step of work: does something now, or waits for the disk and then does it. */
export interface Work {
  readonly syncMs: number;
  readonly done: () => void;
}

export class Serial {
  readonly #queue: EventQueue;
  #works: Work[] = [];
  #busy = false;
  #running = false;
  #dead = false;
  readonly #onIdle: () => void;

  constructor(queue: EventQueue, onIdle: () => void = () => {}) {
    this.#queue = queue;
    this.#onIdle = onIdle;
  }

  get busy(): boolean {
    return this.#busy;
  }

  push(works: readonly Work[]): void {
    if (this.#dead) return;
    this.#works.push(...works);
    if (!this.#busy) this.#run();
  }

  /** The process is gone: nothing more is done. Returns the write that was under way, if any. */
  kill(): Work | null {
    this.#dead = true;
    const current = this.#busy ? (this.#works[0] ?? null) : null;
    this.#works = [];
    return current;
  }

  #run(): void {
    if (this.#running || this.#busy) return;
    this.#running = true;
    while (!this.#dead && this.#works.length > 0) {
      const work = this.#works[0]!;
      if (work.syncMs > 0) {
        this.#busy = true;
        this.#queue.after(work.syncMs, () => this.#finish());
        break;
      }
      this.#works.shift();
      work.done();
    }
    this.#running = false;
    if (!this.#dead && !this.#busy) this.#onIdle();
  }

  #finish(): void {
    if (this.#dead) return;
    this.#busy = false;
    this.#works.shift()!.done();
    this.#run();
  }
}
