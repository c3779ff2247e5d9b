/**
 * The failure detector of one node: beats out, beats in, and the report of who is there.
 * Pure. The host gives ticks every `tickMs`, each received beat once its signature was checked, and performs the effects in order.
 *
 * - A round of beats goes to every peer on every link each `beatIntervalMs`, and at once when what it says changes. Rounds at once are
 *   limited to `BURST_MAX` between two regular ones, so that no exchange can feed itself; what they would have said goes with the next.
 * - A peer silent on all links for `deadTimeMs` is suspected at the next tick, later only if this process itself was late (self-health.ts).
 * - A report follows each change, and each `REPORT_INTERVAL_MS`. None is sent before this process can know something: a restart of it
 *   must not look like the loss of everybody (invariant 8).
 * Source: ARCHITECTURE D3.
 */
import { type BootId, type MonotonicMs, type NodeName, type SessionId, assert } from "@quorate/core";
import { Peer } from "./peer.ts";
import { isMutual, reportPeers } from "./report.ts";
import { SelfHealth } from "./self-health.ts";
import type { Beat, LinkName, MembershipConfig, MembershipEffect, MembershipInput, MembershipReport, Progress } from "./types.ts";

export interface Membership {
  step(input: MembershipInput): readonly MembershipEffect[];
  /** What this node knows at `nowMs`, under the next sequence number. */
  report(nowMs: MonotonicMs): MembershipReport;
}

/** Who this process is: the boot id of its node, and a session chosen at random at its start. */
export interface MembershipSelf {
  readonly bootId: BootId;
  readonly session: SessionId;
}

const BURST_MAX = 8;
/** Below the promised second by more than a tick. */
const REPORT_INTERVAL_MS = 900;
/** Ages of progress are reported with every report; by this much they change one. */
const PROGRESS_STEP_MS = 1_000;

export function createMembership(config: MembershipConfig, self: MembershipSelf, nowMs: MonotonicMs): Membership {
  assert(config.deadTimeMs >= 3 * config.beatIntervalMs, `dead time ${config.deadTimeMs} ms for beats of ${config.beatIntervalMs} ms`);
  return new FailureDetector(config, self, nowMs);
}

class FailureDetector implements Membership {
  readonly #config: MembershipConfig;
  readonly #self: MembershipSelf;
  readonly #startedAtMs: MonotonicMs;
  /** Sorted by name. */
  readonly #peers: ReadonlyMap<NodeName, Peer>;
  readonly #health: SelfHealth;
  readonly #progressAtMs: { policyEngine: MonotonicMs | null; executor: MonotonicMs | null } = { policyEngine: null, executor: null };
  #effects: MembershipEffect[] = [];
  #beatSequence = 0;
  #nextBeatMs: MonotonicMs;
  #burst = BURST_MAX;
  #leaving = false;
  #reportSequence = 0;
  #nextReportMs: MonotonicMs;
  #reportDue = false;
  #settled = false;

  constructor(config: MembershipConfig, self: MembershipSelf, nowMs: MonotonicMs) {
    const { node, links, beatIntervalMs, deadTimeMs } = config;
    this.#config = config;
    this.#self = self;
    this.#startedAtMs = nowMs;
    this.#nextBeatMs = nowMs;
    this.#nextReportMs = nowMs;
    this.#health = new SelfHealth({ tickMs: config.tickMs ?? beatIntervalMs / 4, beatIntervalMs, deadTimeMs });
    const others = config.voters.filter((voter) => voter !== node).sort();
    const own = { node, session: self.session };
    this.#peers = new Map(others.map((peer) => [peer, new Peer({ node: peer, self: own, links, beatIntervalMs, deadTimeMs })]));
  }

