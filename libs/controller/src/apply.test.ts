import { parseCib } from "@quorate/cib";
import { Prng } from "@quorate/core";
import type { OperationResult } from "@quorate/execution";
import { describe, expect, test } from "vitest";
import { applyCommand } from "./apply.ts";
import type { Command } from "./command.ts";
import { type Replica, createReplica } from "./replica.ts";
import { historyOf, nodeState, transientAttributes } from "./status-section.ts";

/** Nodes a, b, c; group g of g1 and g2, primitive r, clone k of ki, fence device f. */
function fresh(options = ""): Replica {
  const primitive = (id: string): string => `<primitive id="${id}" class="ocf" provider="test" type="Dummy"/>`;
  const resources = `<group id="g">${primitive("g1")}${primitive("g2")}</group>${primitive("r")}<clone id="k">${primitive("ki")}</clone><primitive id="f" class="stonith" type="fence_x"/>`;
  const crm = options === "" ? "" : `<cluster_property_set id="o"><nvpair id="o-1" name="${options.split("=")[0]}" value="${options.split("=")[1]}"/></cluster_property_set>`;
  const parsed = parseCib(`<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config>${crm}</crm_config><nodes/><resources>${resources}</resources><constraints/></configuration><status/></cib>`);
  if (!parsed.ok) throw new Error(parsed.error.issues.map(({ message }) => message).join("\n"));
  return createReplica(["a", "b", "c"], parsed.value.cib);
}

let calls = 0;

/** An instance `ki:0` is written `ki/0`, as the colon parts the words. `r.start=0`, `r.monitor10=7` (every 10 ms), `r.stop=timeout` (or lost, error, cancelled). */
function resultOf(text: string): OperationResult {
  const [, written = "", task = "", interval = "", outcome = ""] = /^([^.]+)\.([a-z_]+)(\d*)=(\w+)$/.exec(text) ?? [];
  const resource = written.replace("/", ":");
  const done = /^\d+$/.test(outcome);
  calls += 1;
  const agent = resource === "f" ? { class: "stonith", provider: null, type: "fence_x" } : { class: "ocf", provider: "test", type: "Dummy" };
  return {
    operation: { transitionKey: "1:1:0:x", resource, agent, task, intervalMs: Number(interval), timeoutMs: 20_000, targetRc: 0, parameters: {}, meta: {} },
    callId: calls, status: done ? "done" : (outcome as OperationResult["status"]), rc: done ? Number(outcome) : 1, exitReason: "", startedAtMs: 0, rcChangedAtMs: 0, execMs: 5, queueMs: 0,
  };
}

const life = (text: string): { node: string; bootId: string } => ({ node: text[0]!, bootId: text });
const results = (text: string | undefined): OperationResult[] => (text === undefined ? [] : text.split(",").map(resultOf));

/**
 * `view:a1,b1,-c,~d` (DC first; -c lost, ~d left), `join:b1:S[:results]`, `res:b:S:SEQUENCE:results`, `fence:ID:b1[:ACTION]` (b: its life is not known),
 * `ended:ID:OUTCOME`, `confirm:b`, `clean:r[:b]`, `attr:b:name[=value]`.
 */
function commandOf(step: string, atMs: number, requestId: string): Command {
  const [verb, first = "", second = "", third, fourth] = step.split(":");
  switch (verb) {
    case "view": {
      const words = first.split(",");
      const gone = words.filter((word) => /^[-~]/.test(word)).map((word) => ({ node: word.slice(1), reason: "silent", how: word.startsWith("-") ? ("lost" as const) : ("left" as const) }));
      return { kind: "view", atMs, dc: first[0]!, members: words.filter((word) => /^\w/.test(word)).map(life), gone };
    }
    case "join":
      return { kind: "joined", atMs, ...life(first), session: second, history: results(third) };
    case "res":
      return { kind: "results", atMs, node: first, session: second, reportSequence: Number(third), results: results(fourth) };
    case "fence":
      return { kind: "fenceStarted", atMs, fenceId: first, target: second[0]!, bootId: second.length > 1 ? second : null, action: third === "on" ? "on" : "off", gateway: "a", devices: ["f"], reason: "lost" };
    case "ended":
      return { kind: "fenceEnded", atMs, fenceId: first, outcome: second as "succeeded" | "failed" | "unknown", device: "f", detail: "" };
    case "confirm":
      return { kind: "fenceConfirmed", atMs, requestId, target: first, by: "root" };
    case "clean":
      return { kind: "cleanup", atMs, requestId, resource: first.replace("/", ":"), node: second === "" ? null : second, by: "root" };
    case "attr":
      return { kind: "attribute", atMs, requestId, node: first, name: second.split("=")[0]!, value: second.includes("=") ? second.split("=")[1]! : null };
    default:
      throw new Error(`no step ${step}`);
  }
}

