import { parseCib } from "@quorate/cib";
import { describe, expect, test } from "vitest";
import { applyCommand } from "./apply.ts";
import type { Command, ResourceReason } from "./command.ts";
import { type Replica, createReplica } from "./replica.ts";
import { type WhyQuestion, explain } from "./why.ts";

const primitive = (id: string): string => `<primitive id="${id}" class="ocf" provider="test" type="Dummy"/>`;

/** Group g of fs and db, primitive r, clone k of ping; nodes a, b and c, all members, nothing runs. */
function fresh(): Replica {
  const resources = `<group id="g">${primitive("fs")}${primitive("db")}</group>${primitive("r")}<clone id="k">${primitive("ping")}</clone>`;
  const parsed = parseCib(`<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources>${resources}</resources><constraints/></configuration><status/></cib>`);
  if (!parsed.ok) throw new Error("the document is valid");
  return after(createReplica(["a", "b", "c"], parsed.value.cib), view("a b c"), ...["a", "b", "c"].map((node) => joined(node)));
}

function after(replica: Replica, ...commands: readonly Command[]): Replica {
  for (const command of commands) applyCommand(replica, replica.applied + 1, command);
  return replica;
}

function view(members: string, ...lost: readonly string[]): Command {
  return { kind: "view", atMs: 10_000, dc: "a", members: members.split(" ").map((node) => ({ node, bootId: `${node}1` })), gone: lost.map((node) => ({ node, reason: "silent on udp for 612 ms", how: "lost" })) };
}

/** `node` with what was started on it. */
function joined(node: string, ...started: readonly string[]): Command {
  const history = started.map((resource, at) => ({
    operation: { transitionKey: "1:1:0:x", resource, agent: { class: "ocf", provider: "test", type: "Dummy" }, task: "start", intervalMs: 0, timeoutMs: 1, targetRc: 0, parameters: {}, meta: {} },
    callId: at + 1, status: "done" as const, rc: 0, exitReason: "", startedAtMs: 0, rcChangedAtMs: 0, execMs: 0, queueMs: 0,
  }));
  return { kind: "joined", atMs: 0, node, bootId: `${node}1`, session: `${node}s`, history };
}

function decided(transition: number, trigger: string, ...reasons: readonly (Partial<ResourceReason> & { resource: string })[]): Command {
  return { kind: "transitionStarted", atMs: 12_000 + transition, transition, trigger, reasons: reasons.map((reason) => ({ task: "Move", from: null, to: null, causes: [], candidates: [], ...reason })) };
}

const FENCE: Command = { kind: "fenceStarted", atMs: 10_100, fenceId: "f1", target: "b", bootId: "b1", action: "off", gateway: "c", devices: ["pdu"], reason: "b is lost" };
const FENCED: Command = { kind: "fenceEnded", atMs: 12_600, fenceId: "f1", outcome: "succeeded", device: "pdu", detail: "outlet 3 is off" };

function told(replica: Replica, question: Partial<WhyQuestion> & { resource: string }): string[] {
  const answer = explain(replica, { node: null, nowMs: 20_000, ...question });
  return answer.ok ? [...answer.value.lines] : [`refused: ${answer.error}`];
}

/** g ran on b; b was lost, fenced, and g moved to c. */
function failedOver(): Replica {
  const candidates = ["c: 100 (100 prefers c)", "a: 0", "b: -INFINITY, cannot be used: it is lost"];
  return after(
    fresh(), joined("b", "fs", "db"), decided(1, "an old story", { resource: "fs", to: "b" }), view("a c", "b"), FENCE,
    decided(2, "b was lost", { resource: "fs", from: "b", to: "c", causes: ["c has the highest score", "b is lost", "b is lost"], candidates }, { resource: "db", from: "b", to: "c", causes: ["it stands with fs"] }, { resource: "r", task: "Start", to: "a" }),
    FENCED, joined("c", "fs", "db"),
  );
}

const STORY = [
  "g: runs on c",
  "  Last decision: transition 2, 8 s ago, because b was lost.",
  "  fs: Move b -> c",
  "    because c has the highest score",
  "    because b is lost",
  "  db: Move b -> c",
  "    because it stands with fs",
  "  Candidates, best first:",
  "    c: 100 (100 prefers c)",
  "    a: 0",
  "    b: -INFINITY, cannot be used: it is lost",
  "  b was lost: silent on udp for 612 ms",
  "  b was fenced (off) by pdu through c: succeeded after 2500 ms (outlet 3 is off)",
];

