import { parseCib } from "@quorate/cib";
import { describe, expect, test } from "vitest";
import { schedule } from "./index.ts";
import type { Decision } from "./index.ts";

const NOW_MS = Date.UTC(2026, 0, 1);

/** `n1(cpu=4) n2(cpu=8,mem=2)`: nodes with capacity; resources alike, with `@n1` where they run; `g[a(cpu=1) b]` is a group, `c*[a(cpu=1)]` a clone. */
interface Sketch {
  readonly nodes: string;
  readonly resources: string;
  readonly strategy: string;
  readonly constraints?: string;
}

const ITEM = /([\w-]+)(\*?)(?:\(([^)]*)\))?(?:\[([^\]]*)\])?(?:@(\w+))?/g;

function utilization(id: string, text: string | undefined): string {
  if (text === undefined) return "";
  const pairs = text.split(",").map((pair) => pair.split("=")).map(([name = "", value = ""]) => `<nvpair id="${id}-${name}" name="${name}" value="${value}"/>`);
  return `<utilization id="${id}-utilization">${pairs.join("")}</utilization>`;
}

function resources(text: string): string {
  return [...text.matchAll(ITEM)].map(([, id = "", star, needs, members]) => {
    const primitive = `<primitive id="${id}" class="ocf" provider="pacemaker" type="Dummy">${utilization(id, needs)}</primitive>`;
    if (members === undefined) return primitive;
    const tag = star === "*" ? "clone" : "group";
    return `<${tag} id="${id}">${resources(members)}</${tag}>`;
  }).join("");
}

function history(text: string, node: string): string {
  const active = [...text.matchAll(ITEM)].filter((item) => item[5] === node).map(([, id = ""]) => id);
  return active.map((id) => `<lrm_resource id="${id}" class="ocf" provider="pacemaker" type="Dummy"><lrm_rsc_op id="${id}_last_0" operation_key="${id}_start_0" operation="start"
    call-id="1" rc-code="0" op-status="0" interval="0" transition-key="1:1:0:x" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/></lrm_resource>`).join("");
}

function decide({ nodes, resources: list, strategy, constraints = "" }: Sketch): Decision {
  const all = [...nodes.matchAll(ITEM)].map(([, name = "", , capacity], index) => ({ id: String(index + 1), name, capacity }));
  const result = parseCib(`<cib epoch="1" num_updates="0" admin_epoch="0" validate-with="pacemaker-3.7" crm_feature_set="3.16.1" have-quorum="1" dc-uuid="1"><configuration>
    <crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="o1" name="stonith-enabled" value="false"/>
    <nvpair id="o2" name="placement-strategy" value="${strategy}"/></cluster_property_set></crm_config>
    <nodes>${all.map(({ id, name, capacity }) => `<node id="${id}" uname="${name}">${utilization(`n${id}`, capacity)}</node>`).join("")}</nodes>
    <resources>${resources(list)}</resources><constraints>${constraints}</constraints></configuration>
    <status>${all.map(({ id, name }) => `<node_state id="${id}" uname="${name}" in_ccm="true" crmd="online" join="member" expected="member">
      <lrm id="${id}"><lrm_resources>${history(list, name)}</lrm_resources></lrm></node_state>`).join("")}</status></cib>`);
  if (!result.ok) throw new Error(result.error.issues.map((issue) => issue.message).join("\n"));
  return schedule(result.value.cib, NOW_MS);
}

/** `a:n1 b:-`, instances by their number. */
function places(sketch: Sketch): string {
  return decide(sketch).assignments.map(({ resource, to }) => `${resource}:${to ?? "-"}`).join(" ");
}

const THREE = "n1(cpu=4) n2(cpu=8) n3(cpu=8,mem=10)";
const SIX = "a(cpu=3) b(cpu=3) c(cpu=3) d(cpu=3) e(cpu=3) f(cpu=3)";
const together = (dependent: string, primary: string, score = "INFINITY"): string =>
  `<rsc_colocation id="${dependent}-with-${primary}" rsc="${dependent}" with-rsc="${primary}" score="${score}"/>`;
const prefers = (id: string, node: string, score: string): string => `<rsc_location id="${id}-on-${node}" rsc="${id}" node="${node}" score="${score}"/>`;

