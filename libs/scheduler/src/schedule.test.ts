import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseCib } from "@quorate/cib";
import type { Cib } from "@quorate/cib";
import { Prng } from "@quorate/core";
import type { Graph } from "@quorate/transition";
import { describe, expect, test } from "vitest";
import { readState, schedule, simulateGraph } from "./index.ts";
import type { Decision } from "./index.ts";

const TESTDATA = join(import.meta.dirname, "../testdata");
const NOW_MS = Date.UTC(2026, 0, 1, 0, 1);

function load(xml: string): Cib {
  const result = parseCib(xml);
  if (!result.ok) throw new Error(result.error.issues.map((issue) => issue.message).join("\n"));
  return result.value.cib;
}

/** Everything a reviewer of a change wants to see, one fact per line. */
function render(decision: Decision): string {
  const line = (action: Decision["actions"][number]): string[] =>
    [`${action.task} ${action.resource} ${action.from ?? "-"} -> ${action.to ?? "-"}${action.blocked ? " (blocked)" : ""}`, ...action.causes.map((cause) => `    ${cause}`)];
  return [
    "# fencing", ...decision.fencing.map(({ node, op, reason }) => `${op} ${node}: ${reason}`),
    "# summary", ...decision.actions.flatMap(line),
    "# assignments", ...decision.assignments.map((one) => `${one.resource}: ${one.to ?? "none"}; ${one.candidates.map((candidate) => `${candidate.node} ${candidate.score}`).join(", ")}`),
    "# graph", ...decision.graph.actions.map((action) => `${action.id} ${action.kind} ${action.key} ${action.node ?? "-"} after ${action.after.join(" ") || "-"}: ${action.reason}`),
    "# warnings", ...decision.warnings,
    "",
  ].join("\n");
}

describe("golden decisions", () => {
  const names = readdirSync(TESTDATA).filter((name) => name.endsWith(".cib")).map((name) => name.slice(0, -4));
  test.each(names)("%s", async (name) => {
    const decision = schedule(load(readFileSync(join(TESTDATA, `${name}.cib`), "utf8")), NOW_MS);
    await expect(render(decision)).toMatchFileSnapshot(join(TESTDATA, `${name}.decision`));
  });

  test.each(names)("%s: same input, same output, byte for byte", (name) => {
    const xml = readFileSync(join(TESTDATA, `${name}.cib`), "utf8");
    expect(JSON.stringify(schedule(load(xml), NOW_MS))).toBe(JSON.stringify(schedule(load(xml), NOW_MS)));
  });
});

/** `n1 n2! n3~`: nodes; `!` is lost, `~` in standby, `?` joining. */
interface Sketch {
  readonly nodes: string;
  /** `a b@n1`: primitives, with where they run; `g(a b@n1)` is a group. Order matters. */
  readonly resources: string;
  readonly options?: string;
  readonly constraints?: string;
  /** Meta attributes of all resources. */
  readonly defaults?: string;
  readonly noQuorum?: boolean;
}

function pairs(text: string, prefix: string): string {
  return text.split(" ").filter((item) => item !== "").map((item) => item.split("=")).map(([name = "", value = ""]) => `<nvpair id="${prefix}-${name}" name="${name}" value="${value}"/>`).join("");
}