const STANDING: Readonly<Record<string, string>> = { "true,online,member,member": "online", "true,offline,down,down": "joining", "false,offline,down,member": "lost", "false,offline,down,down": "down" };

/** `member b1 S#2 online r{last_0=start/0} fails{r#stop_0=INFINITY@1}`: condition, life, executor's session and report, standing, history, attributes. */
function factsOf(replica: Replica, node: string): string {
  const record = replica.nodes.get(node)!;
  const state = nodeState(replica.cib, node);
  const words = [record.condition, record.bootId ?? "-", `${record.session ?? "-"}#${record.reportSequence}`];
  if (state === null) return words.join(" ");
  const { in_ccm: seen, crmd, join, expected } = state.attributes;
  words.push(STANDING[[seen, crmd, join, expected].join()] ?? "odd");
  for (const { attributes, children } of historyOf(state)) {
    words.push(`${attributes["id"]}{${children.map(({ attributes: op }) => `${op["id"]!.slice(attributes["id"]!.length + 1)}=${op["operation"]}/${op["rc-code"]}`).join()}}`);
  }
  const values = transientAttributes(state);
  for (const [name, value] of values) if (!name.startsWith("last-failure-")) words.push(name.startsWith("fail-count-") ? `${name.slice(11)}=${value}@${values.get(name.replace("fail-count", "last-failure")) ?? "?"}` : `${name}=${value}`);
  return words.join(" ");
}

/** Applies the steps, one second apart; `?b` shows what is known of b, `.` before a step hides what it said. Refusals show as `!CODE`. */
function trace(script: string, replica = fresh()): string {
  let index = 0;
  const said = script.split(" ").flatMap((step) => {
    if (step.startsWith("?")) return [factsOf(replica, step.slice(1))];
    index += 1;
    const hidden = step.startsWith(".");
    const { events, error } = applyCommand(replica, index, commandOf(hidden ? step.slice(1) : step, index * 1000, `q${index}`));
    if (hidden) return [];
    return [error === null ? events.map(({ type, node, resource }) => `${type}${node === null && resource === null ? "" : `(${[node, resource].filter((word) => word !== null).join()})`}`).join(" ") : `!${error.code}`];
  });
  return said.join(" | ");
}

/** b runs with session S. */
const UP = ".view:a1,b1 .join:b1:S";

