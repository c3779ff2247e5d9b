import { parseCib } from "@quorate/cib";
import type { FenceReply } from "@quorate/fencing";
import { describe, expect, test } from "vitest";
import type { DcEffect } from "./effects.ts";
import { FenceDesk, type FenceDeskContext, type FenceNews, fenceDevices, hasFencing } from "./fence-desk.ts";
import { type Replica, createReplica } from "./replica.ts";

const NODES = ["a", "b", "c", "d"];
const TIMEOUT_MS = 10_000;
const PDU = device("pdu", `pcmk_host_list=d`);

function device(id: string, parameters: string): string {
  const pairs = parameters.split(" ").map((pair) => pair.split("=")).map(([name = "", value = ""]) => `<nvpair id="${id}-${name}" name="${name}" value="${value}"/>`);
  return `<primitive id="${id}" class="stonith" type="fence_x"><instance_attributes id="${id}-i">${pairs.join("")}</instance_attributes></primitive>`;
}

/** A replica with these devices; `on` says where the device pdu is started. d is lost in life d1. */
function known(devices: string, on: readonly string[] = []): Replica {
  const status = on.map((node) => `<node_state id="${node}" uname="${node}"><lrm id="${node}"><lrm_resources><lrm_resource id="pdu" class="stonith" type="fence_x"><lrm_rsc_op id="pdu_last_0-${node}" operation="start" call-id="1" rc-code="0" interval="0"/></lrm_resource></lrm_resources></lrm></node_state>`);
  const parsed = parseCib(`<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources>${devices}</resources><constraints/></configuration><status>${status.join("")}</status></cib>`);
  if (!parsed.ok) throw new Error(parsed.error.issues.map(({ message }) => message).join("\n"));
  const replica = createReplica(NODES, parsed.value.cib);
  replica.nodes.set("d", { condition: "lost", bootId: "d1", session: null, reportSequence: 0, reason: "silent", sinceMs: 0 });
  return replica;
}

interface Given {
  readonly devices?: string;
  readonly on?: readonly string[];
  readonly members?: string;
  /** DC. */
  readonly node?: string;
}

/**
 * A script of what happens at the desk, and the trace of what it asks for. Steps: `ask[:ACTION-ID[:TARGET]]`, `go` (advance), `+MS`, `begun` (the last sentence is in the
 * log), `reply:OUTCOME`, `ended:OUTCOME` (the last outcome is in the log), `drop` (the walk is aborted), `abandon`, `idle`. Attempts are numbered from #1.
 */
function trace(script: string, { devices = PDU, on = [], members = "a b c", node = "a" }: Given = {}): string {
  const desk = new FenceDesk();
  const context: FenceDeskContext = { replica: known(devices, on), authority: { term: 3, view: 8 }, node, members: members.split(" ").filter((name) => name !== "") };
  const ids: string[] = [];
  let nowMs = 0;
  const time = (): { nowMs: number; wallMs: number } => ({ nowMs, wallMs: 1_000_000 + nowMs });
  const number = (fenceId: string): string => `#${ids.indexOf(fenceId) + 1}`;
  const effectText = (effect: DcEffect): string => {
    if (effect.kind === "propose" && effect.command.kind === "fenceStarted") {
      ids.push(effect.command.fenceId);
      return `sentence(${effect.command.target} via ${effect.command.gateway})`;
    }
    if (effect.kind === "propose" && effect.command.kind === "fenceEnded") return `record(${number(effect.command.fenceId)} ${effect.command.outcome})`;
    if (effect.kind === "fenceRequest") return `request(${number(effect.request.fenceId)} ${effect.request.action} ${effect.request.targetBootId} at ${effect.gateway})`;
    return effect.kind;
  };
  const newsText = ({ actionId, succeeded }: FenceNews): string => `${succeeded ? "done" : "failed"}(${actionId})`;
  const step = (text: string): string[] => {
    const [verb = "", first = "", second = ""] = text.split(":");
    if (verb.startsWith("+")) nowMs += Number(verb);
    switch (verb) {
      case "ask":
        desk.request({ target: second === "" ? "d" : second, action: "off", actionId: Number(first === "" ? 7 : first), timeoutMs: TIMEOUT_MS, reason: "lost" });
        return [];
      case "go": {
        const { effects, news } = desk.advance(context, time(), 4);
        return [...effects.map(effectText), ...news.map(newsText)];
      }
      case "begun":
        return desk.onFenceStarted(ids.at(-1)!, context).map(effectText);
      case "reply":
        return desk.onReply({ fenceId: ids.at(-1)!, outcome: first as FenceReply["outcome"], device: "pdu", detail: "", powered: null, targets: [], elapsedMs: 1 }, time()).map(effectText);
      case "ended":
        return desk.onFenceEnded({ kind: "fenceEnded", atMs: 0, fenceId: ids.at(-1)!, outcome: first as "succeeded" | "failed" | "unknown", device: null, detail: "" }, time()).map(newsText);
      case "drop":
        return [desk.giveUpWaiting().join()];
      case "abandon":
        desk.abandon();
        return [];
      case "idle":
        return [String(desk.idle)];
      default:
        return [];
    }
  };
  return script.split(" ").map((text) => step(text).join(" ")).join(" | ");
}

