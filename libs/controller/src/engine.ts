/**
 * The policy-engine as one pure machine: bootstrap, Raft, the replica, the DC and what a node does alone.
 * `step` takes what happened and gives what is to be done, in order. The caller performs all effects of one step
 * (a `persist` is durable before anything after it is done) before it steps again; `pending` says that it should at once.
 */
import { type Cib, serializeCib } from "@quorate/cib";
import { type ClusterEvent, type NodeName, QuorateError, assert } from "@quorate/core";
import type { ExecutorReply, ExecutorReport, OperationResult } from "@quorate/execution";
import type { FenceReply } from "@quorate/fencing";
import type { MembershipReport } from "@quorate/membership";
import { type Entry, type HardState, type Input as RaftInput, type Raft, type RaftStatus, type Ready, type StoredState, createRaft } from "@quorate/raft";
import type { Decision } from "@quorate/scheduler";
import { Alone } from "./alone.ts";
import { INITIAL_CIB_REQUEST } from "./apply-cib.ts";
import { applyCommand } from "./apply.ts";
import { Bootstrap, type StoredIdentity } from "./bootstrap.ts";
import type { Command } from "./command.ts";
import { Dc, type DcConfig } from "./dc.ts";
import type { Answer, DcEffect, Time } from "./effects.ts";
import type { Packet } from "./packet.ts";
import { type Replica, createReplica } from "./replica.ts";
import { type RequestCommand, RequestDesk } from "./request-desk.ts";

export interface EngineConfig extends DcConfig {
  readonly cluster: string;
  readonly voters: readonly NodeName[];
  readonly configHash: string;
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  /** Pause between the campaigns of followers whose leader is dead, per rank. */
  readonly campaignStaggerMs: number;
  readonly helloIntervalMs: number;
  /** Time a client's request may wait for a leader and a majority. */
  readonly requestTimeoutMs: number;
  /** A node that never had quorum waits this long before it acts alone. */
  readonly aloneGraceMs: number;
  /** Document a new cluster starts with (XML text, any supported schema); null: an empty one. */
  readonly initialCib: string | null;
}

/** How commands become log entries: `libs/wire` in the service, anything reversible in the simulator. */
export interface CommandCodec {
  /** @throws QuorateError QUORATE_WIRE_INVALID for a field that no reader would take. */
  encode(command: Command): Uint8Array;
  decode(data: Uint8Array): Command;
}

export interface EngineStored extends StoredState {
  readonly identity: StoredIdentity;
}

export type EngineInput =
  | { readonly kind: "tick" }
  | { readonly kind: "packet"; readonly packet: Packet }
  | { readonly kind: "membership"; readonly report: MembershipReport }
  /** `token`: of the request it answers. */
  | { readonly kind: "executorReply"; readonly node: NodeName; readonly token: number; readonly reply: ExecutorReply }
  | { readonly kind: "executorReport"; readonly report: ExecutorReport }
  | { readonly kind: "fenceReply"; readonly reply: FenceReply }
  /** A result of this node's own executor, seen directly. */
  | { readonly kind: "localResult"; readonly result: OperationResult }
  | { readonly kind: "scheduled"; readonly token: number; readonly decision: Decision }
  /** The scheduler gave no decision: it failed, or took too long. */
  | { readonly kind: "scheduleFailed"; readonly token: number; readonly why: string }
  | { readonly kind: "request"; readonly requestId: string; readonly command: RequestCommand };

export type EngineEffect =
  | { readonly kind: "persist"; readonly hardState: HardState | null; readonly append: readonly Entry[]; readonly identity: StoredIdentity | null }
  | { readonly kind: "send"; readonly to: NodeName; readonly packet: Packet }
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "events"; readonly events: readonly ClusterEvent[] }
  /** Members of the live view, for this node's membership service. */
  | { readonly kind: "seed"; readonly members: readonly NodeName[] }
  | { readonly kind: "raftStatus"; readonly status: RaftStatus }
  | Exclude<DcEffect, { readonly kind: "propose" | "transferLeadership" }>;

/** A Raft group of this size moves this much per message. */
const APPEND_BYTES_MAX = 192 * 1024;
const IN_FLIGHT_MAX = 64;
/** A change travels in one message of the bus, which holds a mebibyte. */
const REQUEST_BYTES_MAX = 768 * 1024;

