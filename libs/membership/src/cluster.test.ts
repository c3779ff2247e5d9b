/** Whole clusters of detectors in one virtual time: random delay, loss, order and phase; crashes, partitions, restarts, replays. */
import { Prng } from "@quorate/core";
import { describe, expect, test } from "vitest";
import { type Membership, createMembership } from "./membership.ts";
import type { Beat, MembershipReport, PeerReport } from "./types.ts";

const BEAT_MS = 100;
const DEAD_MS = 600;
const TICK_MS = 25;
const LINKS = ["udp:lan", "nats"] as const;
const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

interface Packet {
  readonly to: string;
  readonly link: string;
  readonly beat: Beat;
}

interface Life {
  readonly membership: Membership;
}

interface Faults {
  /** Loss in percent; still one beat of a pair of nodes gets through on some link at least each 300 ms. */
  readonly lossPercent?: number;
  readonly delayMsMax?: number;
  /** Old packets of anybody come again at any time. */
  readonly replays?: boolean;
}

class Cluster {
  readonly names: readonly string[];
  readonly #prng: Prng;
  readonly #faults: Faults;
  readonly #events = new Map<number, (() => void)[]>();
  readonly #lives = new Map<string, Life>();
  readonly #boots = new Map<string, number>();
  readonly #passedAt = new Map<string, number>();
  readonly #recorded: Packet[] = [];
  cut: (from: string, to: string) => boolean = () => false;
  /** Called at every report. */
  onReport: (node: string, report: MembershipReport) => void = () => {};
  nowMs = 0;

  constructor(size: number, seed: number, faults: Faults = {}) {
    this.names = Array.from({ length: size }, (_, index) => `n${index + 1}`);
    this.#prng = new Prng(seed);
    this.#faults = faults;
    for (const name of this.names) this.start(name);
  }

  below(bound: number): number {
    return this.#prng.below(bound);
  }

