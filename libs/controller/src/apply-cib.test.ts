import { digestCib, parseCib } from "@quorate/cib";
import { Prng } from "@quorate/core";
import { describe, expect, test } from "vitest";
import { applyCommand } from "./apply.ts";
import { INITIAL_CIB_REQUEST } from "./apply-cib.ts";
import type { Command, CommandOutcome } from "./command.ts";
import { type Replica, createReplica, replicaDigest } from "./replica.ts";

const document = (resources: string, version = "1"): string =>
  `<cib admin_epoch="0" epoch="${version}" num_updates="0"><configuration><crm_config/><nodes/><resources>${resources}</resources><constraints/></configuration><status/></cib>`;
const primitive = (id: string): string => `<primitive id="${id}" class="ocf" provider="test" type="Dummy"/>`;

function fresh(): Replica {
  const parsed = parseCib(document(""));
  if (!parsed.ok) throw new Error("the document is valid");
  return createReplica(["a", "b"], parsed.value.cib);
}

type Change = Extract<Command, { kind: "cib" }>["operation"];
const whole = (resources: string, version = "2"): Change => ({ kind: "replace", section: "all", xml: document(resources, version), force: false });
const create = (id: string): Change => ({ kind: "create", section: "resources", xml: primitive(id), parentId: null });
const cib = (requestId: string, operation: Change, atMs = 1_000): Command => ({ kind: "cib", atMs, requestId, by: "root", operation });
const alarm = (requestId: string): Command => ({ kind: "alarm", atMs: 0, requestId, type: "pvfs2.failover", severity: "warning", node: null, resource: null, message: requestId, data: {} });

/** `ok` or the code, then what is configured as `[id id]`. */
function said(replica: Replica, { error }: CommandOutcome): string {
  const resources = replica.cib.root.children.find(({ name }) => name === "configuration")!.children.find(({ name }) => name === "resources")!;
  return `${error?.code ?? "ok"}[${resources.children.map(({ attributes }) => attributes["id"]).join(" ")}]`;
}

function trace(commands: readonly Command[], replica = fresh()): string {
  return commands.map((command, at) => said(replica, applyCommand(replica, at + 1, command))).join(" ");
}

const INITIAL = cib(INITIAL_CIB_REQUEST, whole(primitive("r")));

