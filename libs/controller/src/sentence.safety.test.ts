/** What a sentence means for ever, whatever order views, outcomes and administrators come in (D5, invariant 3). */
import { attribute, parseCib } from "@quorate/cib";
import { Prng } from "@quorate/core";
import type { OperationResult } from "@quorate/execution";
import { expect, test } from "vitest";
import { activeOn } from "./activity.ts";
import { applyCommand } from "./apply.ts";
import type { Command } from "./command.ts";
import { type Replica, createReplica } from "./replica.ts";
import { nodeState } from "./status-section.ts";

const START_OF_FS: OperationResult = {
  operation: { transitionKey: "1:1:0:x", resource: "fs", agent: { class: "ocf", provider: "heartbeat", type: "Filesystem" }, task: "start", intervalMs: 0, timeoutMs: 20_000, targetRc: 0, parameters: {}, meta: {} },
  callId: 1, status: "done", rc: 0, exitReason: "", startedAtMs: 0, rcChangedAtMs: 0, execMs: 5, queueMs: 0,
};
const A = { node: "a", bootId: "a1" };

/** `b1`: node b is a member in its first life and runs fs. */
function withMember(): Replica {
  const text = `<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources><primitive id="fs" class="ocf" provider="heartbeat" type="Filesystem"/></resources><constraints/></configuration><status/></cib>`;
  const parsed = parseCib(text);
  if (!parsed.ok) throw new Error("the document is valid");
  const replica = createReplica(["a", "b"], parsed.value.cib);
  apply(replica, view("b1"), joined("b1"));
  return replica;
}

function view(b: string): Command {
  const gone = b.startsWith("-") ? [{ node: "b", reason: "it is being fenced", how: "lost" as const }] : [];
  return { kind: "view", atMs: 1, dc: "a", members: b.startsWith("-") ? [A] : [A, { node: "b", bootId: b }], gone };
}

function joined(bootId: string): Command {
  return { kind: "joined", atMs: 1, node: "b", bootId, session: `s-${bootId}`, history: [START_OF_FS] };
}

function fence(bootId: string): Command {
  return { kind: "fenceStarted", atMs: 1, fenceId: `f-${bootId}`, target: "b", bootId, action: "off", gateway: "a", devices: ["pdu"], reason: "asked for" };
}

function ended(bootId: string, outcome: "succeeded" | "unknown"): Command {
  return { kind: "fenceEnded", atMs: 1, fenceId: `f-${bootId}`, outcome, device: "pdu", detail: "" };
}

const CONFIRMED: Command = { kind: "fenceConfirmed", atMs: 1, requestId: "r1", target: "b", by: "root" };

function apply(replica: Replica, ...commands: readonly Command[]): Replica {
  for (const command of commands) applyCommand(replica, replica.applied + 1, command);
  return replica;
}

function standing(replica: Replica): string {
  const state = nodeState(replica.cib, "b");
  return `${replica.nodes.get("b")!.condition}, in_ccm ${state === null ? "" : attribute(state, "in_ccm")}, fs on ${activeOn(replica, "fs").join(" ")}`;
}

test.each([
  { name: "a member that is sentenced leaves the view as unclean, so that losing the reason does not make it clean", commands: [fence("b1"), view("-b"), ended("b1", "unknown")], want: "fencing, in_ccm false, fs on b" },
  { name: "a view that was proposed before the sentence does not readmit the sentenced life", commands: [fence("b1"), view("b1")], want: "fencing, in_ccm true, fs on b" },
  { name: "nor does a lost life come back after its sentence", commands: [view("-b"), fence("b1"), view("b1")], want: "fencing, in_ccm false, fs on b" },
  { name: "the fencing of one life says nothing of the next, which is lost too", commands: [view("-b"), fence("b1"), view("b2"), joined("b2"), view("-b"), ended("b1", "succeeded")], want: "lost, in_ccm false, fs on b" },
  { name: "an administrator's word is a sentence too: the life does not come back", commands: [view("-b"), CONFIRMED, view("b1")], want: "fenced, in_ccm false, fs on " },
])("$name", ({ commands, want }) => expect(standing(apply(withMember(), ...commands))).toBe(want));

// Goal: a sentenced life is a member of nothing, in whatever order entries come.
test.each(Array.from({ length: 100 }, (_, seed) => seed))("no order of entries makes a sentenced life a member, seed %i", (seed) => {
  const prng = new Prng(seed);
  const replica = withMember();
  for (let step = 0; step < 30; step++) {
    const life = `b${1 + prng.below(3)}`;
    const wasSentenced = replica.fencedBootIds.has(replica.nodes.get("b")!.bootId!);
    const before = replica.nodes.get("b")!.condition;
    const choices = [view(life), view("-b"), joined(life), fence(replica.nodes.get("b")!.bootId!), ended(life, prng.below(2) === 0 ? "succeeded" : "unknown"), { ...CONFIRMED, requestId: `r${step}` } as Command];
    apply(replica, choices[prng.below(choices.length)]!);
    const { condition, bootId } = replica.nodes.get("b")!;
    if (wasSentenced && before !== "member" && replica.fencedBootIds.has(bootId!)) expect(condition).not.toBe("member");
  }
});
