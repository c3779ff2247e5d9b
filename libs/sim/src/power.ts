/** The fence device of the simulated cluster: one switch for all nodes, which can be slow, broken or mute. */
import type { NodeName, Prng } from "@quorate/core";
import type { DeviceResult, DeviceRun } from "@quorate/fencing";
import type { EventQueue } from "./event-queue.ts";

/** `broken`: says that it failed and does nothing. `mute`: never answers, and may or may not have switched. `slow`: takes seconds. */
export type PowerFault = "none" | "broken" | "mute" | "slow";

export interface PowerSwitch {
  powered(node: NodeName): boolean;
  off(node: NodeName): void;
  on(node: NodeName): void;
}

export class PowerDevice {
  readonly #queue: EventQueue;
  readonly #prng: Prng;
  readonly #switch: PowerSwitch;
  fault: PowerFault = "none";

  constructor(queue: EventQueue, prng: Prng, power: PowerSwitch) {
    this.#queue = queue;
    this.#prng = prng;
    this.#switch = power;
  }

  run(run: DeviceRun, answer: (result: DeviceResult) => void): void {
    const { fault } = this;
    if (fault === "mute") {
      if (run.action === "off" && this.#prng.below(2) === 0) this.#queue.after(10, () => this.#act(run));
      this.#queue.after(run.timeoutMs, () => answer({ kind: "unknown", detail: "no answer" }));
      return;
    }
    const delayMs = fault === "slow" ? 500 + this.#prng.below(2_500) : 5 + this.#prng.below(20);
    this.#queue.after(delayMs, () => {
      if (fault === "broken") answer({ kind: "failed", detail: "the switch refuses" });
      else answer({ kind: "done", powered: this.#act(run), targets: [], detail: "" });
    });
  }

  #act(run: DeviceRun): boolean | null {
    if (run.target === null) return null;
    if (run.action === "off") this.#switch.off(run.target);
    if (run.action === "on") this.#switch.on(run.target);
    return this.#switch.powered(run.target);
  }
}
