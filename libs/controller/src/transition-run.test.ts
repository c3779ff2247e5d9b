import { parseCib } from "@quorate/cib";
import type { OperationResult } from "@quorate/execution";
import type { Action } from "@quorate/transition";
import { describe, expect, test } from "vitest";
import { applyCommand } from "./apply.ts";
import type { Command } from "./command.ts";
import { type Replica, createReplica } from "./replica.ts";
import { TransitionRun } from "./transition-run.ts";

const TIME = { nowMs: 0, wallMs: 1_000 };

/** a and b are members; `fails`: fail counts that stand on b. */
function known(fails: readonly string[] = []): Replica {
  const parsed = parseCib(`<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>`);
  if (!parsed.ok) throw new Error("the document is valid");
  const replica = createReplica(["a", "b"], parsed.value.cib);
  applyCommand(replica, 1, { kind: "view", atMs: 0, dc: "a", members: [{ node: "a", bootId: "a1" }, { node: "b", bootId: "b1" }], gone: [] });
  fails.forEach((name, at) => applyCommand(replica, 2 + at, { kind: "attribute", atMs: 0, requestId: name, node: "b", name, value: "1" }));
  return replica;
}

/** `start.r@b`, with `<0,1` what must come before, `!` at the end when it may fail; `fence@b`, `*` (pseudo). Numbered from 0. */
function actionOf(text: string, id: number): Action {
  const [, task = "", resource, node, after, canFail] = /^([a-z_*]+)(?:\.([\w:]+))?(?:@(\w))?(?:<([\d,]+))?(!?)$/.exec(text) ?? [];
  const kind = task === "fence" ? "fence" : task === "*" ? "pseudo" : task === "clear_failcount" || task === "do_shutdown" ? "cluster" : "rsc";
  return {
    id, kind, task: kind === "fence" ? "off" : task, key: text, node: node ?? null, resource: resource ?? null, intervalMs: task === "monitor" ? 10 : 0, timeoutMs: 500, targetRc: 0, canFail: canFail === "!", priority: 0,
    parameters: {}, meta: task === "cancel" ? { operation: "monitor", interval: "20" } : {}, agent: kind === "rsc" ? { class: "ocf", provider: "test", type: "Dummy" } : null,
    after: after === undefined ? [] : after.split(",").map(Number), reason: "",
  };
}

function resultOf(transitionKey: string, outcome: string): OperationResult {
  const done = /^\d+$/.test(outcome);
  return {
    operation: { transitionKey, resource: "r", agent: { class: "ocf", provider: "test", type: "Dummy" }, task: "start", intervalMs: 0, timeoutMs: 1, targetRc: 0, parameters: {}, meta: {} },
    callId: 1, status: done ? "done" : (outcome as OperationResult["status"]), rc: done ? Number(outcome) : 1, exitReason: "", startedAtMs: 0, rcChangedAtMs: 0, execMs: 0, queueMs: 0,
  };
}

function proposalText(command: Command): string {
  if (command.kind === "attribute") return `attribute(${command.node} ${command.name}=${command.value} ${command.requestId})`;
  return command.kind === "cleanup" ? `cleanup(${command.resource} ${command.node} ${command.requestId})` : command.kind;
}

/**
 * Runs transition 7 of session S over the graph. Steps: `ID=RC` a result (`3=timeout`, `lost`, `error`, `cancelled`), `KEY:ID=RC` one with another key
 * (`6S` transition 6, `7T` session T), `taken:ID`, `refused:ID`, `taken6:ID` (of transition 6), `applied:REQUEST`, `gone:b`, `fenced:ID`, `unfenced:ID`, `abort`.
 */
