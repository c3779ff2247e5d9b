/** What runs on a node: resources and the agents that start and stop them. They outlive the daemons, and end with the power. */
import type { Prng } from "@quorate/core";
import type { Operation } from "@quorate/execution";
import type { EventQueue } from "./event-queue.ts";

/** One run of an agent. `key` names it over all lives of the executor. */
export interface AgentRun {
  readonly key: string;
  readonly operation: Operation;
}

export class Agents {
  readonly #queue: EventQueue;
  readonly #prng: Prng;
  /** Resources that run: the truth, whatever anybody believes. */
  readonly active: Set<string> = new Set();
  /** Runs that have not ended, by resource. */
  readonly #running = new Map<string, string>();

  constructor(queue: EventQueue, prng: Prng) {
    this.#queue = queue;
    this.#prng = prng;
  }

  /** The run that works on this resource now; null when there is none. */
  running(resource: string): string | null {
    return this.#running.get(resource) ?? null;
  }

  /** `fault`: an exit code instead of the work. `done` is called with the exit code, unless the run is killed. */
  run({ key, operation }: AgentRun, fault: () => number | null, done: (rc: number) => void): void {
    const { resource, task } = operation;
    this.#running.set(resource, key);
    this.#queue.after(5 + this.#prng.below(60), () => {
      if (this.#running.get(resource) !== key) return; // killed, or the power went: nothing of it came to pass
      this.#running.delete(resource);
      done(fault() ?? this.#work(resource, task));
    });
  }

  kill(resource: string, key: string): void {
    if (this.#running.get(resource) === key) this.#running.delete(resource);
  }

  /** A resource dies by itself. */
  lose(resource: string): void {
    this.active.delete(resource);
  }

  /** The power went. */
  clear(): void {
    this.active.clear();
    this.#running.clear();
  }

  #work(resource: string, task: string): number {
    if (task === "start") this.active.add(resource);
    if (task === "stop") this.active.delete(resource);
    return task === "monitor" && !this.active.has(resource) ? 7 : 0;
  }
}
