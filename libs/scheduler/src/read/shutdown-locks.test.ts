import { parseCib } from "@quorate/cib";
import { expect, test } from "vitest";
import { schedule } from "../index.ts";
import type { Decision } from "../index.ts";

const NOW_S = 1_767_225_600;

interface Leave {
  /** State of n1; n2 is always there. */
  readonly n1: "leaving" | "away" | "back";
  /** What the history of n1 knows of `p`: it runs, or a clean stop with a lock of that age in seconds. */
  readonly history: "runs" | number;
  readonly options?: string;
  /** `p` runs on n2. */
  readonly elsewhere?: boolean;
  /** What `p` is. */
  readonly resource?: string;
}

const PRIMITIVE = '<primitive id="p" class="ocf" provider="test" type="Dummy"/>';

function decide({ n1, history, options = "", elsewhere = false, resource = PRIMITIVE }: Leave): Decision {
  const entry = (task: string, rc: number, lock = ""): string => `<lrm_resource id="p" class="ocf" provider="test" type="Dummy" ${lock}><lrm_rsc_op id="p_last_0"
    operation="${task}" operation_key="p_${task}_0" interval="0" call-id="1" rc-code="${rc}" op-status="0" transition-key="1:1:${rc}:x" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/></lrm_resource>`;
  const state = (node: string, there: boolean, own: string): string => `<node_state id="${node}" uname="${node}" in_ccm="${there}" crmd="${there ? "online" : "offline"}"
    join="${there ? "member" : "down"}" expected="${there ? "member" : "down"}">${node === "n1" && n1 === "leaving" ? LEAVING : ""}<lrm id="${node}"><lrm_resources>${own}</lrm_resources></lrm></node_state>`;
  const cib = parseCib(`<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" admin_epoch="0" epoch="1" num_updates="0" have-quorum="1"><configuration>
    <crm_config><cluster_property_set id="o"><nvpair id="o-0" name="stonith-enabled" value="false"/><nvpair id="o-1" name="shutdown-lock" value="true"/>${options}</cluster_property_set></crm_config>
    <nodes><node id="n1" uname="n1"/><node id="n2" uname="n2"/></nodes><resources>${resource}</resources><constraints/></configuration>
    <status>${state("n1", n1 !== "away", history === "runs" ? entry("start", 0) : entry("stop", 0, `shutdown-lock="${NOW_S - history}"`))}
    ${state("n2", true, elsewhere ? entry("start", 0) : entry("monitor", 7))}</status></cib>`);
  if (!cib.ok) throw new Error(cib.error.issues.map((issue) => issue.message).join("\n"));
  return schedule(cib.value.cib, NOW_S * 1000);
}

const LEAVING = `<transient_attributes id="n1"><instance_attributes id="t"><nvpair id="t-0" name="shutdown" value="${NOW_S - 5}"/></instance_attributes></transient_attributes>`;
const LIMIT = '<nvpair id="o-2" name="shutdown-lock-limit" value="1min"/>';

function plan(decision: Decision): string {
  const deletions = decision.graph.actions.filter((action) => action.task === "lrm_delete").map((action) => `forget on ${action.node}`);
  return [...decision.actions.map(({ task, from, to }) => [task, from, to].filter((part) => part !== null).join(" ")), ...deletions].join("; ");
}

// Answers are those of the reference
test.each<{ readonly name: string; readonly given: Leave; readonly want: string }>([
  { name: "what runs on a leaving node stops and stays with it", given: { n1: "leaving", history: "runs" }, want: "Stop n1" },
  { name: "while the node is away nothing starts elsewhere", given: { n1: "away", history: 5 }, want: "" },
  { name: "when the node is back it starts there", given: { n1: "back", history: 5 }, want: "Start n1" },
  { name: "a lock within its limit holds", given: { n1: "away", history: 60, options: LIMIT }, want: "" },
  { name: "a lock that expired is forgotten", given: { n1: "away", history: 61, options: LIMIT }, want: "Start n2; forget on n1" },
  { name: "a lock on what runs elsewhere is forgotten", given: { n1: "away", history: 5, elsewhere: true }, want: "forget on n1" },
  { name: "instances of clones are not locked", given: { n1: "away", history: 5, resource: `<clone id="c">${PRIMITIVE}</clone>` }, want: "Start n2" },
])("$name", ({ given, want }) => expect(plan(decide(given))).toBe(want));

test("the stop carries the time of the lock, and the lock's end is the time to look again", () => {
  const { graph } = decide({ n1: "leaving", history: "runs", options: LIMIT });
  expect(graph.actions.find((action) => action.task === "stop")?.meta["shutdown_lock"]).toBe(String(NOW_S - 5));
  expect(graph.recheckAtMs).toBe((NOW_S - 5 + 60 + 1) * 1000);
});

test("the reason names the lock", () => {
  expect(decide({ n1: "away", history: 5 }).assignments[0]?.reason).toBe("no node is left: n1 is offline; n2: it stays with n1, which is shut down (shutdown-lock)");
});
