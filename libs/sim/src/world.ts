/** A simulated cluster: nodes, network, power, clock and chance, all from one seed. */
import type { OutgoingRequest, Packet, Time } from "@quorate/controller";
import { type NodeName, Prng } from "@quorate/core";
import type { ExecutorReport, ExecutorRequest } from "@quorate/execution";
import type { FenceReply, FenceRequest } from "@quorate/fencing";
import type { MembershipEffect } from "@quorate/membership";
import { Checker, Violation, WALL_START_MS } from "./checker.ts";
import { simulatedCib } from "./cluster-cib.ts";
import { EventQueue } from "./event-queue.ts";
import type { Mutation } from "./mutation.ts";
import { Network } from "./network.ts";
import { PowerDevice } from "./power.ts";
import { SimNode } from "./sim-node.ts";

const NOTES_MAX = 400;
/** Five nodes that talk as they should make about a thousand. */
const STORM = 20_000;
/** The gateway's request is given up this long after its own budget. */
const FENCE_SLACK_MS = 1_000;

export interface WorldOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly groups: number;
  readonly mutation: Mutation | null;
}

export class World {
  readonly queue: EventQueue = new EventQueue();
  readonly prng: Prng;
  readonly network: Network;
  readonly names: readonly NodeName[];
  readonly nodes: ReadonlyMap<NodeName, SimNode>;
  readonly power: PowerDevice;
  readonly checker: Checker;
  readonly cibText: string;
  readonly groups: number;
  /** What happened, for a failing seed. The last ones are kept. */
  readonly notes: string[] = [];
  /** In thousandths: an agent's start or stop fails. */
  agentFaults = 0;
  /** What a scenario does the moment a node becomes leader, before anything it sends then is on its way. */
  onLeader: (node: NodeName) => void = () => {};
  /** A node that the fence device switched off comes back after this long; null: somebody else sees to it. */
  repairMs: { readonly least: number; readonly most: number } | null = null;
  readonly #mutation: Mutation | null;
  #number = 0;