describe("views and joins", () => {
  test.each([
    { name: "members are joining until their executor answers", script: "view:a1,b1 ?b join:b1:S ?b", want: "node.up(a) node.up(b) dc.elected(a) quorum.view | member b1 -#0 joining | node.joined(b) | member b1 S#0 online" },
    { name: "a member that stays is no news", script: `${UP} view:a1,b1 ?b`, want: "quorum.view | member b1 S#0 online" },
    { name: "a new DC is told", script: `${UP} view:b1,a1`, want: "dc.elected(b) quorum.view" },
    { name: "a node never seen and lost is marked for fencing", script: "view:a1,-c ?c", want: "node.lost(c) node.up(a) dc.elected(a) quorum.view | lost - -#0 lost" },
    { name: "a lost node keeps its history until it is fenced", script: `${UP}:r.start=0 view:a1,-b ?b`, want: "node.lost(b) quorum.view | lost b1 S#0 lost r{last_0=start/0}" },
    { name: "lost twice is told once", script: `${UP} .view:a1,-b view:a1,-b`, want: "quorum.view" },
    { name: "a node that left in good order is down, not lost", script: `${UP} view:a1,~b ?b`, want: "node.left(b) quorum.view | left b1 S#0 down" },
    { name: "a node that left is not lost afterwards", script: `${UP} .view:a1,~b view:a1,-b ?b`, want: "quorum.view | left b1 S#0 down" },
    { name: "a lost node that is heard again in the same life keeps history and joins anew", script: `${UP}:r.start=0 .view:a1,-b view:a1,b1 ?b join:b1:S ?b`,
      want: "node.up(b) quorum.view | member b1 S#0 joining r{last_0=start/0} | node.joined(b) | member b1 S#0 online" },
    { name: "a new life clears history, attributes and session", script: `${UP}:r.start=0 .res:b:S:1:r.stop=1 .attr:b:x=1 view:a1,b2 ?b`, want: "node.up(b) quorum.view | member b2 -#0 joining" },
    { name: "joined in another life than the view's is refused", script: `${UP} join:b2:T ?b`, want: "!QUORATE_UNSAFE | member b1 S#0 online" },
    { name: "joined by who is not a member is refused", script: `${UP} .view:a1,-b join:b1:T join:c1:S join:x1:S ?b`, want: "!QUORATE_UNSAFE | !QUORATE_UNSAFE | !QUORATE_UNSAFE | lost b1 S#0 lost" },
    { name: "a restarted executor's word replaces the history, its reports count from 1", script: `${UP}:r.start=0 .res:b:S:4:r.stop=0 join:b1:T:g1.start=0 ?b`, want: " | member b1 T#0 online g1{last_0=start/0}" },
    { name: "cancelled runs in its history leave no trace", script: `${UP}:r.start=0,r.stop=cancelled,g1.start=cancelled ?b`, want: "member b1 S#0 online r{last_0=start/0}" },
    { name: "the same executor claimed again goes on counting its reports", script: `${UP} .res:b:S:4:r.start=0 .join:b1:S:r.start=0 ?b`, want: "member b1 S#4 online r{last_0=start/0}" },
  ])("$name", ({ script, want }) => expect(trace(script)).toBe(want));

  test("the view's id is the index of its entry, and the document names the DC", () => {
    const replica = fresh();
    trace(`${UP} view:b1,a1`, replica);
    expect(replica.view).toEqual({ id: 3, dc: "b", members: [life("b1"), life("a1")], atMs: 3_000 });
    expect(replica.cib.root.attributes).toMatchObject({ "dc-uuid": "b", "have-quorum": "1" });
  });
});

