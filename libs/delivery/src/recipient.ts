/**
 * One recipient's way through the outbox: reads on while there is room, delivers one event at a time in order, tries a
 * failed one again until it succeeds, and commits how far it came. Recipients know nothing of each other, so that one that
 * hangs holds up none.
 *
 * Invariants: an event is delivered only after the one before it was (or was not wanted); the cursor never passes an event that
 * is wanted and not delivered; at most `queueMax` events are held.
 */
import { type ClusterEvent, type EventSeverity, type MonotonicMs, eventId } from "@quorate/core";
import { type Position, comparePositions, positionOf } from "./position.ts";
import { type Sink, wants } from "./routing.ts";

export interface DeliveryLimits {
  /** Pause after the first failure of an event; doubled after each further one, up to `max`. */
  readonly retryMs: { readonly first: number; readonly max: number };
  /** Failures in a row after which `notifier.delivery-failing` is raised; a permanent one raises it at once. */
  readonly failingAfter: number;
  /** Failures of one event after which it becomes a dead letter; null: never, it is tried for ever. */
  readonly deadLetterAfter: number | null;
  /** Events held in memory per recipient. */
  readonly queueMax: number;
  /** Least time between two commits of a cursor. */
  readonly commitIntervalMs: number;
}

export interface Alarm {
  readonly type: "notifier.delivery-failing" | "notifier.delivery-recovered" | "notifier.dead-letter";
  readonly severity: EventSeverity;
  readonly message: string;
  readonly data: Readonly<Record<string, string>>;
}

export type RecipientEffect =
  /** Read the outbox on from the recipient's `position()`, live, until told otherwise; what is read carries the id. */
  | { readonly kind: "follow"; readonly recipient: string; readonly followId: number }
  | { readonly kind: "unfollow"; readonly recipient: string }
  /** Answered by `delivered` or `failed` with the same id. */
  | { readonly kind: "deliver"; readonly recipient: string; readonly deliveryId: number; readonly event: ClusterEvent }
  /** Answered by `committed` with the same position. */
  | { readonly kind: "commitCursor"; readonly recipient: string; readonly position: Position }
  | { readonly kind: "raiseAlarm"; readonly alarm: Alarm };

export interface RecipientStatus {
  readonly name: string;
  /** Everything up to here is delivered or was not wanted. */
  readonly done: Position;
  readonly waiting: number;
  readonly deadLetters: number;
  readonly failures: number;
  /** Null when the last delivery worked. */
  readonly lastError: string | null;
}

export class Recipient {
  readonly #sink: Sink;
  readonly #limits: DeliveryLimits;
  readonly #nextId: () => number;
  /** Last event seen in the outbox. */
  #read: Position;
  #done: Position;
  #committed: Position;
  #queue: ClusterEvent[] = [];
  /** The reading of the outbox that counts; null while the queue is full. */
  #followId: number | null = null;
  #draining = false;
  #deliveryId: number | null = null;
  /** Failures in a row of the event at the head. */
  #failures = 0;
  #retryAtMs: MonotonicMs = 0;
  #alarmed = false;
  #lastError: string | null = null;
  #deadLetters = 0;
  #committing: Position | null = null;
  #commitAtMs: MonotonicMs = 0;

  constructor(options: { readonly sink: Sink; readonly limits: DeliveryLimits; readonly cursor: Position; readonly nextId: () => number }) {
    this.#sink = options.sink;
    this.#limits = options.limits;
    this.#nextId = options.nextId;
    this.#read = options.cursor;
    this.#done = options.cursor;
    this.#committed = options.cursor;
  }

  position(): Position {
    return this.#read;
  }

