import { attribute, parseCib } from "@quorate/cib";
import type { OperationResult } from "@quorate/execution";
import { schedule } from "@quorate/scheduler";
import type { Action } from "@quorate/transition";
import { describe, expect, test } from "vitest";
import { applyCommand } from "./apply.ts";
import { recordResult } from "./history.ts";
import { operationOf } from "./operation-of.ts";
import { type Replica, createReplica } from "./replica.ts";

const DONE = { status: "done", rc: 0 } as const;

let calls = 0;

function resultOf(action: Pick<OperationResult["operation"], "task"> & { readonly meta?: Readonly<Record<string, string>> }, outcome: Pick<OperationResult, "status" | "rc"> = DONE): OperationResult {
  calls += 1;
  return {
    operation: {
      transitionKey: "1:1:0:x", resource: "vm", agent: { class: "ocf", provider: "test", type: "Dummy" }, intervalMs: 0, timeoutMs: 20_000, targetRc: 0, parameters: {},
      meta: { migrate_source: "a", migrate_target: "b" }, ...action,
    },
    callId: calls, ...outcome, exitReason: "", startedAtMs: 0, rcChangedAtMs: calls * 1000, execMs: 5, queueMs: 0,
  };
}

/** `last_0=migrate_to a>b`. */
function entriesOf(results: readonly OperationResult[]): string[] {
  const history = results.reduce<ReturnType<typeof recordResult> | null>(recordResult, null);
  return (history?.children ?? []).map((op) => {
    const ends = attribute(op, "migrate_source") === null ? "" : ` ${attribute(op, "migrate_source")}>${attribute(op, "migrate_target")}`;
    return `${attribute(op, "id")?.slice(3)}=${attribute(op, "operation")}${ends}`;
  });
}

const FAILED = { status: "done", rc: 1 } as const;

describe("the history of a migration", () => {
  test.each<{ readonly name: string; readonly results: readonly OperationResult[]; readonly want: readonly string[] }>([
    { name: "says where from and where to", results: [resultOf({ task: "migrate_to" })], want: ["last_0=migrate_to a>b"] },
    { name: "a stop says neither", results: [resultOf({ task: "migrate_to" }), resultOf({ task: "stop" })], want: ["last_0=stop"] },
    { name: "a failure stands once", results: [resultOf({ task: "migrate_from" }, FAILED)], want: ["last_failure_0=migrate_from a>b"] },
    { name: "and leaves what was before", results: [resultOf({ task: "start" }), resultOf({ task: "migrate_to" }, { status: "timeout", rc: 1 })], want: ["last_0=start", "last_failure_0=migrate_to a>b"] },
    { name: "until one of its kind works", results: [resultOf({ task: "migrate_from" }, FAILED), resultOf({ task: "migrate_from" })], want: ["last_0=migrate_from a>b"] },
    { name: "but no other", results: [resultOf({ task: "migrate_to" }, FAILED), resultOf({ task: "migrate_from" })], want: ["last_failure_0=migrate_to a>b", "last_0=migrate_from a>b"] },
  ])("$name", ({ results, want }) => expect(entriesOf(results)).toEqual(want));
});

/** Nodes a and b; vm runs on a, and a is in standby. */
function leaving(): Replica {
  const vm = '<primitive id="vm" class="ocf" provider="test" type="Dummy"><meta_attributes id="m"><nvpair id="m-1" name="allow-migrate" value="true"/></meta_attributes></primitive>';
  const options = '<cluster_property_set id="o"><nvpair id="o-1" name="stonith-enabled" value="false"/></cluster_property_set>';
  const parsed = parseCib(`<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config>${options}</crm_config><nodes/><resources>${vm}</resources><constraints/></configuration><status/></cib>`);
  if (!parsed.ok) throw new Error(parsed.error.issues.map(({ message }) => message).join("\n"));
  const replica = createReplica(["a", "b"], parsed.value.cib);
  const life = (node: string): { node: string; bootId: string } => ({ node, bootId: `${node}1` });
  applyCommand(replica, 1, { kind: "view", atMs: 0, dc: "a", members: [life("a"), life("b")], gone: [] });
  applyCommand(replica, 2, { kind: "joined", atMs: 0, ...life("a"), session: "A", history: [resultOf({ task: "start", meta: {} })] });
  applyCommand(replica, 3, { kind: "joined", atMs: 0, ...life("b"), session: "B", history: [] });
  applyCommand(replica, 4, { kind: "attribute", atMs: 0, requestId: "q", node: "a", name: "standby", value: "on" });
  return replica;
}

/** Performs what is asked for, one transition after the other, until nothing is; an action named in `failing` fails the first time. */
function settle(replica: Replica, failing: ReadonlySet<string> = new Set()): string[] {
  const done: string[] = [], left = new Set(failing), sequence = new Map<string, number>();
  for (let transition = 1; transition <= 6; transition++) {
    const { graph } = schedule(replica.cib, calls * 1000);
    if (graph.actions.length === 0) return done;
    const finished = new Set<number>();
    const ready = (action: Action): boolean => !finished.has(action.id) && action.after.every((first) => finished.has(first));
    for (let action = graph.actions.find(ready); action !== undefined; action = graph.actions.find(ready)) {
      finished.add(action.id);
      if (action.kind !== "rsc" || action.node === null) continue;
      const failed = left.delete(action.task);
      done.push(`${action.task} ${action.node}${failed ? " fails" : ""}`);
      const outcome = failed ? FAILED : { status: "done" as const, rc: action.targetRc };
      const result = { ...resultOf({ task: action.task }, outcome), operation: operationOf(action, { transition, session: "x" }) };
      const next = (sequence.get(action.node) ?? 0) + 1;
      sequence.set(action.node, next);
      applyCommand(replica, 10 + calls, { kind: "results", atMs: calls * 1000, node: action.node, session: action.node.toUpperCase(), reportSequence: next, results: [result] });
      if (failed) break;
    }
  }
  return [...done, "and so on"];
}

describe("a migration from decision to history and back", () => {
  test("it is done once, and the source is stopped", () => {
    expect(settle(leaving())).toEqual(["monitor b", "migrate_to a", "migrate_from b", "stop a"]);
  });

  test("a target that could not take it: it is stopped everywhere, and started", () => {
    expect(settle(leaving(), new Set(["migrate_from"]))).toEqual(["monitor b", "migrate_to a", "migrate_from b fails", "stop b", "stop a", "start b"]);
  });

  test("a source that could not send it: the same", () => {
    expect(settle(leaving(), new Set(["migrate_to"]))).toEqual(["monitor b", "migrate_to a fails", "stop a", "stop b", "start b"]);
  });

  test("agents are told source and target", () => {
    const replica = leaving();
    const { graph } = schedule(replica.cib, 0);
    for (const task of ["migrate_to", "migrate_from"]) {
      const action = graph.actions.find((one) => one.task === task);
      expect(action === undefined ? null : operationOf(action, { transition: 1, session: "x" }).meta, task).toMatchObject({ migrate_source: "a", migrate_target: "b" });
    }
  });
});