export class Engine {
  readonly replica: Replica;
  readonly #config: EngineConfig;
  readonly #codec: CommandCodec;
  readonly #raft: Raft;
  readonly #bootstrap: Bootstrap;
  readonly #dc: Dc;
  readonly #alone: Alone;
  readonly #requests: RequestDesk;
  #report: MembershipReport | null = null;
  #status: RaftStatus;
  #saved: HardState;
  /** Newer than `#saved` by its commit index only. */
  #unsaved: HardState | null = null;
  #effects: EngineEffect[] = [];
  #raftInputs: RaftInput[] = [];
  /** Proposals that Raft did not take because leadership was about to move. */
  #rejected: Uint8Array[] = [];
  #helloAtMs = Number.NEGATIVE_INFINITY;
  #campaignAtMs: number | null = null;
  #aloneToken = -1;
  #seeded = "";
  #bootstrapWhy = "";

  constructor(options: { config: EngineConfig; codec: CommandCodec; stored: EngineStored; emptyCib: Cib; seed: number; hash: (text: string) => string; time: Time }) {
    const { config, codec, stored, emptyCib, seed, hash, time } = options;
    this.#config = config;
    this.#codec = codec;
    this.replica = createReplica(config.voters, emptyCib);
    const raftConfig = { node: config.node, voters: config.voters, electionTicks: config.electionTicks, heartbeatTicks: config.heartbeatTicks, appendBytesMax: APPEND_BYTES_MAX, inFlightMax: IN_FLIGHT_MAX };
    this.#raft = createRaft(raftConfig, stored, seed);
    this.#status = this.#raft.status();
    this.#saved = stored.hardState;
    this.#bootstrap = new Bootstrap({ node: config.node, voters: config.voters, configHash: config.configHash, identity: stored.identity, hash });
    this.#dc = new Dc({ config, replica: this.replica, startedAtMs: time.nowMs });
    this.#alone = new Alone({ node: config.node, session: config.session, graceMs: config.aloneGraceMs, retryMs: config.commandDeadTimeMs }, time.nowMs);
    this.#requests = new RequestDesk(config.requestTimeoutMs);
  }

  /** Whether another step is due at once: proposals that came up while effects were made. */
  get pending(): boolean {
    return this.#raftInputs.length > 0;
  }

  get raftStatus(): RaftStatus {
    return this.#status;
  }

  get connectedQuorum(): boolean {
    return this.#report?.connectedQuorum ?? false;
  }

  get report(): MembershipReport | null {
    return this.#report;
  }

  /** Nodes a cold start waits for, as the DC on this node sees it. */
  get awaited(): readonly NodeName[] {
    return this.#dc.awaited;
  }

  get clusterUuid(): string | null {
    return this.#bootstrap.clusterUuid;
  }

  /** Why the cluster was not made yet; "" when it was. */
  get bootstrapWhy(): string {
    return this.clusterUuid === null ? this.#bootstrapWhy : "";
  }

  step(inputs: readonly EngineInput[], time: Time): readonly EngineEffect[] {
    this.#effects = [];
    for (const input of inputs) this.#take(input, time);
    const raftInputs = this.#raftInputs;
    this.#raftInputs = [];
    if (this.clusterUuid !== null && raftInputs.length > 0) this.#perform(this.#raft.step(raftInputs), time);
    this.#collect();
    return this.#effects;
  }

  #take(input: EngineInput, time: Time): void {
    switch (input.kind) {
      case "tick":
        this.#tick(time);
        return;
      case "packet":
        this.#onPacket(input.packet);
        return;
      case "membership":
        this.#onMembership(input.report, time);
        return;
      case "executorReply":
        this.#dc.onExecutorReply(input, time);
        return;
      case "executorReport":
        this.#dc.onExecutorReport(input.report, time);
        return;
      case "fenceReply":
        this.#dc.onFenceReply(input.reply, time);
        return;
      case "localResult":
        this.#alone.onResult(input.result, time);
        return;
      case "scheduled":
        if (input.token < 0) this.#alone.onScheduled(input.token, input.decision, time);
        else this.#dc.onScheduled(input.token, input.decision, time);
        return;
      case "scheduleFailed":
        if (input.token < 0) this.#alone.onScheduleFailed(input.token, input.why, time);
        else this.#dc.onScheduleFailed(input.token, input.why, time);
        return;
      case "request":
        if (this.#refuse(input.requestId, input.command)) return;
        if (input.command.kind === "cursor") return this.#forwardCursor(input.requestId, input.command);
        this.#requests.add(input.requestId, input.command, time.nowMs);
        this.#forward(this.#requests.due(time.nowMs, this.#status.leader));
        return;
    }
  }

