import { parseCib } from "@quorate/cib";
import { describe, expect, test } from "vitest";
import { schedule } from "./index.ts";
import type { Decision } from "./index.ts";

const NOW_MS = Date.UTC(2026, 0, 1, 0, 1);

/** A promotable clone `c` of `p`, or of a group of `p` and `r`; and a plain resource `q`, which runs nowhere. */
interface Sketch {
  /** `n1+10 n2!`: nodes with their promotion score; `!` is lost, `~` in standby. */
  readonly nodes: string;
  /** `n1 n2*`: where the clone runs; `*` promoted, `x` promoted with a failed monitor. */
  readonly running?: string;
  /** Meta attributes of the clone. */
  readonly meta?: string;
  readonly group?: boolean;
  readonly constraints?: string;
  readonly options?: string;
  readonly noQuorum?: boolean;
  /** Attributes of the monitor of the promoted role. */
  readonly monitor?: string;
  /** Meta attributes of `r`. */
  readonly second?: string;
}

function pairs(text: string, prefix: string): string {
  return text.split(" ").filter((item) => item !== "").map((item) => item.split("=")).map(([name = "", value = ""]) => `<nvpair id="${prefix}-${name}" name="${name}" value="${value}"/>`).join("");
}

const AGENT = 'class="ocf" provider="test" type="Stateful"';

function operation(id: string, { task, rc, target = rc, call, interval = 0 }: { readonly task: string; readonly rc: number; readonly target?: number; readonly call: number; readonly interval?: number }): string {
  const failed = target !== rc;
  const digest = task === "monitor" && interval === 0 ? "" : ` op-digest="${interval === 0 ? "f2317cad3d54cec5d7d7aa7d0bf35cf8" : "873ed4f07792aa8ff18f3254244675ea"}"`;
  return `<lrm_rsc_op id="${id}_${failed ? "last_failure_0" : interval === 0 ? "last_0" : `${task}_${interval}`}" operation_key="${id}_${task}_${interval}" operation="${task}" interval="${interval}"
    call-id="${call}" rc-code="${rc}" op-status="${failed ? 4 : 0}" transition-key="1:1:${target}:x"${digest}/>`;
}

function history(id: string, state: string | undefined): string {
  const operations = state === undefined ? operation(id, { task: "monitor", rc: 7, call: 1 })
    : state === "" ? operation(id, { task: "start", rc: 0, call: 1 })
    : operation(id, { task: "promote", rc: 0, call: 2 }) + operation(id, { task: "monitor", rc: 8, call: 3, interval: 9000 })
      + (state === "x" ? operation(id, { task: "monitor", rc: 9, target: 8, call: 4, interval: 9000 }) : "");
  return `<lrm_resource id="${id}" ${AGENT}>${operations}</lrm_resource>`;
}

function xmlOf({ nodes, running = "", meta = "", group = false, constraints = "", options = "", noQuorum = false, monitor = "", second = "" }: Sketch): string {
  const states = new Map(running.split(" ").filter((item) => item !== "").map((item) => [item.slice(0, 2), item.slice(2)]));
  const parts = nodes.split(" ").map((item) => ({ name: item.slice(0, 2), lost: item.includes("!"), standby: item.includes("~"), score: /[+-]\w+/.exec(item)?.[0]?.replace("+", "") }));
  const primitive = (id: string, more: string): string =>
    `<primitive id="${id}" ${AGENT}>${more}<operations><op id="${id}-m" name="monitor" interval="9s" role="Promoted" ${monitor}/></operations></primitive>`;
  const inner = primitive("p", "") + (group ? primitive("r", `<meta_attributes id="r-meta">${pairs(second, "r")}</meta_attributes>`) : "");
  const status = parts.map(({ name, lost, standby, score }) => `<node_state id="${name}" uname="${name}" ${lost ? 'in_ccm="false" crmd="offline" join="down"' : 'in_ccm="true" crmd="online" join="member"'} expected="member">
    <transient_attributes id="${name}"><instance_attributes id="t-${name}">${pairs(`${score === undefined ? "" : `master-p=${score}`}${standby ? " standby=on" : ""}`, `t-${name}`)}</instance_attributes></transient_attributes>
    <lrm id="${name}"><lrm_resources>${history("p", states.get(name))}${group ? history("r", states.get(name)) : ""}<lrm_resource id="q" class="ocf" provider="test" type="Dummy">${operation("q", { task: "monitor", rc: 7, call: 1 })}</lrm_resource></lrm_resources></lrm></node_state>`).join("");
  return `<cib validate-with="pacemaker-3.7" crm_feature_set="3.16.1" admin_epoch="0" epoch="1" num_updates="0" have-quorum="${noQuorum ? 0 : 1}">
    <configuration><crm_config><cluster_property_set id="o">${pairs(`stonith-enabled=true have-watchdog=true ${options}`, "o")}</cluster_property_set></crm_config>
    <nodes>${parts.map(({ name }) => `<node id="${name}" uname="${name}"/>`).join("")}</nodes>
    <resources><clone id="c"><meta_attributes id="c-meta">${pairs(`promotable=true ${meta}`, "c")}</meta_attributes>${group ? `<group id="g">${inner}</group>` : inner}</clone>
      <primitive id="q" class="ocf" provider="test" type="Dummy"/></resources>
    <constraints>${constraints}</constraints></configuration>
    <status>${status}</status></cib>`;
}

