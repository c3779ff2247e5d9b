/** A command that no executor can carry out, for example by a slip in the CIB, must not keep later ones from their node. */
import { type ExecutorRequest, type Operation, createExecutorCore } from "@quorate/execution";
import type { Action } from "@quorate/transition";
import { expect, test } from "vitest";
import { ExecutorLink, type OutgoingRequest } from "./executor-link.ts";
import { operationOf } from "./operation-of.ts";

const AUTHORITY = { term: 1, view: 1 };
const ACTION: Action = {
  id: 0, kind: "rsc", task: "start", key: "r_start_0", node: "n", resource: "r", intervalMs: 0, timeoutMs: 20_000, targetRc: 0, canFail: false, priority: 0, parameters: {}, meta: {},
  agent: { class: "ocf", provider: "heartbeat", type: "Dummy" }, after: [], reason: "",
};

/** What an executor does with these actions, sent one after the other: what it runs, and what it says of the others. */
function carriedOut(actions: readonly Partial<Action>[]): string {
  const executor = createExecutorCore({ node: "n", bootId: "b", session: "x", config: { parallelMax: 4, membershipLossMs: 60_000 }, stored: [] });
  let token = 0;
  let nowMs = 0;
  const told: string[] = [];
  const link = new ExecutorLink({ node: "n", authority: AUTHORITY, nextToken: () => ++token }, 0);
  const ask = (requests: readonly OutgoingRequest[]): void => requests.forEach(({ request, token: asked }) => give(request, asked));
  const give = (request: ExecutorRequest, asked: number): void => {
    for (const effect of executor.step({ kind: "request", token: asked, from: "bus", request }, { nowMs, wallMs: 1_000 })) {
      if (effect.kind === "spawn") told.push(`runs ${describe(effect.operation)}`);
      if (effect.kind === "result") told.push(`${effect.result.status} of ${describe(effect.result.operation)}: ${effect.result.exitReason}`);
      if (effect.kind === "reply") ask(link.receive(effect.token, effect.reply, nowMs).send);
    }
  };
  executor.step({ kind: "quorum", connected: true }, { nowMs, wallMs: 1_000 });
  ask([link.claim(AUTHORITY, "dc", nowMs)]);
  actions.forEach((change, id) => ask(link.send(`1/${id}`, { kind: "execute", budgetMs: 20_000, operation: operationOf({ ...ACTION, id, ...change }, { transition: 1, session: "dc" }) }, nowMs)));
  for (; nowMs < 3_000; nowMs += 300) ask(link.tick("dc", nowMs));
  return told.join(" | ");
}

function describe({ task, resource, timeoutMs }: Operation): string {
  return `${task} ${resource} (${timeoutMs} ms)`;
}

test.each<{ name: string; first: Partial<Action>; want: string }>([
  { name: "a task that no agent has", first: { task: "custom", intervalMs: 7_000 }, want: "error of custom r (20000 ms): no such task: custom" },
  { name: "a start that recurs", first: { task: "start", intervalMs: 7_000 }, want: "error of start r (20000 ms): start cannot recur" },
  { name: "a time-out of 0, which is the default instead", first: { timeoutMs: 0 }, want: "runs start r (20000 ms)" },
])("$name: said once, and what comes after it is done", ({ first, want }) => {
  expect(carriedOut([first, { resource: "q" }])).toBe(`${want} | runs start q (20000 ms)`);
});
