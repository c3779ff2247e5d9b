/** A node is off when everything that feeds it is: what a fencing is made of, and which devices are not believed any more (D5). */
import { parseCib } from "@quorate/cib";
import type { FenceAction } from "@quorate/fencing";
import { expect, test } from "vitest";
import { applyCommand } from "./apply.ts";
import type { DcEffect } from "./effects.ts";
import { FenceDesk, type FenceDeskContext } from "./fence-desk.ts";
import { type Replica, createReplica } from "./replica.ts";

const BOTH = `<fencing-level id="f1" target="d" index="1" devices="left,right"/>`;
const THEN_IPMI = `${BOTH}<fencing-level id="f2" target="d" index="2" devices="ipmi"/>`;

/** Devices left, right and ipmi can each switch d, which is lost in life d1. */
function known(topology: string): Replica {
  const devices = ["left", "right", "ipmi"].map((id) => `<primitive id="${id}" class="stonith" type="fence_x"><instance_attributes id="${id}-i"><nvpair id="${id}-n" name="pcmk_host_list" value="d"/></instance_attributes></primitive>`).join("");
  const nodes = `<node id="d" uname="d"><instance_attributes id="d-i"><nvpair id="d-r" name="rack" value="7"/></instance_attributes></node>`;
  const text = `<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes>${nodes}</nodes><resources>${devices}</resources><constraints/><fencing-topology>${topology}</fencing-topology></configuration><status/></cib>`;
  const parsed = parseCib(text);
  if (!parsed.ok) throw new Error(parsed.error.issues.map(({ message }) => message).join("\n"));
  const replica = createReplica(["a", "d"], parsed.value.cib);
  replica.nodes.set("a", { condition: "member", bootId: "a1", session: "s", reportSequence: 0, reason: "", sinceMs: 0 });
  replica.nodes.set("d", { condition: "lost", bootId: "d1", session: null, reportSequence: 0, reason: "silent", sinceMs: 0 });
  return replica;
}

/** Fences d; the gateway answers each request with the next of `answers` (`late`: never). The requests, and what is recorded. */
function fencing(replica: Replica, answers: string, action: FenceAction = "off"): string {
  const desk = new FenceDesk();
  const context: FenceDeskContext = { replica, authority: { term: 1, view: 1 }, node: "a", members: ["a"] };
  const left = answers.split(" ");
  const told: string[] = [];
  let nowMs = 0;
  const perform = (effects: readonly DcEffect[]): void => {
    for (const effect of effects) {
      if (effect.kind === "propose" && effect.command.kind === "fenceStarted") perform(desk.onFenceStarted(effect.command.fenceId, context));
      if (effect.kind === "propose" && effect.command.kind === "fenceEnded") told.push(`${effect.command.outcome} by ${effect.command.device ?? "none"}`);
      if (effect.kind === "log") told.push(String(effect.fields["why"]));
      if (effect.kind !== "fenceRequest") continue;
      const { fenceId, devices, timeoutMs } = effect.request;
      told.push(`${effect.request.action} ${devices.map(({ id }) => id).join("/")} ${timeoutMs}`);
      const outcome = left.shift() ?? "none";
      if (outcome === "succeeded" || outcome === "failed" || outcome === "unknown") perform(desk.onReply({ fenceId, outcome, device: devices[0]!.id, detail: "", powered: null, targets: [], elapsedMs: 1 }, { nowMs, wallMs: nowMs }));
    }
  };
  desk.request({ target: "d", action, actionId: 1, timeoutMs: 60_000, reason: "lost" });
  for (; nowMs <= 200_000; nowMs += 1_000) perform(desk.advance(context, { nowMs, wallMs: nowMs }, 1).effects);
  return told.join(" | ");
}