function sketch({ nodes, resources, options = "stonith-enabled=true", constraints = "", defaults = "", noQuorum = false }: Sketch): Cib {
  const nodeNames = nodes.split(" ");
  const plain = nodeNames.map((name) => name.replace(/\W/, ""));
  const places: [string, string][] = [];
  const primitives = (text: string): string => text.split(" ").filter((item) => item !== "").map((item) => {
    const [id = "", place] = item.split("@");
    if (place !== undefined) places.push([id, place]);
    return `<primitive id="${id}" class="ocf" provider="test" type="Dummy"/>`;
  }).join("");
  const xml = resources.replaceAll(/(\w+)\(([^)]*)\)|([^\s()]+)/g, (_, group: string | undefined, members: string | undefined, single: string | undefined) =>
    (group === undefined ? primitives(single ?? "") : `<group id="${group}">${primitives(members ?? "")}</group>`));
  const ids = [...xml.matchAll(/primitive id="(\w+)"/g)].map((match) => match[1] ?? "");
  const history = (node: string): string => ids.map((id) => {
    const runs = places.some(([one, place]) => one === id && place === node);
    const [task, rc] = runs ? ["start", 0] : ["monitor", 7];
    const digest = runs ? ' op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"' : "";
    return `<lrm_resource id="${id}" class="ocf" provider="test" type="Dummy"><lrm_rsc_op id="${id}_last_0" operation_key="${id}_${task}_0" operation="${task}" interval="0" call-id="1" rc-code="${rc}" op-status="0" transition-key="1:1:${rc}:x"${digest}/></lrm_resource>`;
  }).join("");
  const states = nodeNames.map((flagged, index) => {
    const name = plain[index] ?? "";
    const seen = flagged.endsWith("!") ? 'in_ccm="false" crmd="offline" join="down" expected="member"'
      : flagged.endsWith("?") ? 'in_ccm="true" crmd="online" join="down" expected="down"' : 'in_ccm="true" crmd="online" join="member" expected="member"';
    const standby = flagged.endsWith("~") ? `<transient_attributes id="${name}"><instance_attributes id="t-${name}">${pairs("standby=on", `t-${name}`)}</instance_attributes></transient_attributes>` : "";
    return `<node_state id="${name}" uname="${name}" ${seen}>${standby}<lrm id="${name}"><lrm_resources>${history(name)}</lrm_resources></lrm></node_state>`;
  }).join("");
  return load(`<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" admin_epoch="0" epoch="1" num_updates="0" have-quorum="${noQuorum ? 0 : 1}">
    <configuration><crm_config><cluster_property_set id="cib-bootstrap-options">${pairs(options, "o")}</cluster_property_set></crm_config>
    <nodes>${plain.map((name) => `<node id="${name}" uname="${name}"/>`).join("")}</nodes>
    <resources>${xml}<primitive id="device" class="stonith" type="test"><meta_attributes id="device-meta">${pairs("target-role=Stopped", "device")}</meta_attributes></primitive></resources>
    <constraints>${constraints}</constraints>
    <rsc_defaults><meta_attributes id="defaults">${pairs(defaults, "d")}</meta_attributes></rsc_defaults></configuration>
    <status>${states}</status></cib>`);
}

/** `fence n2; Move a n1 n2; ...` */
function plan(cib: Cib): string {
  const decision = schedule(cib, NOW_MS);
  const fencing = decision.fencing.map(({ node }) => `fence ${node}`);
  const actions = decision.actions.map(({ task, resource, from, to, blocked }) => [task, resource, from, to, blocked ? "blocked" : null].filter((part) => part !== null).join(" "));
  return [...fencing, ...actions].join("; ");
}

