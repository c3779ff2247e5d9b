/**
 * The order in which the reference meets the nodes of a score table when nothing else tells them apart: that of its hash
 * table, which depends on the ids alone (2-assignment A9).
 */
import type { Node } from "../model/node.ts";

const SIZE_MIN = 8;

/** Largest prime below each size, by its power of two: sizes 8, 16, 32 ... */
const PRIMES: readonly number[] = [7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381];

/** `nodes` in the order in which they were put into the table. */
export function inHashOrder(nodes: readonly Node[]): Node[] {
  let size = SIZE_MIN;
  let slots: (Node | undefined)[] = Array.from({ length: size }, () => undefined);
  let count = 0;
  for (const node of nodes) {
    put(slots, node);
    count++;
    if (size > count + Math.floor(count / 16)) continue;
    for (size = SIZE_MIN; size <= Math.floor(count * 1.333);) size *= 2;
    const old = slots;
    slots = Array.from({ length: size }, () => undefined);
    for (const kept of old) if (kept !== undefined) put(slots, kept);
  }
  return slots.filter((node) => node !== undefined);
}

function put(slots: (Node | undefined)[], node: Node): void {
  let slot = startSlot(node.id, slots.length);
  for (let step = 1; slots[slot] !== undefined; step++) slot = (slot + step) % slots.length;
  slots[slot] = node;
}

function startSlot(id: string, size: number): number {
  let hash = 0;
  for (let at = 0; at < id.length; at++) hash = (Math.imul(hash, 31) + id.charCodeAt(at)) >>> 0;
  const prime = PRIMES[Math.log2(size / SIZE_MIN)] ?? size - 1;
  return (Math.imul(hash, 11) >>> 0) % prime;
}
