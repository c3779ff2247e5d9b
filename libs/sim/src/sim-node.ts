/**
 * One simulated node: the real cores of its services, wired as the services wire them, on simulated disks and network.
 * A process crash keeps what runs (agents' resources) and what was synced; a power cut keeps only what was synced.
 */
import { type Command, Engine, type EngineConfig, type EngineEffect, type EngineInput, type Packet, type RequestCommand } from "@quorate/controller";
import type { Authority, BootId, NodeName, Prng, SessionId } from "@quorate/core";
import { type ExecutorCore, type ExecutorEffect, type ExecutorInput, type ExecutorReply, type ExecutorRequest, type Operation, type OperationResult, createExecutorCore } from "@quorate/execution";
import { type FenceReply, type FenceRequest, type FencingCore, type FencingEffect, createFencingCore } from "@quorate/fencing";
import { type Beat, type Membership, type MembershipEffect, type MembershipReport, createMembership } from "@quorate/membership";
import { schedule } from "@quorate/scheduler";
import { Agents } from "./agents.ts";
import { EMPTY_CIB } from "./cluster-cib.ts";
import { codec, decode } from "./codec.ts";
import { NodeDisk } from "./disk.ts";
import { Serial, type Work } from "./serial.ts";
import type { World } from "./world.ts";

const BEAT_MS = 100;
const DEAD_MS = 600;
const MEMBERSHIP_TICK_MS = 50;
const ENGINE_TICK_MS = 50;
const EXECUTOR_TICK_MS = 100;
const LINKS = ["udp:lan", "nats"] as const;

interface Life {
  readonly session: SessionId;
  readonly membership: Membership;
  readonly engine: Engine;
  readonly engineDisk: Serial;
  readonly inbox: EngineInput[];
  readonly executor: ExecutorCore;
  readonly executorWork: Serial;
  readonly fencing: FencingCore;
  readonly fencingWork: Serial;
  readonly startedAtMs: number;
  readonly tokens: Map<number, (reply: ExecutorReply) => void>;
  readonly fenceTokens: Map<number, (reply: FenceReply) => void>;
  readonly clients: Map<string, () => void>;
  token: number;
  alive: boolean;
}

export class SimNode {
  readonly name: NodeName;
  readonly #world: World;
  readonly #prng: Prng;
  #disk: NodeDisk;
  #bootId: BootId = "";
  #life: Life | null = null;
  readonly #agents: Agents;
  #quorumAtMs = 0;
  #connected = false;
  powered = false;

  constructor(name: NodeName, world: World, prng: Prng) {
    this.name = name;
    this.#world = world;
    this.#prng = prng;
    this.#disk = new NodeDisk(`store-${name}`);
    this.#agents = new Agents(world.queue, prng);
  }

  /** Resources that run: the truth, whatever anybody believes. */
  get active(): ReadonlySet<string> {
    return this.#agents.active;
  }

  /** The run that works on this resource now; null when there is none. */
  runningOn(resource: string): string | null {
    return this.#agents.running(resource);
  }

  /** Time since this node last had connected quorum, as its executor was told; 0 while it has. */
  get quorumLostForMs(): number {
    return this.#connected ? 0 : this.#world.queue.nowMs - this.#quorumAtMs;
  }

  get bootId(): BootId {
    return this.#bootId;
  }

  get up(): boolean {
    return this.#life !== null;
  }

  get engine(): Engine | null {
    return this.#life?.engine ?? null;
  }

  get report(): MembershipReport | null {
    return this.#life?.engine.report ?? null;
  }

  powerOn(): void {
    if (this.powered) return;
    this.powered = true;
    this.#bootId = `boot-${this.name}-${this.#world.nextNumber()}`;
    this.start();
  }

  /** Everything that was not synced is gone, and so is everything that ran. */
  powerOff(): void {
    if (!this.powered) return;
    this.powered = false;
    this.crash();
    this.#agents.clear();
  }