const FAIL = "begun reply:failed ended:failed";

describe("an attempt", () => {
  test.each<{ name: string; script: string; given?: Given; want: string }>([
    { name: "sentence, gateway, outcome, and only then the walk", script: "ask idle go begun reply:succeeded idle ended:succeeded idle", want: " | false | sentence(d via a) | request(#1 off d1 at a) | record(#1 succeeded) | false | done(7) | true" },
    { name: "no gateway is asked before the sentence is in the log", script: "ask go go +60000 go reply:succeeded", want: " | sentence(d via a) |  |  |  | " },
    { name: "a sentence applied twice asks once", script: "ask go begun begun", want: " | sentence(d via a) | request(#1 off d1 at a) | " },
    { name: "an answer that repeats is recorded once", script: "ask go begun reply:failed reply:succeeded", want: " | sentence(d via a) | request(#1 off d1 at a) | record(#1 failed) | " },
    { name: "an outcome in the log tells the walk once", script: `ask go ${FAIL} ended:succeeded`, want: " | sentence(d via a) | request(#1 off d1 at a) | record(#1 failed) | failed(7) | " },
    { name: "refused is failed", script: "ask go begun reply:refused ended:failed", want: " | sentence(d via a) | request(#1 off d1 at a) | record(#1 failed) | failed(7)" },
    { name: "unknown stays unknown, and is no success", script: "ask go begun reply:unknown ended:unknown", want: " | sentence(d via a) | request(#1 off d1 at a) | record(#1 unknown) | failed(7)" },
    { name: "no answer within its time and 2 s more is unknown", script: "ask go begun +12000 go +1 go go", want: " | sentence(d via a) | request(#1 off d1 at a) |  |  |  | record(#1 unknown) | " },
    { name: "an answer after that is not heard", script: "ask go begun +12001 go reply:succeeded", want: " | sentence(d via a) | request(#1 off d1 at a) |  | record(#1 unknown) | " },
    { name: "two at once keep apart", script: "ask:1 ask:2:c go begun reply:succeeded ended:succeeded idle", given: { devices: device("pdu", "pcmk_host_list=c,d") }, want: " |  | sentence(d via a) sentence(c via a) | request(#2 off null at a) | record(#2 succeeded) | done(2) | false" },
    { name: "no device for it: failed, and said", script: "ask go idle", given: { devices: device("pdu", "pcmk_host_list=c") }, want: " | log failed(7) | true" },
    { name: "no device at all", script: "ask go", given: { devices: "" }, want: " | log failed(7)" },
    { name: "no node left to ask", script: "ask go", given: { members: "d" }, want: " | log failed(7)" },
    { name: "a device that must be asked what it switches is tried when none is known to", script: "ask go", given: { devices: device("pdu", "pcmk_host_check=dynamic-list") }, want: " | sentence(d via a)" },
    { name: "an aborted walk takes back what is not sentenced", script: "ask:1 go ask:2:c drop drop go idle", want: " | sentence(d via a) |  | 2 |  |  | false" },
    { name: "a DC that steps down forgets both", script: "ask:1 go ask:2 abandon idle begun reply:succeeded ended:succeeded", want: " | sentence(d via a) |  |  | true |  |  | " },
  ])("$name", ({ script, given = {}, want }) => expect(trace(script, given)).toBe(want));
});

