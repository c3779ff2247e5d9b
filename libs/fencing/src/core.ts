/**
 * The fencing-gateway's decisions: who may order (the gate of ARCHITECTURE D4), what was ordered before (the ledger), and how
 * attempts go on side by side. The shell hands in one input at a time and performs the effects in order; a `persist` is durable
 * before the next effect is performed.
 *
 * Invariants: no power is switched for an authority older than the durable one; one attempt per target at a time, in the order of
 * arrival; a device is touched for a power command only after its ledger entry is durable; every request is answered once
 * per token; `succeeded` is only said of what a device confirmed.
 */
import { type Authority, type MonotonicMs, type NodeName, compareAuthority } from "@quorate/core";
import { type Attempt, attemptWakeMs, beginAttempt, finishRun, resumeAttempt, startRun } from "./attempt.ts";
import { DeviceSlots } from "./device-slots.ts";
import type { DeviceResult, DeviceRun } from "./device-run.ts";
import { type LedgerEntry, type StoredFencing, expiredEntries, interrupted } from "./ledger.ts";
import { needsPowerOn, wantedPower } from "./power-command.ts";
import type { FenceReply, FenceRequest } from "./types.ts";

/** Names one waiting requester; the shell's own. */
export type ReplyToken = number;

export type FencingInput =
  /** Once, first: what the former life left open is closed. */
  | { readonly kind: "start" }
  /** `chance` in [0, 1), fresh for each request. */
  | { readonly kind: "request"; readonly token: ReplyToken; readonly request: FenceRequest; readonly chance: number }
  | { readonly kind: "deviceResult"; readonly runId: number; readonly result: DeviceResult }
  /** Time has passed; see `nextWakeMs`. */
  | { readonly kind: "tick" };

/** In one transaction. `authority` null: unchanged. */
export interface PersistEffect {
  readonly kind: "persist";
  readonly authority: Authority | null;
  readonly put: readonly LedgerEntry[];
  /** Fence ids of entries to forget. */
  readonly remove: readonly string[];
}

export type FencingEffect =
  | PersistEffect
  /** Answered by a `deviceResult` input with the same `runId`. */
  | { readonly kind: "runDevice"; readonly runId: number; readonly run: DeviceRun }
  | { readonly kind: "reply"; readonly token: ReplyToken; readonly reply: FenceReply }
  /** For the log: how the power-on after a reboot went. */
  | { readonly kind: "poweredOn"; readonly reply: FenceReply; readonly target: NodeName };

export interface FencingCore {
  step(input: FencingInput, nowMs: MonotonicMs): readonly FencingEffect[];
  /** When a `tick` is next of use; null when only inputs can change anything. */
  nextWakeMs(): MonotonicMs | null;
  /** Ledger in order of beginning, oldest first. */
  ledger(): readonly LedgerEntry[];
}

/** Requests that may wait or run at once; more are refused. */
const JOBS_MAX = 64;
/** Requesters that may wait for one answer; of more the oldest is no longer answered. */
const TOKENS_MAX = 16;
/** Time budget of the power-on after a reboot. */
const POWER_ON_MS = 30_000;

interface Job {
  readonly request: FenceRequest;
  readonly receivedMs: MonotonicMs;
  readonly chance: number;
  tokens: readonly ReplyToken[];
  /** Null while an earlier job has the target. */
  attempt: Attempt | null;
  runId: number | null;
  /** Set for the power-on that follows a reboot: the fence id of that. */
  readonly follows: string | null;
}

export function createFencingCore(options: { readonly node: NodeName; readonly stored: StoredFencing }): FencingCore {
  const core = new Core(options.node, options.stored);
  return { step: (input, nowMs) => core.step(input, nowMs), nextWakeMs: () => core.nextWakeMs(), ledger: () => core.ledger() };
}

class Core {
  readonly #node: NodeName;
  readonly #ledger: Map<string, LedgerEntry>;
  readonly #slots = new DeviceSlots();
  #authority: Authority | null;
  #sequence: number;
  #lastRun = 0;
  /** In order of arrival. */
  #jobs: Job[] = [];
  #effects: FencingEffect[] = [];

  constructor(node: NodeName, stored: StoredFencing) {
    this.#node = node;
    this.#authority = stored.authority;
    this.#ledger = new Map(stored.ledger.map((entry) => [entry.fenceId, entry]));
    this.#sequence = Math.max(0, ...stored.ledger.map((entry) => entry.sequence));
  }

