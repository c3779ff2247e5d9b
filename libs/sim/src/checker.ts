/** The safety invariants of ARCHITECTURE section 5, looked at whenever something happens. The first violation ends the run. */
import { type Command, type Engine, type Packet, type Replica, activeOn, replicaDigest } from "@quorate/controller";
import { type Authority, type BootId, type ClusterEvent, type NodeName, compareAuthority } from "@quorate/core";
import type { ExecutorRequest, Operation } from "@quorate/execution";
import type { MembershipReport } from "@quorate/membership";
import type { SimNode } from "./sim-node.ts";

export class Violation extends Error {
  override readonly name = "Violation";
}

/** Wall time at virtual time 0. */
export const WALL_START_MS = 1_700_000_000_000;
/** Suspicion that is older than this does not carry a view any more. */
const SUSPICION_MEMORY_MS = 5_000;
/** From the gate's answer to the run of the agent, a disk write in between. */
const SPAWN_LAG_MS = 200;
/** Replicas are compared at every so many entries. */
const COMPARE_EVERY = 8;
const MAY_ALONE: ReadonlySet<string> = new Set(["stop", "demote", "monitor"]);

export class Checker {
  readonly #now: () => number;
  readonly #nodes: () => readonly SimNode[];
  readonly #leaders = new Map<number, NodeName>();
  /** `voter/term` -> the candidate it voted for. */
  readonly #votes = new Map<string, NodeName>();
  /** Committed entries by index, as the first node applied them. */
  readonly #log = new Map<number, string>();
  readonly #digests = new Map<number, string>();
  readonly #events = new Map<string, string>();
  readonly #sentences = new Map<string, { readonly target: NodeName; readonly bootId: BootId | null }>();
  readonly #claimed = new Map<NodeName, Authority>();
  /** `observer>target` -> when it was last suspected. */
  readonly #suspected = new Map<string, number>();

  constructor(options: { now: () => number; nodes: () => readonly SimNode[] }) {
    this.#now = options.now;
    this.#nodes = options.nodes;
  }

  get entries(): number {
    return this.#log.size;
  }

  /** Invariant 1: at most one leader per term. True when the node has just become one. */
  afterEngineStep(node: NodeName, engine: Engine): boolean {
    const { role, term } = engine.raftStatus;
    if (role !== "leader") return false;
    const known = this.#leaders.get(term);
    this.#leaders.set(term, known ?? node);
    if (known !== undefined && known !== node) throw new Violation(`invariant 1: ${known} and ${node} both lead term ${term}`);
    return known === undefined;
  }

  /** Invariant 1: at most one vote per node and term. */
  sent(packet: Packet): void {
    if (packet.kind !== "raft" || packet.message.kind !== "voteReply" || !packet.message.granted) return;
    const { from, to, term } = packet.message;
    const known = this.#votes.get(`${from}/${term}`) ?? to;
    if (known !== to) throw new Violation(`invariant 1: ${from} voted for ${known} and for ${to} in term ${term}`);
    this.#votes.set(`${from}/${term}`, to);
  }

  /** Invariant 1: a committed entry is never lost or changed, and replicas that applied the same entries are equal. Called before `index` is applied. */
  applying(node: NodeName, { index, command, text, replica }: { index: number; command: Command; text: string; replica: Replica }): void {
    const known = this.#log.get(index);
    if (known === undefined) {
      this.#log.set(index, text);
      this.#committed(command);
    } else if (known !== text) throw new Violation(`invariant 1: entry ${index} is ${text} on ${node}, and was ${known}`);
    if (index % COMPARE_EVERY === 0) this.#compare(node, replica);
  }

