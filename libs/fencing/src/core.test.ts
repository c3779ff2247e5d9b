import { expect, test } from "vitest";
import type { Authority } from "@quorate/core";
import { Prng } from "@quorate/core";
import { type FencingCore, type FencingEffect, type FencingInput, createFencingCore } from "./core.ts";
import type { DeviceResult, DeviceRun } from "./device-run.ts";
import { LEDGER_LIMIT, type LedgerEntry } from "./ledger.ts";
import type { FenceAction, FenceDevice, FenceRequest } from "./types.ts";

const MAP = "node1:1;node2:2;node3:3";
const device = (id: string, parameters: Record<string, string> = {}): FenceDevice => ({ id, agent: "fence_test", parameters: { pcmk_host_map: MAP, ...parameters } });
const PDU = device("pdu");
const IPMI = device("ipmi");

function request(fenceId: string, action: FenceAction, given: Partial<FenceRequest> = {}): FenceRequest {
  return { authority: { term: 1, view: 5 }, fenceId, action, target: "node2", targetBootId: null, devices: [PDU], timeoutMs: 10_000, ...given };
}

/** `ok` taken, `=on` `=off` status, `=?` no status, `no` refused, `bad` unverified, `time` no answer; `@700` takes so many ms (1 unless given). */
function answer(text: string): { result: DeviceResult; tookMs: number } {
  const [what = "", took = "1"] = text.split("@");
  const done = (powered: boolean | null): DeviceResult => ({ kind: "done", powered, targets: ["1", "2"], detail: what });
  const results: Record<string, DeviceResult> = {
    ok: done(null), "=on": done(true), "=off": done(false), "=?": done(null),
    no: { kind: "failed", detail: what }, bad: { kind: "unverified", detail: what }, time: { kind: "unknown", detail: what },
  };
  const result = results[what];
  if (result === undefined) throw new Error(`no such answer: ${text}`);
  return { result, tookMs: Number(took) };
}

interface World {
  nowMs: number;
  trace: string[];
  /** Runs in flight and when they end. */
  due: { atMs: number; input: FencingInput }[];
}

/** Lets a core work against scripted devices on a virtual clock until nothing is left to happen. */
function play(core: FencingCore, script: { inputs: { atMs: number; input: FencingInput }[]; answers: (run: DeviceRun) => string; untilMs?: number }): World {
  const world: World = { nowMs: 0, trace: [], due: [...script.inputs] };
  for (let steps = 0; steps < 5_000; steps += 1) {
    world.due.sort((a, b) => a.atMs - b.atMs);
    const wakeMs = core.nextWakeMs() ?? Number.POSITIVE_INFINITY;
    const next = world.due[0];
    const atMs = Math.min(next?.atMs ?? Number.POSITIVE_INFINITY, wakeMs);
    if (!Number.isFinite(atMs) || atMs > (script.untilMs ?? 1e9)) return world;
    world.nowMs = Math.max(world.nowMs, atMs);
    const input: FencingInput = next !== undefined && next.atMs <= atMs ? (world.due.shift()?.input ?? { kind: "tick" }) : { kind: "tick" };
    for (const effect of core.step(input, world.nowMs)) perform(world, effect, script.answers);
  }
  throw new Error("the core does not come to rest");
}

function perform(world: World, effect: FencingEffect, answers: (run: DeviceRun) => string): void {
  if (effect.kind === "runDevice") {
    const { run, runId } = effect;
    const { result, tookMs } = answer(answers(run));
    world.trace.push(`${run.device.id}.${run.actionName}${run.plug === null ? "" : `(${run.plug})`}`);
    if (tookMs <= run.timeoutMs) world.due.push({ atMs: world.nowMs + tookMs, input: { kind: "deviceResult", runId, result } });
    else world.due.push({ atMs: world.nowMs + run.timeoutMs, input: { kind: "deviceResult", runId, result: { kind: "unknown", detail: "time" } } });
  } else world.trace.push(describe(effect));
}

function describe(effect: Exclude<FencingEffect, { kind: "runDevice" }>): string {
  switch (effect.kind) {
    case "persist": {
      const authority = effect.authority === null ? [] : [`${effect.authority.term}.${effect.authority.view}`];
      return `save[${[...authority, ...effect.put.map((entry) => `${entry.fenceId}:${entry.powerOn === null ? (entry.reply?.outcome ?? "begun") : `on-${entry.powerOn}`}`)].join(" ")}]`;
    }
    case "reply":
      return `reply${effect.token}:${effect.reply.outcome}`;
    case "poweredOn":
      return `on:${effect.reply.outcome}`;
  }
}

