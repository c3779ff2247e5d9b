import { parseCib } from "@quorate/cib";
import type { Cib } from "@quorate/cib";
import type { Graph } from "@quorate/transition";
import { describe, expect, test } from "vitest";
import { readState, schedule, simulateGraph } from "./index.ts";

const NOW_MS = Date.UTC(2026, 0, 1, 0, 1);

/** One operation of a history: `start`, `stop!1` (failed with rc 1), `migrate_to>n2`, `migrate_from<n1?` (pending). */
function operation(text: string, id: string, node: string, call: number): string {
  const [, task = "", direction = "", other = "", rc = "", pending = ""] = /^(\w+)(?:([<>])(\w+))?(?:!(\d+))?(\?)?$/.exec(text) ?? [];
  const target = task === "monitor" ? 7 : 0;
  const [source, destination] = direction === ">" ? [node, other] : [other, node];
  const migration = direction === "" ? "" : ` migrate_source="${source}" migrate_target="${destination}"`;
  return `<lrm_rsc_op id="${id}_${task}_0" operation_key="${id}_${task}_0" operation="${task}" interval="0" call-id="${pending === "" ? call : -1}" last-rc-change="${1767225000 + call}"
    rc-code="${rc === "" ? target : rc}" op-status="${pending === "" ? (rc === "" ? 0 : 4) : -1}" transition-key="1:${call}:${target}:x" transition-magic="0:0;1:${call}:${target}:x" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/>`
    .replace("/>", `${migration}/>`);
}

interface Sketch {
  /** `n1 n2~`: `~` is in standby, `!` lost. */
  readonly nodes: string;
  /** `vm=n1: start 1, n2: monitor 2`: a resource and its history; `*` before the name: live migration is allowed. */
  readonly resources: readonly string[];
  readonly constraints?: string;
  readonly meta?: string;
  readonly options?: string;
  /** Each node has room for one resource. */
  readonly full?: boolean;
}

/** Numbers order events of all nodes; each resource stands alone, `g(a,b)` groups what is listed before. */
function sketch({ nodes, resources, constraints = "", meta = "", options = "", full = false }: Sketch): Cib {
  const set = (tag: string, id: string, text: string): string => {
    const pairs = text.split(" ").filter((one) => one !== "").map((one) => one.split("="));
    return `<${tag} id="${id}">${pairs.map(([name = "", value = ""]) => `<nvpair id="${id}-${name}" name="${name}" value="${value}"/>`).join("")}</${tag}>`;
  };
  const room = (id: string): string => (full ? set("utilization", `${id}-u`, "slots=1") : "");
  const parsed = resources.map((text) => {
    const [, star = "", id = "", history = ""] = /^(\*?)(\w+)(?:=(.*))?$/.exec(text) ?? [];
    return { id, migrates: star === "*", history };
  });
  const eventsOf = (history: string, node: string): string[] => history.split(", ").flatMap((part) => {
    const [place = "", rest = ""] = part.split(": ");
    return place === node ? rest.split(" ") : [];
  });
  const primitives = parsed.map(({ id, migrates }) =>
    `<primitive id="${id}" class="ocf" provider="test" type="Dummy">${set("meta_attributes", `${id}-m`, `${migrates ? "allow-migrate=true" : ""} ${meta}`)}${room(id)}</primitive>`).join("");
  const states = nodes.split(" ").map((flagged) => {
    const name = flagged.replace(/\W/, "");
    const seen = flagged.endsWith("!") ? 'in_ccm="false" crmd="offline" join="down" expected="member"' : 'in_ccm="true" crmd="online" join="member" expected="member"';
    const standby = flagged.endsWith("~") ? `<transient_attributes id="${name}">${set("instance_attributes", `t-${name}`, "standby=on")}</transient_attributes>` : "";
    const entries = parsed.map(({ id, history }) => {
      const events = eventsOf(history, name);
      const operations: string[] = [];
      for (let i = 0; i + 1 < events.length; i += 2) operations.push(operation(events[i] ?? "", id, name, Number(events[i + 1])));
      if (events[0] === "none") return "";
      if (operations.length === 0) operations.push(operation("monitor", id, name, 0));
      return `<lrm_resource id="${id}" class="ocf" provider="test" type="Dummy">${operations.join("")}</lrm_resource>`;
    }).join("");
    return `<node_state id="${name}" uname="${name}" ${seen}>${standby}<lrm id="${name}"><lrm_resources>${entries}</lrm_resources></lrm></node_state>`;
  }).join("");
  const names = nodes.split(" ").map((name) => name.replace(/\W/, ""));
  const xml = `<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" admin_epoch="0" epoch="1" num_updates="0" have-quorum="1">
    <configuration><crm_config>${set("cluster_property_set", "cib-bootstrap-options", `stonith-enabled=false ${options}`)}</crm_config>
    <nodes>${names.map((name) => `<node id="${name}" uname="${name}">${room(name)}</node>`).join("")}</nodes>
    <resources>${primitives}</resources><constraints>${constraints}</constraints></configuration><status>${states}</status></cib>`;
  const result = parseCib(xml);
  if (!result.ok) throw new Error(result.error.issues.map((issue) => issue.message).join("\n"));
  return result.value.cib;
}