  #tick(time: Time): void {
    if (this.clusterUuid === null) {
      this.#tickBootstrap(time);
      return;
    }
    this.#raftInputs.push({ kind: "tick" });
    // The DC made them once and waits for them to be applied: a transfer that came to nothing must not lose them.
    if (this.#rejected.length > 0 && this.#status.role === "leader") this.#raftInputs.push({ kind: "propose", data: this.#rejected });
    this.#rejected = [];
    if (this.#campaignAtMs !== null && time.nowMs >= this.#campaignAtMs) {
      this.#campaignAtMs = null;
      this.#raftInputs.push({ kind: "campaign" });
    }
    this.#forward(this.#requests.due(time.nowMs, this.#status.leader));
    for (const requestId of this.#requests.expire(time.nowMs)) {
      const error = { code: "QUORATE_NO_QUORUM", message: `no majority took the change within ${this.#config.requestTimeoutMs} ms; it may still be applied later` };
      this.#effects.push({ kind: "answer", answer: { requestId, outcome: { index: 0, error, events: [] } } });
    }
    this.#dc.tick(time);
    if (this.#report !== null && !this.#report.connectedQuorum && this.#alone.tick(this.replica.cib, this.#aloneToken, time)) this.#aloneToken -= 1;
  }

  #tickBootstrap(time: Time): void {
    if (time.nowMs - this.#helloAtMs >= this.#config.helloIntervalMs) {
      this.#helloAtMs = time.nowMs;
      for (const to of this.#config.voters) if (to !== this.#config.node) this.#sendHello(to);
    }
    const step = this.#bootstrap.step();
    if (step.kind === "initialise") {
      this.#effects.push({ kind: "persist", hardState: null, append: [], identity: step.identity });
      this.#bootstrap.initialised(step.identity);
    } else if (step.why !== this.#bootstrapWhy) {
      this.#bootstrapWhy = step.why;
      this.#effects.push({ kind: "log", level: step.kind === "refused" ? "error" : "info", message: step.why, fields: {} });
    }
  }

  #sendHello(to: NodeName): void {
    this.#effects.push({ kind: "send", to, packet: { clusterId: this.#config.cluster, kind: "hello", hello: this.#bootstrap.hello() } });
  }

  #onPacket(packet: Packet): void {
    switch (packet.kind) {
      case "hello":
        this.#bootstrap.receive(packet.hello);
        // Somebody who starts needs our word; two running nodes have nothing to say to each other here.
        if (!packet.hello.initialised && this.clusterUuid !== null && packet.hello.node !== this.#config.node) this.#sendHello(packet.hello.node);
        return;
      case "raft":
        if (packet.clusterId === this.clusterUuid) this.#raftInputs.push({ kind: "message", message: packet.message });
        return;
      case "propose":
        if (packet.clusterId === this.clusterUuid && this.#status.role === "leader") this.#raftInputs.push({ kind: "propose", data: packet.data });
        return;
    }
  }

  #onMembership(report: MembershipReport, time: Time): void {
    this.#report = report;
    this.#alone.onQuorum(report.connectedQuorum);
    this.#considerLeader(report, time);
    this.#dc.onMembership(report, time);
  }

  /** The verdict "leader dead" makes followers campaign at once, staggered by rank among those that live. */
  #considerLeader(report: MembershipReport, time: Time): void {
    const { leader, role } = this.#status;
    if (leader === null || role === "leader" || this.clusterUuid === null) return;
    const peer = report.peers.find(({ node }) => node === leader);
    if (peer === undefined || !peer.majoritySuspects || this.#campaignAtMs !== null) return;
    const alive = [report.node, ...report.peers.filter(({ state }) => state === "alive").map(({ node }) => node)].sort();
    this.#campaignAtMs = time.nowMs + alive.indexOf(report.node) * this.#config.campaignStaggerMs;
    this.#raftInputs.push({ kind: "peerDead", node: leader });
    if (this.#campaignAtMs <= time.nowMs) {
      this.#campaignAtMs = null;
      this.#raftInputs.push({ kind: "campaign" });
    }
  }