function fresh(authority: Authority | null = null, ledger: LedgerEntry[] = [], node = "node1"): FencingCore {
  return createFencingCore({ node, stored: { authority, ledger } });
}

function asked(token: number, what: FenceRequest, atMs = 0, chance = 0): { atMs: number; input: FencingInput } {
  return { atMs, input: { kind: "request", token, request: what, chance } };
}

function scripted(answers: string): (run: DeviceRun) => string {
  const rest = answers.split(" ").filter((one) => one !== "");
  return () => rest.shift() ?? "time@99999";
}

test.each([
  { name: "off: durable before the device is touched, verified by status, durable before the reply", action: "off", answers: "ok =off", want: "save[1.5 a:begun] pdu.off(2) pdu.status(2) save[a:succeeded] reply1:succeeded" },
  { name: "off: status is read until it says off", action: "off", answers: "ok =on =on =off", want: "save[1.5 a:begun] pdu.off(2) pdu.status(2) pdu.status(2) pdu.status(2) save[a:succeeded] reply1:succeeded" },
  { name: "off: a command that was refused is tried twice, then it failed for certain", action: "off", answers: "no =on no =on", want: "save[1.5 a:begun] pdu.off(2) pdu.status(2) pdu.off(2) pdu.status(2) save[a:failed] reply1:failed" },
  { name: "off: the second try works", action: "off", answers: "no =on ok =off", want: "save[1.5 a:begun] pdu.off(2) pdu.status(2) pdu.off(2) pdu.status(2) save[a:succeeded] reply1:succeeded" },
  { name: "off: a command without an answer is confirmed by the status alone", action: "off", answers: "time =off", want: "save[1.5 a:begun] pdu.off(2) pdu.status(2) save[a:succeeded] reply1:succeeded" },
  { name: "off: without an answer and still on, it may yet happen: unknown", action: "off", answers: "time =on time =on", want: "save[1.5 a:begun] pdu.off(2) pdu.status(2) pdu.off(2) pdu.status(2) save[a:unknown] reply1:unknown" },
  { name: "off: agent says failed and no status can be read: unknown", action: "off", answers: "bad bad bad bad", want: "save[1.5 a:begun] pdu.off(2) pdu.status(2) pdu.off(2) pdu.status(2) save[a:unknown] reply1:unknown" },
  { name: "off: nothing answers at all: unknown when the budget is over", action: "off", answers: "", want: "save[1.5 a:begun] pdu.off(2) pdu.status(2) save[a:unknown] reply1:unknown" },
  { name: "reboot: answered when off is verified, power comes back afterwards", action: "reboot", answers: "ok =off ok =on", want: "save[1.5 a:begun] pdu.off(2) pdu.status(2) save[a:succeeded] reply1:succeeded pdu.on(2) pdu.status(2) save[a:on-succeeded] on:succeeded" },
  { name: "reboot: a power-on that fails changes nothing but the ledger", action: "reboot", answers: "ok =off no =off no =off", want: "save[1.5 a:begun] pdu.off(2) pdu.status(2) save[a:succeeded] reply1:succeeded pdu.on(2) pdu.status(2) pdu.on(2) pdu.status(2) save[a:on-failed] on:failed" },
  { name: "on: verified by status as well", action: "on", answers: "ok =off =on", want: "save[1.5 a:begun] pdu.on(2) pdu.status(2) pdu.status(2) save[a:succeeded] reply1:succeeded" },
  { name: "status: one question, no ledger entry", action: "status", answers: "=on", want: "pdu.status(2) reply1:succeeded" },
  { name: "status: an answer that says nothing is asked again, and stays unknown", action: "status", answers: "=? =?", want: "pdu.status(2) pdu.status(2) reply1:unknown" },
  { name: "monitor: takes no target", action: "monitor", target: null, answers: "ok", want: "pdu.monitor reply1:succeeded" },
  { name: "monitor: failure", action: "monitor", target: null, answers: "bad bad", want: "pdu.monitor pdu.monitor reply1:unknown" },
  { name: "off without a target is refused", action: "off", target: null, answers: "", want: "reply1:refused" },
  { name: "a node that no device feeds", action: "off", target: "node9", answers: "", want: "save[1.5 a:failed] reply1:failed" },
])("$name", ({ action, answers, want, ...given }) => {
  const target = given.target === undefined ? "node2" : given.target;
  const world = play(fresh(), { inputs: [asked(1, request("a", action as FenceAction, { target }))], answers: scripted(answers) });
  expect(world.trace.join(" ")).toBe(want);
});