describe("after a failure", () => {
  test.each([
    { name: "it waits 500 ms before the next", script: `ask go ${FAIL} ask go +499 go +1 go`, want: "|  |  |  |  | sentence(d via b)" },
    { name: "another target need not wait", script: `ask go ${FAIL} ask:8:c go`, want: "| sentence(c via a)" },
    { name: "a success ends the pause and begins with the first gateway again", script: `ask go ${FAIL} ask +500 go begun reply:succeeded ended:succeeded ask go`, want: "| sentence(d via a)" },
    { name: "an attempt that could not be made counts too", script: "ask go ask go +499 go +1 go", given: { members: "" }, want: "|  |  |  |  | log failed(7)" },
  ])("$name", ({ script, want, given = { devices: device("pdu", "pcmk_host_list=c,d") } }: { name: string; script: string; want: string; given?: Given }) => {
    expect(trace(script, given).endsWith(want)).toBe(true);
  });

  test("the pause doubles from 500 ms to 30 s, and the gateways take turns", () => {
    const script = `ask go ${FAIL}${[500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000].map((ms) => ` ask +${ms - 1} go +1 go ${FAIL}`).join("")}`;
    const said = trace(script).split(" | ");
    expect(said.filter((words) => words.startsWith("sentence")).map((words) => words.at(-2)).join("")).toBe("abcabcabc");
    const tooEarly = script.split(" ").flatMap((step, at) => (/^\+\d+9$/.test(step) ? [said[at + 1]] : []));
    expect(tooEarly).toEqual(Array.from({ length: 8 }, () => ""));
  });
});

describe("the gateway", () => {
  test.each<{ name: string; given: Given; want: string }>([
    { name: "is the DC when the device is started on it", given: { on: ["a", "b"], node: "b" }, want: "b a c" },
    { name: "else a node on which it is started, then the others", given: { on: ["c"] }, want: "c a b" },
    { name: "else any member, in their order", given: {}, want: "a b c" },
    { name: "is never the target", given: { members: "d c" }, want: "c c c" },
  ])("$name", ({ given, want }) => {
    const script = `ask go ${FAIL} ask +500 go ${FAIL} ask +1000 go`;
    const gateways = [...trace(script, given).matchAll(/via (\w)/g)].map(([, gateway]) => gateway).join(" ");
    expect(gateways).toBe(want);
  });
});

test("the request carries what the gateway must obey", () => {
  const desk = new FenceDesk();
  const context: FenceDeskContext = { replica: known(PDU), authority: { term: 3, view: 8 }, node: "a", members: ["a"] };
  desk.request({ target: "d", action: "reboot", actionId: 1, timeoutMs: 9_000, reason: "silent" });
  const [sentence] = desk.advance(context, { nowMs: 50, wallMs: 77 }, 4).effects;
  if (sentence?.kind !== "propose" || sentence.command.kind !== "fenceStarted") throw new Error("the sentence comes first");
  const { fenceId } = sentence.command;
  expect(sentence.command).toEqual({ kind: "fenceStarted", atMs: 77, fenceId, target: "d", bootId: "d1", action: "reboot", gateway: "a", devices: ["pdu"], reason: "silent" });
  expect(desk.onFenceStarted(fenceId, context)).toEqual([
    { kind: "fenceRequest", gateway: "a", request: { authority: { term: 3, view: 8 }, fenceId, action: "reboot", target: "d", targetBootId: "d1", timeoutMs: 9_000, devices: [{ id: "pdu", agent: "fence_x", parameters: { pcmk_host_list: "d" } }] } },
  ]);
});

test("fence devices are the primitives of class stonith, wherever they stand, in CIB order", () => {
  const replica = known(`<clone id="k">${device("one", "x=1")}</clone><primitive id="r" class="ocf" provider="test" type="Dummy"/>${device("two", "x=2")}`);
  expect(fenceDevices(replica)).toEqual([{ id: "one", agent: "fence_x", parameters: { x: "1" } }, { id: "two", agent: "fence_x", parameters: { x: "2" } }]);
  expect([hasFencing(replica), hasFencing(known(`<primitive id="r" class="ocf" provider="test" type="Dummy"/>`))]).toEqual([true, false]);
});