describe("changes of the CIB", () => {
  test.each<{ name: string; commands: readonly Command[]; want: string }>([
    { name: "clients wait for the initial document", commands: [cib("1", create("x")), INITIAL, cib("2", create("x"))], want: "QUORATE_CIB_STALE[] ok[r] ok[r x]" },
    { name: "the initial document is taken once, whatever a second proposal says", commands: [INITIAL, cib("1", create("x")), cib(INITIAL_CIB_REQUEST, whole(primitive("y"), "9"))], want: "ok[r] ok[r x] ok[r x]" },
    { name: "an initial document that is not valid may be mended", commands: [cib(INITIAL_CIB_REQUEST, whole("<primitive/>")), INITIAL], want: "QUORATE_CIB_INVALID[] ok[r]" },
    { name: "the same request twice is applied once, with the same answer", commands: [INITIAL, cib("1", create("x")), cib("1", create("x")), cib("2", create("x")), cib("2", create("x"))], want: "ok[r] ok[r x] ok[r x] QUORATE_EXISTS[r x] QUORATE_EXISTS[r x]" },
    { name: "a request that was refused stays refused", commands: [cib("1", create("x")), INITIAL, cib("1", create("x"))], want: "QUORATE_CIB_STALE[] ok[r] QUORATE_CIB_STALE[r]" },
    { name: "an older document is stale", commands: [INITIAL, cib("1", whole(primitive("y"), "1"))], want: "ok[r] QUORATE_CIB_STALE[r]" },
    { name: "what is not there cannot be deleted", commands: [INITIAL, cib("1", { kind: "delete", section: "resources", xml: primitive("x") })], want: "ok[r] QUORATE_NOT_FOUND[r]" },
    { name: "all or nothing", commands: [INITIAL, cib("1", { kind: "replace", section: "resources", xml: `<resources>${primitive("x")}<primitive id="y"/></resources>`, force: false })], want: "ok[r] QUORATE_CIB_INVALID[r]" },
    ...(["replace", "modify", "create", "delete"] as const).map((kind) => ({
      name: `the status section is not for clients (${kind})`,
      commands: [INITIAL, cib("1", { kind, section: "status", xml: `<status><node_state id="b" uname="b" in_ccm="true" crmd="online"/></status>`, force: true, allowCreate: true, parentId: null } as Change)],
      want: "ok[r] QUORATE_UNSAFE[r]",
    })),
  ])("$name", ({ commands, want }) => expect(trace(commands)).toBe(want));

  test("a whole document brings no status, keeps what is known, and every configured node is in it", () => {
    const replica = fresh();
    trace([INITIAL, { kind: "view", atMs: 5, dc: "a", members: [{ node: "a", bootId: "a1" }], gone: [] }], replica);
    const forged = document("", "7").replace("<status/>", `<status><node_state id="b" uname="b" in_ccm="true" crmd="online"/></status>`);
    applyCommand(replica, 3, cib("1", { kind: "replace", section: "all", xml: forged, force: true }));
    const [configuration, status] = [replica.cib.root.children[0]!, replica.cib.root.children.at(-1)!];
    expect(status.children.map(({ attributes }) => `${attributes["uname"]} ${attributes["crmd"]}`)).toEqual(["a offline"]);
    expect(configuration.children.find(({ name }) => name === "nodes")!.children.map(({ attributes }) => attributes["uname"])).toEqual(["a", "b"]);
    expect(replica.cib.root.attributes).toMatchObject({ "dc-uuid": "a", "have-quorum": "1" });
  });

  test("neither does a change of the section above it", () => {
    const replica = fresh();
    trace([INITIAL, { kind: "view", atMs: 5, dc: "a", members: [{ node: "a", bootId: "a1" }], gone: [] }], replica);
    applyCommand(replica, 3, cib("1", { kind: "modify", section: "all", xml: `<cib><status><node_state id="a" uname="a" crmd="online"/></status></cib>`, allowCreate: true }));
    expect(replica.cib.root.children.at(-1)!.children.map(({ attributes }) => `${attributes["uname"]} ${attributes["crmd"]}`)).toEqual(["a offline"]);
  });

  test("who changed what, to which version, is told; a refusal names the place", () => {
    const replica = fresh();
    applyCommand(replica, 1, INITIAL);
    const { events } = applyCommand(replica, 2, cib("1", create("x"), 2_000));
    expect(events).toEqual([{ index: 2, ordinal: 0, type: "cib.changed", severity: "info", atMs: 2_000, node: null, resource: null, message: "root changed resources (create); the CIB is now 0.3.0", data: { version: "0.3.0", section: "resources", by: "root" } }]);
    expect(replica.lastChange).toEqual({ atMs: 2_000, by: "root" });
    expect(applyCommand(replica, 3, cib("2", whole(`<primitive id="p" class="ocf" type="D" bogus="1"/>`, "9"))).error!.message).toMatch(/^1:\d+ \/cib\/configuration\/resources\/primitive\[.*bogus/m);
  });
});

describe("requests", () => {
  test("a repeat has no events and leaves the replica as it is but for its index", () => {
    const replica = fresh();
    expect(applyCommand(replica, 1, alarm("1")).events).toHaveLength(1);
    expect(applyCommand(replica, 2, alarm("1"))).toEqual({ index: 2, error: null, events: [] });
    expect([replica.applied, replica.outbox.length]).toEqual([2, 1]);
  });

  test("the newest 2000 are remembered", () => {
    const replica = fresh();
    for (let at = 1; at <= 2_001; at++) applyCommand(replica, at, alarm(`q${at}`));
    expect([replica.requests.size, replica.requests.has("q1"), replica.requests.has("q2")]).toEqual([2_000, false, true]);
  });

  test("an alarm becomes the event it says", () => {
    expect(applyCommand(fresh(), 9, alarm("disk")).events).toEqual([{ index: 9, ordinal: 0, type: "pvfs2.failover", severity: "warning", atMs: 0, node: null, resource: null, message: "disk", data: {} }]);
  });
});

describe("the outbox", () => {
  const cursor = (recipient: string, index: number, ordinal = 0): Command => ({ kind: "cursor", recipient, index, ordinal });

  /** Alarms at entries 1 to `count`; the cursor moves at entry `at` (none when 0). What is kept: `first-last`. */
  function kept(count: number, cursors: Readonly<Record<string, number>>): string {
    const replica = fresh();
    for (const [recipient, index] of Object.entries(cursors)) applyCommand(replica, 0, cursor(recipient, index));
    for (let index = 1; index <= count; index++) applyCommand(replica, index, alarm(`q${index}`));
    return `${replica.outbox[0]!.index}-${replica.outbox.at(-1)!.index}`;
  }

  test.each([
    { name: "below twice the minimum nothing is dropped", count: 3_999, cursors: {}, want: "1-3999" },
    { name: "then the newest 2000 stay", count: 4_000, cursors: {}, want: "2001-4000" },
    { name: "and more only for who has not confirmed them", count: 4_000, cursors: { mail: 1_500, hook: 3_000 }, want: "1500-4000" },
    { name: "nothing that nobody confirmed is dropped", count: 5_000, cursors: { mail: 1 }, want: "1-5000" },
    { name: "but no more than the bound", count: 20_050, cursors: { mail: 1 }, want: "51-20050" },
    { name: "a recipient that is up to date holds nothing back", count: 4_000, cursors: { mail: 9_999 }, want: "2001-4000" },
  ])("$name", ({ count, cursors, want }) => expect(kept(count, cursors)).toBe(want));

  test.each([
    { name: "forward", moves: [[3, 1], [4, 0]], want: [4, 0] },
    { name: "forward in one entry", moves: [[3, 1], [3, 2]], want: [3, 2] },
    { name: "never back", moves: [[3, 1], [3, 0], [2, 9]], want: [3, 1] },
  ])("a cursor moves $name", ({ moves, want }) => {
    const replica = fresh();
    moves.forEach(([index, ordinal], at) => applyCommand(replica, at, cursor("mail", index!, ordinal)));
    expect(replica.cursors.get("mail")).toEqual({ index: want[0], ordinal: want[1] });
  });

  test("events of one entry are numbered in the order they came about", () => {
    const { events } = applyCommand(fresh(), 7, { kind: "view", atMs: 0, dc: "a", members: [{ node: "a", bootId: "a1" }], gone: [{ node: "b", reason: "silent", how: "lost" }] });
    expect(events.map(({ index, ordinal, type }) => `${index}.${ordinal} ${type}`)).toEqual(["7.0 node.lost", "7.1 node.up", "7.2 dc.elected", "7.3 quorum.view"]);
  });
});

describe("transitions", () => {
  const started = (transition: number): Command => ({ kind: "transitionStarted", atMs: transition, transition, trigger: `t${transition}`, reasons: [{ resource: "r", task: "Start", from: null, to: "a", causes: [], candidates: [] }] });

  test("the last 20 decisions about a resource are kept, oldest first", () => {
    const replica = fresh();
    for (let number = 1; number <= 21; number++) applyCommand(replica, number, started(number));
    expect(replica.transition).toBe(21);
    expect(replica.decisions.get("r")!.map(({ transition }) => transition)).toEqual(Array.from({ length: 20 }, (_, at) => at + 2));
  });

  test.each([
    { outcome: "complete", want: "info transition.completed Transition 4 completed: why" },
    { outcome: "aborted", want: "info transition.aborted Transition 4 aborted: why" },
    { outcome: "failed", want: "warning transition.failed Transition 4 failed: why" },
  ] as const)("one that ends is told: $outcome", ({ outcome, want }) => {
    const [event] = applyCommand(fresh(), 1, { kind: "transitionEnded", atMs: 0, transition: 4, outcome, detail: "why" }).events;
    expect(`${event!.severity} ${event!.type} ${event!.message}`).toBe(want);
  });
});

/** Commands drawn at random, sensible or not. */
function randomCommand(prng: Prng, at: number): Command {
  const pick = <T>(items: readonly T[]): T => items[prng.below(items.length)]!;
  const node = pick(["a", "b", "x"]);
  const bootId = `${node}${prng.below(3)}`;
  const requestId = `q${prng.below(40)}`;
  return pick<() => Command>([
    () => ({ kind: "view", atMs: at, dc: "a", members: [{ node: "a", bootId: "a1" }, ...(prng.below(2) === 0 ? [{ node: "b", bootId: `b${prng.below(3)}` }] : [])], gone: prng.below(3) === 0 ? [{ node: "b", reason: "silent", how: "lost" }] : [] }),
    () => ({ kind: "joined", atMs: at, node, bootId, session: `s${prng.below(2)}`, history: [] }),
    () => ({ kind: "fenceStarted", atMs: at, fenceId: `f${prng.below(9)}`, target: node, bootId, action: "off", gateway: "a", devices: [], reason: "lost" }),
    () => ({ kind: "fenceEnded", atMs: at, fenceId: `f${prng.below(9)}`, outcome: pick(["succeeded", "failed", "unknown"]), device: null, detail: "" }),
    () => ({ kind: "fenceConfirmed", atMs: at, requestId, target: node, by: "root" }),
    () => cib(requestId, create(`p${prng.below(4)}`), at + 1),
    () => ({ kind: "attribute", atMs: at, requestId, node, name: `n${prng.below(3)}`, value: pick(["1", null]) }),
    () => ({ kind: "cleanup", atMs: at, requestId, resource: pick(["r", "p1", "none"]), node: pick([null, "a"]), by: "root" }),
    () => alarm(requestId),
  ])();
}

test.each(Array.from({ length: 30 }, (_, seed) => seed))("replicas that apply the same are equal, and what is refused changes nothing, seed %i", (seed) => {
  const prng = new Prng(seed);
  const [one, other] = [fresh(), fresh()];
  const known = ({ view, nodes, fences, fencedBootIds, outbox, displaced, lastChange }: Replica): string => JSON.stringify([view, [...nodes], fences, [...fencedBootIds], outbox, [...displaced], lastChange]);
  for (let at = 0; at < 60; at++) {
    const command = at === 0 ? INITIAL : randomCommand(prng, at);
    const [before, documentBefore] = [known(one), one.cib];
    const outcome = applyCommand(one, at + 1, command);
    expect(applyCommand(other, at + 1, command)).toEqual(outcome);
    if (outcome.error !== null) expect([known(one), one.cib === documentBefore]).toEqual([before, true]);
    expect(one.outbox.slice(one.outbox.length - outcome.events.length)).toEqual(outcome.events);
  }
  expect([known(one), digestCib(one.cib), one.cib.version]).toEqual([known(other), digestCib(other.cib), other.cib.version]);
  expect(replicaDigest(one)).toBe(replicaDigest(other));
});
