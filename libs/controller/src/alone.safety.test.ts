/** A node without quorum stops what it must, whatever is lost between its policy-engine and its executor (D6). Real executor, real scheduler. */
import { type Cib, parseCib } from "@quorate/cib";
import { type ExecutorCore, type Operation, type OperationResult, createExecutorCore } from "@quorate/execution";
import { schedule } from "@quorate/scheduler";
import { expect, test } from "vitest";
import { Alone } from "./alone.ts";

const START: Operation = {
  transitionKey: "1:7:0:dc", resource: "fs", agent: { class: "ocf", provider: "heartbeat", type: "Dummy" }, task: "start", intervalMs: 0, timeoutMs: 20_000, targetRc: 0, parameters: {}, meta: {},
};

/** Nodes a (this one) and b, both online as far as the log says; group g of ip and fs is at home on `home` and ran on a, or nowhere. */
function committed({ policy = "stop", home = "a", runs = true }: { policy?: string; home?: string; runs?: boolean }): Cib {
  const history = (node: string, id: string): string => {
    const [task, rc] = node === "a" && runs ? ["start", 0] : ["monitor", 7];
    const op = `<lrm_rsc_op id="${id}_last_0" operation_key="${id}_${task}_0" operation="${task}" transition-key="1:1:${rc}:x" transition-magic="0:${rc};1:1:${rc}:x" call-id="0" rc-code="${rc}" op-status="0" interval="0"/>`;
    return `<lrm_resource id="${id}" class="ocf" provider="heartbeat" type="Dummy">${op}</lrm_resource>`;
  };
  const state = (node: string): string => `<node_state id="${node}" uname="${node}" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="${node}"><lrm_resources>${history(node, "ip")}${history(node, "fs")}</lrm_resources></lrm></node_state>`;
  const options = `<cluster_property_set id="o"><nvpair id="o-1" name="no-quorum-policy" value="${policy}"/><nvpair id="o-2" name="stonith-enabled" value="false"/></cluster_property_set>`;
  const group = `<group id="g"><primitive id="ip" class="ocf" provider="heartbeat" type="Dummy"/><primitive id="fs" class="ocf" provider="heartbeat" type="Dummy"/></group>`;
  const text = `<cib admin_epoch="0" epoch="1" num_updates="0" have-quorum="1" dc-uuid="b"><configuration><crm_config>${options}</crm_config><nodes><node id="a" uname="a"/><node id="b" uname="b"/></nodes><resources>${group}</resources><constraints><rsc_location id="l" rsc="g" node="${home}" score="100"/></constraints></configuration><status>${state("a")}${state("b")}</status></cib>`;
  const parsed = parseCib(text);
  if (!parsed.ok) throw new Error(parsed.error.issues.map(({ message }) => message).join("\n"));
  return parsed.value.cib;
}

class LonelyNode {
  nowMs = 0;
  /** Of the requests of the policy-engine, and of results on the way back, so many are lost. */
  lostRequests = 0;
  lostResults = 0;
  /** The executor hears of the loss of quorum only now. */
  executorKnowsAtMs = 0;
  readonly active = new Set<string>();
  wasActive = false;
  readonly #cib: Cib;
  readonly #alone = new Alone({ node: "a", session: "S", graceMs: 1_000, retryMs: 5_000 }, 0);
  readonly #executor: ExecutorCore = createExecutorCore({ node: "a", bootId: "a1", session: "x", config: { parallelMax: 4, membershipLossMs: 60_000 }, stored: [] });
  #token = -1;

  constructor(cib: Cib) {
    this.#cib = cib;
    this.#feed({ kind: "restored" });
    this.#feed({ kind: "quorum", connected: true });
    this.#alone.onQuorum(true);
  }

  /** The DC's start was taken in time and its agent works for so long. */
  startUnderWay(ms: number): void {
    const authority = { term: 1, view: 1 };
    this.#feed({ kind: "request", token: 1, from: "bus", request: { kind: "claim", authority, dc: "b" } });
    this.#agentMs = ms;
    this.#feed({ kind: "request", token: 2, from: "bus", request: { kind: "execute", authority, session: "x", sequence: 1, budgetMs: 20_000, operation: START } });
  }

