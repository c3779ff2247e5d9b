/**
 * Capacity: what nodes offer and resources need, by name (cpu, memory ...). Amounts are 32-bit integers (2-assignment F1 to F3).
 * A name that a node does not have counts as 0.
 */
export type Capacity = Map<string, number>;

/** The leading integer; anything else is 0. */
export function parseAmount(text: string): number {
  const amount = Number(/^\s*([+-]?\d+)/.exec(text)?.[1] ?? 0);
  return Math.max(-0x8000_0000, Math.min(0x7fff_ffff, amount));
}

/** Negative when `a` has more of more things. Not a sum, and not transitive. */
export function compareCapacity(a: Capacity, b: Capacity): number {
  let difference = 0;
  for (const [name, amount] of a) difference -= Math.sign(amount - (b.get(name) ?? 0));
  for (const [name, amount] of b) if (!a.has(name)) difference += Math.sign(amount);
  return difference;
}

export interface Shortage {
  readonly name: string;
  readonly needs: number;
  readonly has: number;
}

/** The first thing of which there is not enough; null when there is room. */
export function shortageOf(free: Capacity, needed: ReadonlyMap<string, number>): Shortage | null {
  for (const [name, needs] of needed) {
    const has = free.get(name) ?? 0;
    if (needs > has) return { name, needs, has };
  }
  return null;
}

/** Takes what is needed. Something that the node does not offer at all stays at 0. */
export function takeCapacity(free: Capacity, needed: ReadonlyMap<string, number>): void {
  for (const [name, amount] of needed) free.set(name, free.has(name) ? ((free.get(name) ?? 0) - amount) | 0 : 0);
}

export function giveCapacityBack(free: Capacity, needed: ReadonlyMap<string, number>): void {
  for (const [name, amount] of needed) free.set(name, ((free.get(name) ?? 0) + amount) | 0);
}

export function addNeeds(sum: Capacity, needed: ReadonlyMap<string, number>): void {
  for (const [name, amount] of needed) sum.set(name, ((sum.get(name) ?? 0) + amount) | 0);
}