  #compare(node: NodeName, replica: Replica): void {
    const { applied, nodes, fences, fencedBootIds, cursors, displaced, requests } = replica;
    const digest = `${replicaDigest(replica)} ${JSON.stringify([[...nodes], fences, [...fencedBootIds], [...cursors], [...displaced], [...requests]])}`;
    const known = this.#digests.get(applied);
    if (known === undefined) this.#digests.set(applied, digest);
    else if (known !== digest) throw new Violation(`invariant 1: at entry ${applied} the replica of ${node} is ${digest}, and elsewhere ${known}`);
  }

  /** Invariant 3: what the log calls fenced is off, or runs a new life. */
  #committed(command: Command): void {
    if (command.kind === "fenceStarted") this.#sentences.set(command.fenceId, command);
    if (command.kind !== "fenceEnded" || command.outcome !== "succeeded") return;
    const sentence = this.#sentences.get(command.fenceId);
    const node = this.#nodes().find(({ name }) => name === sentence?.target);
    if (sentence !== undefined && node?.powered === true && node.bootId === sentence.bootId) {
      throw new Violation(`invariant 3: fencing of ${node.name} is in the log as succeeded, and it runs on`);
    }
  }

  /** Invariant 2: an exclusive resource runs on at most one node, whatever anybody believes. */
  activity(): void {
    const where = new Map<string, NodeName>();
    for (const node of this.#nodes()) {
      if (!node.powered) continue;
      for (const resource of node.active) {
        if (resource.startsWith("pdu")) continue;
        const other = where.get(resource);
        if (other !== undefined) throw new Violation(`invariant 2: ${resource} runs on ${other} and on ${node.name}`);
        where.set(resource, node.name);
      }
    }
  }

  /** Invariant 3, by what the DC knows: nothing starts that may run on a node which is not confirmed off. */
  commanded(to: NodeName, request: ExecutorRequest, replica: Replica): void {
    if (request.kind !== "execute" || request.operation.task !== "start" || request.operation.agent.class === "stonith") return;
    const { resource } = request.operation;
    for (const node of activeOn(replica, resource)) {
      const condition = replica.nodes.get(node)?.condition;
      if (node !== to && (condition === "lost" || condition === "fencing")) throw new Violation(`invariant 3: start of ${resource} on ${to} while ${node}, where it ran, is ${condition}`);
    }
  }

  claimed(node: NodeName, authority: Authority): void {
    const known = this.#claimed.get(node);
    if (known === undefined || compareAuthority(authority, known) > 0) this.#claimed.set(node, authority);
  }

  /**
   * Invariant 4: nothing is done in the name of an authority that did not claim, or that is older than one that did; without connected
   * quorum a node only stops and looks; operations on one resource never overlap on a node.
   */
  spawned(node: SimNode, { operation, authority }: { readonly operation: Operation; readonly authority: Authority }): void {
    const what = `${operation.task} of ${operation.resource} on ${node.name}`;
    const busy = node.runningOn(operation.resource);
    if (busy !== null) throw new Violation(`invariant 4: ${what} while ${busy} still works on it`);
    if (!MAY_ALONE.has(operation.task) && node.quorumLostForMs > SPAWN_LAG_MS) throw new Violation(`invariant 4: ${what} without quorum`);
    if (operation.transitionKey.includes("alone-")) {
      if (!MAY_ALONE.has(operation.task)) throw new Violation(`invariant 4: ${what}, decided alone`);
      return;
    }
    const claimed = this.#claimed.get(node.name);
    if (claimed === undefined || compareAuthority(authority, claimed) !== 0) {
      throw new Violation(`invariant 4: ${what} for term ${authority.term} view ${authority.view}, claimed is ${claimed?.term ?? 0} view ${claimed?.view ?? 0}`);
    }
  }

  suspicions(observer: NodeName, report: MembershipReport): void {
    for (const { node, state } of report.peers) if (state === "suspected") this.#suspected.set(`${observer}>${node}`, this.#now());
  }

  /** Invariant 6: an event is the same wherever it is derived. And a node is lost for its silence only when a majority found it silent. */
  events(events: readonly ClusterEvent[]): void {
    for (const event of events) {
      const id = `${event.index}.${event.ordinal}`;
      const text = `${event.type}: ${event.message}`;
      const known = this.#events.get(id);
      if (known !== undefined && known !== text) throw new Violation(`invariant 6: event ${id} is "${text}", and was "${known}"`);
      this.#events.set(id, text);
      if (known === undefined && event.type === "node.lost" && event.message.includes("silent on") && event.node !== null) this.#checkLoss(event.node, event.atMs - WALL_START_MS);
    }
  }

  /** Invariant 3: a gateway that says so has made sure. */
  fenced(node: SimNode, bootId: string | null): void {
    if (node.powered && node.bootId === bootId) throw new Violation(`invariant 3: fencing of ${node.name} is said to have succeeded, and it runs on`);
  }

  /** `decidedAtMs`: the entry may have been committed much later, by another leader. */
  #checkLoss(node: NodeName, decidedAtMs: number): void {
    const names = this.#nodes().map(({ name }) => name);
    const since = decidedAtMs - SUSPICION_MEMORY_MS;
    const witnesses = names.filter((observer) => (this.#suspected.get(`${observer}>${node}`) ?? Number.NEGATIVE_INFINITY) >= since);
    if (witnesses.length * 2 <= names.length) throw new Violation(`view by minority: ${node} was declared lost on the word of ${witnesses.join(", ")} alone`);
  }
}