function decide(given: Sketch): Decision {
  const parsed = parseCib(xmlOf(given));
  if (!parsed.ok) throw new Error(parsed.error.issues.map((issue) => issue.message).join("\n"));
  return schedule(parsed.value.cib, NOW_MS);
}

/** What happens to the clone and where `q` goes: `Promote p:0 n1; q n1`. */
function plan(given: Sketch): string {
  const { actions, assignments } = decide(given);
  const lines = actions.filter(({ resource }) => resource !== "q").map(({ task, resource, from, to, blocked }) => `${task} ${resource} ${to ?? from ?? ""}${blocked ? " blocked" : ""}`);
  return [...lines, `q ${assignments.find(({ resource }) => resource === "q")?.to ?? "nowhere"}`].join("; ");
}

const location = (score: string, node: string): string => `<rsc_location id="l" rsc="c" role="Promoted" node="${node}" score="${score}"/>`;
const colocation = (rsc: string, withRsc: string, score: string): string =>
  `<rsc_colocation id="k" ${rsc.endsWith("*") ? `rsc="${rsc.slice(0, -1)}" rsc-role="Promoted"` : `rsc="${rsc}"`} ${withRsc.endsWith("*") ? `with-rsc="${withRsc.slice(0, -1)}" with-rsc-role="Promoted"` : `with-rsc="${withRsc}"`} score="${score}"/>`;
const pin = (node: string): string => `<rsc_location id="pin" rsc="q" node="${node}" score="INFINITY"/>`;

describe("who is promoted (answers of crm_simulate 2.1.5 for the same CIBs)", () => {
  test.each<{ readonly name: string; readonly given: Sketch; readonly want: string }>([
    { name: "without promotion scores nobody is", given: { nodes: "n1 n2", running: "n1 n2" }, want: "q n1" },
    { name: "the highest score wins", given: { nodes: "n1+5 n2+10", running: "n1 n2" }, want: "Promote p:1 n2; q n1" },
    { name: "zero is a score", given: { nodes: "n1+0 n2", running: "n1 n2" }, want: "Promote p:0 n1; q n1" },
    { name: "a negative score is none", given: { nodes: "n1-1 n2", running: "n1 n2" }, want: "q n1" },
    { name: "a higher score elsewhere takes the role away", given: { nodes: "n1+5 n2+10", running: "n1* n2" }, want: "Promote p:1 n2; Demote p:0 n1; q n1" },
    { name: "at equal scores who has the role keeps it", given: { nodes: "n1+5 n2+5", running: "n1 n2*" }, want: "q n1" },
    { name: "as many as promoted-max says", given: { nodes: "n1+5 n2+10 n3+1", running: "n1 n2 n3", meta: "promoted-max=2" }, want: "Promote p:1 n2; Promote p:0 n1; q n1" },
    { name: "a location for the promoted role adds to the score", given: { nodes: "n1+5 n2+10", running: "n1 n2", constraints: location("6", "n1") }, want: "Promote p:0 n1; q n1" },
    { name: "without a promotion score a location for the role is enough", given: { nodes: "n1 n2", running: "n1 n2", constraints: location("100", "n2") }, want: "Promote p:1 n2; q n1" },
    { name: "target-role Unpromoted demotes", given: { nodes: "n1+5 n2", running: "n1* n2", meta: "target-role=Unpromoted" }, want: "Demote p:0 n1; q n1" },
    { name: "from stopped to promoted in one line", given: { nodes: "n1+5 n2" , meta: "clone-max=1" }, want: "Promote p:0 n1; q n2" },
    { name: "a lost node takes the role with it", given: { nodes: "n1+5 n2+1 n3!", running: "n1 n2 n3*" }, want: "Promote p:0 n1; Stop p:2 n3; q n1" },
    { name: "a node in standby gives it up", given: { nodes: "n1~+9 n2+1", running: "n1* n2" }, want: "Promote p:1 n2; Stop p:0 n1; q n2" },
    { name: "a group adds up its members", given: { nodes: "n1+5 n2+10", running: "n1 n2", group: true }, want: "Promote p:1 n2; Promote r:1 n2; q n1" },
    { name: "a member that must not be promoted keeps the group from it", given: { nodes: "n1+5 n2+10", running: "n1 n2", group: true, second: "priority=-5" }, want: "q n1" },
  ])("$name", ({ given, want }) => expect(plan(given)).toBe(want));
});

