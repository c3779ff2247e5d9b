/** Three whole engines on a perfect network: what must hold while leadership is handed over, when the hand-over comes to nothing, and when nobody can decide. */
import { parseCib } from "@quorate/cib";
import type { ExecutorReply, ExecutorRequest, OperationResult } from "@quorate/execution";
import type { Decision } from "@quorate/scheduler";
import { expect, test } from "vitest";
import { activeOn } from "./activity.ts";
import type { Command } from "./command.ts";
import { Engine, type EngineEffect, type EngineInput } from "./engine.ts";

const NAMES = ["n1", "n2", "n3"];
const TICK_MS = 50;
const RESOURCES = Array.from({ length: 40 }, (_, index) => `r${index + 1}`);
const CIB = `<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources>${RESOURCES.map((id) => `<primitive id="${id}" class="ocf" provider="heartbeat" type="Dummy"/>`).join("")}</resources><constraints/></configuration><status/></cib>`;
const NOTHING: Decision = { graph: { actions: [], batchLimit: 0, recheckAtMs: null }, warnings: [] } as unknown as Decision;
const utf8 = { encode: (command: Command): Uint8Array => new TextEncoder().encode(JSON.stringify(command)), decode: (data: Uint8Array): Command => JSON.parse(new TextDecoder().decode(data)) as Command };

class Cluster {
  nowMs = 0;
  /** Nodes whose executors do not answer. */
  readonly mute = new Set<string>();
  /** Nodes whose packets are lost both ways. */
  readonly cut = new Set<string>();
  /** What every scheduler decides. */
  decision: Decision;
  /** Keys of the operations that executors were told. */
  readonly ordered: string[] = [];
  /** Why every scheduler fails; null: it decides. */
  failing: string | null = null;
  /** When schedulers were asked. */
  readonly askedAtMs: number[] = [];
  /** Types of the events of the first node. */
  readonly told: string[] = [];
  /** Nobody takes over. */
  transfersFail = false;
  readonly transfers: string[] = [];
  readonly engines: ReadonlyMap<string, Engine>;
  readonly #queue: (() => void)[] = [];
  #sequence = 0;

  constructor(decision: Decision = NOTHING) {
    this.decision = decision;
    const parsed = parseCib(CIB);
    if (!parsed.ok) throw new Error("the document is valid");
    const config = {
      cluster: "c", voters: NAMES, configHash: "h", electionTicks: 20, heartbeatTicks: 2, campaignStaggerMs: 60, helloIntervalMs: 200, requestTimeoutMs: 10_000, aloneGraceMs: 10_000,
      initialCib: CIB, commandDeadTimeMs: 5_000, admitProgressMs: 2_000, initialDeadTimeMs: 8_000, claimTimeoutMs: 5_000,
    };
    this.engines = new Map(NAMES.map((node, index) => [node, new Engine({
      config: { ...config, node, session: `s${node}` }, codec: utf8, emptyCib: parsed.value.cib, seed: index, hash: (text) => text.slice(0, 8), time: { nowMs: 0, wallMs: 1_000 },
      stored: { hardState: { term: 0, votedFor: null, commit: 0 }, entries: [], identity: { storeId: node, clusterUuid: null, roster: null } },
    })]));
  }

  get leader(): string {
    return NAMES.find((name) => this.engines.get(name)!.raftStatus.role === "leader") ?? "";
  }

  /** One step per input, close together as behind a slow disk: what a step leaves for the next one is taken with the next input. */
  give(node: string, ...inputs: readonly EngineInput[]): void {
    const engine = this.engines.get(node)!;
    const time = { nowMs: this.nowMs, wallMs: 1_000 + this.nowMs };
    for (const input of inputs) for (const effect of engine.step([input], time)) this.#perform(node, effect);
    while (engine.pending) for (const effect of engine.step([], time)) this.#perform(node, effect);
  }

