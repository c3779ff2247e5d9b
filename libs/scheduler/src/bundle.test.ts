import { makeCib, parseXml, serializeCib } from "@quorate/cib";
import type { Cib } from "@quorate/cib";
import { describe, expect, test } from "vitest";
import { injectOperation, schedule, simulateGraph } from "./index.ts";
import type { Decision } from "./index.ts";

const NOW_MS = Date.UTC(2026, 0, 1);

function load(xml: string): Cib {
  const parsed = parseXml(xml);
  if (!parsed.ok) throw new Error(parsed.error.map((issue) => issue.message).join("\n"));
  return makeCib(parsed.value);
}

interface Sketch {
  readonly resources: string;
  readonly constraints?: string;
  readonly nodes?: number;
  readonly options?: string;
}

function pairs(text: string, prefix: string): string {
  return text.split(" ").filter((item) => item !== "").map((item) => item.split("=")).map(([name = "", value = ""]) => `<nvpair id="${prefix}-${name}" name="${name}" value="${value}"/>`).join("");
}

function meta(id: string, text: string): string {
  return text === "" ? "" : `<meta_attributes id="${id}-meta">${pairs(text, `${id}-meta`)}</meta_attributes>`;
}

function primitive(id: string, settings = "", monitors = ""): string {
  return `<primitive id="${id}" class="ocf" provider="test" type="Dummy">${meta(id, settings)}<operations>${monitors}</operations></primitive>`;
}

interface BundleSketch {
  readonly inside?: string;
  /** Attributes of the container, such as `replicas="2"`. */
  readonly container?: string;
  readonly network?: string;
  readonly settings?: string;
}

/** Two replicas without addresses of their own, with `p` inside, unless told otherwise. */
function bundle(id: string, { inside = primitive("p"), container = `replicas="2"`, network = `<network control-port="3121"/>`, settings = "" }: BundleSketch = {}): string {
  return `<bundle id="${id}">${meta(id, settings)}<docker image="i" ${container}/>${network}${inside}</bundle>`;
}

/** A cluster that has just come up; nothing runs, no fencing unless `options` say so. */
function fresh({ resources, constraints = "", nodes = 3, options = "stonith-enabled=false" }: Sketch): Cib {
  const numbers = Array.from({ length: nodes }, (_, index) => index + 1);
  return load(`<cib epoch="1" num_updates="0" admin_epoch="0" validate-with="pacemaker-3.7" crm_feature_set="3.16.1" have-quorum="1" dc-uuid="1" execution-date="${NOW_MS / 1000}"><configuration>
    <crm_config><cluster_property_set id="cib-bootstrap-options">${pairs(options, "option")}</cluster_property_set></crm_config>
    <nodes>${numbers.map((id) => `<node id="${id}" uname="n${id}"/>`).join("")}</nodes><resources>${resources}</resources><constraints>${constraints}</constraints></configuration>
    <status>${numbers.map((id) => `<node_state id="${id}" uname="n${id}" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="${id}"><lrm_resources/></lrm></node_state>`).join("")}</status></cib>`);
}

/** The same when everything has been done that was to do. */
function settled(sketch: Sketch): Cib {
  let cib = fresh(sketch);
  for (let round = 0; round < 4; round++) cib = simulateGraph(cib, schedule(cib, NOW_MS)).after;
  expect(summary(schedule(cib, NOW_MS))).toEqual([]);
  return cib;
}

function changed(cib: Cib, ...replacements: readonly (readonly [RegExp, string])[]): Cib {
  const text = serializeCib(cib);
  const made = replacements.reduce((xml, [from, to]) => xml.replace(from, to), text);
  expect(made).not.toBe(text);
  return load(made);
}

function failed(cib: Cib, resource: string, node: string, intervalMs: number): Cib {
  const result = injectOperation(cib, { resource, task: "monitor", intervalMs, node, rc: 7 }, NOW_MS);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value.cib;
}

const lose = (node: number): readonly [RegExp, string] =>
  [new RegExp(`(<node_state[^>]*uname="n${node}"[^>]*)in_ccm="true" crmd="online" join="member"`), `$1in_ccm="false" crmd="offline" join="down"`];

/** `task resource from -> to`, `!` where it cannot be done. */
function summary(decision: Decision): string[] {
  return decision.actions.map(({ task, resource, from, to, blocked }) => `${task} ${resource} ${[from, to].filter((place) => place !== null).join(" -> ")}${blocked ? " !" : ""}`);
}