describe("results", () => {
  test.each([
    { name: "are told and kept", script: `${UP} res:b:S:1:r.start=0 res:b:S:2:r.monitor10=0 ?b`, want: "resource.started(b,r) |  | member b1 S#2 online r{last_0=start/0,monitor_10=monitor/0}" },
    { name: "of a session that was replaced are refused", script: `${UP} .join:b1:T res:b:S:9:r.start=0 ?b`, want: "!QUORATE_UNSAFE | member b1 T#0 online" },
    { name: "of a life that is over are refused", script: `${UP} .view:a1,b2 res:b:S:1:r.start=0 ?b`, want: "!QUORATE_UNSAFE | member b2 -#0 joining" },
    { name: "of an unknown node are refused", script: "res:x:S:1:r.start=0", want: "!QUORATE_UNSAFE" },
    { name: "that repeat are applied once", script: `${UP} res:b:S:1:r.monitor10=1 res:b:S:1:r.monitor10=1 ?b`, want: "resource.failed(b,r) |  | member b1 S#1 online r{monitor_10=monitor/1,last_failure_0=monitor/1} r#monitor_10=1@3" },
    { name: "that repeat in part are applied from the first new one", script: `${UP} .res:b:S:1:r.start=0 res:b:S:2:r.start=0,r.promote=0`, want: "resource.promoted(b,r)" },
    { name: "of a lost node that is not fenced are still heard", script: `${UP} .view:a1,-b res:b:S:1:r.stop=0`, want: "resource.stopped(b,r)" },
    { name: "a start that failed is fatal", script: `${UP} res:b:S:1:r.start=1 ?b`, want: "resource.failed(b,r) | member b1 S#1 online r{last_0=start/1,last_failure_0=start/1} r#start_0=INFINITY@3" },
    { name: "an instance that is told apart has its own count", script: `${UP} res:b:S:1:ki/0.monitor10=1 ?b`, want: "resource.failed(b,ki:0) | member b1 S#1 online ki:0{monitor_10=monitor/1,last_failure_0=monitor/1} ki:0#monitor_10=1@3" },
    { name: "a stop that timed out is fatal", script: `${UP} res:b:S:1:r.stop=timeout ?b`, want: "resource.failed(b,r) | member b1 S#1 online r{last_0=stop/1,last_failure_0=stop/1} r#stop_0=INFINITY@3" },
    { name: "monitors count, by task and interval", script: `${UP} .res:b:S:2:r.monitor10=7,r.monitor10=7 .res:b:S:3:r.monitor20=lost ?b`,
      want: "member b1 S#3 online r{monitor_10=monitor/7,last_failure_0=monitor/1,monitor_20=monitor/1} r#monitor_10=2@3 r#monitor_20=1@4" },
  ])("$name", ({ script, want }) => expect(trace(script)).toBe(want));

  test.each([
    { name: "INFINITY stays", before: "INFINITY", want: "INFINITY" },
    { name: "what is no number counts as none", before: "abc", want: "1" },
    { name: "a million is not passed", before: "1000000", want: "1000000" },
    { name: "and is reached", before: "999999", want: "1000000" },
    { name: "else one more", before: "41", want: "42" },
  ])("fail counts saturate: $name", ({ before, want }) => {
    expect(trace(`${UP} .attr:b:fail-count-r#monitor_10=${before} .res:b:S:1:r.monitor10=1 ?b`)).toContain(`r#monitor_10=${want}@4`);
  });

  test("start-failure-is-fatal=false makes a failed start count like any other, a stop stays fatal", () => {
    const shown = trace(`${UP} .res:b:S:3:r.start=1,r.start=1,r.stop=1 ?b`, fresh("start-failure-is-fatal=false"));
    expect(shown).toContain("r#start_0=2@3 r#stop_0=INFINITY@3");
  });

  test.each([
    { name: "a probe that finds nothing, something or no agent is no failure", script: `${UP} res:b:S:3:r.monitor=7,g1.monitor=0,g2.monitor=5`, want: "" },
    { name: "a probe that cannot tell is", script: `${UP} res:b:S:1:r.monitor=1`, want: "resource.failed(b,r)" },
    { name: "a degraded resource has not failed", script: `${UP} res:b:S:1:r.monitor10=190`, want: "" },
    { name: "a cancelled single run leaves no trace", script: `${UP} .res:b:S:1:r.start=0 res:b:S:2:r.stop=cancelled ?b`, want: " | member b1 S#2 online r{last_0=start/0}" },
    { name: "a cancelled recurring run takes its entry with it, and no other", script: `${UP} .res:b:S:3:r.start=0,r.monitor10=0,r.monitor20=0 res:b:S:4:r.monitor10=cancelled ?b`, want: " | member b1 S#4 online r{last_0=start/0,monitor_20=monitor/0}" },
    { name: "being told of something changes nothing", script: `${UP} .res:b:S:1:r.start=0 res:b:S:2:r.notify=0 ?b`, want: " | member b1 S#2 online r{last_0=start/0}" },
    { name: "a notification that failed is told, and does not count", script: `${UP} .res:b:S:1:r.start=0 res:b:S:3:r.notify=1,r.notify=timeout ?b`,
      want: "resource.failed(b,r) resource.failed(b,r) | member b1 S#3 online r{last_0=start/0}" },
    { name: "a stop that worked ends recurring ones", script: `${UP} .res:b:S:2:r.start=0,r.monitor10=0 .res:b:S:3:r.stop=0 ?b`, want: "member b1 S#3 online r{last_0=stop/0}" },
    { name: "a stop that failed does not", script: `${UP} .res:b:S:1:r.monitor10=0 .res:b:S:2:r.stop=1 ?b`, want: "member b1 S#2 online r{monitor_10=monitor/0,last_0=stop/1,last_failure_0=stop/1} r#stop_0=INFINITY@4" },
  ])("$name", ({ script, want }) => expect(trace(script)).toBe(want));

  test.each(Array.from({ length: 40 }, (_, seed) => seed))("reports repeated and cut anyhow come to the same as one by one, seed %i", (seed) => {
    const prng = new Prng(seed);
    const stream = Array.from({ length: 12 }, () => resultOf(`${["r", "g1", "g2"][prng.below(3)]}.${["start", "stop", "monitor10", "monitor20"][prng.below(4)]}=${["0", "1", "timeout", "cancelled"][prng.below(4)]}`));
    const told = (windows: readonly (readonly [from: number, to: number])[]): string => {
      const replica = fresh();
      trace(UP, replica);
      const said = windows.flatMap(([from, to], at) => applyCommand(replica, 10 + at, { kind: "results", atMs: 5_000, node: "b", session: "S", reportSequence: to, results: stream.slice(from, to) }).events);
      return `${said.map(({ message }) => message).join("\n")}\n${factsOf(replica, "b")}`;
    };
    const windows: [number, number][] = [];
    for (let done = 0; done < stream.length; ) {
      const to = Math.max(1, Math.min(stream.length, done - 2 + prng.below(5))); // 0 to 2 new ones, or an old report again
      windows.push([Math.min(to - 1, prng.below(Math.min(done, to) + 1)), to]);
      done = Math.max(done, to);
    }
    expect(told(windows)).toBe(told(stream.map((_, at) => [at, at + 1])));
  });
});