describe("colocation with roles", () => {
  test.each<{ readonly name: string; readonly given: Sketch; readonly want: string }>([
    { name: "what is to be with the promoted instance goes there", given: { nodes: "n1 n2+10", running: "n1 n2", constraints: colocation("q", "c*", "INFINITY") }, want: "Promote p:1 n2; q n2" },
    { name: "nothing is promoted: what must be with it does not run", given: { nodes: "n1 n2", running: "n1 n2", constraints: colocation("q", "c*", "INFINITY") }, want: "q nowhere" },
    { name: "what must not be with the promoted instance keeps away", given: { nodes: "n1+10 n2", running: "n1 n2", constraints: colocation("q", "c*", "-INFINITY") }, want: "Promote p:0 n1; q n2" },
    { name: "the role follows another resource", given: { nodes: "n1+10 n2+5", running: "n1 n2", constraints: colocation("c*", "q", "INFINITY") + pin("n2") }, want: "Promote p:1 n2; q n2" },
    { name: "a finite wish outweighs the scores or not", given: { nodes: "n1+10 n2+5", running: "n1 n2", constraints: colocation("c*", "q", "3") + pin("n2") }, want: "Promote p:0 n1; q n2" },
    { name: "where the dependent would like to be counts for the role", given: { nodes: "n1+10 n2+5", running: "n1 n2", constraints: `${colocation("q", "c*", "INFINITY")}<rsc_location id="m" rsc="q" node="n2" score="100"/>` }, want: "Promote p:1 n2; q n2" },
  ])("$name", ({ given, want }) => expect(plan(given)).toBe(want));
});

describe("failures and quorum", () => {
  test.each<{ readonly name: string; readonly given: Sketch; readonly want: string }>([
    { name: "a failed promoted instance is restarted and promoted again", given: { nodes: "n1+10 n2+5", running: "n1x n2" }, want: "Recover p:0 n1; q n1" },
    { name: "on-fail=demote: demoted and promoted again", given: { nodes: "n1+10 n2+5", running: "n1x n2", monitor: 'on-fail="demote"' }, want: "Re-promote p:0 n1; q n1" },
    { name: "no quorum and demote: the role goes, the instance stays", given: { nodes: "n1+10 n2+5", running: "n1* n2", options: "no-quorum-policy=demote", noQuorum: true }, want: "Demote p:0 n1; q n1" },
    { name: "no quorum and freeze: who has the role keeps it, nobody gets it", given: { nodes: "n1+5 n2+10", running: "n1* n2", options: "no-quorum-policy=freeze", noQuorum: true, meta: "promoted-max=2" }, want: "q n1" },
    { name: "no quorum: everything stops", given: { nodes: "n1+10 n2+5", running: "n1* n2", noQuorum: true }, want: "Stop p:0 n1; Stop p:1 n2; q n1" },
  ])("$name", ({ given, want }) => expect(plan(given)).toBe(want));
});

describe("reasons", () => {
  const { assignments, actions } = decide({ nodes: "n1+5 n2+10", running: "n1 n2*", constraints: location("6", "n1") });

  test("the arithmetic of a promotion is told with its sources", () => {
    expect(assignments.filter(({ promotion }) => promotion !== undefined).map(({ resource, promotion }) =>
      [resource, promotion?.score, promotion?.terms.map(({ source, id, score }) => `${source} ${id} ${score}`)])).toEqual([
      ["p:0", 11, ["promotion master-p 5", "location l 6"]], ["p:1", 10, ["promotion master-p 10"]],
    ]);
  });

  test("promotions and demotions say why", () => {
    expect(actions.filter(({ resource }) => resource.startsWith("p:")).map(({ task, causes }) => [task, causes[0]])).toEqual([
      ["Promote", "it is promoted on n1: its promotion score 11 is among the best"],
      ["Demote", "it is not promoted: promoted-max is 1 and others have more than its promotion score, 10"],
    ]);
  });
});

test("first those demoted, then those that stop, last those promoted", () => {
  const { actions } = decide({ nodes: "n1+10 n2 n3~", running: "n1 n2 n3*" }).graph;
  const before = (id: number): string[] => (actions[id]?.after ?? []).flatMap((first) => [...before(first), ...(actions[first]?.kind === "rsc" ? [`${actions[first]?.task} ${actions[first]?.node}`] : [])]);
  const promote = actions.find(({ task, kind }) => task === "promote" && kind === "rsc");
  expect([...new Set(before(promote?.id ?? -1))].filter((line) => !line.startsWith("monitor"))).toEqual(["demote n3", "stop n3"]);
});

test("no quorum and no-quorum-policy=demote: what has to move is not promoted again on the way", () => {
  const { actions } = decide({ nodes: "n1~+10 n2+5", running: "n1*", meta: "clone-max=1", options: "no-quorum-policy=demote", noQuorum: true }).graph;
  expect(actions.filter(({ kind, resource }) => kind === "rsc" && resource === "p").map(({ task, node }) => `${task} ${node}`)).toEqual(["demote n1", "stop n1", "start n2"]);
});