/** Whether `first` is done before `next` is begun, whatever stands between. Both as `key@node`. */
function comesBefore(decision: Decision, first: string, next: string): boolean {
  const { actions } = decision.graph;
  const named = (name: string): number => actions.findIndex(({ key, node }) => `${key}@${node ?? ""}` === name);
  const start = named(first), end = named(next);
  if (start === -1 || end === -1) throw new Error(`${start === -1 ? first : next} is not in the graph`);
  const open = [end], seen = new Set(open);
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const before of actions[at]?.after ?? []) {
      if (!seen.has(before)) open.push(before);
      seen.add(before);
    }
  }
  return seen.has(start);
}

// Answers of crm_simulate 2.1.5 for the same CIBs
describe("a bundle starts", () => {
  test("one replica on a node: container, connection, what runs inside", () => {
    const decision = schedule(fresh({ resources: bundle("b") }), NOW_MS);
    expect(summary(decision)).toEqual([
      "Start b-docker-0 n1", "Start b-0 n1", "Start p:0 b-0",
      "Start b-docker-1 n2", "Start b-1 n2", "Start p:1 b-1",
    ]);
    expect(comesBefore(decision, "b-docker-0_start_0@n1", "b-0_start_0@n1")).toBe(true);
    expect(comesBefore(decision, "b-0_start_0@n1", "p:0_start_0@b-0")).toBe(true);
    expect(comesBefore(decision, "p:0_start_0@b-0", "p:1_start_0@b-1")).toBe(true);
    expect(comesBefore(decision, "b-docker-0_start_0@n1", "b-docker-1_start_0@n2")).toBe(false);
  });

  test("a connection is looked for only when its container has started", () => {
    const decision = schedule(fresh({ resources: bundle("b", { container: "" }) }), NOW_MS);
    expect(comesBefore(decision, "b-docker-0_start_0@n1", "b-0_monitor_0@n3")).toBe(true);
  });

  test("containers that exclude each other wait for each other's probes on their node", () => {
    const decision = schedule(fresh({ resources: bundle("b") }), NOW_MS);
    expect(comesBefore(decision, "b-docker-1_monitor_0@n1", "b-docker-0_start_0@n1")).toBe(true);
    expect(comesBefore(decision, "b-docker-1_monitor_0@n3", "b-docker-0_start_0@n1")).toBe(false);
  });

  test("addresses come first, and stand where the container is", () => {
    const decision = schedule(fresh({ resources: bundle("b", { container: "", network: `<network ip-range-start="10.0.0.1"/>` }) }), NOW_MS);
    expect(summary(decision)).toEqual(["Start b-ip-10.0.0.1 n1", "Start b-docker-0 n1", "Start b-0 n1", "Start p:0 b-0"]);
    expect(comesBefore(decision, "b-ip-10.0.0.1_start_0@n1", "b-docker-0_start_0@n1")).toBe(true);
  });

  test.each([
    { name: "no more replicas than nodes", sketch: { resources: bundle("b", { inside: "", container: `replicas="3"` }), nodes: 2 }, want: "n1 n2 -" },
    { name: "several on a host when that is allowed", sketch: { resources: bundle("b", { inside: "", container: `replicas="3" replicas-per-host="2"`, network: "" }), nodes: 2 }, want: "n1 n2 n1" },
    { name: "where a location constraint draws them", sketch: { resources: bundle("b", { inside: "" }), constraints: `<rsc_location id="l" rsc="b" node="n3" score="10"/>` }, want: "n3 n1" },
    { name: "with what the bundle must be with", sketch: { resources: `${primitive("q")}${bundle("b", { inside: "", container: "" })}`, constraints: `<rsc_location id="l" rsc="q" node="n2" score="10"/><rsc_colocation id="c" rsc="b" with-rsc="q" score="INFINITY"/>` }, want: "n2" },
  ])("placement: $name", ({ sketch, want }) => {
    const { assignments } = schedule(fresh(sketch), NOW_MS);
    expect(assignments.filter(({ resource }) => resource.startsWith("b-docker")).map(({ to }) => to ?? "-").join(" ")).toBe(want);
  });

  test("in an opt-in cluster connections may go anywhere, containers may not", () => {
    const sketch = { resources: bundle("b", { container: "" }), options: "stonith-enabled=false symmetric-cluster=false" };
    expect(summary(schedule(fresh(sketch), NOW_MS))).toEqual(["Start b-0 n1 !", "Start p:0 b-0 !"]);
    const allowed = { ...sketch, constraints: `<rsc_location id="l" rsc="b" node="n2" score="0"/>` };
    expect(summary(schedule(fresh(allowed), NOW_MS))).toEqual(["Start b-docker-0 n2", "Start b-0 n2", "Start p:0 b-0"]);
  });

  test("what comes with a bundle goes to its containers, in its order", () => {
    const constraints = `<rsc_order id="o" first="b" then="q"/><rsc_colocation id="c" rsc="q" with-rsc="b" score="INFINITY"/><rsc_location id="l" rsc="b" node="n2" score="5"/>`;
    const decision = schedule(fresh({ resources: `${bundle("b", { container: "" })}${primitive("q")}`, constraints }), NOW_MS);
    expect(summary(decision)).toContain("Start q n2");
    expect(comesBefore(decision, "p:0_start_0@b-0", "q_start_0@n2")).toBe(true);
  });
});