  step(input: FencingInput, nowMs: MonotonicMs): readonly FencingEffect[] {
    this.#effects = [];
    switch (input.kind) {
      case "start":
        this.#closeInterrupted();
        break;
      case "request":
        this.#receive(input, nowMs);
        break;
      case "deviceResult":
        this.#finishRun(input.runId, input.result, nowMs);
        break;
      case "tick":
        break;
    }
    this.#advance(nowMs);
    return this.#effects;
  }

  nextWakeMs(): MonotonicMs | null {
    const wakes = this.#jobs.map((job) => (job.attempt === null ? job.receivedMs + job.request.timeoutMs : attemptWakeMs(job.attempt)));
    const known = wakes.filter((wake) => wake !== null);
    return known.length === 0 ? null : Math.min(...known);
  }

  ledger(): readonly LedgerEntry[] {
    return [...this.#ledger.values()].sort((a, b) => a.sequence - b.sequence);
  }

  #closeInterrupted(): void {
    const closed = this.ledger().filter((entry) => entry.reply === null).map(interrupted);
    if (closed.length > 0) this.#record(closed);
  }

  #receive(input: { token: ReplyToken; request: FenceRequest; chance: number }, nowMs: MonotonicMs): void {
    const { token, request } = input;
    const known = this.#ledger.get(request.fenceId)?.reply ?? null;
    if (known !== null) return this.#reply([token], known);
    const running = this.#jobs.find((job) => job.request.fenceId === request.fenceId && job.follows === null);
    if (running !== undefined) {
      running.tokens = [...running.tokens, token].slice(-TOKENS_MAX);
      return;
    }
    const refusal = this.#refusal(request);
    if (refusal !== null) return this.#reply([token], refuse(request, refusal));
    if (isPower(request) && (this.#authority === null || compareAuthority(request.authority, this.#authority) > 0)) {
      this.#authority = request.authority;
      this.#persist({ authority: request.authority, put: [], remove: [] });
    }
    this.#jobs.push({ request, receivedMs: nowMs, chance: input.chance, tokens: [token], attempt: null, runId: null, follows: null });
  }

  #refusal(request: FenceRequest): string | null {
    if (this.#isStale(request)) return `authority ${name(request.authority)} is older than ${name(this.#authority)}`;
    if (request.target === null && request.action !== "list" && request.action !== "monitor") return `${request.action} needs a target`;
    if (this.#jobs.length >= JOBS_MAX) return `${JOBS_MAX} requests are being worked on`;
    return null;
  }

  /** Questions change nothing: a recurring monitor must not fail because a new DC has spoken since it was ordered. */
  #isStale(request: FenceRequest): boolean {
    return isPower(request) && this.#authority !== null && compareAuthority(request.authority, this.#authority) < 0;
  }