  constructor({ seed, nodes, groups, mutation }: WorldOptions) {
    this.prng = new Prng(seed);
    this.#mutation = mutation;
    this.groups = groups;
    this.names = Array.from({ length: nodes }, (_, index) => `n${index + 1}`);
    this.cibText = simulatedCib({ nodes: this.names, groups });
    this.network = new Network(this.queue, this.prng);
    this.nodes = new Map(this.names.map((name) => [name, new SimNode(name, this, this.prng)]));
    this.checker = new Checker({ now: () => this.queue.nowMs, nodes: () => [...this.nodes.values()] });
    const node = (name: NodeName): SimNode => this.nodes.get(name)!;
    this.power = new PowerDevice(this.queue, this.prng, { powered: (name) => node(name).powered, off: (name) => this.#switchOff(node(name)), on: (name) => node(name).powerOn() });
  }

  time(): Time {
    return { nowMs: this.queue.nowMs, wallMs: WALL_START_MS + Math.floor(this.queue.nowMs) };
  }

  nextNumber(): number {
    this.#number += 1;
    return this.#number;
  }

  mutated(mutation: Mutation): boolean {
    return this.#mutation === mutation;
  }

  note(text: string): void {
    this.notes.push(`${this.queue.nowMs.toFixed(0).padStart(7)} ${text}`);
    if (this.notes.length > 2 * NOTES_MAX) this.notes.splice(0, NOTES_MAX);
  }

  /** Runs until the virtual time `untilMs`. More than `STORM` happenings in a second are messages that breed messages. */
  run(untilMs: number): void {
    let secondEndsMs = this.queue.nowMs + 1_000;
    let happened = 0;
    while (this.queue.next(untilMs)) {
      happened += 1;
      if (happened > STORM) throw new Violation(`storm: ${STORM} happenings within ${Math.round(this.queue.nowMs - secondEndsMs + 1_000)} ms`);
      if (this.queue.nowMs < secondEndsMs) continue;
      secondEndsMs = this.queue.nowMs + 1_000;
      happened = 0;
    }
    this.queue.nowMs = Math.max(this.queue.nowMs, untilMs);
  }

  /** An exit code that an agent gives instead of working; null: it works. */
  agentFault(task: string): number | null {
    return task === "start" && this.prng.below(1_000) < this.agentFaults ? 1 : null;
  }

  sendBeat(from: NodeName, { to, link, beat }: Extract<MembershipEffect, { kind: "sendBeat" }>): void {
    this.network.send(from, to, () => this.nodes.get(to)!.onBeat(link, beat));
  }

  sendPacket(from: NodeName, to: NodeName, packet: Packet): void {
    this.checker.sent(packet);
    this.network.send(from, to, () => this.nodes.get(to)!.onPacket(packet));
  }

  sendReport(from: NodeName, to: NodeName, report: ExecutorReport): void {
    this.network.send(from, to, () => this.nodes.get(to)!.onInput({ kind: "executorReport", report }));
  }

  sendExecutorRequest(from: NodeName, { node, token, request }: OutgoingRequest): void {
    if (this.mutated("start-before-claim") && request.kind === "claim") return this.#forgeClaim(from, { node, token, request });
    const target = this.nodes.get(node)!;
    const { engine } = this.nodes.get(from)!;
    if (engine !== null) this.checker.commanded(node, request, engine.replica);
    const deliver = (): void =>
      target.onExecutorRequest(request, (reply) => {
        const passedBy = request.kind === "execute" && reply.kind === "refused" && (this.mutated("start-before-claim") || (this.mutated("stale-term-obeyed") && reply.reason === "stale-authority"));
        if (passedBy) target.forceRun(request.operation, request.authority);
        this.network.send(node, from, () => this.nodes.get(from)!.onInput({ kind: "executorReply", node, token, reply }), "command");
      });
    this.network.send(from, node, deliver, "command");
  }

  sendFenceRequest(from: NodeName, gateway: NodeName, request: FenceRequest): void {
    let answered = false;
    const answer = (reply: FenceReply): void => {
      if (answered) return;
      answered = true;
      this.note(`fence ${request.target ?? ""} via ${gateway}: ${reply.outcome} (${reply.detail})`);
      const target = request.target === null ? undefined : this.nodes.get(request.target);
      if (reply.outcome === "succeeded" && target !== undefined && !this.mutated("fence-timeout-is-success")) this.checker.fenced(target, request.targetBootId);
      this.nodes.get(from)!.onInput({ kind: "fenceReply", reply });
    };
    const deliver = (): void => this.nodes.get(gateway)!.onFenceRequest(request, (reply) => this.network.send(gateway, from, () => answer(reply), "command"));
    this.network.send(from, gateway, deliver, "command");
    this.queue.after(request.timeoutMs + FENCE_SLACK_MS, () => answer({ fenceId: request.fenceId, outcome: "unknown", device: null, detail: "no answer", powered: null, targets: [], elapsedMs: 0 }));
  }

  /** A fault of the program: the DC goes on as if the executor had answered. */
  #forgeClaim(from: NodeName, { node, token, request: { authority } }: { node: NodeName; token: number; request: Extract<ExecutorRequest, { kind: "claim" }> }): void {
    const { session, bootId } = this.nodes.get(node)!;
    if (session === null) return;
    this.queue.after(0.2, () => this.nodes.get(from)!.onInput({ kind: "executorReply", node, token, reply: { kind: "claimed", node, bootId, session, authority, history: [], inFlight: [] } }));
  }

  #switchOff(node: SimNode): void {
    this.note(`power off ${node.name}`);
    node.powerOff();
    if (this.repairMs !== null) this.queue.after(this.repairMs.least + this.prng.below(this.repairMs.most - this.repairMs.least), () => node.powerOn());
  }
}