describe("clean-up and node attributes", () => {
  const FAILED = `${UP} .res:b:S:2:r.start=1,g1.monitor10=1`;
  test.each([
    { name: "history and counts of the resource go, those of others stay", script: `${FAILED} clean:r ?b`, want: "resource.cleaned-up(r) | member b1 S#2 online g1{monitor_10=monitor/1,last_failure_0=monitor/1} g1#monitor_10=1@3" },
    { name: "a group means its members", script: `${FAILED} clean:g ?b`, want: "resource.cleaned-up(g) | member b1 S#2 online r{last_0=start/1,last_failure_0=start/1} r#start_0=INFINITY@3" },
    { name: "on one node only that one", script: `${FAILED} .join:a1:A:r.start=0 clean:r:a ?a ?b`,
      want: "resource.cleaned-up(a,r) | member a1 A#0 online | member b1 S#2 online r{last_0=start/1,last_failure_0=start/1} g1{monitor_10=monitor/1,last_failure_0=monitor/1} r#start_0=INFINITY@3 g1#monitor_10=1@3" },
    { name: "an orphan that only history knows", script: `${UP}:old.start=0 clean:old ?b`, want: "resource.cleaned-up(old) | member b1 S#0 online" },
    { name: "of what nobody knows is refused", script: `${UP} clean:r2`, want: "!QUORATE_NOT_FOUND" },
    { name: "a clone whose instances are told apart means all of them", script: `${UP} .res:b:S:1:ki/0.monitor10=1 .res:b:S:2:ki/1.monitor10=0 clean:k ?b`, want: "resource.cleaned-up(k) | member b1 S#2 online" },
    { name: "one of its instances means that one", script: `${UP} .res:b:S:1:ki/0.monitor10=1 .res:b:S:2:ki/1.monitor10=1 .clean:ki/0 ?b`, want: "member b1 S#2 online ki:1{monitor_10=monitor/1,last_failure_0=monitor/1} ki:1#monitor_10=1@4" },
    { name: "a node that is not known is refused", script: `${UP} clean:r:x`, want: "!QUORATE_NOT_FOUND" },
    { name: "the name of a node is no resource", script: `${UP} clean:b`, want: "!QUORATE_NOT_FOUND" },
    { name: "ids are compared whole", script: `${UP} .attr:b:fail-count-r2#start_0=3 .clean:r ?b`, want: "member b1 S#0 online r2#start_0=3@?" },
    { name: "an attribute is set, changed and removed", script: `${UP} .attr:b:x=1 .attr:b:y=2 .attr:b:x=3 ?b .attr:b:x ?b`, want: "member b1 S#0 online x=3 y=2 | member b1 S#0 online y=2" },
    { name: "attributes of unknown nodes and nodes never seen are refused", script: `${UP} attr:x:y=1 attr:c:y=1`, want: "!QUORATE_NOT_FOUND | !QUORATE_NOT_FOUND" },
  ])("$name", ({ script, want }) => expect(trace(script)).toBe(want));
});

