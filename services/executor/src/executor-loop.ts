/**
 * Feeds the core one input at a time and performs its effects in order: what is persisted is on disk before anything that
 * rests on it happens. Decides nothing itself.
 */
import { QuorateError, type SessionId } from "@quorate/core";
import type { ExecutorCore, ExecutorEffect, ExecutorInput, ExecutorReply, ExecutorReport, ExecutorRequest, OperationResult, StoredRecord } from "@quorate/execution";
import { type Clock, type Logger, Mailbox, type Store, processStartTime } from "@quorate/runtime";
import type { AgentRun, AgentRunner, SpawnRequest } from "./agent-run.ts";
import { killUntilGone, reap } from "./leftover.ts";

export interface LoopPorts {
  readonly core: ExecutorCore;
  readonly session: SessionId;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly run: AgentRunner;
  readonly report: (to: string, report: ExecutorReport) => void;
  readonly result: (result: OperationResult) => void;
}

/** Requests that may wait; beyond that the caller is told to come again. Inputs of our own are bounded by the runs there are. */
const REQUESTS_MAX = 500;
const INPUTS_MAX = 10_000;
const SETTLE_POLL_MS = 20;

export class ExecutorLoop {
  readonly #ports: LoopPorts;
  readonly #mailbox: Mailbox<ExecutorInput>;
  readonly #runs = new Map<number, AgentRun>();
  readonly #replies = new Map<number, (reply: ExecutorReply) => void>();
  readonly #stop = new AbortController();
  #lastToken = 0;
  #ticking = false;

  constructor(ports: LoopPorts) {
    this.#ports = ports;
    this.#mailbox = new Mailbox((input) => this.#handle(input), INPUTS_MAX);
  }

  post(input: ExecutorInput): void {
    this.#mailbox.post(input);
  }

  /** One turn of time; `turned` is called when the loop has got to it. Turns do not queue up behind a slow disk. */
  tick(turned: () => void): void {
    if (this.#ticking) return;
    this.#ticking = true;
    this.post({ kind: "tick" });
    void this.#mailbox.idle().then(() => {
      this.#ticking = false;
      turned();
    });
  }

  /** Passes a request on; `answer` is called when the core answers it. @throws QuorateError QUORATE_OVERLOADED. */
  request(request: ExecutorRequest, from: "bus" | "local", answer: (reply: ExecutorReply) => void): void {
    if (this.#mailbox.size >= REQUESTS_MAX) throw new QuorateError("QUORATE_OVERLOADED", `${this.#mailbox.size} requests wait`);
    this.#lastToken += 1;
    this.#replies.set(this.#lastToken, answer);
    this.#mailbox.post({ kind: "request", token: this.#lastToken, from, request });
  }

  /** Waits for the agents that run, so that their results are written down; not longer than `deadlineMs`. What goes on is found again after the next start. */
  async settle(deadlineMs: number): Promise<void> {
    const until = performance.now() + deadlineMs;
    await this.#mailbox.idle();
    while (this.#runs.size > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_POLL_MS));
      await this.#mailbox.idle();
    }
  }

  /** Takes nothing more; resolves when the input under way is done with. The store may be closed then. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#mailbox.idle();
  }

  async #handle(input: ExecutorInput): Promise<void> {
    if (this.#stop.signal.aborted) return; // the store is about to close; the next life finds what ran
    const { core, clock } = this.#ports;
    const effects = core.step(input, { nowMs: clock.nowMs(), wallMs: clock.wallMs() });
    for (const effect of effects) await this.#perform(effect);
  }

  async #perform(effect: ExecutorEffect): Promise<void> {
    switch (effect.kind) {
      case "persist":
        return this.#ports.store.write(effect.records.map(storeChange));
      case "reply":
        this.#replies.get(effect.token)?.(effect.reply);
        this.#replies.delete(effect.token);
        return;
      case "spawn":
        return this.#spawn(effect);
      case "kill":
        return this.#runs.get(effect.callId)?.kill();
      case "reap":
        return this.#reap(effect);
      case "report":
        return this.#ports.report(effect.to, effect.report);
      case "result":
        this.#logResult(effect.result);
        return this.#ports.result(effect.result);
    }
  }

  #spawn(request: SpawnRequest): void {
    const { callId } = request;
    const run = this.#ports.run(request);
    this.#runs.set(callId, run);
    if (run.pid !== null) this.post({ kind: "spawned", callId, pid: run.pid, startTime: processStartTime(run.pid) });
    void run.ended.then(({ outcome, lingeringGroup }) => {
      this.#runs.delete(callId);
      this.post({ kind: "ended", callId, outcome, lingering: lingeringGroup !== null });
      if (lingeringGroup !== null) this.#whenGone(callId, killUntilGone(lingeringGroup, this.#stop.signal));
    });
  }

  #reap(effect: Extract<ExecutorEffect, { kind: "reap" }>): void {
    const { resource, task } = effect.operation;
    this.#ports.log.warn({ resource, task, callId: effect.callId, pid: effect.pid }, "an agent was running when the executor ended");
    this.#whenGone(effect.callId, reap(effect, this.#stop.signal));
  }

  #whenGone(callId: number, gone: Promise<void>): void {
    void gone.then(() => {
      if (!this.#stop.signal.aborted) this.post({ kind: "gone", callId });
    });
  }

  /** Parameters are never logged: some are secrets. */
  #logResult({ operation, callId, status, rc, exitReason, execMs, queueMs }: OperationResult): void {
    const { resource, task, intervalMs, targetRc } = operation;
    const level = status === "done" && (rc === targetRc || rc === 0 || rc === 7) ? (intervalMs > 0 ? "debug" : "info") : "warn";
    this.#ports.log[level]({ resource, task, intervalMs, callId, status, rc, exitReason, execMs, queueMs }, "operation ended");
  }
}

function storeChange({ key, value }: StoredRecord): { put: string; value: Uint8Array } | { remove: string } {
  return value === null ? { remove: key } : { put: key, value: Buffer.from(value, "utf8") };
}

/** Everything the store holds, as the core reads it. */
export function storedRecords(store: Store): StoredRecord[] {
  return Array.from(store.range(""), ([key, value]) => ({ key, value: Buffer.from(value).toString("utf8") }));
}
