import { QuorateError, assert } from "@quorate/core";

/** Ends the process the way an uncaught exception does: a service whose handler failed no longer knows its own state. */
function crash(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

/**
 * Hands messages to `handle` one at a time, in order. Holds at most `limit`; the caller decides what a refusal means.
 * An error of the handler stops the mailbox for good and goes to `onCrash`, which by default ends the process.
 */
export class Mailbox<M> {
  readonly #handle: (message: M) => Promise<void> | void;
  readonly #limit: number;
  readonly #onCrash: (error: unknown) => void;
  #waiting = 0;
  #dead = false;
  #tail: Promise<void> = Promise.resolve();

  constructor(handle: (message: M) => Promise<void> | void, limit: number, onCrash: (error: unknown) => void = crash) {
    assert(Number.isInteger(limit) && limit > 0, `mailbox limit ${limit}`);
    this.#handle = handle;
    this.#limit = limit;
    this.#onCrash = onCrash;
  }

  /** Messages that wait or are being handled. */
  get size(): number {
    return this.#waiting;
  }

  /**
   * The handler is never entered from inside `post`. After a crash messages are dropped.
   * @throws QuorateError QUORATE_OVERLOADED when `limit` messages already wait.
   */
  post(message: M): void {
    if (this.#dead) return;
    if (this.#waiting >= this.#limit) throw new QuorateError("QUORATE_OVERLOADED", `${this.#waiting} messages wait`);
    this.#waiting += 1;
    this.#tail = this.#tail.then(() => this.#deliver(message));
  }

  /** Resolves when everything posted so far has been handled, or was dropped by a crash. */
  idle(): Promise<void> {
    return this.#tail;
  }

  async #deliver(message: M): Promise<void> {
    try {
      if (!this.#dead) await this.#handle(message);
    } catch (error) {
      this.#dead = true;
      this.#onCrash(error);
    } finally {
      this.#waiting -= 1;
    }
  }
}
