/**
 * Feeds the engine and performs what it asks for. One step at a time: everything of a step is done, disk first, before
 * the next begins; what arrives meanwhile waits and goes into the next step together.
 */
import type { EngineEffect, EngineInput, Time } from "@quorate/controller";
import { QuorateError } from "@quorate/core";
import type { Clock } from "@quorate/runtime";

export interface LoopEngine {
  readonly pending: boolean;
  step(inputs: readonly EngineInput[], time: Time): readonly EngineEffect[];
}

export interface EngineLoopOptions {
  readonly engine: LoopEngine;
  readonly clock: Clock;
  readonly save: (effect: Extract<EngineEffect, { kind: "persist" }>) => Promise<void>;
  readonly perform: (effect: Exclude<EngineEffect, { kind: "persist" }>) => void;
  /** The program is wrong or the disk is: the process must end, peers will see it. */
  readonly onCrash: (error: unknown) => void;
}

/** Inputs that may wait for one step. Beyond it new ones are refused: everything on the bus is repeated by its sender. */
const WAITING_MAX = 20_000;

export class EngineLoop {
  readonly #options: EngineLoopOptions;
  #waiting: EngineInput[] = [];
  #running = false;
  #stopped = false;
  #idle: Promise<void> = Promise.resolve();

  constructor(options: EngineLoopOptions) {
    this.#options = options;
  }

  /** @throws QuorateError QUORATE_OVERLOADED when too much waits. */
  post(input: EngineInput): void {
    if (this.#stopped) return;
    if (this.#waiting.length >= WAITING_MAX) throw new QuorateError("QUORATE_OVERLOADED", `${WAITING_MAX} inputs wait for the policy-engine`);
    this.#waiting.push(input);
    if (!this.#running) this.#idle = this.#run();
  }

  /** No new inputs; resolves when the step under way is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#idle;
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      while (this.#waiting.length > 0 || this.#options.engine.pending) {
        const inputs = this.#waiting;
        this.#waiting = [];
        const { clock, engine } = this.#options;
        const effects = engine.step(inputs, { nowMs: clock.nowMs(), wallMs: clock.wallMs() });
        for (const effect of effects) {
          if (effect.kind === "persist") await this.#options.save(effect);
          else this.#options.perform(effect);
        }
      }
    } catch (error) {
      this.#stopped = true;
      this.#options.onCrash(error);
    } finally {
      this.#running = false;
    }
  }
}
