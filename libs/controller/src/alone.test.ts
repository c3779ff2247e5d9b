import { emptyCib } from "@quorate/cib";
import type { OperationResult } from "@quorate/execution";
import type { Decision } from "@quorate/scheduler";
import type { Action } from "@quorate/transition";
import { describe, expect, test } from "vitest";
import { Alone } from "./alone.ts";
import type { DcEffect } from "./effects.ts";

const GRACE_MS = 1_000;
const RETRY_MS = 500;

/** `stop.r@a`, `<0` what must come before. */
function decisionOf(graph: string): Decision {
  const actions = graph.split(",").map((text, id): Action => {
    const [, task = "", resource = "", node = "", after] = /^(\w+)\.(\w+)@(\w)(?:<(\d))?$/.exec(text) ?? [];
    const agent = { class: "ocf", provider: "test", type: "Dummy" };
    return { id, kind: "rsc", task, key: text, node, resource, intervalMs: 0, timeoutMs: 20_000, targetRc: 0, canFail: false, priority: 0, parameters: {}, meta: {}, agent, after: after === undefined ? [] : [Number(after)], reason: "" };
  });
  const state = { haveQuorum: false, options: {}, nodes: [], resources: [], tree: [], failedOperations: [], failCounts: [] };
  return { state, graph: { actions, batchLimit: 0, recheckAtMs: null }, assignments: [], fencing: [], actions: [], warnings: [] };
}

/**
 * Node a, session S. Steps: `+MS`, `tick` (there is no quorum), `quorum`, `silence` (a report without quorum), `plan:TOKEN:GRAPH` (the scheduler answers), `KEY=RC`
 * (the result of the operation with that transition key; `timeout`, `lost`, `cancelled`). Shows what is asked for; keys as `<action>:<round>`.
 */
function trace(script: string): string {
  const alone = new Alone({ node: "a", session: "S", graceMs: GRACE_MS, retryMs: RETRY_MS }, 0);
  let nowMs = 0;
  let token = 0;
  const effectText = (effect: DcEffect): string[] => {
    if (effect.kind === "log") return [];
    if (effect.kind === "schedule") return [`schedule ${effect.token} quorum=${effect.cib.root.attributes["have-quorum"]}`];
    return effect.kind === "executeLocal" ? [`${effect.operation.task}(${effect.operation.resource} ${effect.operation.transitionKey.replace(/:0:alone-S$/, "")})`] : [effect.kind];
  };
  const step = (text: string): string => {
    const result = /^(\d+:\d+(?::\d:[\w-]+)?)=(\w+)$/.exec(text);
    const [verb = "", first = "", second = ""] = text.split(":");
    const time = { nowMs: (nowMs += verb.startsWith("+") ? Number(verb) : 0), wallMs: 9 };
    if (verb === "tick" && alone.tick(emptyCib(), token - 1, time)) token -= 1;
    if (verb === "quorum") alone.onQuorum(true);
    if (verb === "silence") alone.onQuorum(false);
    if (verb === "plan") alone.onScheduled(Number(first), decisionOf(second), time);
    if (result !== null) {
      const [, key = "", outcome = ""] = result;
      const done = /^\d+$/.test(outcome);
      const transitionKey = key.split(":").length > 2 ? key : `${key}:0:alone-S`;
      const operation = { transitionKey, resource: "r", agent: { class: "ocf", provider: "test", type: "Dummy" }, task: "stop", intervalMs: 0, timeoutMs: 1, targetRc: 0, parameters: {}, meta: {} };
      alone.onResult({ operation, callId: 1, status: done ? "done" : (outcome as OperationResult["status"]), rc: done ? Number(outcome) : 1, exitReason: "", startedAtMs: 0, rcChangedAtMs: 0, execMs: 0, queueMs: 0 }, time);
    }
    return alone.drain().flatMap(effectText).join(" ");
  };
  return script.split(" ").map(step).join(" | ");
}

/** Had quorum, lost it, and asked the scheduler. */
const LOST = "quorum tick";
const ASKED = " | schedule -1 quorum=0";