test.each([
  { name: "next device in order when the first fails", answers: "no =on no =on ok =off", want: "pdu.off pdu.status pdu.off pdu.status ipmi.off ipmi.status", outcome: "succeeded" },
  { name: "next device when the first does not answer; half of the budget is its own", answers: "time@99999 time@99999 ok =off", want: "pdu.off pdu.status ipmi.off ipmi.status", outcome: "succeeded" },
  { name: "one device in doubt makes the whole unknown", answers: "time =on time =on no =on no =on", want: "pdu.off pdu.status pdu.off pdu.status ipmi.off ipmi.status ipmi.off ipmi.status", outcome: "unknown" },
  { name: "all failed", answers: "no =on no =on no =on no =on", want: "pdu.off pdu.status pdu.off pdu.status ipmi.off ipmi.status ipmi.off ipmi.status", outcome: "failed" },
])("two devices: $name", ({ answers, want, outcome }) => {
  const world = play(fresh(), { inputs: [asked(1, request("a", "off", { devices: [PDU, IPMI] }))], answers: scripted(answers) });
  expect(world.trace.filter((one) => one.includes(".") && !one.startsWith("save")).map((one) => one.replace("(2)", "")).join(" ")).toBe(want);
  expect(world.trace.at(-1)).toBe(`reply1:${outcome}`);
  expect(world.nowMs).toBeLessThanOrEqual(10_000);
});

test.each([
  { name: "older term", stored: { term: 2, view: 1 }, given: { term: 1, view: 9 }, want: "reply1:refused" },
  { name: "older view of the same term", stored: { term: 2, view: 8 }, given: { term: 2, view: 7 }, want: "reply1:refused" },
  { name: "equal", stored: { term: 2, view: 8 }, given: { term: 2, view: 8 }, want: "save[a:begun] pdu.off(2) pdu.status(2) save[a:succeeded] reply1:succeeded" },
  { name: "newer is made durable before anything is done", stored: { term: 2, view: 8 }, given: { term: 3, view: 1 }, want: "save[3.1 a:begun] pdu.off(2) pdu.status(2) save[a:succeeded] reply1:succeeded" },
])("gate: $name", ({ stored, given, want }) => {
  const world = play(fresh(stored), { inputs: [asked(1, request("a", "off", { authority: given }))], answers: scripted("ok =off") });
  expect(world.trace.join(" ")).toBe(want);
});

test("gate: a request that waited while a newer DC spoke is refused when its turn comes", () => {
  const inputs = [asked(1, request("a", "off")), asked(2, request("b", "off")), asked(3, request("c", "off", { authority: { term: 2, view: 9 }, target: "node3", devices: [IPMI] }), 10)];
  const world = play(fresh(), { inputs, answers: (run) => (run.action === "off" ? "ok@50" : "=off") });
  expect(world.trace.filter((one) => one.startsWith("reply")).toSorted()).toEqual(["reply1:succeeded", "reply2:refused", "reply3:succeeded"]);
  expect(world.trace.filter((one) => one === "pdu.off(2)")).toHaveLength(1);
});

test("gate: a question of an older authority is answered, and one of a newer does not move the gate", () => {
  const ask = (token: number, term: number): { atMs: number; input: FencingInput } => asked(token, request(`q${token}`, "status", { authority: { term, view: 1 } }), token);
  const world = play(fresh({ term: 5, view: 1 }), { inputs: [ask(1, 4), ask(2, 9), asked(3, request("a", "off", { authority: { term: 5, view: 1 } }), 9)], answers: (run) => (run.action === "off" ? "ok" : "=off") });
  expect(world.trace.filter((one) => one.startsWith("reply"))).toEqual(["reply1:succeeded", "reply2:succeeded", "reply3:succeeded"]);
});

test("one attempt per target at a time, in the order of arrival; other targets go on beside it", () => {
  const inputs = [asked(1, request("a", "off")), asked(2, request("b", "off")), asked(3, request("c", "off", { target: "node3", devices: [IPMI] }))];
  const world = play(fresh(), { inputs, answers: (run) => (run.action === "off" ? "ok@100" : "=off") });
  expect(world.trace.filter((one) => !one.startsWith("save")).join(" ")).toBe(
    "pdu.off(2) ipmi.off(3) pdu.status(2) ipmi.status(3) reply1:succeeded pdu.off(2) reply3:succeeded pdu.status(2) reply2:succeeded",
  );
});

