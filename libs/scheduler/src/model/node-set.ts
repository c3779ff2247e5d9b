/** A set of nodes by `Node.index`: dense numbers, asked for far more often than changed. */
export class NodeSet {
  #members: Uint8Array;
  #size = 0;

  constructor(nodeCount: number) {
    this.#members = new Uint8Array(nodeCount);
  }

  get size(): number {
    return this.#size;
  }

  has(node: number): boolean {
    return this.#members[node] === 1;
  }

  add(node: number): void {
    if (this.has(node)) return;
    if (node >= this.#members.length) {
      const grown = new Uint8Array(node + 1);
      grown.set(this.#members);
      this.#members = grown;
    }
    this.#members[node] = 1;
    this.#size += 1;
  }
}