/** b ran r and the group, and is lost. */
const LOST = `${UP}:r.start=0,g1.start=0,g2.start=0 .view:a1,-b`;
const RAN = "r{last_0=start/0} g1{last_0=start/0} g2{last_0=start/0}";

describe("the fencing ledger", () => {
  test.each([
    { name: "a sentence settles nothing, its success does", script: `${LOST} fence:1:b1 ?b ended:1:succeeded ?b`, want: `fencing.started(b) | fencing b1 S#0 lost ${RAN} | fencing.succeeded(b) | fenced b1 -#0 down` },
    { name: "failed and unknown leave everything as it was", script: `${LOST} .fence:1:b1 ended:1:failed .fence:2:b1 ended:2:unknown ?b`, want: `fencing.failed(b) | fencing.failed(b) | fencing b1 S#0 lost ${RAN}` },
    { name: "an attempt ends once", script: `${LOST} .fence:1:b1 .ended:1:unknown ended:1:succeeded ?b`, want: `!QUORATE_NOT_FOUND | fencing b1 S#0 lost ${RAN}` },
    { name: "an attempt that was never begun does not end", script: `${LOST} ended:1:succeeded ?b`, want: `!QUORATE_NOT_FOUND | lost b1 S#0 lost ${RAN}` },
    { name: "a second attempt may succeed after the first failed", script: `${LOST} .fence:1:b1 .ended:1:failed .fence:2:b1 .ended:2:succeeded ?b`, want: "fenced b1 -#0 down" },
    { name: "a node sentenced while it was a member is not told lost again", script: `${UP} .fence:1:b1 view:a1,-b ?b`, want: "quorum.view | fencing b1 S#0 lost" },
    { name: "a new life that is a member is not settled by the old one's fencing", script: `${LOST} .fence:1:b1 .view:a1,b2 .join:b2:T:r.start=0 ended:1:succeeded ?b`, want: "fencing.succeeded(b) | member b2 T#0 online r{last_0=start/0}" },
    { name: "nor is a new life that was lost in its turn", script: `${LOST} .fence:1:b1 .view:a1,b2 .join:b2:T:r.start=0 .view:a1,-b .ended:1:succeeded ?b`, want: "lost b2 T#0 lost r{last_0=start/0}" },
    { name: "nor is one that was not known when it was sentenced", script: ".view:a1,-b .fence:1:b .view:a1,b1 .ended:1:succeeded ?b", want: "member b1 -#0 joining" },
    { name: "a fenced node comes back in a new life", script: `${LOST} .fence:1:b1 .ended:1:succeeded .view:a1,b2 ?b`, want: "member b2 -#0 joining" },
    { name: "results of the fenced life are refused", script: `${LOST} .fence:1:b1 .ended:1:succeeded res:b:S:1:r.start=0`, want: "!QUORATE_UNSAFE" },
    { name: "switching on is no sentence and settles nothing", script: `${LOST} fence:1:b1:on ?b ended:1:succeeded ?b`, want: `fencing.started(b) | lost b1 S#0 lost ${RAN} | fencing.succeeded(b) | lost b1 S#0 lost ${RAN}` },
    { name: "an administrator's word settles a lost node", script: `${LOST} confirm:b ?b`, want: "fencing.confirmed(b) | fenced b1 -#0 down" },
    { name: "but not a member", script: `${UP} confirm:b ?b`, want: "!QUORATE_UNSAFE | member b1 S#0 online" },
    { name: "nor a node nobody configured", script: "confirm:x", want: "!QUORATE_NOT_FOUND" },
  ])("$name", ({ script, want }) => expect(trace(script)).toBe(want));

  test("lives that were sentenced stay sentenced, whatever came of it; switching on sentences none", () => {
    const replica = fresh();
    trace(".view:a1,-b,-c .fence:1:b1 .ended:1:failed .fence:2:c .fence:3:c2:on", replica);
    expect([...replica.fencedBootIds]).toEqual(["b1"]);
    expect(replica.fences.map(({ fenceId, outcome, endedAtMs }) => `${fenceId} ${outcome} ${endedAtMs}`)).toEqual(["1 failed 3000", "2 pending null", "3 pending null"]);
  });

  test("the ledger is bounded and keeps the newest", () => {
    const replica = fresh();
    for (let at = 0; at < 1_100; at++) applyCommand(replica, at + 1, { ...commandOf(`fence:${at}:b1`, 0, ""), bootId: `b${at}` } as Command);
    expect([replica.fences.length, replica.fences[0]!.fenceId, replica.fencedBootIds.size, replica.fencedBootIds.has("b99"), replica.fencedBootIds.has("b100")]).toEqual([200, "900", 1_000, false, true]);
  });
});

