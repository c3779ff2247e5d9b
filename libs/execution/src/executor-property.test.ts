import { type Authority, Prng, compareAuthority } from "@quorate/core";
import { describe, expect, test } from "vitest";
import type { ExecutorEffect, ExecutorInput, StoredRecord } from "./effect.ts";
import { type ExecutorCore, createExecutorCore } from "./executor-core.ts";
import type { ExecutorReply, ExecutorRequest, Operation } from "./types.ts";

const RESOURCES = ["a", "b", "c"];
const TASKS = ["start", "stop", "monitor", "monitor", "promote", "notify"];

interface Process {
  readonly callId: number;
  readonly resource: string;
  ended: boolean;
}

/**
 * A DC (of ever newer authorities) that talks over a bus which repeats, reorders and delays, to an executor that crashes at any
 * moment, also between a write and what rests on it. Processes live on when the executor dies.
 */
class World {
  readonly prng: Prng;
  readonly disk = new Map<string, string>();
  core!: ExecutorCore;
  life = 0;
  nowMs = 0;
  authority: Authority = { term: 1, view: 1 };
  session: string | null = null;
  nextSequence = 1;
  readonly bus: ExecutorRequest[] = [];
  processes: Process[] = [];
  /** What was taken, in order: for every session its sequences. */
  readonly taken = new Map<string, number[]>();
  newestObeyed: Authority = { term: 0, view: 0 };
  spawned = 0;
  readonly started = new Map<string, number>();
  request: ExecutorRequest | null = null;

  constructor(seed: number) {
    this.prng = new Prng(seed);
    this.restart();
  }

  restart(): void {
    this.life += 1;
    const stored: StoredRecord[] = [...this.disk].map(([key, value]) => ({ key, value }));
    this.core = createExecutorCore({ node: "n", bootId: "boot", session: `life${this.life}`, config: { parallelMax: 2, membershipLossMs: 5_000 }, stored });
    this.step({ kind: "restored" });
    this.step({ kind: "quorum", connected: true });
  }

  step(input: ExecutorInput): void {
    const effects = this.core.step(input, { nowMs: this.nowMs, wallMs: this.nowMs });
    const survives = this.prng.below(200) > 0 ? effects.length : this.prng.below(effects.length + 1);
    for (const effect of effects.slice(0, survives)) this.perform(effect);
    if (survives < effects.length) this.restart();
  }

  perform(effect: ExecutorEffect): void {
    if (effect.kind === "persist") {
      for (const { key, value } of effect.records) {
        if (value === null) this.disk.delete(key);
        else this.disk.set(key, value);
      }
    }
    if (effect.kind === "reply") this.heard(effect.reply);
    if (effect.kind === "reap" && !this.processes.some(({ callId }) => callId === effect.callId)) {
      this.processes.push({ callId: effect.callId, resource: effect.operation.resource, ended: true }); // died with the write of it, or soon after
    }
    if (effect.kind === "spawn") this.spawn(effect.callId, effect.operation);
    if (effect.kind === "report") {
      expect(compareAuthority(effect.report.authority, this.newestObeyed)).toBe(0);
      if (this.prng.below(3) > 0) this.bus.push({ kind: "acknowledge", authority: effect.report.authority, session: effect.report.session, reportSequence: effect.report.sequence });
    }
  }

  spawn(callId: number, operation: Operation): void {
    const { resource, transitionKey } = operation;
    const alive = this.processes.filter((process) => process.resource === resource);
    expect(alive, `run ${callId} of ${resource} begins while others live`).toEqual([]);
    expect(this.processes.filter(({ ended }) => !ended).length).toBeLessThan(2 + this.life); // leftovers do not count
    this.spawned += 1;
    if (operation.intervalMs === 0) {
      const times = (this.started.get(`${transitionKey}/${resource}`) ?? 0) + 1;
      this.started.set(`${transitionKey}/${resource}`, times);
    }
    this.processes.push({ callId, resource, ended: false });
  }

  heard(reply: ExecutorReply): void {
    const request = this.request!;
    if (reply.kind === "refused") this.refused(request, reply);
    if (reply.kind === "refused" || !("authority" in request)) return;
    expect(compareAuthority(request.authority, this.newestObeyed), "obeys an older authority").toBeGreaterThanOrEqual(0);
    this.newestObeyed = request.authority;
    if (reply.kind === "claimed" && compareAuthority(reply.authority, this.authority) === 0) {
      this.session = reply.session;
      this.nextSequence = 1;
      this.taken.set(this.sessionName(request.authority, reply.session), []);
    }
    if (!("sequence" in request) || reply.kind !== "accepted") return;
    const taken = this.taken.get(this.sessionName(request.authority, request.session)) ?? [];
    if (taken.includes(request.sequence)) return;
    expect(request.sequence, "a command was taken out of order").toBe(taken.length + 1);
    taken.push(request.sequence);
  }

