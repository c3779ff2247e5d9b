import type { EngineInput } from "@quorate/controller";
import { emptyCib } from "@quorate/cib";
import { silentLogger } from "@quorate/runtime";
import { afterEach, expect, test } from "vitest";
import type { DecisionRecord } from "./decision-record.ts";
import { type SchedulerDesk, createSchedulerDesk } from "./scheduler-desk.ts";

let desk: SchedulerDesk | null = null;
afterEach(() => desk?.close());

/** A thread that answers with the graph of as many actions as the token says, and misbehaves at these tokens. */
const MISBEHAVING = `
import { parentPort } from "node:worker_threads";
parentPort.on("message", ({ kind, token }) => {
  if (kind !== "schedule") return;
  if (token === 1) throw new Error("out of order");
  if (token === 2) for (;;);
  if (token === 3) process.exit(9);
  if (token === 4) return parentPort.postMessage({ token, decision: null, problem: "no such node" });
  parentPort.postMessage({ token, decision: { graph: { actions: Array(token).fill({}) } } });
});`;

/** Asks, and waits until all are answered: `token: N actions` or `token: why not`. */
async function answers(url: URL, tokens: readonly number[], timeoutMs = 30_000): Promise<readonly string[]> {
  const told: string[] = [];
  await new Promise<void>((resolve) => {
    const post = (input: EngineInput): void => {
      if (input.kind === "scheduled") told.push(`${input.token}: ${input.decision.graph.actions.length} actions`);
      if (input.kind === "scheduleFailed") told.push(`${input.token}: ${input.why}`);
      if (told.length < tokens.length) ask();
      else resolve();
    };
    const ask = (): void => desk?.ask(tokens[told.length]!, emptyCib(), 0);
    desk = createSchedulerDesk({ log: silentLogger, post, url, timeoutMs });
    ask();
  });
  return told;
}

const url = (code: string): URL => new URL(`data:text/javascript,${encodeURIComponent(code)}`);

test.each([
  { name: "a thread that dies of an exception", tokens: [7, 1, 8], want: ["7: 7 actions", "1: out of order", "8: 8 actions"] },
  { name: "a thread that ends", tokens: [3, 8], want: ["3: its thread ended with code 9", "8: 8 actions"] },
  { name: "a problem that the thread tells", tokens: [4, 8], want: ["4: no such node", "8: 8 actions"] },
])("$name costs its question its answer, and the next is answered", async ({ tokens, want }) => {
  expect(await answers(url(MISBEHAVING), tokens)).toEqual(want);
});

test("a thread that hangs is given up", async () => {
  expect(await answers(url(MISBEHAVING), [2, 8], 1_000)).toEqual(["2: it took more than 1000 ms", "8: 8 actions"]);
});

test("the real one decides", async () => {
  expect(await answers(new URL("./scheduler-thread.ts", import.meta.url), [1])).toEqual(["1: 0 actions"]);
});

test("a decision of the DC leaves a record behind it, one that a node makes alone does not", async () => {
  const kept: DecisionRecord[] = [];
  const told: string[] = [];
  await new Promise<void>((resolve) => {
    const own = new URL("./scheduler-thread.ts", import.meta.url);
    const keep = (record: DecisionRecord): void => {
      kept.push(record);
      resolve();
    };
    desk = createSchedulerDesk({ log: silentLogger, post: (input) => void told.push(input.kind), url: own, timeoutMs: 30_000, keep });
    desk.ask(-1, emptyCib(), 0);
    desk.ask(2, emptyCib(), 1_000, { trigger: "n2 was lost", transition: 9 });
  });
  expect(told).toEqual(["scheduled", "scheduled"]);
  expect(kept.map(({ head }) => head)).toMatchObject([{ atMs: 1_000, trigger: "n2 was lost", transition: null, actions: 0 }]);
});