describe("placement strategies", () => {
  test.each([
    { strategy: "default", want: "a:n1 b:n2 c:n3 d:n1 e:n2 f:n3" },
    { strategy: "utilization", want: "a:n1 b:n2 c:n3 d:n2 e:n3 f:-" },
    { strategy: "minimal", want: "a:n1 b:n2 c:n2 d:n3 e:n3 f:-" },
    { strategy: "balanced", want: "a:n3 b:n2 c:n3 d:n2 e:n1 f:-" },
  ])("$strategy", ({ strategy, want }) => expect(places({ nodes: THREE, resources: SIX, strategy })).toBe(want));

  test.each([
    { name: "what a node does not offer at all counts as 0", nodes: "n1 n2(cpu=1)", resources: "a(cpu=1) b(cpu=1)", want: "a:n2 b:-" },
    { name: "amounts are leading integers", nodes: "n1(cpu=3.9) n2(cpu=many)", resources: "a(cpu=2x) b(cpu=1) c(cpu=1)", want: "a:n1 b:n1 c:-" },
    { name: "a resource that needs nothing fits everywhere", nodes: "n1 n2", resources: "a b", want: "a:n1 b:n2" },
    { name: "what must be together is summed up", nodes: "n1(cpu=4) n2(cpu=6)", resources: "a(cpu=3) b(cpu=3)", constraints: together("b", "a"), want: "a:n2 b:n2" },
    { name: "a group is summed up", nodes: "n1(cpu=4) n2(cpu=6)", resources: "g[a(cpu=3) b(cpu=3)]", want: "a:n2 b:n2" },
    { name: "no room for all: the node with most room, and the rest does not run", nodes: "n1(cpu=4) n2(cpu=5)", resources: "a(cpu=3) b(cpu=3)", constraints: together("b", "a"), want: "a:n2 b:-" },
    { name: "a finite colocation is no reason to sum up", nodes: "n1(cpu=4) n2(cpu=6)", resources: "a(cpu=3) b(cpu=3)", constraints: together("b", "a", "100"), want: "a:n1 b:n2" },
    { name: "who gains most on the best node chooses first", nodes: "n1(cpu=1) n2(cpu=1)", resources: "a(cpu=1) b(cpu=1) c(cpu=1)", constraints: prefers("c", "n1", "100"), want: "a:n2 b:- c:n1" },
    { name: "who runs and likes it chooses first", nodes: "n1(cpu=1) n2", resources: "a(cpu=1) b(cpu=1)@n1", constraints: prefers("b", "n1", "5"), want: "a:- b:n1" },
    { name: "an instance of a clone takes capacity on its node", nodes: "n1(cpu=2) n2(cpu=1)", resources: "k*[a(cpu=1)] b(cpu=1) c(cpu=1)", want: "a:0:n1 a:1:n2 b:n1 c:-" },
  ])("utilization: $name", ({ want, ...sketch }) => expect(places({ ...sketch, strategy: "utilization" })).toBe(want));
});

describe("reasons", () => {
  test("a full node is named with what is needed and what is left", () => {
    const [, b] = decide({ nodes: "n1(cpu=4)", resources: "a(cpu=3) b(cpu=2)", strategy: "utilization" }).assignments;
    expect(b?.reason).toBe("no node is left: n1: not enough cpu: it needs 2, n1 has 1 left");
    expect(b?.candidates[0]?.terms).toContainEqual({ source: "utilization", id: "cpu", score: -1_000_000, text: "not enough cpu: it needs 2, n1 has 1 left" });
  });

  test("what has to go along is named", () => {
    const [a] = decide({ nodes: "n1(cpu=4) n2(cpu=6)", resources: "a(cpu=3) b(cpu=3)", strategy: "utilization", constraints: together("b", "a") }).assignments;
    expect(a?.candidates.find((one) => one.node === "n1")?.excluded).toBe("n1: not enough cpu: with b, which must be with it, it needs 6, n1 has 4 left");
  });

  test("balanced: the room that is left decides", () => {
    const [a] = decide({ nodes: "n1(cpu=4) n2(cpu=6)", resources: "a(cpu=3)", strategy: "balanced" }).assignments;
    expect(a?.reason).toBe("n2 has most capacity left: n2 (cpu 6), n1 (cpu 4); score 0 is also that of n1");
  });
});

describe("the order of leaving and coming", () => {
  const sketch = { nodes: "n1(cpu=1) n2(cpu=1)", resources: "a(cpu=1)@n1 b(cpu=1)@n2", constraints: `${prefers("a", "n2", "INFINITY")}${prefers("b", "n1", "INFINITY")}` };
  const order = (strategy: string): string[] => {
    const { actions } = decide({ ...sketch, strategy }).graph;
    const before = (id: number): number[] => (actions[id]?.after ?? []).flatMap((first) => (actions[first]?.kind === "pseudo" ? before(first) : [first]));
    return actions.filter((action) => action.task === "start").map((action) => `${action.key} after ${before(action.id).map((first) => actions[first]?.key ?? "").toSorted().join(" ")}`);
  };

  test("with capacity, nothing starts on a node before what leaves it has stopped", () => {
    expect(order("utilization")).toEqual(["a_start_0 after a_monitor_0 a_stop_0 b_stop_0", "b_start_0 after a_stop_0 b_monitor_0 b_stop_0"]);
  });

  test("without, each only waits for its own stop", () => {
    expect(order("default")).toEqual(["a_start_0 after a_monitor_0 a_stop_0", "b_start_0 after b_monitor_0 b_stop_0"]);
  });
});

describe("which node comes first", () => {
  test("minimal: the first by name, even where a resource is elsewhere already", () => {
    expect(places({ nodes: "n1 n2", resources: "a@n2", strategy: "minimal" })).toBe("a:n1");
    expect(places({ nodes: "n1 n2", resources: "a@n2", strategy: "utilization" })).toBe("a:n2");
  });

  test("balanced: more of one thing and less of another is no more", () => {
    expect(places({ nodes: "n1(cpu=4,memory=1) n2(cpu=3,memory=2)", resources: "a", strategy: "balanced" })).toBe("a:n1");
    expect(places({ nodes: "n1(cpu=4,memory=1) n2(cpu=5,memory=1)", resources: "a", strategy: "balanced" })).toBe("a:n2");
  });
});