test("a repeat while it runs is answered with it; a repeat afterwards, also by the next life, from the ledger; no device is touched twice", () => {
  const core = fresh();
  const world = play(core, { inputs: [asked(1, request("a", "off")), asked(2, request("a", "off"), 20), asked(3, request("a", "off"), 500)], answers: (run) => (run.action === "off" ? "ok@100" : "=off") });
  expect(world.trace.join(" ")).toBe("save[1.5 a:begun] pdu.off(2) pdu.status(2) save[a:succeeded] reply1:succeeded reply2:succeeded reply3:succeeded");
  const next = play(fresh({ term: 9, view: 9 }, [...core.ledger()]), { inputs: [asked(4, request("a", "off"))], answers: scripted("") });
  expect(next.trace).toEqual(["reply4:succeeded"]);
});

test("an attempt that the gateway did not outlive is unknown in its next life", () => {
  const begun: LedgerEntry = { fenceId: "a", sequence: 7, authority: { term: 1, view: 5 }, action: "off", target: "node2", targetBootId: null, devices: ["pdu"], reply: null, powerOn: null };
  const world = play(fresh({ term: 1, view: 5 }, [begun]), { inputs: [{ atMs: 0, input: { kind: "start" } }, asked(1, request("a", "off"))], answers: scripted("") });
  expect(world.trace.join(" ")).toBe("save[a:unknown] reply1:unknown");
});

test("a hanging monitor does not hold up a fencing on the same device; the limit holds among power commands", () => {
  const inputs = [asked(1, request("m", "monitor", { target: null })), asked(2, request("a", "off"), 5), asked(3, request("b", "off", { target: "node3" }), 6)];
  const world = play(fresh(), { inputs, answers: (run) => (run.action === "monitor" ? "ok@9000" : run.action === "off" ? "ok@100" : "=off") });
  expect(world.trace.filter((one) => !one.startsWith("save")).join(" ")).toBe(
    "pdu.monitor pdu.off(2) pdu.status(2) reply2:succeeded pdu.off(3) pdu.status(3) reply3:succeeded reply1:succeeded",
  );
});

test("pcmk_action_limit -1: two nodes are switched off by one device at once", () => {
  const wide = device("pdu", { pcmk_action_limit: "-1" });
  const inputs = [asked(1, request("a", "off", { devices: [wide] })), asked(2, request("b", "off", { target: "node3", devices: [wide] }))];
  const world = play(fresh(), { inputs, answers: (run) => (run.action === "off" ? "ok@100" : "=off") });
  expect(world.trace.filter((one) => one.startsWith("pdu")).join(" ")).toBe("pdu.off(2) pdu.off(3) pdu.status(2) pdu.status(3)");
});

test("pcmk_delay_base and pcmk_delay_max hold an off back, not a status", () => {
  const slow = device("pdu", { pcmk_delay_base: "1s", pcmk_delay_max: "3s" });
  const off = play(fresh(), { inputs: [asked(1, request("a", "off", { devices: [slow] }), 0, 0.5)], answers: scripted("ok =off") });
  expect(off.nowMs).toBe(2_002);
  const status = play(fresh(), { inputs: [asked(1, request("a", "status", { devices: [slow] }), 0, 0.5)], answers: scripted("=on") });
  expect(status.nowMs).toBe(1);
});

test.each([
  { name: "action names are mapped", parameters: { pcmk_off_action: "shutdown", pcmk_status_action: "state" }, action: "off", answers: "ok =off", want: "pdu.shutdown(2) pdu.state(2)" },
  { name: "pcmk_reboot_action=off leaves the node off", parameters: { pcmk_reboot_action: "off" }, action: "reboot", answers: "ok =off", want: "pdu.off(2) pdu.status(2)" },
  { name: "a reboot of the device's own is believed", parameters: { pcmk_reboot_action: "cycle" }, action: "reboot", answers: "ok", want: "pdu.cycle(2)" },
  { name: "pcmk_off_retries", parameters: { pcmk_off_retries: "1" }, action: "off", answers: "no =on", want: "pdu.off(2) pdu.status(2)" },
])("$name", ({ parameters, action, answers, want }) => {
  const world = play(fresh(), { inputs: [asked(1, request("a", action as FenceAction, { devices: [device("pdu", parameters as Record<string, string>)] }))], answers: scripted(answers) });
  expect(world.trace.filter((one) => one.startsWith("pdu")).join(" ")).toBe(want);
});

test("a node that fences itself and still lives was not switched off", () => {
  const world = play(fresh(null, [], "node2"), { inputs: [asked(1, request("a", "reboot"))], answers: scripted("ok =off") });
  expect(world.trace.at(-1)).toBe("reply1:unknown");
  expect(world.trace).not.toContain("pdu.on(2)");
});

