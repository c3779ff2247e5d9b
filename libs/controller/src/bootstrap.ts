/**
 * Starting a cluster for the first time without ever starting two. Every store draws an identity when it is made. A
 * voter takes part in elections only when its identity is in the roster, and the roster is fixed when all configured
 * voters were heard with empty stores and the same configuration. A store that was wiped has a new identity, is not in
 * the roster, and so can never vote twice in one term. Source: ARCHITECTURE D1 "Bootstrap".
 */
import type { NodeName } from "@quorate/core";

/** What a node says of its store until the cluster runs, and to anyone who asks. */
export interface Hello {
  readonly node: NodeName;
  /** Identity of the store, drawn at random when it was made. */
  readonly storeId: string;
  readonly initialised: boolean;
  /** Hash over the node list and the cluster's name. */
  readonly configHash: string;
  readonly clusterUuid: string | null;
  /** Identity of every voter's store; null before the cluster was made. */
  readonly roster: Readonly<Record<NodeName, string>> | null;
}

/** What the store keeps of it. */
export interface StoredIdentity {
  readonly storeId: string;
  readonly clusterUuid: string | null;
  readonly roster: Readonly<Record<NodeName, string>> | null;
}

export type BootstrapStep =
  | { readonly kind: "waiting"; readonly why: string }
  /** Make this durable, then start. */
  | { readonly kind: "initialise"; readonly identity: StoredIdentity }
  | { readonly kind: "refused"; readonly why: string };

export class Bootstrap {
  readonly #node: NodeName;
  readonly #voters: readonly NodeName[];
  readonly #configHash: string;
  readonly #hash: (text: string) => string;
  #identity: StoredIdentity;
  readonly #heard = new Map<NodeName, Hello>();

  /** `hash`: any stable digest; names the cluster after its roster. */
  constructor(options: { node: NodeName; voters: readonly NodeName[]; configHash: string; identity: StoredIdentity; hash: (text: string) => string }) {
    this.#node = options.node;
    this.#voters = [...options.voters].sort();
    this.#configHash = options.configHash;
    this.#identity = options.identity;
    this.#hash = options.hash;
  }

  get clusterUuid(): string | null {
    return this.#identity.clusterUuid;
  }

  hello(): Hello {
    const { storeId, clusterUuid, roster } = this.#identity;
    return { node: this.#node, storeId, initialised: clusterUuid !== null, configHash: this.#configHash, clusterUuid, roster };
  }

  /** The identity was made durable. */
  initialised(identity: StoredIdentity): void {
    this.#identity = identity;
  }

  /** Takes a hello of another node and says what follows. Nothing once the cluster runs here. */
  receive(hello: Hello): BootstrapStep {
    if (this.#voters.includes(hello.node) && hello.node !== this.#node) this.#heard.set(hello.node, hello);
    return this.step();
  }

  step(): BootstrapStep {
    if (this.#identity.clusterUuid !== null) return { kind: "waiting", why: "the cluster runs" };
    const running = [...this.#heard.values()].find(({ initialised }) => initialised);
    if (running !== undefined) return this.#join(running);
    const missing = this.#voters.filter((node) => node !== this.#node && !this.#heard.has(node));
    if (missing.length > 0) return { kind: "waiting", why: `first start: not heard yet: ${missing.join(", ")}` };
    const other = [...this.#heard.values()].filter(({ configHash }) => configHash !== this.#configHash).map(({ node }) => node);
    if (other.length > 0) return { kind: "waiting", why: `first start: another node list or cluster name on ${other.sort().join(", ")}; make the configurations equal` };
    const roster: Record<NodeName, string> = {};
    for (const node of this.#voters) roster[node] = node === this.#node ? this.#identity.storeId : this.#heard.get(node)!.storeId;
    return { kind: "initialise", identity: this.#withRoster(roster) };
  }

  /** Somebody fixed the roster already; this store belongs to the cluster only if its identity stands there. */
  #join(running: Hello): BootstrapStep {
    if (running.roster?.[this.#node] === this.#identity.storeId) return { kind: "initialise", identity: this.#withRoster(running.roster) };
    return {
      kind: "refused",
      why: `the cluster ${running.clusterUuid ?? "?"} exists and knows another store of ${this.#node}: this one is empty or was replaced. It must not vote; bring the old store back, or rebuild the cluster's node list`,
    };
  }

  #withRoster(roster: Readonly<Record<NodeName, string>>): StoredIdentity {
    const text = [this.#configHash, ...this.#voters.map((node) => `${node}=${roster[node] ?? ""}`)].join("\n");
    return { storeId: this.#identity.storeId, clusterUuid: this.#hash(text), roster };
  }
}