  /** Without quorum until `untilMs`. */
  run(untilMs: number): void {
    let told = false;
    for (; this.nowMs < untilMs; this.nowMs += 50) {
      if (!told && this.nowMs >= this.executorKnowsAtMs) this.#feed({ kind: "quorum", connected: false });
      told ||= this.nowMs >= this.executorKnowsAtMs;
      for (const due of this.#due.filter(({ atMs }) => atMs <= this.nowMs)) due.act();
      this.#due = this.#due.filter(({ atMs }) => atMs > this.nowMs);
      if (this.#alone.tick(this.#cib, this.#token, this.#time())) this.#token -= 1;
      this.#performAlone();
      this.#feed({ kind: "tick" });
    }
  }

  #agentMs = 10;
  #due: { readonly atMs: number; readonly act: () => void }[] = [];

  #time(): { nowMs: number; wallMs: number } {
    return { nowMs: this.nowMs, wallMs: 1_700_000_000_000 + this.nowMs };
  }

  #performAlone(): void {
    for (const effect of this.#alone.drain()) {
      if (effect.kind === "schedule") this.#alone.onScheduled(effect.token, schedule(effect.cib, effect.wallMs), this.#time());
      if (effect.kind === "executeLocal" && this.lostRequests-- <= 0) this.#feed({ kind: "request", token: 9, from: "local", request: { kind: "executeLocal", operation: effect.operation } });
      if (effect.kind === "schedule") this.#performAlone();
    }
  }

  #feed(input: Parameters<ExecutorCore["step"]>[0]): void {
    for (const effect of this.#executor.step(input, this.#time())) {
      if (effect.kind === "result") this.#told(effect.result);
      if (effect.kind !== "spawn") continue;
      const { callId, operation } = effect;
      this.#due.push({ atMs: this.nowMs + this.#agentMs, act: () => this.#end(callId, operation) });
      this.#agentMs = 10;
    }
  }

  #end(callId: number, { task, resource }: Operation): void {
    if (task === "start") this.active.add(resource);
    this.wasActive ||= task === "start";
    if (task === "stop") this.active.delete(resource);
    this.#feed({ kind: "ended", callId, outcome: { status: "done", rc: 0, exitReason: "" }, lingering: false });
  }

  #told(result: OperationResult): void {
    if (this.lostResults-- > 0) return;
    this.#alone.onResult(result, this.#time());
    this.#performAlone();
  }
}

test.each<{ name: string; prepare: (node: LonelyNode) => void }>([
  { name: "when all goes well", prepare: () => {} },
  { name: "when its executor hears of the loss later than its policy-engine, and refuses at first", prepare: (node) => void (node.executorKnowsAtMs = 400) },
  { name: "when the request is lost: the executor was restarting", prepare: (node) => void (node.lostRequests = 3) },
  { name: "when the result that the rest waits for is lost", prepare: (node) => void (node.lostResults = 1) },
])("what ran is stopped $name", ({ prepare }) => {
  const node = new LonelyNode(committed({}));
  node.active.add("ip").add("fs");
  prepare(node);
  node.run(10_000);
  expect([...node.active]).toEqual([]);
});

test("a start that was under way when quorum was lost is stopped when it has ended, although no log ever tells of it", () => {
  const node = new LonelyNode(committed({ runs: false }));
  node.startUnderWay(3_000);
  node.run(2_000);
  expect([...node.active]).toEqual([]); // not up yet
  node.run(10_000);
  expect(node.wasActive).toBe(true);
  expect([...node.active]).toEqual([]);
});

test.each(["freeze", "ignore"])("%s leaves what runs where it is, also when it was about to move", (policy) => {
  const node = new LonelyNode(committed({ policy, home: "b" }));
  node.active.add("ip").add("fs");
  node.run(10_000);
  expect([...node.active]).toEqual(["ip", "fs"]);
});