  #finishRun(runId: number, result: DeviceResult, nowMs: MonotonicMs): void {
    const job = this.#jobs.find((one) => one.runId === runId);
    // A run that was given up has no job any more; its slot is free already.
    if (job === undefined || job.attempt === null) return;
    this.#slots.release(runId);
    job.runId = null;
    job.attempt = finishRun(job.attempt, result, nowMs);
  }

  /** Does all that can be done now: begins what has its turn, ends what is over, starts runs for which a device is free. */
  #advance(nowMs: MonotonicMs): void {
    for (let job = this.#nextEnded(nowMs); job !== null; job = this.#nextEnded(nowMs)) this.#end(job, nowMs);
    for (const job of this.#jobs) this.#startRun(job, nowMs);
  }

  /** Moves jobs on with time, in order, until one of them has ended. */
  #nextEnded(nowMs: MonotonicMs): Job | null {
    const busy = new Set<NodeName>();
    for (const job of this.#jobs) {
      const { target } = job.request;
      const taken = target !== null && busy.has(target);
      if (target !== null) busy.add(target);
      const over = job.attempt === null && nowMs >= job.receivedMs + job.request.timeoutMs;
      if (job.attempt === null && (!taken || over)) {
        if (!over && this.#isStale(job.request)) return job;
        this.#begin(job, nowMs);
      }
      if (job.attempt === null) continue;
      job.attempt = resumeAttempt(job.attempt, nowMs);
      if (job.runId !== null && job.attempt.phase.kind !== "running") {
        this.#slots.release(job.runId);
        job.runId = null;
      }
      if (job.attempt.phase.kind === "ended") return job;
    }
    return null;
  }

  #begin(job: Job, nowMs: MonotonicMs): void {
    const { request, follows } = job;
    job.attempt = beginAttempt(request, { receivedMs: job.receivedMs, nowMs, chance: job.chance });
    if (follows !== null || request.target === null || !isPower(request)) return;
    this.#sequence += 1;
    const { fenceId, authority, action, target, targetBootId } = request;
    const devices = request.devices.map((device) => device.id);
    this.#record([{ fenceId, sequence: this.#sequence, authority, action, target, targetBootId, devices, reply: null, powerOn: null }]);
  }

  #end(job: Job, nowMs: MonotonicMs): void {
    this.#jobs = this.#jobs.filter((one) => one !== job);
    // It waited for its turn, and a newer DC has spoken meanwhile.
    if (job.attempt === null) return this.#reply(job.tokens, refuse(job.request, `authority ${name(job.request.authority)} is older than ${name(this.#authority)}`));
    if (job.attempt.phase.kind !== "ended") return;
    if (job.follows !== null) return this.#endPowerOn(job, job.follows, job.attempt.phase.reply);
    const reply = this.#judge(job.request, job.attempt.phase.reply);
    const entry = this.#ledger.get(job.request.fenceId);
    if (entry !== undefined) this.#record([{ ...entry, reply }]);
    this.#reply(job.tokens, reply);
    if (job.request.action === "reboot" && reply.outcome === "succeeded") this.#followWithPowerOn(job.request, reply, nowMs);
  }

  /** A node that still runs was not switched off, whatever its device says: some other machine may have been. */
  #judge(request: FenceRequest, reply: FenceReply): FenceReply {
    if (request.target !== this.#node || wantedPower(request.action) !== false || reply.outcome !== "succeeded") return reply;
    return { ...reply, outcome: "unknown", detail: `this node is the target and still runs | ${reply.detail}` };
  }

  /** The power-on takes the target's turn before anything that waits for the same target. */
  #followWithPowerOn(request: FenceRequest, reply: FenceReply, nowMs: MonotonicMs): void {
    const device = request.devices.find((one) => one.id === reply.device);
    if (device === undefined || !needsPowerOn(device)) return;
    const follow: FenceRequest = { ...request, action: "on", devices: [device], timeoutMs: POWER_ON_MS };
    this.#jobs = [{ request: follow, receivedMs: nowMs, chance: 0, tokens: [], attempt: null, runId: null, follows: request.fenceId }, ...this.#jobs];
  }

  #endPowerOn(job: Job, fenceId: string, reply: FenceReply): void {
    const entry = this.#ledger.get(fenceId);
    const powerOn = reply.outcome === "refused" ? "failed" : reply.outcome;
    if (entry !== undefined) this.#record([{ ...entry, powerOn }]);
    if (job.request.target !== null) this.#effects.push({ kind: "poweredOn", reply, target: job.request.target });
  }

  #startRun(job: Job, nowMs: MonotonicMs): void {
    if (job.attempt === null || job.attempt.phase.kind !== "ready") return;
    const started = startRun(job.attempt, nowMs);
    const urgency = isPower(job.request) ? "power" : "question";
    if (started === null || !this.#slots.take({ runId: this.#lastRun + 1, device: started.run.device, urgency })) return;
    this.#lastRun += 1;
    job.attempt = started.attempt;
    job.runId = this.#lastRun;
    this.#effects.push({ kind: "runDevice", runId: this.#lastRun, run: started.run });
  }

  #record(entries: readonly LedgerEntry[]): void {
    for (const entry of entries) this.#ledger.set(entry.fenceId, entry);
    const expired = expiredEntries(this.#ledger.values());
    for (const entry of expired) this.#ledger.delete(entry.fenceId);
    this.#persist({ authority: null, put: entries, remove: expired.map((entry) => entry.fenceId) });
  }

  /** Joins what is persisted with nothing between: one transaction costs one fsync. */
  #persist(change: Omit<PersistEffect, "kind">): void {
    const last = this.#effects.at(-1);
    if (last?.kind !== "persist") return void this.#effects.push({ kind: "persist", ...change });
    const put = [...last.put.filter((entry) => !change.put.some((newer) => newer.fenceId === entry.fenceId)), ...change.put];
    const joined: PersistEffect = { kind: "persist", authority: change.authority ?? last.authority, put, remove: [...last.remove, ...change.remove] };
    this.#effects = [...this.#effects.slice(0, -1), joined];
  }

  #reply(tokens: readonly ReplyToken[], reply: FenceReply): void {
    for (const token of tokens) this.#effects.push({ kind: "reply", token, reply });
  }
}

function isPower(request: FenceRequest): boolean {
  return wantedPower(request.action) !== null;
}

function refuse(request: FenceRequest, detail: string): FenceReply {
  return { fenceId: request.fenceId, outcome: "refused", device: null, detail, powered: null, targets: [], elapsedMs: 0 };
}

function name(authority: Authority | null): string {
  return authority === null ? "none" : `${authority.term}.${authority.view}`;
}