describe("a bundle that runs", () => {
  const monitor = `<op id="p-monitor" name="monitor" interval="10s"/>`;
  const one: Sketch = { resources: bundle("b", { container: "", inside: primitive("p", "", monitor) }) };

  test("a failed container is started again with all that is in it", () => {
    const decision = schedule(failed(settled(one), "b-docker-0", "n1", 60_000), NOW_MS);
    expect(summary(decision)).toEqual(["Recover b-docker-0 n1 -> n1", "Restart b-0 n1 -> n1", "Recover p:0 b-0 -> b-0"]);
  });

  test("a failed connection is mended by restarting the container", () => {
    const decision = schedule(failed(settled(one), "b-0", "n1", 30_000), NOW_MS);
    expect(summary(decision)).toEqual(["Recover b-docker-0 n1 -> n1", "Recover b-0 n1 -> n1", "Recover p:0 b-0 -> b-0"]);
  });

  test("what fails inside is started again inside", () => {
    expect(summary(schedule(failed(settled(one), "p", "b-0", 10_000), NOW_MS))).toEqual(["Recover p:0 b-0 -> b-0"]);
  });

  test("a new image means a new container", () => {
    const decision = schedule(changed(settled(one), [/image="i"/, `image="j"`]), NOW_MS);
    expect(summary(decision)).toEqual(["Restart b-docker-0 n1 -> n1", "Restart b-0 n1 -> n1", "Restart p:0 b-0 -> b-0"]);
  });

  test("its connection follows a container that moves", () => {
    const decision = schedule(changed(settled(one), [/<constraints(\/>|><\/constraints>)/, `<constraints><rsc_location id="l" rsc="b" node="n2" score="INFINITY"/></constraints>`]), NOW_MS);
    expect(summary(decision)).toEqual(["Move b-docker-0 n1 -> n2", "Move b-0 n1 -> n2", "Restart p:0 b-0 -> b-0"]);
  });

  test("what is ordered after a bundle starts again when a replica is added", () => {
    const cib = settled({ resources: `${bundle("b", { container: "", inside: "", network: "" })}${primitive("q")}`, constraints: `<rsc_order id="o" first="b" then="q"/><rsc_location id="l" rsc="q" node="n2" score="5"/>` });
    const decision = schedule(changed(cib, [/image="i"/, `image="i" replicas="2"`]), NOW_MS);
    expect(summary(decision).filter((line) => line.includes(" q "))).toEqual(["Restart q n2 -> n2"]);
  });

  test("a lost node takes its guest with it, and both are told as fenced", () => {
    const device = `<primitive id="F" class="stonith" type="fence_x"/>`;
    const cib = settled({ resources: `${device}${bundle("b", { container: "" })}`, options: "stonith-enabled=true", constraints: `<rsc_location id="l" rsc="b" node="n2" score="10"/>` });
    const decision = schedule(changed(cib, lose(2)), NOW_MS);
    expect(decision.fencing.map(({ node, op }) => `${op} ${node}`)).toEqual(["reboot b-0", "reboot n2"]);
    expect(summary(decision)).toEqual(["Recover b-docker-0 n2 -> n3", "Move b-0 n2 -> n3", "Recover p:0 b-0 -> b-0"]);
    expect(comesBefore(decision, "stonith-n2-reboot@n2", "b-docker-0_start_0@n3")).toBe(true);
  });

  test("promoted where the host says so, when the host is to be asked", () => {
    const promotable: Sketch = { resources: bundle("b", { container: `replicas="2" promoted-max="1"`, settings: "container-attribute-target=host" }) };
    const cib = changed(settled(promotable), [/(<node_state[^>]*uname="n2"[^>]*>)/, `$1<transient_attributes id="2"><instance_attributes id="t2">${pairs("master-p=10", "t2")}</instance_attributes></transient_attributes>`]);
    expect(summary(schedule(cib, NOW_MS))).toEqual(["Promote p:1 b-1 -> b-1"]);
  });
});