function trace(graph: string, script = "", replica = known()): string {
  let said: string[] = [];
  const ports = {
    command: (node: string, tag: string, body: { kind: string; operation?: { task: string; resource: string }; task?: string; resource?: string; intervalMs?: number }): void => {
      const what = body.operation ?? { task: body.kind, resource: `${body.resource}${body.intervalMs === undefined ? "" : ` ${body.task} ${body.intervalMs}`}` };
      said.push(`${what.task}(${what.resource} on ${node} as ${tag})`);
    },
    fence: (action: Action): void => void said.push(`fence(${action.node})`),
    emit: (effect: { kind: string; command?: Command }): void => void said.push(effect.command === undefined ? effect.kind : proposalText(effect.command)),
  };
  const actions = graph.split(" ").filter((text) => text !== "").map(actionOf);
  const run = new TransitionRun({ transition: 7, trigger: "test", graph: { actions, batchLimit: 0, recheckAtMs: null }, session: "S", replica, ports });
  let ended = false;
  const step = (act: () => void): string => {
    said = [];
    act();
    if (run.end !== null && !ended) said.push(`${run.end.outcome}: ${run.end.detail}`);
    ended = run.end !== null;
    return said.join(" ");
  };
  const perform = (text: string): void => {
    const result = /^(?:(\d)(\w):)?(\d+)=(\w+)$/.exec(text);
    if (result !== null) {
      const [, transition = "7", session = "S", id = "", outcome = ""] = result;
      if (!run.onResult(resultOf(`${id}:${transition}:0:${session}`, outcome), TIME)) said.push("not ours");
      return;
    }
    const [verb, id = ""] = text.split(":");
    if (verb === "taken") run.onTaken(`7/${id}`, TIME);
    if (verb === "taken6") run.onTaken(`6/${id}`, TIME);
    if (verb === "refused") run.onRefused(`7/${id}`, "closed", TIME);
    if (verb === "refused6") run.onRefused(`6/${id}`, "closed", TIME);
    if (verb === "applied") run.onProposalApplied(id, TIME);
    if (verb === "gone") run.onNodeGone(id, TIME);
    if (verb === "fenced") run.actionSucceeded(Number(id), TIME);
    if (verb === "unfenced") run.actionFailed(Number(id), "no answer", TIME);
    if (verb === "abort") run.abort("the CIB changed", TIME);
  };
  return [step(() => run.begin(TIME)), ...script.split(" ").filter((text) => text !== "").map((text) => step(() => perform(text)))].join(" | ");
}

describe("operations", () => {
  const TWO = "stop.r@a start.r@b<0";
  const BEGUN = "stop(r on a as 7/0)";
  test.each([
    { name: "follow each other by their results", graph: TWO, script: "0=0 1=0", want: `${BEGUN} | start(r on b as 7/1) | complete: 2 actions` },
    { name: "an empty transition ends at once", graph: "", script: "", want: "complete: 0 actions" },
    { name: "being taken says nothing of the outcome", graph: TWO, script: "taken:0 0=0", want: `${BEGUN} |  | start(r on b as 7/1)` },
    { name: "a result that repeats or comes early is not ours", graph: TWO, script: "1=0 0=0 0=0", want: `${BEGUN} | not ours | start(r on b as 7/1) | not ours` },
    { name: "results of other transitions and other lives of the DC are not ours", graph: TWO, script: "6S:0=0 7T:0=0 6S:0=1", want: `${BEGUN} | not ours | not ours | not ours` },
    { name: "a failure ends it when the rest has answered", graph: "stop.r@a stop.q@b start.r@b<0,1", script: "0=1 1=0", want: `${BEGUN} stop(q on b as 7/1) |  | failed: stop.r@a on a: done, rc 1` },
    ...["timeout", "lost", "error", "cancelled"].map((outcome) => ({ name: `${outcome} is a failure`, graph: TWO, script: `0=${outcome}`, want: `${BEGUN} | failed: stop.r@a on a: ${outcome}, rc 1` })),
    { name: "what may fail holds nothing up", graph: "stop.r@a! start.r@b<0", script: "0=1 1=0", want: `${BEGUN} | start(r on b as 7/1) | complete: 2 actions` },
    { name: "a refused command has failed", graph: TWO, script: "refused:0", want: `${BEGUN} | failed: stop.r@a on a: closed` },
    { name: "a refusal of another transition says nothing", graph: TWO, script: "refused6:0 taken6:0", want: `${BEGUN} |  | ` },
    { name: "points in the order only are passed", graph: "stop.r@a *<0 start.r@b<1", script: "0=0", want: `${BEGUN} | start(r on b as 7/2)` },
  ])("$name", ({ graph, script, want }) => expect(trace(graph, script)).toBe(want));

  test("carry key, agent and a budget of a second at least", () => {
    const bodies: unknown[] = [];
    const ports = { command: (_node: string, _tag: string, body: unknown): void => void bodies.push(body), fence: (): void => {}, emit: (): void => {} };
    const actions = [actionOf("monitor.r@b", 0)];
    new TransitionRun({ transition: 7, trigger: "", graph: { actions, batchLimit: 0, recheckAtMs: null }, session: "S", replica: known(), ports }).begin(TIME);
    const operation = { transitionKey: "0:7:0:S", resource: "r", agent: { class: "ocf", provider: "test", type: "Dummy" }, task: "monitor", intervalMs: 10, timeoutMs: 500, targetRc: 0, parameters: {}, meta: {} };
    expect(bodies).toEqual([{ kind: "execute", budgetMs: 1_000, operation }]);
  });
});