  /**
   * Events of one reading come in outbox order without a gap, and may come again. What a reading still brings after it was
   * ended is ignored: taking it would leave out what was ignored between.
   */
  take(followId: number, event: ClusterEvent): void {
    if (followId !== this.#followId || comparePositions(positionOf(event), this.#read) <= 0) return;
    this.#read = positionOf(event);
    if (wants(this.#sink, event)) this.#queue.push(event);
    else if (this.#queue.length === 0) this.#done = this.#read;
  }

  delivered(deliveryId: number): readonly RecipientEffect[] {
    if (deliveryId !== this.#deliveryId) return [];
    const failures = this.#failures;
    const alarmed = this.#alarmed;
    this.#lastError = null;
    this.#alarmed = false;
    this.#passHead();
    const message = `deliveries to ${this.#sink.name} work again after ${failures} failures`;
    return alarmed ? [this.#alarm({ type: "notifier.delivery-recovered", severity: "info", message, data: { failures: String(failures) } })] : [];
  }

  failed(deliveryId: number, failure: { readonly reason: string; readonly permanent: boolean; readonly nowMs: MonotonicMs }): readonly RecipientEffect[] {
    const [event] = this.#queue;
    if (deliveryId !== this.#deliveryId || event === undefined) return [];
    const { reason, permanent, nowMs } = failure;
    const { retryMs, failingAfter, deadLetterAfter } = this.#limits;
    this.#deliveryId = null;
    this.#failures += 1;
    this.#lastError = reason;
    this.#retryAtMs = nowMs + Math.min(retryMs.max, retryMs.first * 2 ** Math.min(this.#failures - 1, 30));
    const data = { event: eventId(event), failures: String(this.#failures), reason };
    const effects: RecipientEffect[] = [];
    if (!this.#alarmed && (permanent || this.#failures >= failingAfter)) {
      this.#alarmed = true;
      effects.push(this.#alarm({ type: "notifier.delivery-failing", severity: "error", message: `deliveries to ${this.#sink.name} fail: ${reason}`, data }));
    }
    if (deadLetterAfter !== null && this.#failures >= deadLetterAfter) {
      this.#deadLetters += 1;
      this.#passHead();
      effects.push(this.#alarm({ type: "notifier.dead-letter", severity: "error", message: `event ${eventId(event)} (${event.type}) was given up for ${this.#sink.name}: ${reason}`, data }));
    }
    return effects;
  }

  committed(position: Position, ok: boolean, nowMs: MonotonicMs): void {
    if (this.#committing === null || comparePositions(position, this.#committing) !== 0) return;
    if (ok) this.#committed = position;
    this.#committing = null;
    this.#commitAtMs = this.#draining && ok ? 0 : nowMs + this.#limits.commitIntervalMs;
  }

  /** From now on nothing is begun; what is under way may end, and how far it came is committed at once. */
  drain(): void {
    this.#draining = true;
    this.#commitAtMs = 0;
  }

  /** What can be done now. */
  advance(nowMs: MonotonicMs): readonly RecipientEffect[] {
    const recipient = this.#sink.name;
    const effects: RecipientEffect[] = [];
    if (this.#followId !== null && (this.#draining || this.#queue.length >= this.#limits.queueMax)) {
      this.#followId = null;
      effects.push({ kind: "unfollow", recipient });
    } else if (this.#followId === null && !this.#draining && this.#queue.length <= this.#limits.queueMax / 2) {
      this.#followId = this.#nextId();
      effects.push({ kind: "follow", recipient, followId: this.#followId });
    }
    const [event] = this.#queue;
    if (event !== undefined && !this.#draining && this.#deliveryId === null && nowMs >= this.#retryAtMs) {
      this.#deliveryId = this.#nextId();
      effects.push({ kind: "deliver", recipient, deliveryId: this.#deliveryId, event });
    }
    if (this.#owesCommit() && nowMs >= this.#commitAtMs) {
      this.#committing = this.#done;
      effects.push({ kind: "commitCursor", recipient, position: this.#done });
    }
    return effects;
  }

  nextWakeMs(): MonotonicMs | null {
    const wakes = [
      ...(this.#queue.length > 0 && !this.#draining && this.#deliveryId === null ? [this.#retryAtMs] : []),
      ...(this.#owesCommit() ? [this.#commitAtMs] : []),
    ];
    return wakes.length === 0 ? null : Math.min(...wakes);
  }

  status(): RecipientStatus {
    return { name: this.#sink.name, done: this.#done, waiting: this.#queue.length, deadLetters: this.#deadLetters, failures: this.#failures, lastError: this.#lastError };
  }

  #owesCommit(): boolean {
    return this.#committing === null && comparePositions(this.#done, this.#committed) > 0;
  }

  #passHead(): void {
    const event = this.#queue.shift();
    this.#deliveryId = null;
    this.#failures = 0;
    this.#retryAtMs = 0;
    if (event !== undefined) this.#done = this.#queue.length === 0 ? this.#read : positionOf(event);
  }

  #alarm(alarm: Alarm): RecipientEffect {
    return { kind: "raiseAlarm", alarm: { ...alarm, data: { sink: this.#sink.name, ...alarm.data } } };
  }
}