  /** Goes back where the executor says; claims again when it does not know this DC. */
  refused(request: ExecutorRequest, { reason }: Extract<ExecutorReply, { kind: "refused" }>): void {
    if (reason === "out-of-order" || reason === "no-quorum" || reason === "overloaded") this.bus.push(request);
    if ((reason === "wrong-session" || reason === "not-claimed") && "session" in request && request.session === this.session) {
      this.session = null;
      this.bus.push({ kind: "claim", authority: this.authority, dc: "dc" });
    }
  }

  sessionName({ term, view }: Authority, session: string): string {
    return `${term}.${view}/${session}`;
  }

  command(): void {
    if (this.session === null) return;
    const { prng, authority, session } = this;
    const head = { authority, session, sequence: this.nextSequence++ };
    const resource = RESOURCES[prng.below(RESOURCES.length)]!;
    const task = TASKS[prng.below(TASKS.length)]!;
    const intervalMs = task === "monitor" ? prng.below(2) * 700 : 0;
    const kind = prng.below(10);
    if (kind === 0) this.bus.push({ kind: "cancel", ...head, resource, task: "monitor", intervalMs: 700 });
    else if (kind === 1) this.bus.push({ kind: "forget", ...head, resource });
    else {
      const operation: Operation = { transitionKey: `${authority.term}.${authority.view}/${session}/${head.sequence}`, resource, agent: { class: "ocf", provider: "p", type: "t" }, task, intervalMs, timeoutMs: 1_000, targetRc: 0, parameters: {}, meta: {} };
      this.bus.push({ kind: "execute", ...head, budgetMs: 3_000, operation });
    }
  }

  deliver(): void {
    if (this.bus.length === 0) return;
    const at = this.prng.below(Math.min(this.bus.length, 4));
    const request = this.bus[at]!;
    if (this.prng.below(4) > 0) this.bus.splice(at, 1);
    this.request = request;
    this.step({ kind: "request", token: 0, from: "bus", request });
  }

  /** A process ends, is killed when it lingers, or a leftover goes. */
  finish(): void {
    if (this.processes.length === 0) return;
    const process = this.processes[this.prng.below(this.processes.length)]!;
    const lingering = !process.ended && this.prng.below(6) === 0;
    if (!lingering) this.processes = this.processes.filter((other) => other !== process);
    const outcome = { status: "done", rc: this.prng.below(8), exitReason: "" } as const;
    if (!process.ended) this.step({ kind: "ended", callId: process.callId, outcome, lingering });
    process.ended = true;
    if (lingering) return;
    this.processes = this.processes.filter(({ callId }) => callId !== process.callId);
    this.step({ kind: "gone", callId: process.callId });
  }

  turn(): void {
    this.nowMs += this.prng.below(60);
    const kind = this.prng.below(100);
    if (kind < 15) this.command();
    else if (kind < 70) this.deliver();
    else if (kind < 90) this.finish();
    else if (kind < 94) this.step({ kind: "tick" });
    else if (kind < 98) this.step({ kind: "quorum", connected: this.prng.below(8) > 0 });
    else if (kind < 99) this.restart();
    else this.bus.push({ kind: "claim", authority: this.prng.below(4) === 0 ? this.authority : this.newAuthority(), dc: "dc" });
  }

  newAuthority(): Authority {
    this.session = null;
    const { term, view } = this.authority;
    this.authority = this.prng.below(2) === 0 ? { term, view: view + 1 } : { term: term + 1, view };
    return this.authority;
  }
}

describe("whatever is repeated, reordered, lost or crashed", () => {
  test.each(Array.from({ length: 60 }, (_, seed) => seed))("one run per resource, no older authority, order in each session: seed %i", (seed) => {
    const world = new World(seed);
    world.bus.push({ kind: "claim", authority: world.authority, dc: "dc" });
    for (let i = 0; i < 1_500; i++) world.turn();
    expect(world.spawned).toBeGreaterThan(20);
    expect([...world.started.values()].filter((times) => times > 1)).toEqual([]);
  });
});