describe("a node that is out of the view", () => {
  test.each([
    { name: "fails what is in flight there, and only that", graph: "stop.r@a stop.q@b", script: "gone:b 0=0", want: "stop(r on a as 7/0) stop(q on b as 7/1) |  | failed: stop.q@b on b: b is out of the view" },
    { name: "a result that still comes is not ours", graph: "stop.q@b stop.r@a", script: "gone:b 0=0", want: "stop(q on b as 7/0) stop(r on a as 7/1) |  | not ours" },
    { name: "its own fencing goes on", graph: "fence@b start.q@a<0", script: "gone:b fenced:0 1=0", want: "fence(b) |  | start(q on a as 7/1) | complete: 2 actions" },
  ])("$name", ({ graph, script, want }) => expect(trace(graph, script)).toBe(want));
});

describe("fencing", () => {
  test.each([
    { name: "comes before what waits for it", graph: "fence@b start.q@a<0", script: "fenced:0", want: "fence(b) | start(q on a as 7/1)" },
    { name: "that did not succeed ends the transition: nothing is started", graph: "fence@b start.q@a<0", script: "unfenced:0", want: "fence(b) | failed: fence@b on b: no answer" },
  ])("$name", ({ graph, script, want }) => expect(trace(graph, script)).toBe(want));
});

describe("an aborted transition", () => {
  test.each([
    { name: "starts nothing more and waits for what is in flight", graph: "stop.r@a start.r@b<0", script: "abort 0=0", want: "stop(r on a as 7/0) |  | aborted: the CIB changed" },
    { name: "with nothing in flight is over", graph: "*", script: "abort", want: "complete: 1 actions | " },
    { name: "stays aborted when something fails after it", graph: "stop.r@a stop.q@b", script: "abort 0=1 gone:b", want: "stop(r on a as 7/0) stop(q on b as 7/1) |  |  | aborted: the CIB changed" },
    { name: "stays failed when it failed before", graph: "stop.r@a stop.q@b", script: "0=1 abort 1=0", want: "stop(r on a as 7/0) stop(q on b as 7/1) |  |  | failed: stop.r@a on a: done, rc 1" },
  ])("$name", ({ graph, script, want }) => expect(trace(graph, script)).toBe(want));
});

describe("what is done without an agent", () => {
  const FAILS = ["fail-count-r#start_0", "last-failure-r#start_0", "fail-count-r2#start_0", "x"];
  const [FIRST, SECOND] = ["attribute(b fail-count-r#start_0=null S/7/0/0)", "attribute(b last-failure-r#start_0=null S/7/0/1)"];
  test.each<{ name: string; graph: string; script: string; fails?: readonly string[]; want: string }>([
    { name: "a recurring run is cancelled once the command is taken", graph: "cancel.r@b start.q@a<0", script: "taken:0 1=0", want: "cancel(r monitor 20 on b as 7/0) | start(q on a as 7/1) | complete: 2 actions" },
    { name: "a deletion is taken, then cleaned up in the log, and only then done", graph: "delete.r@b", script: "taken:0 applied:S/7/9 applied:S/7/0", want: "forget(r on b as 7/0) | cleanup(r b S/7/0) |  | complete: 1 actions" },
    { name: "a deletion that was refused has failed", graph: "delete.r@b", script: "refused:0", want: "forget(r on b as 7/0) | failed: delete.r@b on b: closed" },
    { name: "fail counts are cleared by name, and done when the last is", graph: "clear_failcount.r@b start.r@b<0", script: "applied:S/7/0/1 applied:S/7/0/1 applied:S/7/0/0", fails: FAILS, want: `${FIRST} ${SECOND} |  |  | start(r on b as 7/1)` },
    { name: "an instance that is told apart has its own", graph: "clear_failcount.r:0@b", script: "", fails: [...FAILS, "fail-count-r:0#start_0"], want: "attribute(b fail-count-r:0#start_0=null S/7/0/0)" },
    { name: "no fail count, nothing to do", graph: "clear_failcount.r@b start.r@b<0", script: "", fails: ["x"], want: "start(r on b as 7/1)" },
    { name: "a node never seen has none", graph: "clear_failcount.r@c", script: "", want: "complete: 1 actions" },
    { name: "other work of the DC is done at once", graph: "do_shutdown@b start.r@a<0", script: "", want: "start(r on a as 7/1)" },
  ])("$name", ({ graph, script, fails = [], want }) => expect(trace(graph, script, known(fails))).toBe(want));
});
