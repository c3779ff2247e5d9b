/**
 * The scheduler's thread as the policy-engine uses it. Whatever becomes of the thread, every question is answered: with a decision, or with why
 * there is none. A scheduler that fails or hangs must not take the policy-engine with it: the next DC would ask the same question.
 */
import type { DecisionAbout, EngineInput } from "@quorate/controller";
import type { Cib } from "@quorate/cib";
import { type Logger, type WorkerHandle, startWorker } from "@quorate/runtime";
import type { DecisionRecord } from "./decision-record.ts";
import type { ScheduleReply, ScheduleRequest } from "./scheduler-thread.ts";

export interface SchedulerDesk {
  /** Answered by `scheduled` or `scheduleFailed` with the same token, within the time limit. */
  /** `about`: what to keep in the history with it; null: nothing is kept. */
  ask(token: number, cib: Cib, wallMs: number, about?: DecisionAbout | null): void;
  /** See rehearsal.ts; nothing is answered. */
  rehearse(cib: Cib, wallMs: number): void;
  close(): Promise<void>;
}

export interface SchedulerDeskOptions {
  readonly log: Logger;
  readonly post: (input: EngineInput) => void;
  /** Entry module of the thread. */
  readonly url: URL;
  readonly timeoutMs: number;
  /** What is to be kept of a decision. */
  readonly keep?: (record: DecisionRecord) => void;
}

export function createSchedulerDesk(options: SchedulerDeskOptions): SchedulerDesk {
  const desk = new Desk(options);
  return { ask: (token, cib, wallMs, about = null) => desk.ask(token, cib, wallMs, about), rehearse: (cib, wallMs) => desk.rehearse(cib, wallMs), close: () => desk.close() };
}

class Desk {
  readonly #options: SchedulerDeskOptions;
  readonly #open: Map<number, NodeJS.Timeout> = new Map();
  /** Started when it is needed: after a failure, with the next question. */
  #thread: WorkerHandle<ScheduleRequest> | null = null;
  #closed = false;

  constructor(options: SchedulerDeskOptions) {
    this.#options = options;
    this.#thread = this.#start();
  }

  ask(token: number, cib: Cib, wallMs: number, about: DecisionAbout | null): void {
    if (this.#closed) return;
    this.#open.set(token, setTimeout(() => this.#replace(`it took more than ${this.#options.timeoutMs} ms`), this.#options.timeoutMs));
    this.#thread ??= this.#start();
    this.#thread.post({ kind: "schedule", token, cib, wallMs, about });
  }

  rehearse(cib: Cib, wallMs: number): void {
    this.#thread?.post({ kind: "rehearse", cib, wallMs });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#open.values()) clearTimeout(timer);
    this.#open.clear();
    await this.#thread?.terminate();
  }

  #start(): WorkerHandle<ScheduleRequest> {
    const thread: WorkerHandle<ScheduleRequest> = startWorker<ScheduleRequest, ScheduleReply>({
      url: this.#options.url,
      data: null,
      onMessage: (reply) => this.#onReply(reply),
      onExit: ({ code, error }) => {
        if (this.#thread === thread) this.#replace(error?.message ?? `its thread ended with code ${code}`);
      },
    });
    return thread;
  }

  #onReply(reply: ScheduleReply): void {
    if ("record" in reply) return this.#options.keep?.(reply.record);
    if (!this.#forget(reply.token)) return;
    const { log, post } = this.#options;
    if (reply.decision === null) return post({ kind: "scheduleFailed", token: reply.token, why: reply.problem });
    log.debug({ request: reply.token, actions: reply.decision.graph.actions.length }, "scheduler answered");
    post({ kind: "scheduled", token: reply.token, decision: reply.decision });
  }

  #forget(token: number): boolean {
    clearTimeout(this.#open.get(token));
    return this.#open.delete(token);
  }

  /** Gives the thread up, and every question with it. */
  #replace(why: string): void {
    const { log, post } = this.#options;
    const thread = this.#thread;
    this.#thread = null;
    void thread?.terminate();
    log.error({ why }, "the scheduler's thread is given up; another starts with the next question");
    const lost = [...this.#open.keys()];
    for (const token of lost) this.#forget(token);
    for (const token of lost) post({ kind: "scheduleFailed", token, why });
  }
}