  step(input: MembershipInput): readonly MembershipEffect[] {
    switch (input.kind) {
      case "tick":
        this.#onTick(input.nowMs);
        break;
      case "beat":
        this.#onBeat(input.beat, input.link, input.nowMs);
        break;
      case "progress":
        this.#progressAtMs[input.part] = input.nowMs;
        break;
      case "seed":
        for (const member of input.members) this.#peers.get(member)?.expect(input.nowMs);
        break;
      case "leave":
        this.#leaving = true;
        this.#sendRound(input.nowMs);
        break;
    }
    this.#reportIfDue(input.nowMs);
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  report(nowMs: MonotonicMs): MembershipReport {
    const { node, voters } = this.#config;
    this.#reportSequence += 1;
    return { node, ...this.#self, sequence: this.#reportSequence, ...reportPeers({ node, voters, peers: [...this.#peers.values()], nowMs }) };
  }

  #onTick(nowMs: MonotonicMs): void {
    const pausedMs = this.#health.tick(nowMs);
    const limitMs = this.#config.deadTimeMs + this.#health.graceMs;
    let changed = false;
    for (const peer of this.#peers.values()) {
      if (pausedMs > 0) peer.excludePause(pausedMs, nowMs);
      const { suspicion, links } = peer.checkSilence(nowMs, limitMs);
      changed ||= suspicion;
      this.#reportDue ||= suspicion || links;
    }
    if (nowMs >= this.#nextBeatMs) {
      const { beatIntervalMs } = this.#config;
      this.#nextBeatMs += beatIntervalMs;
      if (this.#nextBeatMs <= nowMs) this.#nextBeatMs = nowMs + beatIntervalMs; // what was missed is not made up for
      this.#burst = BURST_MAX;
      this.#sendRound(nowMs);
    } else if (changed) this.#sendAtOnce(nowMs);
  }

  #onBeat(beat: Beat, link: LinkName, nowMs: MonotonicMs): void {
    const peer = this.#peers.get(beat.from);
    if (peer === undefined || beat.clusterId !== this.#config.clusterId || beat.link !== link) return;
    const { heard, echo, latest, upLinks } = peer;
    const reception = peer.receive(beat, link, nowMs);
    if (reception === "learned" || peer.heard !== heard || peer.echo !== echo) this.#sendAtOnce(nowMs);
    if (peer.heard !== heard || peer.upLinks !== upLinks) this.#reportDue = true;
    if (peer.latest !== null && peer.latest !== latest && saysNews(latest, peer.latest)) this.#reportDue = true;
  }

  #sendAtOnce(nowMs: MonotonicMs): void {
    if (this.#burst === 0) return;
    this.#burst -= 1;
    this.#sendRound(nowMs);
  }

  /** One beat per link, the same for all peers. */
  #sendRound(nowMs: MonotonicMs): void {
    this.#beatSequence += 1;
    const peers = [...this.#peers.values()];
    const content = {
      clusterId: this.#config.clusterId,
      from: this.#config.node,
      ...this.#self,
      sequence: this.#beatSequence,
      echoes: Object.fromEntries(peers.flatMap(({ node, echo }) => (echo === null ? [] : [[node, echo]]))),
      hears: peers.filter(({ heard }) => heard).map(({ node }) => node),
      suspects: peers.filter(({ suspected }) => suspected).map(({ node }) => node),
      progress: this.#progress(nowMs),
      state: this.#leaving ? "leaving" : "up",
    } as const;
    for (const link of this.#config.links) {
      const beat: Beat = { ...content, link };
      for (const { node } of peers) this.#effects.push({ kind: "sendBeat", to: node, link, beat });
    }
  }

  #progress(nowMs: MonotonicMs): Progress {
    const age = (atMs: MonotonicMs | null): number | null => (atMs === null ? null : nowMs - atMs);
    return { policyEngineAgeMs: age(this.#progressAtMs.policyEngine), executorAgeMs: age(this.#progressAtMs.executor) };
  }

  #reportIfDue(nowMs: MonotonicMs): void {
    if (!this.#settled) {
      this.#settled = nowMs - this.#startedAtMs >= this.#config.deadTimeMs || [...this.#peers.values()].every((peer) => isMutual(peer, this.#config.node));
      if (!this.#settled) return;
    }
    if (!this.#reportDue && nowMs < this.#nextReportMs) return;
    this.#reportDue = false;
    this.#nextReportMs = nowMs + REPORT_INTERVAL_MS;
    this.#effects.push({ kind: "report", report: this.report(nowMs) });
  }
}

/** Whether a report would say something else: its session and boot, whom it hears and suspects, its state, how its parts get on. */
function saysNews(before: Beat | null, now: Beat): boolean {
  return before === null || before.session !== now.session || before.bootId !== now.bootId || before.state !== now.state
    || !sameNames(before.hears, now.hears) || !sameNames(before.suspects, now.suspects)
    || coarse(before.progress.policyEngineAgeMs) !== coarse(now.progress.policyEngineAgeMs)
    || coarse(before.progress.executorAgeMs) !== coarse(now.progress.executorAgeMs);
}

function sameNames(a: readonly NodeName[], b: readonly NodeName[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

function coarse(ageMs: number | null): number | null {
  return ageMs === null ? null : Math.floor(ageMs / PROGRESS_STEP_MS);
}
