/** Hands inputs to the fencing core one at a time, performs its effects in order, and keeps its timer. */
import { randomInt } from "node:crypto";
import type { DeviceRun, FenceReply, FenceRequest, FencingCore, FencingEffect, FencingInput } from "@quorate/fencing";
import { type Clock, type Logger, Mailbox, type Store } from "@quorate/runtime";
import type { DeviceAdapter } from "./device-adapter.ts";
import { persistFencing } from "./ledger-store.ts";

export interface FencingDeskParts {
  readonly core: FencingCore;
  readonly store: Store;
  readonly adapters: DeviceAdapter;
  readonly log: Logger;
  readonly clock: Clock;
}

const MAILBOX_LIMIT = 1_000;
/** A timer that fires a little early would only be armed again. */
const TIMER_SLACK_MS = 1;
const CHANCES = 2 ** 30;

export class FencingDesk {
  readonly #parts: FencingDeskParts;
  readonly #mailbox: Mailbox<FencingInput>;
  /** Requesters by token. */
  readonly #waiting = new Map<number, (reply: FenceReply) => void>();
  #lastToken = 0;
  #runs = 0;
  #accepting = true;
  #stopped = false;
  #timer: NodeJS.Timeout | null = null;
  #whenIdle: (() => void)[] = [];

  constructor(parts: FencingDeskParts) {
    this.#parts = parts;
    this.#mailbox = new Mailbox((input) => this.#handle(input), MAILBOX_LIMIT);
    this.#mailbox.post({ kind: "start" });
  }

  /** Resolves with the answer; never rejects. */
  ask(request: FenceRequest): Promise<FenceReply> {
    if (!this.#accepting) return Promise.resolve(refusal(request, "the fencing-gateway is stopping"));
    this.#lastToken += 1;
    const token = this.#lastToken;
    return new Promise((resolve) => {
      this.#waiting.set(token, resolve);
      try {
        this.#mailbox.post({ kind: "request", token, request, chance: randomInt(CHANCES) / CHANCES });
      } catch {
        this.#waiting.delete(token);
        resolve(refusal(request, "the fencing-gateway is overloaded"));
      }
    });
  }

  refuseNew(): void {
    this.#accepting = false;
  }

  /** Resolves when nobody waits and no device runs, at the latest after `withinMs`. */
  async settle(withinMs: number): Promise<void> {
    if (this.#idle()) return;
    let timer: NodeJS.Timeout | null = null;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
      this.#whenIdle.push(resolve);
    });
    if (timer !== null) clearTimeout(timer);
  }

  /** Nothing is done any more; answers of devices that come later are dropped. */
  async stop(): Promise<void> {
    this.#accepting = false;
    this.#stopped = true;
    await this.#mailbox.idle();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #idle(): boolean {
    return this.#waiting.size === 0 && this.#runs === 0;
  }

  #post(input: FencingInput): void {
    if (!this.#stopped) this.#mailbox.post(input);
  }

  async #handle(input: FencingInput): Promise<void> {
    const { core, clock } = this.#parts;
    if (this.#stopped) return;
    for (const effect of core.step(input, clock.nowMs())) await this.#perform(effect);
    if (this.#timer !== null) clearTimeout(this.#timer);
    const wakeMs = core.nextWakeMs();
    this.#timer = wakeMs === null ? null : setTimeout(() => this.#post({ kind: "tick" }), Math.max(0, wakeMs - clock.nowMs()) + TIMER_SLACK_MS);
    if (this.#idle()) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  async #perform(effect: FencingEffect): Promise<void> {
    const { log, store } = this.#parts;
    switch (effect.kind) {
      case "persist":
        return persistFencing(store, effect);
      case "runDevice":
        return this.#run(effect.runId, effect.run);
      case "reply":
        log[effect.reply.outcome === "succeeded" ? "info" : "warn"]({ ...effect.reply }, "fencing answered");
        this.#waiting.get(effect.token)?.(effect.reply);
        this.#waiting.delete(effect.token);
        return;
      case "poweredOn":
        return log[effect.reply.outcome === "succeeded" ? "info" : "warn"]({ target: effect.target, outcome: effect.reply.outcome, detail: effect.reply.detail }, "power-on after reboot");
    }
  }

  /** Starts it; the answer comes as an input. Parameters of the device are never logged. */
  #run(runId: number, run: DeviceRun): void {
    const { adapters, log } = this.#parts;
    const fields = { device: run.device.id, agent: run.device.agent, action: run.actionName, target: run.target, plug: run.plug };
    log.info({ ...fields, timeoutMs: run.timeoutMs }, "device asked");
    this.#runs += 1;
    void adapters.run(run).then((result) => {
      this.#runs -= 1;
      log.info({ ...fields, result: result.kind, detail: result.detail }, "device answered");
      this.#post({ kind: "deviceResult", runId, result });
    });
  }
}

function refusal(request: FenceRequest, detail: string): FenceReply {
  return { fenceId: request.fenceId, outcome: "refused", device: null, detail, powered: null, targets: [], elapsedMs: 0 };
}
