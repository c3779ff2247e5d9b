/** Of what a node has not enough left for some primitives. Pure. */
import { type Cib, attribute, child, descendants, readNvpairs } from "@quorate/cib";
import type { Decision } from "../types.ts";

export interface Shortage {
  /** cpu, memory ... */
  readonly amount: string;
  readonly needs: number;
  readonly left: number;
  readonly offers: number;
}

/** Sorted by name. What they take there already is not taken twice. */
export function shortagesOn(cib: Cib, { utilization, state }: Decision, { primitives, node }: { readonly primitives: readonly string[]; readonly node: string }): Shortage[] {
  if ((state.options["placement-strategy"] ?? "default") === "default") return [];
  const place = utilization?.nodes.find((one) => one.node === node);
  if (place === undefined) return [];
  const needs = new Map<string, number>();
  for (const element of descendants(child(child(cib.root, "configuration") ?? cib.root, "resources") ?? cib.root)) {
    if (element.name !== "primitive" || !primitives.includes(attribute(element, "id") ?? "")) continue;
    for (const set of element.children) if (set.name === "utilization") for (const [name, value] of readNvpairs(set)) needs.set(name, (needs.get(name) ?? 0) + (Number.parseInt(value, 10) || 0));
  }
  const own = (utilization?.resources ?? []).filter((one) => one.node === node && primitives.includes(one.resource.replace(/:\d+$/, "")));
  return [...needs].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([amount, needed]) => {
    const left = (place.left[amount] ?? 0) + own.reduce((sum, { takes }) => sum + (takes[amount] ?? 0), 0);
    return needed > left ? [{ amount, needs: needed, left, offers: place.offers[amount] ?? 0 }] : [];
  });
}