function plan(cib: Cib): string {
  return schedule(cib, NOW_MS).actions.map(({ task, resource, from, to }) => [task, resource, from, to].filter((part) => part !== null).join(" ")).join("; ");
}

function places(cib: Cib): string {
  return readState(cib, NOW_MS).resources.map(({ id, role, runningOn, failed }) => `${id} ${role} ${runningOn.join("+") || "-"}${failed ? " failed" : ""}`).join("; ");
}

function order(first: string, then: string, more = ""): string {
  return `<rsc_order id="${first}-${then}" first="${first}" then="${then}" ${more}/>`;
}

const STARTED = "n1: start 1, n2: monitor 2";

describe("a move becomes a live migration, or does not (3-actions V1, V5, V6)", () => {
  test.each<{ readonly name: string; readonly given: Sketch; readonly want: string }>([
    { name: "what allows it migrates", given: { nodes: "n1~ n2", resources: [`*vm=${STARTED}`] }, want: "Migrate vm n1 n2" },
    { name: "what does not allow it stops and starts", given: { nodes: "n1~ n2", resources: [`vm=${STARTED}`] }, want: "Move vm n1 n2" },
    { name: "from a lost node nothing migrates", given: { nodes: "n1! n2", resources: [`*vm=${STARTED}`] }, want: "Start vm n2" },
    { name: "what has failed is recovered", given: { nodes: "n1~ n2", resources: ["*vm=n1: start 1 monitor!1 2, n2: monitor 3"] }, want: "Recover vm n1 n2" },
    { name: "what it depends on may migrate before it", given: { nodes: "n1~ n2", resources: [`*a=${STARTED}`, `*b=${STARTED}`], constraints: order("a", "b") }, want: "Migrate a n1 n2; Migrate b n1 n2" },
    { name: "when what it depends on moves by stop and start, so does it", given: { nodes: "n1~ n2", resources: [`a=${STARTED}`, `*b=${STARTED}`], constraints: order("a", "b") }, want: "Move a n1 n2; Move b n1 n2" },
    { name: "a dependent that stops and starts takes nothing away", given: { nodes: "n1~ n2", resources: [`*a=${STARTED}`, `b=${STARTED}`], constraints: order("a", "b") }, want: "Migrate a n1 n2; Move b n1 n2" },
    { name: "a dependent that stays does not notice", given: { nodes: "n1~ n2", resources: [`*a=${STARTED}`, "b=n2: start 1, n1: monitor 2"], constraints: order("a", "b") }, want: "Migrate a n1 n2" },
    { name: "what it only optionally comes after takes nothing away", given: { nodes: "n1~ n2", resources: [`a=${STARTED}`, `*b=${STARTED}`], constraints: order("a", "b", 'kind="Optional"') }, want: "Move a n1 n2; Migrate b n1 n2" },
  ])("$name", ({ given, want }) => expect(plan(sketch(given))).toBe(want));
});

