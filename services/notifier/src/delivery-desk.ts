/** Hands inputs to the delivery core one at a time, performs its effects side by side, and keeps its timer. */
import type { ClusterEvent, WallMs } from "@quorate/core";
import type { DeliveryCore, DeliveryEffect, DeliveryInput, Position } from "@quorate/delivery";
import { type Clock, type Logger, Mailbox } from "@quorate/runtime";
import { type EventSink, reasonOf } from "./event-sink.ts";
import type { OutboxClient } from "./outbox-client.ts";

export interface DeliveryDeskParts {
  readonly core: DeliveryCore;
  readonly sinks: readonly EventSink[];
  readonly outbox: OutboxClient;
  readonly node: string;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Far above what recipients hold and what is under way: handling is quicker than reading, so a full mailbox means that something is wrong. */
const MAILBOX_LIMIT = 100_000;
/** A timer that fires a little early would only be armed again. */
const TIMER_SLACK_MS = 1;

export class DeliveryDesk {
  readonly #parts: DeliveryDeskParts;
  readonly #mailbox: Mailbox<DeliveryInput>;
  readonly #sinks: ReadonlyMap<string, EventSink>;
  readonly #following = new Map<string, { close(): void }>();
  readonly #deliveredAtMs = new Map<string, WallMs>();
  #underWay = 0;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  #whenIdle: (() => void)[] = [];

  constructor(parts: DeliveryDeskParts) {
    this.#parts = parts;
    this.#sinks = new Map(parts.sinks.map((sink) => [sink.name, sink]));
    this.#mailbox = new Mailbox((input) => this.#handle(input), MAILBOX_LIMIT);
  }

  post(input: DeliveryInput): void {
    if (!this.#stopped) this.#mailbox.post(input);
  }

  /** When a recipient last got something, by this instance. */
  deliveredAtMs(recipient: string): WallMs | null {
    return this.#deliveredAtMs.get(recipient) ?? null;
  }

  /** No more events are read or delivered; results still count. */
  async drain(): Promise<void> {
    this.post({ kind: "drain" });
    await this.#mailbox.idle();
  }

  async stop(): Promise<void> {
    this.post({ kind: "deactivate" });
    await this.#mailbox.idle();
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Resolves when no delivery or commit is under way, at the latest after `withinMs`. */
  async settle(withinMs: number): Promise<void> {
    if (this.#underWay === 0) return;
    let timer: NodeJS.Timeout | null = null;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
      this.#whenIdle.push(resolve);
    });
    if (timer !== null) clearTimeout(timer);
  }

  #handle(input: DeliveryInput): void {
    const { core, clock } = this.#parts;
    for (const effect of core.step(input, clock.nowMs())) this.#perform(effect);
    if (this.#timer !== null) clearTimeout(this.#timer);
    const wakeMs = core.nextWakeMs();
    this.#timer = wakeMs === null ? null : setTimeout(() => this.post({ kind: "tick" }), Math.max(0, wakeMs - clock.nowMs()) + TIMER_SLACK_MS);
  }

  #perform(effect: DeliveryEffect): void {
    switch (effect.kind) {
      case "follow":
        return this.#follow(effect.recipient, effect.followId);
      case "unfollow":
        this.#following.get(effect.recipient)?.close();
        this.#following.delete(effect.recipient);
        return;
      case "deliver":
        return this.#track(this.#deliver(effect.recipient, effect.deliveryId, effect.event));
      case "commitCursor":
        return this.#track(this.#commit(effect.recipient, effect.position));
      case "raiseAlarm": {
        const { outbox, node, log } = this.#parts;
        log.warn({ ...effect.alarm.data, type: effect.alarm.type }, effect.alarm.message);
        return this.#track(outbox.raise(effect.alarm, node).catch((error: unknown) => log.error({ type: effect.alarm.type, reason: reasonOf(error) }, "alarm could not be raised")));
      }
    }
  }

  #follow(recipient: string, followId: number): void {
    const { core, outbox } = this.#parts;
    this.#following.get(recipient)?.close();
    const stream = outbox.follow(
      () => core.position(recipient),
      (event) => this.post({ kind: "event", recipient, followId, event }),
    );
    this.#following.set(recipient, stream);
  }

  async #deliver(recipient: string, deliveryId: number, event: ClusterEvent): Promise<void> {
    const { log, clock } = this.#parts;
    const startedMs = clock.nowMs();
    const outcome = (await this.#sinks.get(recipient)?.deliver(event)) ?? { ok: false, reason: "no such sink", permanent: true };
    const fields = { sink: recipient, event: `${event.index}.${event.ordinal}`, type: event.type, tookMs: Math.round(clock.nowMs() - startedMs) };
    if (outcome.ok) {
      this.#deliveredAtMs.set(recipient, clock.wallMs());
      log.info(fields, "delivered");
      return this.post({ kind: "delivered", recipient, deliveryId });
    }
    log.warn({ ...fields, reason: outcome.reason, permanent: outcome.permanent }, "not delivered");
    this.post({ kind: "failed", recipient, deliveryId, reason: outcome.reason, permanent: outcome.permanent });
  }

  async #commit(recipient: string, position: Position): Promise<void> {
    const { outbox, log } = this.#parts;
    try {
      await outbox.commit(recipient, position);
      this.post({ kind: "committed", recipient, position, ok: true });
    } catch (error) {
      log.debug({ sink: recipient, reason: reasonOf(error) }, "cursor not committed");
      this.post({ kind: "committed", recipient, position, ok: false });
    }
  }

  #track(work: Promise<void>): void {
    this.#underWay += 1;
    void work.finally(async () => {
      await this.#mailbox.idle(); // what came of it may begin more, such as the commit after a delivery
      this.#underWay -= 1;
      if (this.#underWay === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    });
  }
}