  /** kill -9 of all daemons. A write under way may have reached the disk. */
  crash(): void {
    const life = this.#life;
    if (life === null) return;
    life.alive = false;
    this.#life = null;
    this.#setQuorum(false);
    for (const serial of [life.engineDisk, life.executorWork, life.fencingWork]) {
      const write = serial.kill();
      if (write !== null && this.#prng.below(2) === 0) this.#worldlessly(write);
    }
  }

  /** Starts the daemons again. */
  start(): void {
    if (!this.powered || this.#life !== null) return;
    const session = `session-${this.name}-${this.#world.nextNumber()}`;
    const time = this.#world.time();
    const life: Life = {
      session,
      membership: createMembership(this.#membershipConfig(), { bootId: this.#bootId, session }, time.nowMs),
      engine: new Engine({
        config: this.#engineConfig(session), codec: { encode: (command) => codec.encode(command), decode: (bytes) => this.#observe(life, bytes) },
        stored: { identity: this.#disk.identity.value, hardState: this.#disk.hardState, entries: [...this.#disk.entries] },
        emptyCib: EMPTY_CIB, seed: this.#prng.below(2 ** 31), hash: (text) => `uuid-${text.length}-${text.slice(-40)}`, time,
      }),
      engineDisk: new Serial(this.#world.queue, () => this.#stepEngine(life)),
      inbox: [],
      executor: createExecutorCore({ node: this.name, bootId: this.#bootId, session, config: { parallelMax: 8, membershipLossMs: 5_000 }, stored: [...this.#disk.executor].map(([key, value]) => ({ key, value })) }),
      executorWork: new Serial(this.#world.queue),
      fencing: createFencingCore({ node: this.name, stored: this.#disk.fencing }),
      fencingWork: new Serial(this.#world.queue),
      startedAtMs: time.nowMs, tokens: new Map(), fenceTokens: new Map(), clients: new Map(), token: 0, alive: true,
    };
    this.#life = life;
    this.#feedExecutor(life, { kind: "restored" });
    this.#performFencing(life, life.fencing.step({ kind: "start" }, time.nowMs));
    this.#every(life, MEMBERSHIP_TICK_MS, () => this.#performMembership(life, life.membership.step({ kind: "tick", nowMs: this.#world.queue.nowMs })));
    this.#every(life, ENGINE_TICK_MS, () => this.#post(life, { kind: "tick" }));
    this.#every(life, EXECUTOR_TICK_MS, () => this.#feedExecutor(life, { kind: "tick" }));
    this.#every(life, 250, () => {
      const nowMs = this.#world.queue.nowMs;
      for (const part of ["policyEngine", "executor"] as const) this.#performMembership(life, life.membership.step({ kind: "progress", nowMs, part }));
      if (life.fencing.nextWakeMs() !== null) this.#performFencing(life, life.fencing.step({ kind: "tick" }, nowMs));
    });
  }

  /** A resource dies by itself, and no daemon is told. */
  kill(resource: string): void {
    this.#agents.lose(resource);
  }

  /** A fault of the program: the gate is passed by. */
  forceRun(operation: Operation, authority: Authority): void {
    const life = this.#life;
    if (life === null) return;
    this.#world.checker.spawned(this, { operation, authority });
    this.#runAgent(life, { callId: -this.#world.nextNumber(), operation });
  }

  get session(): SessionId | null {
    return this.#life?.session ?? null;
  }

  /** Entries are decoded once each, in order, just before they are applied. */
  #observe(life: Life, bytes: Uint8Array): Command {
    const { command, text } = decode(bytes);
    this.#world.checker.applying(this.name, { index: life.engine.replica.applied + 1, command, text, replica: life.engine.replica });
    return command;
  }

  // What arrives over the network.

  onBeat(link: string, beat: Beat): void {
    const life = this.#life;
    if (life !== null) this.#performMembership(life, life.membership.step({ kind: "beat", nowMs: this.#world.queue.nowMs, link, beat }));
  }

  onPacket(packet: Packet): void {
    if (this.#life !== null) this.#post(this.#life, { kind: "packet", packet });
  }

  onInput(input: EngineInput): void {
    if (this.#life !== null) this.#post(this.#life, input);
  }

  /** A client of this node asks for a change; `onDone` when it was acknowledged without error. */
  request(requestId: string, command: RequestCommand, onDone: () => void): void {
    const life = this.#life;
    if (life === null) return;
    life.clients.set(requestId, onDone);
    this.#post(life, { kind: "request", requestId, command });
  }

  onExecutorRequest(request: ExecutorRequest, reply: (reply: ExecutorReply) => void): void {
    const life = this.#life;
    if (life === null) return;
    life.token += 1;
    life.tokens.set(life.token, reply);
    this.#feedExecutor(life, { kind: "request", token: life.token, from: "bus", request });
  }

  onFenceRequest(request: FenceRequest, reply: (reply: FenceReply) => void): void {
    const life = this.#life;
    if (life === null) return;
    life.token += 1;
    life.fenceTokens.set(life.token, reply);
    this.#performFencing(life, life.fencing.step({ kind: "request", token: life.token, request, chance: this.#prng.below(1_000) / 1_000 }, this.#world.queue.nowMs));
  }

  #every(life: Life, periodMs: number, act: () => void): void {
    const fire = (): void => {
      if (!life.alive) return;
      act();
      this.#world.queue.after(periodMs, fire);
    };
    this.#world.queue.after(this.#prng.below(periodMs), fire);
  }

  #performMembership(life: Life, effects: readonly MembershipEffect[]): void {
    for (const effect of effects) {
      if (!life.alive) return;
      if (effect.kind === "report") {
        this.#world.checker.suspicions(this.name, effect.report);
        const report = this.#world.mutated("view-by-minority") ? minorityReport(effect.report) : effect.report;
        this.#post(life, { kind: "membership", report });
        this.#setQuorum(report.connectedQuorum);
        this.#feedExecutor(life, { kind: "quorum", connected: report.connectedQuorum });
      } else {
        this.#world.sendBeat(this.name, effect);
      }
    }
  }

  #setQuorum(connected: boolean): void {
    if (this.#connected || connected) this.#quorumAtMs = this.#world.queue.nowMs;
    this.#connected = connected;
  }

  // The policy-engine.

  #post(life: Life, input: EngineInput): void {
    if (!life.alive) return;
    life.inbox.push(input);
    if (!life.engineDisk.busy) this.#stepEngine(life);
  }

  #stepEngine(life: Life): void {
    while (life.alive && !life.engineDisk.busy && (life.inbox.length > 0 || life.engine.pending)) {
      const effects = life.engine.step(life.inbox.splice(0), this.#world.time());
      life.engineDisk.push(effects.map((effect) => this.#engineWork(life, effect)));
      if (this.#world.checker.afterEngineStep(this.name, life.engine)) this.#world.onLeader(this.name);
    }
  }

  #engineWork(life: Life, effect: EngineEffect): Work {
    if (effect.kind !== "persist") return { syncMs: 0, done: () => this.#performEngine(life, effect) };
    const durable = this.#world.mutated("vote-not-synced") && effect.append.length === 0 && effect.identity === null ? null : effect;
    return { syncMs: this.#syncMs(), done: () => void (durable !== null && this.#disk.saveRaft(durable)) };
  }

  #performEngine(life: Life, effect: Exclude<EngineEffect, { kind: "persist" }>): void {
    if (!life.alive) return;
    const { queue } = this.#world;
    switch (effect.kind) {
      case "send":
        this.#world.sendPacket(this.name, effect.to, effect.packet);
        return;
      case "executorRequest":
        this.#world.sendExecutorRequest(this.name, effect);
        return;
      case "fenceRequest":
        this.#world.sendFenceRequest(this.name, effect.gateway, effect.request);
        return;
      case "schedule": {
        const { cib, token, wallMs } = effect;
        queue.after(2 + this.#prng.below(10), () => this.#post(life, { kind: "scheduled", token, decision: schedule(cib, wallMs) }));
        return;
      }
      case "executeLocal":
        queue.after(0.2, () => this.#localRequest(life, { kind: "executeLocal", operation: effect.operation }));
        return;
      case "seed":
        queue.after(0.2, () => this.#performMembership(life, life.alive ? life.membership.step({ kind: "seed", nowMs: queue.nowMs, members: effect.members }) : []));
        return;
      case "events":
        this.#world.checker.events(effect.events);
        for (const event of effect.events) if (life.engine.raftStatus.role === "leader") this.#world.note(`event ${event.type}: ${event.message}`);
        return;
      case "answer":
        if (effect.answer.outcome.error === null) life.clients.get(effect.answer.requestId)?.();
        return;
      case "raftStatus":
        this.#world.note(`${this.name}: ${effect.status.role} in term ${effect.status.term}, leader ${effect.status.leader ?? "unknown"}`);
        return;
      case "log":
        this.#world.note(`${this.name}: ${effect.message} ${JSON.stringify(effect.fields)}`);
        return;
    }
  }

  // The executor and what it runs.

  #localRequest(life: Life, request: ExecutorRequest): void {
    if (!life.alive) return;
    life.token += 1;
    this.#feedExecutor(life, { kind: "request", token: life.token, from: "local", request });
  }

  #feedExecutor(life: Life, input: ExecutorInput): void {
    if (!life.alive) return;
    const effects = life.executor.step(input, this.#world.time());
    life.executorWork.push(effects.map((effect) => this.#executorWork(life, effect)));
  }

  #executorWork(life: Life, effect: ExecutorEffect): Work {
    if (effect.kind === "persist") return { syncMs: this.#syncMs(), done: () => this.#disk.saveExecutor(effect.records) };
    return { syncMs: 0, done: () => void (life.alive && this.#performExecutor(life, effect)) };
  }

  #performExecutor(life: Life, effect: Exclude<ExecutorEffect, { kind: "persist" }>): void {
    switch (effect.kind) {
      case "reply": {
        const reply = life.tokens.get(effect.token);
        life.tokens.delete(effect.token);
        if (effect.reply.kind === "claimed") this.#world.checker.claimed(this.name, effect.reply.authority);
        reply?.(effect.reply);
        return;
      }
      case "spawn":
        this.#world.checker.spawned(this, effect);
        this.#runAgent(life, effect);
        return;
      case "kill":
        return; // simulated agents end by themselves within their time limit
      case "reap":
        this.#agents.kill(effect.operation.resource, `${effect.session}/${effect.callId}`); // an agent outlives its executor: until this it went on
        this.#world.queue.after(this.#prng.below(50), () => this.#feedExecutor(life, { kind: "gone", callId: effect.callId }));
        return;
      case "report":
        this.#world.sendReport(this.name, effect.to, effect.report);
        return;
      case "result":
        this.#localResult(life, effect.result);
        return;
    }
  }

  #localResult(life: Life, result: OperationResult): void {
    this.#world.queue.after(0.2, () => this.#post(life, { kind: "localResult", result }));
  }

  #runAgent(life: Life, { callId, operation }: { readonly callId: number; readonly operation: Operation }): void {
    this.#feedExecutor(life, { kind: "spawned", callId, pid: callId, startTime: "1" });
    const fault = (): number | null => this.#world.agentFault(operation.task);
    this.#agents.run({ key: `${life.session}/${callId}`, operation }, fault, (rc) => {
      this.#world.checker.activity();
      this.#feedExecutor(life, { kind: "ended", callId, outcome: { status: "done", rc, exitReason: "" }, lingering: false });
    });
  }

  // The fencing-gateway.

  #performFencing(life: Life, effects: readonly FencingEffect[]): void {
    life.fencingWork.push(effects.map((effect): Work => {
      if (effect.kind === "persist") return { syncMs: this.#syncMs(), done: () => this.#disk.saveFencing(effect) };
      return { syncMs: 0, done: () => void (life.alive && this.#performFencingEffect(life, effect)) };
    }));
  }

  #performFencingEffect(life: Life, effect: Exclude<FencingEffect, { kind: "persist" }>): void {
    if (effect.kind === "poweredOn") return;
    if (effect.kind === "reply") {
      const reply = life.fenceTokens.get(effect.token);
      life.fenceTokens.delete(effect.token);
      const trusting = this.#world.mutated("fence-timeout-is-success") && effect.reply.outcome === "unknown";
      reply?.(trusting ? { ...effect.reply, outcome: "succeeded" } : effect.reply);
      return;
    }
    this.#world.power.run(effect.run, (result) => {
      if (life.alive) this.#performFencing(life, life.fencing.step({ kind: "deviceResult", runId: effect.runId, result }, this.#world.queue.nowMs));
    });
  }

  #syncMs(): number {
    return this.#prng.below(40) === 0 ? 20 + this.#prng.below(60) : 0.5 + this.#prng.below(30) / 10;
  }

  /** A write that reached the disk although its process is gone. */
  #worldlessly(write: Work): void {
    write.done();
  }

  #membershipConfig(): Parameters<typeof createMembership>[0] {
    return { node: this.name, voters: this.#world.names, clusterId: "sim", links: [...LINKS], beatIntervalMs: BEAT_MS, deadTimeMs: DEAD_MS, tickMs: MEMBERSHIP_TICK_MS };
  }

  #engineConfig(session: SessionId): EngineConfig {
    return {
      node: this.name, session, cluster: "sim", voters: this.#world.names, configHash: "same", electionTicks: 20, heartbeatTicks: 2, campaignStaggerMs: 60,
      helloIntervalMs: 200, requestTimeoutMs: 10_000, aloneGraceMs: 10_000, initialCib: this.#world.cibText, commandDeadTimeMs: 5_000, admitProgressMs: 2_000,
      initialDeadTimeMs: 8_000, claimTimeoutMs: 5_000,
    };
  }
}

/** A fault: one node's suspicion counts as a majority's. */
function minorityReport(report: MembershipReport): MembershipReport {
  return { ...report, connectedQuorum: true, peers: report.peers.map((peer) => (peer.state === "suspected" ? { ...peer, majoritySuspects: true } : peer)) };
}