  start(name: string): void {
    const boot = (this.#boots.get(name) ?? 0) + 1;
    this.#boots.set(name, boot);
    const self = { bootId: `boot-${name}`, session: `${name}-${boot}` };
    const config = { node: name, voters: this.names, clusterId: "t", links: LINKS, beatIntervalMs: BEAT_MS, deadTimeMs: DEAD_MS, tickMs: TICK_MS };
    const life: Life = { membership: createMembership(config, self, this.nowMs) };
    this.#lives.set(name, life);
    const tick = (): void => {
      if (this.#lives.get(name) !== life) return;
      this.#perform(name, life.membership.step({ kind: "tick", nowMs: this.nowMs }));
      this.#after(TICK_MS, tick);
    };
    this.#after(this.below(TICK_MS), tick);
  }

  crash(name: string): void {
    this.#lives.delete(name);
  }

  run(forMs: number): void {
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; this.nowMs += 1) {
      for (const event of this.#events.get(this.nowMs) ?? []) event();
      this.#events.delete(this.nowMs);
      if (this.#faults.replays === true && this.below(10) === 0) this.#replay();
    }
  }

  /** What each living node says of `peer`. */
  views(peer: string): (PeerReport & { readonly observer: string })[] {
    return [...this.#lives].filter(([name]) => name !== peer).flatMap(([observer, { membership }]) =>
      membership.report(this.nowMs).peers.filter(({ node }) => node === peer).map((report) => ({ ...report, observer })));
  }

  quorums(): boolean[] {
    return [...this.#lives.values()].map((life) => life.membership.report(this.nowMs).connectedQuorum);
  }

  #perform(from: string, effects: ReturnType<Membership["step"]>): void {
    for (const effect of effects) {
      if (effect.kind === "sendBeat") this.#send(from, { to: effect.to, link: effect.link, beat: effect.beat });
      else this.onReport(from, effect.report);
    }
  }

  #send(from: string, packet: Packet): void {
    if (this.cut(from, packet.to)) return;
    const pair = `${from}>${packet.to}`;
    const due = this.nowMs - (this.#passedAt.get(pair) ?? 0) >= 300;
    if (!due && this.below(100) < (this.#faults.lossPercent ?? 0)) return;
    this.#passedAt.set(pair, this.nowMs);
    this.#recorded[this.#recorded.length < 5_000 ? this.#recorded.length : this.below(5_000)] = packet;
    this.#after(1 + this.below(this.#faults.delayMsMax ?? 5), () => this.#deliver(packet));
  }

  #deliver({ to, link, beat }: Packet): void {
    const life = this.#lives.get(to);
    if (life !== undefined) this.#perform(to, life.membership.step({ kind: "beat", nowMs: this.nowMs, link, beat }));
  }

  #replay(): void {
    const packet = this.#recorded[this.below(Math.max(this.#recorded.length, 1))];
    if (packet !== undefined) this.#deliver(packet);
  }

  #after(delayMs: number, event: () => void): void {
    const atMs = this.nowMs + Math.max(delayMs, 1);
    const list = this.#events.get(atMs);
    if (list === undefined) this.#events.set(atMs, [event]);
    else list.push(event);
  }
}

/** Settled: every node hears every other both ways. */
function expectWhole(cluster: Cluster): void {
  for (const name of cluster.names) {
    for (const view of cluster.views(name)) expect(view).toMatchObject({ state: "alive", mutual: true, suspectedBy: [] });
  }
  expect(cluster.quorums()).toEqual(cluster.names.map(() => true));
}

describe("no false suspicion while one beat per dead time gets through on any link", () => {
  test.each(SEEDS)("seed %i", (seed) => {
    const cluster = new Cluster(3 + (seed % 4), seed, { lossPercent: 60, delayMsMax: 90 });
    cluster.run(3_000);
    const suspicions: string[] = [];
    cluster.onReport = (node, { peers }) => suspicions.push(...peers.filter(({ suspectedBy }) => suspectedBy.length > 0).map((peer) => `${node}: ${peer.node}`));
    cluster.run(5_000);
    expect(suspicions).toEqual([]);
    expectWhole(cluster);
  });
});

describe("a crash is noticed by all within dead time, two ticks and one delay, and by a majority one passed beat later", () => {
  test.each(SEEDS)("seed %i", (seed) => {
    const delayMsMax = 1 + (seed % 40);
    const cluster = new Cluster(3 + (seed % 5), seed, { lossPercent: seed % 50, delayMsMax, replays: seed % 2 === 0 });
    cluster.run(3_000 + cluster.below(500));
    const dead = cluster.names.slice(0, 1 + cluster.below(Math.floor((cluster.names.length - 1) / 2)));
    for (const name of dead) cluster.crash(name);
    cluster.run(DEAD_MS + 2 * TICK_MS + delayMsMax);
    for (const name of dead) for (const view of cluster.views(name)) expect(view.state).toBe("suspected");
    cluster.run(delayMsMax + (seed % 50 === 0 ? 0 : 300 + BEAT_MS)); // with loss the word may need further beats
    for (const name of dead) {
      for (const view of cluster.views(name)) expect(view).toMatchObject({ state: "suspected", majoritySuspects: true });
    }
    expect(cluster.quorums()).toEqual(cluster.quorums().map(() => true));
    cluster.run(5_000);
    for (const name of dead) for (const view of cluster.views(name)) expect(view.majoritySuspects).toBe(true);
  });
});

describe("after a partition the sides suspect each other, only the majority has quorum, and healing ends it", () => {
  test.each(SEEDS)("seed %i", (seed) => {
    const cluster = new Cluster(3 + (seed % 4), seed, { lossPercent: 20, delayMsMax: 30, replays: seed % 3 === 0 });
    cluster.run(3_000);
    const oneWay = seed % 2 === 1;
    const side = new Set(cluster.names.slice(0, 1 + cluster.below(cluster.names.length - 1)));
    cluster.cut = (from, to) => (side.has(from) ? !side.has(to) : side.has(to) && !oneWay);
    cluster.run(DEAD_MS + 500 + cluster.below(3_000));
    const others = cluster.names.filter((name) => !side.has(name));
    for (const peer of cluster.names) {
      for (const { observer, state, majoritySuspects } of cluster.views(peer)) {
        const unheard = side.has(peer) ? !side.has(observer) : side.has(observer) && !oneWay;
        expect([peer, observer, state]).toEqual([peer, observer, unheard ? "suspected" : "alive"]);
        if (unheard) expect(majoritySuspects).toBe((side.has(observer) ? side.size : others.length) > cluster.names.length / 2);
      }
    }
    // Nobody is mutual across the cut, in either kind of it, so quorum is where the majority is.
    expect(cluster.quorums()).toEqual(cluster.names.map((name) => (side.has(name) ? side.size : others.length) > cluster.names.length / 2));
    cluster.cut = () => false;
    cluster.run(DEAD_MS + 500);
    expectWhole(cluster);
    for (const name of cluster.names) for (const view of cluster.views(name)) expect(view.majoritySuspects).toBe(false);
  });
});

describe("a membership process that is back in 300 ms is never suspected, and claims nothing before it knows", () => {
  test.each(SEEDS)("seed %i", (seed) => {
    const cluster = new Cluster(5, seed, { delayMsMax: 20, replays: seed % 2 === 0 });
    cluster.run(2_000);
    const wrong: string[] = [];
    cluster.onReport = (node, { peers, connectedQuorum }) => {
      if (!connectedQuorum) wrong.push(`${node} lost quorum`);
      wrong.push(...peers.filter(({ suspectedBy, state }) => suspectedBy.length > 0 || state === "pending").map((peer) => `${node}: ${peer.node} ${peer.state}`));
    };
    for (let round = 0; round < 4; round += 1) {
      cluster.crash("n2");
      cluster.run(50 + cluster.below(250));
      cluster.start("n2");
      cluster.run(1_000);
    }
    expect(wrong).toEqual([]);
    expectWhole(cluster);
  });
});

test("one way out of three: it hears the others, they do not hear it: they suspect it and it has no quorum", () => {
  const cluster = new Cluster(3, 1);
  cluster.run(1_000);
  cluster.cut = (from) => from === "n1";
  cluster.run(1_000);
  expect(cluster.views("n1").map(({ state, majoritySuspects }) => [state, majoritySuspects])).toEqual([["suspected", true], ["suspected", true]]);
  expect(cluster.views("n2").map(({ state, mutual }) => [state, mutual])).toEqual([["alive", false], ["alive", true]]);
  expect(cluster.quorums()).toEqual([false, true, true]);
});