describe("what is planned", () => {
  test.each<{ readonly name: string; readonly given: Sketch; readonly want: string }>([
    { name: "a resource without a place starts", given: { nodes: "n1 n2", resources: "a" }, want: "Start a n1" },
    { name: "equal nodes share the load", given: { nodes: "n1 n2", resources: "a b c" }, want: "Start a n1; Start b n2; Start c n1" },
    { name: "what runs stays", given: { nodes: "n1 n2", resources: "a@n2", defaults: "resource-stickiness=1" }, want: "" },
    { name: "a lost node is fenced, and its resource moves", given: { nodes: "n1 n2!", resources: "a@n2" }, want: "fence n2; Move a n2 n1" },
    { name: "no quorum: nothing is fenced, the rest stops", given: { nodes: "n1 n2!", resources: "a@n2 b@n1", noQuorum: true }, want: "Stop a n2 blocked; Stop b n1" },
    { name: "no quorum and freeze: what runs goes on", given: { nodes: "n1 n2!", resources: "a b@n1", options: "no-quorum-policy=freeze", noQuorum: true }, want: "Start a n1 blocked" },
    { name: "standby empties a node", given: { nodes: "n1~ n2", resources: "g(a@n1 b@n1)" }, want: "Move a n1 n2; Move b n1 n2" },
    { name: "a joining node gets nothing", given: { nodes: "n1 n2?", resources: "a b" }, want: "Start a n1; Start b n1" },
    { name: "maintenance: nothing is touched", given: { nodes: "n1~ n2", resources: "a@n1", options: "maintenance-mode=true" }, want: "" },
    { name: "a group stays together", given: { nodes: "n1 n2", resources: "g(a b c)" }, want: "Start a n1; Start b n1; Start c n1" },
    { name: "location beats load", given: { nodes: "n1 n2", resources: "a b", constraints: '<rsc_location id="l1" rsc="a" node="n2" score="10"/><rsc_location id="l2" rsc="b" node="n2" score="10"/>' }, want: "Start a n2; Start b n2" },
    { name: "a rule names the node", given: { nodes: "n1 n2", resources: "a", constraints: '<rsc_location id="l" rsc="a"><rule id="r" score="100"><expression id="e" attribute="#uname" operation="eq" value="n2"/></rule></rsc_location>' }, want: "Start a n2" },
    { name: "-INFINITY keeps two apart", given: { nodes: "n1 n2!", resources: "a b", constraints: '<rsc_colocation id="c" rsc="b" with-rsc="a" score="-INFINITY"/>' }, want: "fence n2; Start a n1" },
    { name: "INFINITY: what cannot be together does not run", given: { nodes: "n1 n2", resources: "a b", constraints: '<rsc_colocation id="c" rsc="b" with-rsc="a" score="INFINITY"/><rsc_location id="l" rsc="a" node="n1" score="-INFINITY"/><rsc_location id="m" rsc="b" node="n2" score="-INFINITY"/>' }, want: "Start a n2" },
    { name: "a new resource goes to the emptier node", given: { nodes: "n1 n2", resources: "a@n1 b", defaults: "resource-stickiness=1" }, want: "Start b n2" },
    { name: "newer names of options count", given: { nodes: "n1 n2!", resources: "a@n2", options: "fencing-enabled=false" }, want: "Start a n1" },
    { name: "stop-all-resources", given: { nodes: "n1", resources: "a@n1", options: "stop-all-resources=true" }, want: "Stop a n1" },
  ])("$name", ({ given, want }) => expect(plan(sketch(given))).toBe(want));
});

const BALANCED: Sketch = { nodes: "n1 n2! n3 n4", resources: "g1(a1@n1 b1@n1) g2(a2@n2 b2@n2) g3(a3@n3 b3@n3)", options: "stonith-enabled=true placement-strategy=balanced", defaults: "resource-stickiness=200" };

describe("reasons", () => {
  test("the chain goes down to the fact that started it", () => {
    const move = schedule(sketch(BALANCED), NOW_MS).actions.find((action) => action.resource === "b2");
    expect(move?.causes).toEqual([
      "b2 must move from n2", "n2 is to be fenced", "n2 is lost: peer is no longer part of the cluster", "b2 goes with a2",
      "n4 runs 0 resources, fewer than n1 (2), n3 (2); score 0 is also that of n1, n3",
    ]);
  });

  test("the arithmetic of a score is told with its sources", () => {
    const { assignments } = schedule(sketch({
      nodes: "n1 n2", resources: "a@n1", defaults: "resource-stickiness=50", constraints: '<rsc_location id="l" rsc="a" node="n2" score="70"/>',
    }), NOW_MS);
    expect(assignments[0]?.candidates.map(({ node, score, terms }) => [node, score, terms.map((term) => [term.source, term.id, term.score])])).toEqual([
      ["n2", 70, [["location", "l", 70]]], ["n1", 50, [["stickiness", "resource-stickiness", 50]]],
    ]);
  });

  test("every action of a graph says why", () => {
    for (const action of schedule(sketch(BALANCED), NOW_MS).graph.actions) expect(action.reason, action.key).not.toBe("");
  });
});

