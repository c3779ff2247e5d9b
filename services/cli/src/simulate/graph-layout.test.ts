/** Properties of the picture, on random graphs: arrows point down, boxes keep apart, nothing that says something is left out. */
import { Prng } from "@quorate/core";
import type { Action, ActionId, Graph } from "@quorate/transition";
import { expect, test } from "vitest";
import { type Layout, layoutGraph } from "./graph-layout.ts";
import { parseOperationSpec } from "./op-spec.ts";

const SIZES = { width: (id: ActionId): number => 60 + 10 * (id % 5), height: 40, columnGap: 20, layerGap: 40, margin: 10 };

function graphOf(after: readonly (readonly ActionId[])[]): Graph {
  const actions = after.map((list, id): Action => ({
    id, kind: "pseudo", task: "start", key: `a${id}`, node: null, resource: null, intervalMs: 0, timeoutMs: 0, targetRc: 0, canFail: false, priority: 0, parameters: {}, meta: {}, agent: null, after: list, reason: "",
  }));
  return { actions, batchLimit: 0, recheckAtMs: null };
}

function place(layout: Layout, id: ActionId): { x: number; y: number } {
  const found = layout.places.get(id);
  if (found === undefined) throw new Error(`no place for ${id}`);
  return found;
}

test.each(Array.from({ length: 60 }, (_, seed) => seed))("seed %i", (seed) => {
  const random = new Prng(seed);
  const after = Array.from({ length: 1 + random.below(25) }, (_, id) => Array.from({ length: id }, (__, first) => first).filter(() => random.below(5) === 0));
  const layout = layoutGraph(graphOf(after), SIZES);
  after.forEach((list, id) => list.forEach((first) => expect(place(layout, first).y).toBeLessThan(place(layout, id).y)));
  for (const [id, own] of layout.places) {
    expect(own.x - SIZES.width(id) / 2).toBeGreaterThanOrEqual(SIZES.margin - 0.01);
    expect(own.x + SIZES.width(id) / 2).toBeLessThanOrEqual(layout.width - SIZES.margin + 0.01);
    for (const [other, place2] of layout.places) {
      if (other <= id || place2.y !== own.y) continue;
      expect(Math.abs(own.x - place2.x)).toBeGreaterThanOrEqual((SIZES.width(id) + SIZES.width(other)) / 2 + SIZES.columnGap - 0.01);
    }
  }
  expect(reachable(after.length, layout.arrows.map(({ from, to }) => [from, to]))).toStrictEqual(reachable(after.length, after.flatMap((list, to) => list.map((from): [number, number] => [from, to]))));
});

/** `from to` for every pair with a way from one to the other. */
function reachable(count: number, edges: readonly (readonly [number, number])[]): string[] {
  const ways = new Set<string>();
  const walk = (from: number, at: number): void => edges.forEach(([a, b]) => {
    if (a !== at || ways.has(`${from} ${b}`)) return;
    ways.add(`${from} ${b}`);
    walk(from, b);
  });
  for (let from = 0; from < count; from += 1) walk(from, from);
  return [...ways].sort();
}

test("what is implied has no arrow", () => {
  const layout = layoutGraph(graphOf([[], [0], [0, 1]]), SIZES);
  expect(layout.arrows.map(({ from, to }) => [from, to])).toStrictEqual([[0, 1], [1, 2]]);
});

test("a cycle is drawn without the arrow that would close it; nothing at all is a picture too", () => {
  expect(layoutGraph(graphOf([[1], [0]]), SIZES).places.size).toBe(2);
  expect(layoutGraph(graphOf([]), SIZES).places.size).toBe(0);
});

test.each([
  ["web_monitor_10000@node1.example.com=7", { resource: "web", task: "monitor", intervalMs: 10_000, node: "node1.example.com", rc: 7 }],
  ["my_web:0_stop_0@n=1", { resource: "my_web:0", task: "stop", intervalMs: 0, node: "n", rc: 1 }],
  ["vm_migrate_to_0@n=1", { resource: "vm", task: "migrate_to", intervalMs: 0, node: "n", rc: 1 }],
  ["vm_migrate_from_0@n=1", { resource: "vm", task: "migrate_from", intervalMs: 0, node: "n", rc: 1 }],
  ["web_monitor@n=7", null], ["monitor_0@n=7", null], ["web_start_0@n", null], ["web_start_0@n=x", null],
])("%s", (text, want) => expect(parseOperationSpec(text)).toStrictEqual(want === null ? null : { text, ...want }));
