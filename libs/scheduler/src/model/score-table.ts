/**
 * The nodes a resource is allowed on, with their scores. Nodes are dense integers (`Node.index`), so a table is two
 * typed arrays; a node that is not listed cannot be used unless something adds it.
 */
import { addScores } from "./score.ts";

/** How a resource is looked for on a node it is not known on; a higher value wins. */
export const DISCOVERY = { always: 0, never: 1, exclusive: 2 } as const;
export type Discovery = (typeof DISCOVERY)[keyof typeof DISCOVERY];

export class ScoreTable {
  #scores: Int32Array;
  #listed: Uint8Array;
  #discovery: Uint8Array;

  constructor(nodeCount: number) {
    this.#scores = new Int32Array(nodeCount);
    this.#listed = new Uint8Array(nodeCount);
    this.#discovery = new Uint8Array(nodeCount);
  }

  has(node: number): boolean {
    return this.#listed[node] === 1;
  }

  /** 0 for a node that is not listed: ask `has` first where it matters. */
  get(node: number): number {
    return this.#scores[node] ?? 0;
  }

  set(node: number, score: number): void {
    this.#reserve(node);
    this.#listed[node] = 1;
    this.#scores[node] = score;
  }

  /** Adds to the node's score; one that is not listed starts from `base`. */
  add(node: number, score: number, base: number): void {
    this.set(node, addScores(this.has(node) ? this.get(node) : base, score));
  }

  discovery(node: number): Discovery {
    return (this.#discovery[node] ?? 0) as Discovery;
  }

  strengthenDiscovery(node: number, mode: Discovery): void {
    this.#reserve(node);
    if (mode > this.discovery(node)) this.#discovery[node] = mode;
  }

  /** Numbers of the listed nodes, ascending. */
  listed(): readonly number[] {
    const nodes: number[] = [];
    for (let node = 0; node < this.#listed.length; node++) if (this.#listed[node] === 1) nodes.push(node);
    return nodes;
  }

  copy(): ScoreTable {
    const other = new ScoreTable(0);
    other.#scores = this.#scores.slice();
    other.#listed = this.#listed.slice();
    other.#discovery = this.#discovery.slice();
    return other;
  }

  #reserve(node: number): void {
    if (node < this.#scores.length) return;
    this.#scores = grown(this.#scores, new Int32Array(node + 1));
    this.#listed = grown(this.#listed, new Uint8Array(node + 1));
    this.#discovery = grown(this.#discovery, new Uint8Array(node + 1));
  }
}

function grown<T extends Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
