import { Prng } from "@quorate/core";
import { expect, test } from "vitest";
import type { Action, Graph } from "./graph.ts";
import { restrictToNode } from "./restrict.ts";
import { Walk, type WalkEffect } from "./walk.ts";

// "b<a" reads "b after a"; a name that begins with "_" is a pseudo action, one with "?" may fail, "b@n2<a" runs on n2.
test.each([
  { name: "a chain runs one by one", graph: "a b<a c<b", replay: "a+ b+ c+", want: "a | b | c | complete" },
  { name: "batch limit of 2 counts actions in flight", graph: "a b c d", replay: "b+ a+ c+ d+", want: "a b | c | d |  | complete" },
  { name: "pseudo actions are passed through", graph: "a _p<a b<_p", replay: "a+ b+", want: "a | b | complete" },
  { name: "a graph of pseudo actions only is complete at once", graph: "_p _q<_p", replay: "", want: "complete" },
  { name: "an empty graph is complete at once", graph: "", replay: "", want: "complete" },
  { name: "a late second result is ignored", graph: "a b<a", replay: "a+ a- b+", want: "a | b |  | complete" },
  { name: "the first failure waits for actions in flight", graph: "a b c<a", replay: "a- b-", want: "a b |  | failed(a_start_0 on n1: rc=1)" },
  { name: "an action that may fail does not stop the graph", graph: "a? b<a?", replay: "a?- b+", want: "a? | b | complete" },
  { name: "abort starts nothing more and ends when idle", graph: "a b<a", replay: "! a+", want: "a |  | aborted(changed)" },
])("$name", ({ graph, replay, want }) => expect(trace(graph, replay)).toBe(want));

// Goal: every acyclic graph completes, and never out of order, whatever order results arrive in.
test.each(Array.from({ length: 200 }, (_, seed) => seed))("random graph, random order, seed %i", (seed) => {
  const prng = new Prng(seed);
  const words = Array.from({ length: 1 + prng.below(14) }, (_, i) => {
    const before = Array.from({ length: i }, (_, j) => j).filter(() => prng.below(4) === 0);
    return { name: prng.below(4) === 0 ? `_p${i}` : `a${i}`, before };
  });
  const actions = words.map(({ name, before }, id) => makeAction({ id, name, after: before }));
  const walk = new Walk({ actions, batchLimit: 1 + prng.below(4), recheckAtMs: null });
  const done = new Set<number>();
  let effects = walk.begin();
  for (let ticks = 0; !walk.ended; ticks++) {
    expect(ticks, "liveness: one result per tick").toBeLessThan(actions.length);
    for (const e of effects) if (e.kind === "start") expect(realBefore(actions, e.action).every((id) => done.has(id))).toBe(true);
    const flying = walk.inFlight();
    const { id } = flying[prng.below(flying.length)]!;
    done.add(id);
    effects = walk.succeeded(id);
  }
  expect(effects.at(-1)).toMatchObject({ kind: "ended", outcome: "complete" });
});

test("a cycle ends the walk as failed and says so, after everything else was done", () => {
  const actions = [makeAction({ id: 0, name: "a", after: [1] }), makeAction({ id: 1, name: "b", after: [0] }), makeAction({ id: 2, name: "c", after: [] })];
  const walk = new Walk({ actions, batchLimit: 0, recheckAtMs: null });
  expect(render(walk.begin())).toBe("c");
  expect(render(walk.succeeded(2))).toBe("failed(the graph has a cycle: 2 actions can never start)");
});

test("alone, a node keeps its own stops in order, through what it leaves out", () => {
  const stop = (id: number, node: string, after: number[]): Action => ({ ...makeAction({ id, name: `r${id}`, after }), task: "stop", node });
  const graph: Graph = {
    actions: [stop(0, "n1", []), stop(1, "n2", [0]), makeAction({ id: 2, name: "_p", after: [1] }), stop(3, "n1", [2]), makeAction({ id: 4, name: "s", after: [3] })],
    batchLimit: 0, recheckAtMs: null,
  };
  const alone = restrictToNode(graph, "n1");
  expect(alone.actions.map(({ id, key, after }) => ({ id, key, after }))).toEqual([
    { id: 0, key: "r0_start_0", after: [] },
    { id: 1, key: "r3_start_0", after: [0] },
  ]);
});

/** Predecessors that are not pseudo, taken through pseudo ones. */
function realBefore(actions: readonly Action[], action: Action): number[] {
  return action.after.flatMap((id) => (actions[id]!.kind === "pseudo" ? realBefore(actions, actions[id]!) : [id]));
}

/** Runs `graph` with batch limit 2. Replay "a+ b- !" reads "a succeeds, b fails, abort"; steps are joined by " | ". */
function trace(graph: string, replay: string): string {
  const words = graph.split(" ").filter((word) => word !== "").map((word) => word.split("<"));
  const idOf = (name: string): number => words.findIndex(([first]) => first === name);
  const actions = words.map(([name = "", ...after], id) => makeAction({ id, name, after: after.map(idOf) }));
  const walk = new Walk({ actions, batchLimit: 2, recheckAtMs: null });
  const steps = [render(walk.begin())];
  for (const token of replay.split(" ").filter((word) => word !== "")) {
    const id = idOf(token.slice(0, -1));
    steps.push(render(token === "!" ? walk.abort("changed") : token.endsWith("+") ? walk.succeeded(id) : walk.failed(id, "rc=1")));
  }
  return steps.join(" | ");
}

function render(effects: readonly WalkEffect[]): string {
  return effects.map((e) => (e.kind === "start" ? e.action.resource : e.outcome === "complete" ? "complete" : `${e.outcome}(${e.detail})`)).join(" ");
}

function makeAction({ id, name, after }: { id: number; name: string; after: readonly number[] }): Action {
  return {
    id, after, kind: name.startsWith("_") ? "pseudo" : "rsc", task: "start", key: `${name}_start_0`, node: "n1", resource: name, intervalMs: 0, timeoutMs: 1_000,
    targetRc: 0, canFail: name.endsWith("?"), priority: 0, parameters: {}, meta: {}, agent: null, reason: "test",
  };
}