describe("a node without quorum", () => {
  test.each([
    { name: "that had it asks at once, with a document that says it has none", script: LOST, want: ASKED },
    { name: "that never had it waits for the grace to pass", script: "tick +1000 tick +1 tick", want: " |  |  |  | schedule -1 quorum=0" },
    { name: "a report that there is still none shortens nothing", script: "silence tick", want: " | " },
    { name: "asks once until it is answered", script: `${LOST} tick +9999 tick`, want: `${ASKED} |  |  | ` },
    { name: "stops and demotes its own, in order, and nothing else", script: `${LOST} plan:-1:demote.r@a,stop.r@a<0,start.q@a,stop.r@b,monitor.q@a 0:1=0 1:1=0`, want: `${ASKED} | demote(r 0:1) | stop(r 1:1) | ` },
    { name: "keeps the order through what others would do", script: `${LOST} plan:-1:stop.x@a,stop.y@b<0,stop.z@a<1 0:1=0`, want: `${ASKED} | stop(x 0:1) | stop(z 1:1)` },
    { name: "has nothing to cancel: the stop does it", script: `${LOST} plan:-1:cancel.r@a,stop.r@a<0`, want: `${ASKED} | stop(r 1:1)` },
    { name: "an answer to another question is not heard", script: `${LOST} plan:-2:stop.r@a plan:-1:stop.r@a`, want: `${ASKED} |  | stop(r 0:1)` },
    { name: "having stopped all, rests", script: `${LOST} plan:-1:stop.r@a 0:1=0 +9999 tick`, want: `${ASKED} | stop(r 0:1) |  |  | ` },
    { name: "with nothing to stop, rests too", script: `${LOST} plan:-1:start.r@a +9999 tick`, want: `${ASKED} |  |  | ` },
    { name: "does not ask again while a stop runs", script: `${LOST} plan:-1:stop.r@a +600 tick`, want: `${ASKED} | stop(r 0:1) |  | ` },
  ])("$name", ({ script, want }) => expect(trace(script)).toBe(want));

  test.each(["1", "timeout", "lost", "error", "cancelled"])("a stop that ended with %s is tried again after the pause, and what waits for it is not done", (outcome) => {
    const want = `${ASKED} | stop(r 0:1) |  |  |  |  | schedule -2 quorum=0 | stop(r 0:2)`;
    expect(trace(`${LOST} plan:-1:stop.r@a,stop.q@a<0 0:1=${outcome} +499 tick +1 tick plan:-2:stop.r@a`)).toBe(want);
  });
});

describe("whose result it is", () => {
  test.each([
    { name: "a DC's transition of the same number says nothing", key: "0:1:0:S" },
    { name: "nor another policy-engine's", key: "0:1:0:alone-T" },
    { name: "nor an earlier round", key: "0:0" },
    { name: "nor an action that was not asked for", key: "1:1" },
  ])("$name", ({ key }) => expect(trace(`${LOST} plan:-1:stop.r@a,stop.q@a<0 ${key}=0 0:1=0`)).toBe(`${ASKED} | stop(r 0:1) |  | stop(q 1:1)`));
});

describe("quorum that is back", () => {
  test.each([
    { name: "drops the walk: a late result starts nothing", script: `${LOST} plan:-1:stop.r@a,stop.q@a<0 quorum 0:1=0`, want: `${ASKED} | stop(r 0:1) |  | ` },
    { name: "drops the question: a late answer starts nothing", script: `${LOST} quorum plan:-1:stop.r@a`, want: `${ASKED} |  | ` },
    { name: "and lost again: all begins anew, and results of the time before are not taken for new ones", script: `${LOST} plan:-1:stop.r@a quorum tick plan:-2:stop.r@a,stop.q@a<0 0:1=0 0:2=0`, want: `${ASKED} | stop(r 0:1) |  | schedule -2 quorum=0 | stop(r 0:2) |  | stop(q 1:2)` },
    { name: "and lost again after all was stopped: it looks again", script: `${LOST} plan:-1:stop.r@a 0:1=0 quorum +1 tick`, want: `${ASKED} | stop(r 0:1) |  |  |  | schedule -2 quorum=0` },
    { name: "no report of it: the rest goes on", script: `${LOST} plan:-1:stop.r@a 0:1=0 silence +9999 tick`, want: `${ASKED} | stop(r 0:1) |  |  |  | ` },
  ])("$name", ({ script, want }) => expect(trace(script)).toBe(want));
});