test.each<{ name: string; topology: string; answers: string; action?: FenceAction; want: string }>([
  { name: "without a topology any device that confirms is enough", topology: "", answers: "succeeded", want: "off left/right/ipmi 60000 | succeeded by left" },
  { name: "a level of two is done when both are", topology: BOTH, answers: "succeeded succeeded", want: "off left 30000 | off right 30000 | succeeded by left,right" },
  { name: "one of two is not", topology: BOTH, answers: "succeeded failed", want: "off left 30000 | off right 30000 | failed by right" },
  { name: "nor when the other one is not known", topology: BOTH, answers: "succeeded unknown", want: "off left 30000 | off right 30000 | unknown by right" },
  { name: "nor when it does not answer", topology: BOTH, answers: "succeeded late", want: "off left 30000 | off right 30000 | unknown by none" },
  { name: "the next level is tried after the first, and is enough alone", topology: THEN_IPMI, answers: "succeeded failed succeeded", want: "off left 20000 | off right 20000 | off ipmi 20000 | succeeded by ipmi" },
  { name: "what was not known in one level leaves the whole unknown", topology: THEN_IPMI, answers: "unknown failed", want: "off left 20000 | off ipmi 20000 | unknown by ipmi" },
  { name: "a reboot by two is both off, then both on", topology: BOTH, action: "reboot", answers: "succeeded succeeded", want: "off left 30000 | off right 30000 | on left 30000 | on right 30000 | succeeded by left,right" },
  { name: "a reboot by one is its gateway's", topology: `<fencing-level id="f1" target="d" index="1" devices="ipmi"/>`, action: "reboot", answers: "succeeded", want: "reboot ipmi 60000 | succeeded by ipmi" },
  { name: "levels of one index are one", topology: `<fencing-level id="f1" target-pattern="^D$" index="1" devices="left"/><fencing-level id="f2" target-pattern="^D$" index="1" devices="right"/>`, answers: "succeeded succeeded", want: "off left 30000 | off right 30000 | succeeded by left,right" },
  { name: "a node may be meant by an attribute", topology: `<fencing-level id="f1" target-attribute="rack" target-value="7" index="1" devices="right"/>`, answers: "succeeded", want: "off right 60000 | succeeded by right" },
  { name: "its name counts first", topology: `<fencing-level id="f1" target-pattern="." index="1" devices="left"/><fencing-level id="f2" target="d" index="1" devices="ipmi"/>`, answers: "succeeded", want: "off ipmi 60000 | succeeded by ipmi" },
])("$name", ({ topology, answers, action, want }) => expect(fencing(known(topology), answers, action)).toBe(want));

/** d was fenced by these devices, and is declared lost because it is still heard. */
function contradicted(topology: string, devices: string): Replica {
  const replica = known(topology);
  const apply = (command: Parameters<typeof applyCommand>[2]): readonly string[] => applyCommand(replica, replica.applied + 1, command).events.map(({ type }) => type);
  const view = (gone: readonly string[]): Parameters<typeof applyCommand>[2] => ({ kind: "view", atMs: 1, dc: "a", members: [{ node: "a", bootId: "a1" }], gone: gone.map((node) => ({ node, reason: "it is still heard", how: "lost" as const })) });
  apply(view([]));
  apply({ kind: "fenceStarted", atMs: 1, fenceId: "f", target: "d", bootId: "d1", action: "off", gateway: "a", devices: [], reason: "lost" });
  apply({ kind: "fenceEnded", atMs: 1, fenceId: "f", outcome: "succeeded", device: devices, detail: "" });
  expect(replica.nodes.get("d")!.condition).toBe("fenced");
  expect(apply(view(["d"]))).toContain("fencing.contradicted");
  expect(replica.nodes.get("d")!.condition).toBe("lost");
  return replica;
}

test.each([
  { name: "by the others", topology: "", devices: "left", want: "off right/ipmi 60000 | succeeded by right" },
  { name: "by the next level: one without a device that is not believed is none", topology: THEN_IPMI, devices: "left", want: "off ipmi 60000 | succeeded by ipmi" },
])("a node that lives after its fencing succeeded is fenced again $name", ({ topology, devices, want }) => expect(fencing(contradicted(topology, devices), "succeeded")).toBe(want));

test("when nobody else can switch it, it stays unfenced, and why is said", () => {
  expect(fencing(contradicted(BOTH, "left,right"), "succeeded")).toBe("left, right confirmed that d is off, which it is not; no other fence device can switch it");
});

test("its next life is fenced by all of them again", () => {
  const replica = contradicted("", "left");
  replica.nodes.set("d", { ...replica.nodes.get("d")!, bootId: "d2" });
  expect(fencing(replica, "succeeded")).toBe("off left/right/ipmi 60000 | succeeded by left");
});