  /** One step of time. `before` reaches the leader just before it. */
  tick(before: readonly EngineInput[] = []): void {
    const { leader } = this;
    this.nowMs += TICK_MS;
    for (const node of NAMES) {
      this.#sequence += 1;
      const peers = NAMES.filter((name) => name !== node).map((name) => ({
        node: name, state: "alive" as const, bootId: `boot-${name}`, session: name, suspectedBy: [], majoritySuspects: false, mutual: true, progress: { policyEngineAgeMs: 1, executorAgeMs: 1 }, links: [],
      }));
      this.give(node, { kind: "membership", report: { node, bootId: `boot-${node}`, session: node, sequence: this.#sequence, connectedQuorum: true, peers } });
      this.give(node, ...(node === leader ? before : []), { kind: "tick" });
    }
    this.drain();
  }

  runUntil(what: () => boolean, ticksMax = 600): void {
    for (let ticks = 0; ticks < ticksMax && !what(); ticks++) this.tick();
    expect(what()).toBe(true);
  }

  /** Delivers everything, one thing after the other: a step is finished before the next begins. */
  drain(): void {
    for (let act = this.#queue.shift(); act !== undefined; act = this.#queue.shift()) act();
  }

  #perform(node: string, effect: EngineEffect): void {
    if (effect.kind === "send") {
      const handsOver = effect.packet.kind === "raft" && effect.packet.message.kind === "timeoutNow";
      if (handsOver) this.transfers.push(effect.to);
      const lost = this.cut.has(node) || this.cut.has(effect.to) || (handsOver && this.transfersFail);
      if (!lost) this.#queue.push(() => this.give(effect.to, { kind: "packet", packet: effect.packet }));
    }
    if (effect.kind === "executorRequest" && effect.request.kind === "execute") this.ordered.push(effect.request.operation.transitionKey);
    if (effect.kind === "executorRequest" && !this.mute.has(effect.node)) {
      this.#queue.push(() => this.give(node, { kind: "executorReply", node: effect.node, token: effect.token, reply: answer(effect.node, effect.request) }));
    }
    if (effect.kind === "events" && node === NAMES[0]) this.told.push(...effect.events.map(({ type }) => type));
    if (effect.kind !== "schedule") return;
    const { failing, decision } = this;
    this.askedAtMs.push(this.nowMs);
    this.#queue.push(() => this.give(node, failing === null ? { kind: "scheduled", token: effect.token, decision } : { kind: "scheduleFailed", token: effect.token, why: failing }));
  }
}

function answer(node: string, request: ExecutorRequest): ExecutorReply {
  if (request.kind === "claim") return { kind: "claimed", node, bootId: `boot-${node}`, session: `x-${node}`, authority: request.authority, history: [], inFlight: [] };
  return { kind: "accepted", sequence: 0 };
}

function startOf(resource: string, callId: number): OperationResult {
  return {
    operation: { transitionKey: "9:9:0:x", resource, agent: { class: "ocf", provider: "heartbeat", type: "Dummy" }, task: "start", intervalMs: 0, timeoutMs: 20_000, targetRc: 0, parameters: {}, meta: {} },
    callId, status: "done", rc: 0, exitReason: "", startedAtMs: 0, rcChangedAtMs: 0, execMs: 5, queueMs: 0,
  };
}

/** A cluster whose DC has the histories of all nodes. */
function ready(cluster: Cluster = new Cluster()): Cluster {
  cluster.runUntil(() => cluster.leader !== "" && cluster.engines.get(cluster.leader)!.replica.nodes.get("n3")!.session !== null && cluster.engines.get(cluster.leader)!.replica.nodes.get("n2")!.session !== null);
  for (let ticks = 0; ticks < 20; ticks++) cluster.tick();
  return cluster;
}

test("a DC whose own executor does not answer asks again, and others, until somebody leads", () => {
  const cluster = ready();
  const { leader } = cluster;
  cluster.transfersFail = true;
  cluster.mute.add(leader);
  for (let ticks = 0; ticks < 400; ticks++) cluster.tick();
  expect(cluster.leader).toBe(leader);
  expect(new Set(cluster.transfers)).toEqual(new Set(NAMES.filter((name) => name !== leader)));
  cluster.transfersFail = false;
  cluster.runUntil(() => cluster.leader !== "" && cluster.leader !== leader, 200);
});

test("reports that came while a hand-over came to nothing reach the log in their order, and none is lost", () => {
  const cluster = ready();
  const { leader } = cluster;
  const engine = cluster.engines.get(leader)!;
  const other = NAMES.find((name) => name !== leader)!;
  cluster.transfersFail = true;
  cluster.mute.add(leader);
  const report = (sequence: number): EngineInput => {
    const known = engine.replica.nodes.get(other)!;
    const results = RESOURCES.slice(known.reportSequence, sequence).map((resource, index) => startOf(resource, known.reportSequence + index + 1));
    return { kind: "executorReport", report: { node: other, bootId: `boot-${other}`, session: `x-${other}`, authority: { term: 1, view: 1 }, sequence, results: results.slice(-32) } };
  };
  let sequence = 0;
  cluster.runUntil(() => cluster.transfers.length > 0, 300);
  while (sequence < RESOURCES.length) {
    cluster.tick([report((sequence += 1))]);
    cluster.give(leader, report((sequence += 1)));
  }
  for (let ticks = 0; ticks < 100; ticks++) cluster.tick();
  const { replica } = engine;
  expect(replica.nodes.get(other)!.reportSequence).toBe(RESOURCES.length);
  expect(RESOURCES.filter((resource) => !activeOn(replica, resource).includes(other))).toEqual([]);
});

test("a DC that leads again never gives an operation the name of one that it ordered before", () => {
  const action = { id: 0, kind: "rsc", task: "start", key: "r1_start_0", resource: "r1", intervalMs: 0, timeoutMs: 20_000, targetRc: 0, canFail: false, priority: 0, parameters: {}, meta: {}, agent: { class: "ocf", provider: "heartbeat", type: "Dummy" }, after: [], reason: "" };
  const decided = (actions: readonly unknown[], recheckAtMs: number | null): Decision => ({ graph: { actions, batchLimit: 0, recheckAtMs }, assignments: [], actions: [], warnings: [] }) as unknown as Decision;
  const cluster = ready(new Cluster(decided([], 30_000)));
  const { leader } = cluster;
  const starting = decided([{ ...action, node: leader }], null);
  cluster.runUntil(() => cluster.nowMs >= 28_900);
  cluster.cut.add(leader); // what it writes from now on is lost with its leadership; what it orders is not
  cluster.decision = starting;
  cluster.runUntil(() => cluster.ordered.length > 0);
  const before = cluster.ordered[0]!;
  cluster.decision = NOTHING;
  cluster.runUntil(() => cluster.engines.get(leader)!.raftStatus.role !== "leader");
  cluster.cut.clear();
  for (let rounds = 0; rounds < 20 && cluster.leader !== leader; rounds++) {
    cluster.runUntil(() => cluster.leader !== "");
    const now = cluster.leader;
    for (const name of NAMES) if (name !== leader) cluster.mute.add(name);
    cluster.runUntil(() => cluster.leader !== now);
  }
  cluster.mute.clear();
  cluster.decision = starting;
  cluster.ordered.length = 0;
  cluster.runUntil(() => cluster.ordered.length > 0);
  const after = cluster.ordered[0]!;
  expect(before.split(":").slice(0, 3)).toEqual(after.split(":").slice(0, 3)); // the numbers are the same
  expect(before).not.toBe(after);
});

test("a scheduler that fails is asked again after a pause, nothing is done meanwhile, and administrators are told once", () => {
  const cluster = new Cluster();
  cluster.failing = "out of order";
  cluster.runUntil(() => cluster.askedAtMs.length >= 3, 2_000);
  const [first = 0, second = 0, third = 0] = cluster.askedAtMs.slice(-3);
  expect([second - first, third - second].every((pause) => pause >= 10_000 && pause <= 10_200)).toBe(true);
  expect([cluster.ordered, cluster.told.filter((type) => type === "policy.undecided")]).toEqual([[], ["policy.undecided"]]);
  cluster.failing = null;
  const asked = cluster.askedAtMs.length;
  cluster.runUntil(() => cluster.nowMs > third + 30_000, 1_000);
  expect(cluster.askedAtMs.length).toBe(asked + 1);
});