describe("a group that failed over", () => {
  test("tells loss, fencing, causes and candidates, of the last decision only", () => expect(told(failedOver(), { resource: "g" })).toEqual(STORY));

  test("asked about one member, only that one's decision", () => {
    const lines = told(failedOver(), { resource: "db" });
    expect(lines).toEqual(["db: runs on c", STORY[1], "  db: Move b -> c", "    because it stands with fs", ...STORY.slice(11)]);
  });

  test("asked about one node, only that node's candidacy", () => {
    const lines = told(failedOver(), { resource: "g", node: "a" });
    expect(lines).toEqual(STORY.filter((line) => !line.startsWith("    c:") && !line.startsWith("    b:")));
  });

  test("gives the same as data", () => {
    const answer = explain(failedOver(), { resource: "g", node: null, nowMs: 20_000 });
    expect(answer).toMatchObject({ ok: true, value: { facts: {
      resource: "g", active: [{ resource: "fs", nodes: ["c"] }, { resource: "db", nodes: ["c"] }], decisions: [{ transition: 2 }, { transition: 2 }], fences: [{ fenceId: "f1", outcome: "succeeded" }],
    } } });
  });

  test("another resource's answer does not tell of it", () => {
    expect(told(failedOver(), { resource: "r" })).toEqual(["r: runs nowhere", STORY[1], "  r: Start a"]);
  });
});

describe("while fencing is awaited", () => {
  const WAITS = "  b is not confirmed off: nothing that may run there is started elsewhere.";
  const lost = (): Replica => after(fresh(), joined("b", "fs"), view("a c", "b"));

  test("a lost node is named, also to those who never ran there", () => {
    expect(told(lost(), { resource: "r" })).toEqual(["r: runs nowhere", "  Nothing was decided about it that is still remembered.", WAITS]);
  });

  test("what ran there says so: half of the group, from the loss on, before anything was decided", () => {
    expect(told(lost(), { resource: "fs" })).toEqual(["fs: runs on b", "  Nothing was decided about it that is still remembered.", "  b was lost: silent on udp for 612 ms", WAITS]);
    expect(told(lost(), { resource: "g" })[0]).toBe("g: 1 of 2 run on b");
  });

  test("an attempt under way is told, and it ends with the waiting", () => {
    const replica = after(lost(), FENCE);
    expect(told(replica, { resource: "g" }).slice(-2)).toEqual(["  b is being fenced (off) through c: under way", WAITS]);
    expect(told(after(replica, FENCED), { resource: "g" }).filter((line) => line === WAITS)).toEqual([]);
  });

  test("the last three attempts are enough", () => {
    const attempts = Array.from({ length: 5 }, (_, at): Command[] => [{ ...FENCE, fenceId: `f${at}` } as Command, { ...FENCED, fenceId: `f${at}`, outcome: "unknown", detail: `try ${at}` } as Command]).flat();
    expect(told(after(lost(), ...attempts), { resource: "g" }).flatMap((line) => /unknown after 2500 ms \((.*)\)$/.exec(line)?.[1] ?? [])).toEqual(["try 2", "try 3", "try 4"]);
  });
});

test.each([
  { name: "a resource nobody configured", question: { resource: "nope" }, want: "refused: no resource nope in the configuration" },
  { name: "a node nobody configured", question: { resource: "r", node: "x" }, want: "refused: no node x" },
  { name: "a resource that runs nowhere", question: { resource: "r" }, want: "r: runs nowhere" },
  { name: "an instance of a clone, by its configured id", question: { resource: "ping:1" }, want: "ping:1: runs nowhere" },
])("$name", ({ question, want }) => expect(told(fresh(), question)[0]).toBe(want));

test("a decision that stopped it names where it was, and a clock that went back makes no negative age", () => {
  const replica = after(fresh(), decided(3, "root changed the CIB", { resource: "ping:0", task: "Stop", from: "b" }, { resource: "ping:1", task: "Stop" }));
  expect(told(replica, { resource: "k", nowMs: 0 }).slice(1)).toEqual(["  Last decision: transition 3, 0 s ago, because root changed the CIB.", "  ping:0: Stop b", "  ping:1: Stop nowhere"]);
});