function mustFollow(graph: Graph, first: string, next: string): boolean {
  const byKey = (key: string): number => graph.actions.findIndex((action) => action.key === key);
  const target = byKey(first);
  const open = [byKey(next)], seen = new Set<number>();
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === target) return true;
    if (!seen.has(id)) open.push(...(graph.actions[id]?.after ?? []));
    seen.add(id);
  }
  return false;
}

describe("order in the graph", () => {
  const graph = schedule(sketch(BALANCED), NOW_MS).graph;
  test.each([
    ["stonith-n2-reboot", "a2_start_0"], ["a2_start_0", "b2_start_0"], ["b2_stop_0", "a2_stop_0"], ["stonith-n2-reboot", "b2_stop_0"],
  ])("%s comes before %s", (first, next) => expect([mustFollow(graph, first, next), mustFollow(graph, next, first)]).toEqual([true, false]));

  test("stops that fencing implies are done by nobody", () => {
    expect(graph.actions.filter((action) => action.task === "stop" && action.kind !== "pseudo")).toEqual([]);
  });
});

// Safety on random clusters: whatever the state, these hold for every decision.
describe("random clusters", () => {
  test.each(Array.from({ length: 150 }, (_, seed) => seed))("seed %i: safe, acyclic, and settled after one transition", (seed) => {
    const cib = randomCluster(new Prng(seed));
    const decision = schedule(cib, NOW_MS);
    expectSafe(decision);
    const { executed, after } = simulateGraph(cib, decision);
    expect(executed).toHaveLength(decision.graph.actions.length);
    for (const resource of readState(after, NOW_MS).resources) expect(resource.runningOn.length, resource.id).toBeLessThanOrEqual(1);
    expect(schedule(after, NOW_MS).actions.filter((action) => !action.blocked)).toEqual([]);
  });
});

function randomCluster(random: Prng): Cib {
  const pick = (items: readonly string[]): string => items[random.below(items.length)] ?? "";
  const count = 2 + random.below(4);
  const names = Array.from({ length: count }, (_, index) => `n${index + 1}`);
  const nodes = names.map((name) => name + pick(["", "", "", "!", "~"])).join(" ");
  const member = (id: string): string => (random.below(3) === 0 ? id : `${id}@${pick(names)}`);
  const resources = Array.from({ length: 1 + random.below(4) }, (_, index) => (random.below(2) === 0 ? member(`p${index}`) : `g${index}(${member(`a${index}`)} ${member(`b${index}`)})`)).join(" ");
  return sketch({
    nodes, resources, defaults: `resource-stickiness=${pick(["1", "100", "INFINITY"])}`, noQuorum: random.below(4) === 0,
    options: `placement-strategy=${pick(["default", "balanced"])} no-quorum-policy=${pick(["stop", "freeze", "ignore"])}`,
    constraints: `<rsc_location id="l" rsc="p0" node="${pick(names)}" score="${pick(["50", "-INFINITY", "INFINITY"])}"/>`,
  });
}

/** Nothing starts on a node that cannot hold it, and whatever leaves a lost node waits for its fencing. */
function expectSafe(decision: Decision): void {
  const usable = new Set(decision.state.nodes.filter((node) => node.online && !node.unclean && !node.standby).map((node) => node.name));
  for (const action of decision.graph.actions) {
    if (action.kind === "rsc" && action.task === "start") expect(usable.has(action.node ?? ""), action.key).toBe(true);
  }
  for (const { node } of decision.fencing) {
    for (const start of decision.graph.actions) {
      if (start.kind === "rsc" && start.task === "start") expect(mustFollow(decision.graph, `stonith-${node}-reboot`, start.key), start.key).toBe(true);
    }
  }
}

test("fast enough to run on every event: five nodes, four groups and fencing in a few milliseconds", () => {
  const cib = load(readFileSync(join(TESTDATA, "spare-takes-over.cib"), "utf8"));
  const times = Array.from({ length: 60 }, () => {
    const started = performance.now();
    schedule(cib, NOW_MS);
    return performance.now() - started;
  });
  // 2 ms on an idle machine; the bound leaves room for a busy one
  expect(times.toSorted((a, b) => a - b)[30]).toBeLessThan(25);
});