describe("failover", () => {
  const MOVED = `${LOST} .fence:1:b1 .ended:1:succeeded .join:a1:A`;
  test.each([
    { name: "of a group is complete when all of it runs on one node, and told once", script: `${MOVED} res:a:A:1:g1.start=0 res:a:A:2:g2.start=0 res:a:A:3:g2.start=0`,
      want: "resource.started(a,g1) | resource.started(a,g2) group.failover-completed(a,g) | resource.started(a,g2)" },
    { name: "half of it is not enough, nor halves on two nodes", script: `${MOVED} .view:a1,c1 .join:c1:C res:a:A:1:g1.start=0 res:c:C:1:g2.start=0`, want: "resource.started(a,g1) | resource.started(c,g2)" },
    { name: "a start that failed completes nothing", script: `${MOVED} .res:a:A:1:g1.start=0 res:a:A:2:g2.start=1`, want: "resource.failed(a,g2)" },
    { name: "of a primitive", script: `${MOVED} res:a:A:1:r.start=0`, want: "resource.started(a,r) group.failover-completed(a,r)" },
    { name: "what did not run there was not displaced", script: `${UP}:r.start=0,r.stop=0 .view:a1,-b .join:a1:A res:a:A:1:r.start=0`, want: "resource.started(a,r)" },
    { name: "instances of clones and fence devices are not moved", script: `${UP}:ki.start=0,f.start=0 .view:a1,-b .join:a1:A res:a:A:2:ki.start=0,f.start=0`, want: "resource.started(a,ki) resource.started(a,f)" },
    { name: "a node that left moved nothing", script: `${UP}:r.start=0 .view:a1,~b .join:a1:A res:a:A:1:r.start=0`, want: "resource.started(a,r)" },
    { name: "lost twice on the way, told once, from the first", script: `${MOVED} .view:a1,c1 .join:c1:C .res:c:C:1:g1.start=0 .view:a1,-c .res:a:A:2:g1.start=0,g2.start=0 res:a:A:3:g2.start=0`, want: "resource.started(a,g2)" },
  ])("$name", ({ script, want }) => expect(trace(script)).toBe(want));

  test("its time counts from the loss, with where from and where to", () => {
    const replica = fresh();
    trace(`${MOVED} .view:a1,c1 .join:c1:C .res:c:C:1:g1.start=0 .view:a1,-c .res:a:A:2:g1.start=0,g2.start=0`, replica);
    expect(replica.outbox.find(({ type }) => type === "group.failover-completed")).toMatchObject({ node: "a", resource: "g", data: { from: "b", to: "a", elapsedMs: "8000" } });
  });
});