test("the ledger keeps a bounded number of ended attempts and forgets the oldest", () => {
  const core = fresh();
  const inputs = Array.from({ length: LEDGER_LIMIT + 3 }, (_, at) => asked(at, request(`f${at}`, "off"), at * 100));
  play(core, { inputs, answers: (run) => (run.action === "off" ? "ok" : "=off") });
  expect(core.ledger()).toHaveLength(LEDGER_LIMIT);
  expect(core.ledger()[0]?.fenceId).toBe("f3");
});

test("an adapter that never answers is given up, and its late answer changes nothing", () => {
  const core = fresh();
  expect(core.step({ kind: "request", token: 1, request: request("a", "off", { timeoutMs: 1_000 }), chance: 0 }, 0).at(-1)?.kind).toBe("runDevice");
  const late = core.step({ kind: "tick" }, 5_000);
  expect(late.map((effect) => effect.kind)).toEqual(["persist", "reply"]);
  expect(core.step({ kind: "deviceResult", runId: 1, result: { kind: "done", powered: false, targets: [], detail: "" } }, 5_001)).toEqual([]);
});

// Goal: whatever devices do, every request is answered exactly once per token, in time, `succeeded` only when the node is off,
// and a power command only for what is durable.
test.each(Array.from({ length: 200 }, (_, seed) => seed))("random devices, requests and authorities, seed %i", (seed) => {
  const prng = new Prng(seed);
  const powered = new Map([["1", true], ["2", true], ["3", true]]);
  const core = fresh();
  const tokens = 3 + prng.below(6);
  const inputs = Array.from({ length: tokens }, (_, token) => {
    const target = `node${1 + prng.below(3)}`;
    const action = (["off", "reboot", "status", "off"] as const)[prng.below(4)] ?? "off";
    return asked(token, request(`f${prng.below(5)}`, action, { target, devices: prng.below(2) === 0 ? [PDU, IPMI] : [IPMI], authority: { term: 1 + prng.below(3), view: 1 }, timeoutMs: 2_000 + prng.below(8_000) }), prng.below(3_000), prng.below(100) / 100);
  });
  const answers = (run: DeviceRun): string => {
    const luck = prng.below(10);
    const took = `@${1 + prng.below(luck > 7 ? 9_000 : 50)}`;
    if (luck === 0) return `no${took}`;
    if (luck === 1) return `bad${took}`;
    if (run.action === "status") return luck === 2 ? `=?${took}` : `=${(powered.get(run.plug ?? "") ?? true) ? "on" : "off"}${took}`;
    if (luck > 3 || luck === 2) powered.set(run.plug ?? "", run.action === "on");
    return luck === 2 ? `time${took}` : `ok${took}`;
  };
  const replies = new Map<number, number>();
  let saved = new Set<string>();
  const world: World = { nowMs: 0, trace: [], due: [...inputs] };
  for (let steps = 0; steps < 3_000 && (world.due.length > 0 || core.nextWakeMs() !== null); steps += 1) {
    world.due.sort((a, b) => a.atMs - b.atMs);
    const wakeMs = core.nextWakeMs() ?? Number.POSITIVE_INFINITY;
    const next = world.due[0];
    const takes = next !== undefined && next.atMs <= wakeMs;
    world.nowMs = Math.max(world.nowMs, takes ? next.atMs : wakeMs);
    const input: FencingInput = takes ? (world.due.shift()?.input ?? { kind: "tick" }) : { kind: "tick" };
    let fresh: readonly LedgerEntry[] = [];
    for (const effect of core.step(input, world.nowMs)) {
      if (effect.kind === "persist") {
        fresh = effect.put;
        saved = new Set([...saved, ...effect.put.map((entry) => entry.target)]);
      }
      if (effect.kind === "runDevice" && effect.run.action === "off") expect(saved).toContain(effect.run.target);
      if (effect.kind === "reply") {
        replies.set(effect.token, (replies.get(effect.token) ?? 0) + 1);
        const ended = fresh.find((entry) => entry.reply === effect.reply);
        if (ended?.reply?.outcome === "succeeded") expect(powered.get(ended.target.slice(-1))).toBe(false);
      }
      perform(world, effect, answers);
    }
  }
  expect([...replies.keys()].toSorted((a, b) => a - b)).toEqual(inputs.map((_, at) => at));
  expect([...replies.values()].every((count) => count === 1)).toBe(true);
  expect(core.ledger().every((entry) => entry.reply !== null)).toBe(true);
});