describe("what two histories tell of a migration (1-state F6)", () => {
  test.each<{ readonly name: string; readonly history: string; readonly nodes?: string; readonly meta?: string; readonly state: string; readonly want: string }>([
    { name: "the target has taken over, the source still has to stop", history: "n1: start 1 migrate_to>n2 2, n2: migrate_from<n1 3", state: "vm Started n2", want: "" },
    { name: "the target is lost after it has taken over, and nobody fences", nodes: "n1 n2!", history: "n1: start 1 migrate_to>n2 2, n2: migrate_from<n1 3", state: "vm Stopped -", want: "Restart vm n1 n1" },
    { name: "the target has not been asked yet: a probe will tell", nodes: "n1 n2", history: "n1: start 1 migrate_to>n2 2, n2: none", state: "vm Started n1", want: "" },
    { name: "half done, nothing changed: it goes on", nodes: "n1~ n2", history: "n1: start 1 migrate_to>n2 2, n2: monitor 1", state: "vm Started n2+n1", want: "Migrate vm n1 n2" },
    { name: "half done, and it may not go there any more", nodes: "n1 n2~", history: "n1: start 1 migrate_to>n2 2, n2: monitor 1", state: "vm Started n2+n1", want: "Move vm n2 n1" },
    { name: "half done, and the target is lost: the resource is as good as failed", nodes: "n1 n2!", history: "n1: start 1 migrate_to>n2 2, n2: monitor 1", state: "vm Started n1 failed", want: "Recover vm n1 n1" },
    { name: "the target could not take it", history: "n1: start 1 migrate_to>n2 2, n2: migrate_from<n1!1 3", state: "vm Started n2+n1 failed", want: "Recover vm n2 n2" },
    { name: "the target could not take it and has been stopped", history: "n1: start 1 migrate_to>n2 2, n2: migrate_from<n1!1 3 stop 4", state: "vm Started n1 failed", want: "Recover vm n1 n1" },
    { name: "the source could not send it; it may be on both", history: "n1: start 1 migrate_to>n2!1 2, n2: monitor 1", state: "vm Started n2+n1 failed", want: "Recover vm n2 n2" },
    { name: "the source could not send it, and the target knows that it is not there", history: "n1: start 1 migrate_to>n2!1 2, n2: monitor 4", state: "vm Started n1 failed", want: "Recover vm n1 n1" },
    { name: "it was started again since", history: "n1: migrate_to>n2 2 start 5, n2: migrate_from<n1 3 stop 4", state: "vm Started n1", want: "" },
    { name: "active on both, and what is not expected is stopped", history: "n1: start 1, n2: start 1", meta: "multiple-active=stop_unexpected", state: "vm Started n1+n2", want: "Restart vm n1 n1" },
  ])("$name", ({ history, nodes = "n1 n2", meta = "", state, want }) => {
    const cib = sketch({ nodes, resources: [`*vm=${history}`], meta });
    expect([places(cib), plan(cib)]).toEqual([state, want]);
  });
});

describe("the graph of a migration", () => {
  const cib = sketch({ nodes: "n1~ n2", resources: [`*vm=${STARTED}`] });
  const decision = schedule(cib, NOW_MS);

  test("arrival after departure, and the source is stopped last; the start is done by nobody", () => {
    const action = (task: string): Graph["actions"][number] | undefined => decision.graph.actions.find((one) => one.task === task);
    expect(["migrate_to", "migrate_from", "stop", "start"].map((task) => [task, action(task)?.kind, action(task)?.node])).toEqual([
      ["migrate_to", "rsc", "n1"], ["migrate_from", "rsc", "n2"], ["stop", "rsc", "n1"], ["start", "pseudo", null],
    ]);
    expect([action("migrate_to")?.after, action("migrate_from")?.after, action("stop")?.after]).toEqual([[], [action("migrate_to")?.id], [action("migrate_from")?.id]]);
  });

  test("both agents are told where from and where to", () => {
    for (const task of ["migrate_to", "migrate_from"]) {
      const action = decision.graph.actions.find((one) => one.task === task);
      expect([action?.meta["migrate_source"], action?.meta["migrate_target"]], task).toEqual(["n1", "n2"]);
    }
  });

  test("once it is done there is nothing left to do", () => {
    const { after } = simulateGraph(cib, decision, NOW_MS);
    expect([places(after), plan(after)]).toEqual(["vm Started n2", ""]);
  });
});

test("of two that change places one does not wait for the other's room (3-actions U22)", () => {
  const swap = ["a", "b"].map((id, index) => `<rsc_location id="l-${id}" rsc="${id}" node="n${2 - index}" score="INFINITY"/>`).join("");
  const cib = sketch({ nodes: "n1 n2", resources: [`*a=${STARTED}`, "*b=n2: start 1, n1: monitor 2"], constraints: swap, options: "placement-strategy=utilization", full: true });
  const { graph, actions } = schedule(cib, NOW_MS);
  expect(actions.map((action) => action.task)).toEqual(["Migrate", "Migrate"]);
  const waits = (task: string, id: string): number | undefined => graph.actions.find((action) => action.task === task && action.resource === id)?.after.length;
  expect([waits("migrate_to", "a"), waits("migrate_to", "b")]).toEqual([0, 1]);
  expect(places(simulateGraph(cib, { graph }, NOW_MS).after)).toBe("a Started n2; b Started n1");
});

test("remove-after-stop forgets the history of what stops, and what is left of a migration makes it start anew", () => {
  const cib = sketch({ nodes: "n1 n2", resources: ["*vm=n1: start 1 migrate_to>n2 2, n2: migrate_from<n1 3", "other=n1: start 1, n2: monitor 2"], options: "remove-after-stop=true" });
  const { graph } = schedule(cib, NOW_MS);
  expect(graph.actions.filter((action) => action.kind === "rsc").map((action) => `${action.resource} ${action.task} ${action.node}`).toSorted()).toEqual([
    "vm delete n1", "vm delete n2", "vm start n2", "vm stop n1", "vm stop n2",
  ]);
});
