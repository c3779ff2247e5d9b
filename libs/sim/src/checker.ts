/** The safety invariants of ARCHITECTURE section 5, looked at whenever something happens. The first violation ends the run. */
import type { Engine } from "@quorate/controller";
import { type Authority, type ClusterEvent, type NodeName, compareAuthority } from "@quorate/core";
import type { Operation } from "@quorate/execution";
import type { MembershipReport } from "@quorate/membership";
import type { SimNode } from "./sim-node.ts";

export class Violation extends Error {
  override readonly name = "Violation";
}

/** Suspicion that is older than this does not carry a view any more. */
const SUSPICION_MEMORY_MS = 5_000;
const MAY_ALONE: ReadonlySet<string> = new Set(["stop", "demote", "monitor"]);

export class Checker {
  readonly #now: () => number;
  readonly #nodes: () => readonly SimNode[];
  readonly #leaders = new Map<number, NodeName>();
  /** Committed entries by index, as the first node applied them. */
  readonly #log = new Map<number, string>();
  readonly #claimed = new Map<NodeName, Authority>();
  /** `observer>target` -> when it was last suspected. */
  readonly #suspected = new Map<string, number>();
  #eventsSeen = 0;

  constructor(options: { now: () => number; nodes: () => readonly SimNode[] }) {
    this.#now = options.now;
    this.#nodes = options.nodes;
  }

  get entries(): number {
    return this.#log.size;
  }

  /** Invariant 1: at most one leader per term. */
  afterEngineStep(node: NodeName, engine: Engine): void {
    const { role, term } = engine.raftStatus;
    if (role !== "leader") return;
    const known = this.#leaders.get(term);
    if (known === undefined) this.#leaders.set(term, node);
    else if (known !== node) throw new Violation(`invariant 1: ${known} and ${node} both lead term ${term}`);
  }

  /** Invariant 1: a committed entry is never lost or changed. */
  applied(node: NodeName, index: number, text: string): void {
    const known = this.#log.get(index);
    if (known === undefined) this.#log.set(index, text);
    else if (known !== text) throw new Violation(`invariant 1: entry ${index} is ${text} on ${node}, and was ${known}`);
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

  claimed(node: NodeName, authority: Authority): void {
    const known = this.#claimed.get(node);
    if (known === undefined || compareAuthority(authority, known) > 0) this.#claimed.set(node, authority);
  }

  /** Invariant 4: nothing is done in the name of an authority that did not claim, or that is older than one that did. */
  spawned(node: NodeName, { operation, authority }: { readonly operation: Operation; readonly authority: Authority }): void {
    if (operation.transitionKey.includes("alone-")) {
      if (!MAY_ALONE.has(operation.task)) throw new Violation(`invariant 4: ${operation.task} of ${operation.resource} on ${node} without quorum`);
      return;
    }
    const claimed = this.#claimed.get(node);
    if (claimed === undefined || compareAuthority(authority, claimed) !== 0) {
      throw new Violation(`invariant 4: ${operation.task} of ${operation.resource} on ${node} for term ${authority.term} view ${authority.view}, claimed is ${claimed?.term ?? 0} view ${claimed?.view ?? 0}`);
    }
  }

  suspicions(observer: NodeName, report: MembershipReport): void {
    for (const { node, state } of report.peers) if (state === "suspected") this.#suspected.set(`${observer}>${node}`, this.#now());
  }

  /** A node is declared lost for its silence only when more than half of the voters found it silent. Looks at each event once. */
  events(events: readonly ClusterEvent[]): void {
    for (const event of events) {
      if (event.index <= this.#eventsSeen) continue;
      if (event.type === "node.lost" && event.message.includes("silent on") && event.node !== null) this.#checkLoss(event.node);
    }
    this.#eventsSeen = Math.max(this.#eventsSeen, ...events.map(({ index }) => index));
  }

  /** Invariant 3: what is said to be fenced is off, or runs a new life. */
  fenced(node: SimNode, bootId: string | null): void {
    if (node.powered && node.bootId === bootId) throw new Violation(`invariant 3: fencing of ${node.name} is said to have succeeded, and it runs on`);
  }

  #checkLoss(node: NodeName): void {
    const names = this.#nodes().map(({ name }) => name);
    const since = this.#now() - SUSPICION_MEMORY_MS;
    const witnesses = names.filter((observer) => (this.#suspected.get(`${observer}>${node}`) ?? Number.NEGATIVE_INFINITY) >= since);
    if (witnesses.length * 2 <= names.length) throw new Violation(`${node} was declared lost on the word of ${witnesses.join(", ")} alone`);
  }
}