  /** What clients write is checked here: an entry that cannot be written, or sent, would end this process and then every leader that has it. */
  #refuse(requestId: string, command: RequestCommand): boolean {
    const message = this.#flawOf(command);
    if (message !== null) this.#effects.push({ kind: "answer", answer: { requestId, outcome: { index: 0, error: { code: "QUORATE_WIRE_INVALID", message }, events: [] } } });
    return message !== null;
  }

  #flawOf(command: RequestCommand): string | null {
    try {
      const { byteLength } = this.#codec.encode(command);
      return byteLength > REQUEST_BYTES_MAX ? `the change is ${byteLength} bytes long; ${REQUEST_BYTES_MAX} is the most` : null;
    } catch (error) {
      if (error instanceof QuorateError && error.code === "QUORATE_WIRE_INVALID") return error.message;
      throw error;
    }
  }

  /** Cursors are sent once and not waited for: a lost one costs a repeated delivery, never a lost event. */
  #forwardCursor(requestId: string, command: Command): void {
    const { leader } = this.#status;
    const error = leader === null ? { code: "QUORATE_NO_QUORUM", message: "there is no leader to take the cursor" } : null;
    this.#forward(leader === null ? [] : [command]);
    this.#effects.push({ kind: "answer", answer: { requestId, outcome: { index: 0, error, events: [] } } });
  }

  #forward(commands: readonly Command[]): void {
    if (commands.length === 0 || this.clusterUuid === null) return;
    const data = commands.map((command) => this.#codec.encode(command));
    if (this.#status.role === "leader") this.#raftInputs.push({ kind: "propose", data });
    else if (this.#status.leader !== null) this.#effects.push({ kind: "send", to: this.#status.leader, packet: { clusterId: this.clusterUuid, kind: "propose", from: this.#config.node, data } });
  }

  #perform(ready: Ready, time: Time): void {
    const { hardState, append } = ready;
    // A commit index alone need not be durable (see @quorate/raft): it is written with the next thing that must be.
    if (append.length > 0 || (hardState !== null && (hardState.term !== this.#saved.term || hardState.votedFor !== this.#saved.votedFor))) {
      this.#saved = hardState ?? this.#unsaved ?? this.#saved;
      this.#unsaved = null;
      this.#effects.push({ kind: "persist", hardState: this.#saved, append, identity: null });
    } else if (hardState !== null) {
      this.#unsaved = hardState;
    }
    for (const message of ready.messages) this.#effects.push({ kind: "send", to: message.to, packet: { clusterId: this.clusterUuid!, kind: "raft", message } });
    if (ready.status !== null) this.#onStatus(ready.status);
    for (const entry of ready.committed) this.#apply(entry, time);
    this.#rejected.push(...ready.rejected);
  }

  #onStatus(status: RaftStatus): void {
    this.#status = status;
    if (status.leader !== null) this.#campaignAtMs = null;
    if (status.role !== "leader" && this.#dc.leading) this.#dc.stepDown();
    this.#effects.push({ kind: "raftStatus", status });
    this.#seed();
  }

  #apply(entry: Entry, time: Time): void {
    assert(entry.index === this.replica.applied + 1, `entry ${entry.index} follows ${this.replica.applied}`);
    if (entry.data.length === 0) {
      this.replica.applied = entry.index;
    } else {
      const command = this.#codec.decode(entry.data);
      const outcome = applyCommand(this.replica, entry.index, command);
      if (outcome.events.length > 0) this.#effects.push({ kind: "events", events: outcome.events });
      if ("requestId" in command && this.#requests.done(command.requestId)) this.#effects.push({ kind: "answer", answer: { requestId: command.requestId, outcome } });
      if (this.#dc.leading) this.#dc.onApplied(entry.index, command, outcome, time);
      if (command.kind === "view") this.#seed();
    }
    if (this.#status.role === "leader" && entry.term === this.#status.term && !this.#dc.leading) this.#takeOver(entry.term, time);
  }

  #takeOver(term: number, time: Time): void {
    this.#dc.lead(term, time);
    if (this.replica.lastChange.atMs > 0) return;
    const { node } = this.#config;
    const operation = { kind: "replace", section: "all", xml: this.#config.initialCib ?? serializeCib(this.replica.cib), force: true } as const;
    this.#requests.add(INITIAL_CIB_REQUEST, { kind: "cib", atMs: time.wallMs, requestId: INITIAL_CIB_REQUEST, by: `the initial CIB of ${node}`, operation }, time.nowMs);
    this.#forward(this.#requests.due(time.nowMs, node));
  }

  #seed(): void {
    const members = this.#status.leader === null ? [] : this.replica.view.members.map(({ node }) => node);
    const text = members.join(" ");
    if (members.length === 0 || text === this.#seeded) return;
    this.#seeded = text;
    this.#effects.push({ kind: "seed", members });
  }

  /** Proposals become inputs of the next step; everything else goes out now. */
  #collect(): void {
    for (const effect of [...this.#dc.drain(), ...this.#alone.drain()]) {
      if (effect.kind === "transferLeadership") this.#raftInputs.push({ kind: "transfer", to: effect.to });
      else if (effect.kind !== "propose") this.#effects.push(effect);
      else if (this.#rejected.length > 0) this.#rejected.push(this.#codec.encode(effect.command)); // not before what waits: reports of one executor are a sequence
      else this.#raftInputs.push({ kind: "propose", data: [this.#codec.encode(effect.command)] });
    }
  }
}
