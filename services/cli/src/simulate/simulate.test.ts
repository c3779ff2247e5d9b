/** Simulations of the document's cluster against what it promises, and the text against testdata/simulate-*.txt. */
import { existsSync, readFileSync } from "node:fs";
import { type Cib, attribute, child, children, parseCib } from "@quorate/cib";
import { type SummaryAction, schedule, simulateGraph } from "@quorate/scheduler";
import { describe, expect, test } from "vitest";
import { simulateCib } from "../commands/simulate.ts";
import { type Injection, NO_INJECTION, inject } from "./inject.ts";
import { type SimulationReport, actionLines, renderSimulation } from "./render-simulation.ts";

const REFERENCE = new URL("../../../../../shared/reference/cib/", import.meta.url);
const NOW_MS = Date.UTC(2026, 0, 1);
const PLAIN = { scores: false, utilization: false, reasons: false, quiet: false };

function load(text: string): Cib {
  const loaded = parseCib(text);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error.issues));
  return loaded.value.cib;
}

/** Two servers on three nodes, as they run: the scheduler's own work, carried out until it wants nothing more. */
function running(): Cib {
  const group = (id: string): string =>
    `<group id="${id}">${["ip", "daemon"].map((part) => `<primitive id="${id}_${part}" class="ocf" provider="heartbeat" type="Dummy"/>`).join("")}</group>`;
  const cib = load(`<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" admin_epoch="0" epoch="1" num_updates="0" have-quorum="1"><configuration>
    <crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="a" name="placement-strategy" value="balanced"/></cluster_property_set></crm_config>
    <nodes>${[1, 2, 3].map((id) => `<node id="${id}" uname="node${id}"/>`).join("")}</nodes>
    <resources><primitive id="pdu" class="stonith" type="apc"/>${group("server0")}${group("server1")}</resources>
    <constraints><rsc_location id="l0" rsc="server0" node="node1" score="100"/><rsc_location id="l1" rsc="server1" node="node2" score="100"/>
      <rsc_location id="l2" rsc="pdu" node="node3" score="100"/></constraints></configuration><status/></cib>`);
  const up = inject(cib, { ...NO_INJECTION, nodeUp: ["node1", "node2", "node3"] }, NOW_MS);
  if (!up.ok) throw new Error(up.error);
  let settled = up.value.cib;
  for (let step = 0; step < 3; step += 1) settled = simulateGraph(settled, schedule(settled, NOW_MS)).after;
  return settled;
}

function simulate(cib: Cib, injection: Partial<Injection>): SimulationReport {
  const injected = inject(cib, { ...NO_INJECTION, ...injection }, NOW_MS);
  if (!injected.ok) throw new Error(injected.error);
  return simulateCib(cib, injected.value, { nowMs: NOW_MS }).report;
}

function places({ execution }: SimulationReport): Record<string, string> {
  const tops = (execution?.after.resources ?? []).filter(({ id }) => /^server\d_(daemon)$/.test(id));
  return Object.fromEntries(tops.map(({ configId, runningOn }) => [configId.replace("_daemon", ""), runningOn.join()]));
}

describe("the text", () => {
  test("of a lost node", async () => {
    const report = simulate(running(), { nodeFail: ["node2"] });
    expect(places(report)).toStrictEqual({ server0: "node1", server1: "node3" });
    await expect(renderSimulation(report, PLAIN)).toMatchFileSnapshot("../../testdata/simulate-node-fail.txt");
  });

  test("with reasons and scores", () => {
    const report = simulate(running(), { nodeFail: ["node2"], setOption: [{ name: "stonith-action", value: "off" }] });
    const text = renderSimulation(report, { ...PLAIN, scores: true, reasons: true });
    expect(text).toContain("Setting stonith-action to off\n");
    expect(text).toContain("  * Fence (off) node2 'peer is no longer part of the cluster'\n");
    expect(text).toMatch(/\* Move {7}server1_ip .*\n( {6}\* because .*\n| {10}.*\n)* {6}\* because node2 is lost: peer is no longer part of the cluster\n/);
    expect(text).toContain("  * server0_ip on node1: 100 (location l0 100)\n");
  });

  test("actions stand in columns; what is blocked or stopped says why", () => {
    const action = (more: Partial<SummaryAction>): SummaryAction => ({ task: "Start", resource: "a", from: null, to: "n1", role: null, nextRole: null, blocked: false, causes: ["c"], ...more });
    const lines = actionLines([
      action({}), action({ task: "Move", resource: "long", from: "n1", to: "n2" }), action({ task: "Stop", from: "n1", to: null }), action({ blocked: true, causes: [] }),
      action({ task: "Promote", from: "n1", to: "n1", role: "Unpromoted", nextRole: "Promoted" }),
    ], false);
    expect(lines).toStrictEqual([
      "  * Start      a    (                        n1 )",
      "  * Move       long (                  n1 -> n2 )",
      "  * Stop       a    (                        n1 )  due to: c",
      "  * Start      a    (                        n1 )  blocked",
      "  * Promote    a    ( Unpromoted -> Promoted n1 )",
    ]);
  });
});

describe("injection", () => {
  const stateOf = (cib: Cib, id: string): Record<string, string> | undefined =>
    children(child(cib.root, "status")!, "node_state").find((entry) => attribute(entry, "id") === id)?.attributes;

  test("down is an orderly leave: nothing is fenced, and what ran there starts elsewhere", () => {
    const report = simulate(running(), { nodeDown: ["node2"] });
    expect(report.decision.fencing).toStrictEqual([]);
    expect(report.modifications).toStrictEqual([{ kind: "node", action: "Offline", node: "node2" }]);
    expect(places(report)).toStrictEqual({ server0: "node1", server1: "node3" });
    expect(report.decision.actions.map(({ task }) => task)).toStrictEqual(["Start", "Start"]);
  });

  test("up makes a node that was never seen a member", () => {
    const injected = inject(load(`<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="0" num_updates="0"><configuration><crm_config/><nodes><node id="7" uname="n"/></nodes><resources/><constraints/></configuration><status/></cib>`), { ...NO_INJECTION, nodeUp: ["n"] }, NOW_MS);
    expect(injected.ok && stateOf(injected.value.cib, "7")).toStrictEqual({ id: "7", uname: "n", in_ccm: "true", crmd: "online", join: "member", expected: "member" });
  });

  test("an option takes the place of the one that is there", () => {
    const injected = inject(running(), { ...NO_INJECTION, setOption: [{ name: "placement-strategy", value: "default" }] }, NOW_MS);
    expect(injected.ok && JSON.stringify(child(injected.value.cib.root, "configuration")).match(/placement-strategy","value":"\w+"/g)).toStrictEqual([`placement-strategy","value":"default"`]);
  });

  test("an unknown node is an error", () => expect(inject(running(), { ...NO_INJECTION, nodeFail: ["node9"] }, NOW_MS)).toStrictEqual({ ok: false, error: "the CIB has no node node9" }));
});

describe.runIf(existsSync(REFERENCE))("the cluster of the 2007 document", () => {
  const file = (name: string): Cib => load(readFileSync(new URL(name, REFERENCE), "utf8"));

  test("server0..3 start on node1..4", () => {
    expect(places(simulate(file("sim-initial.xml"), {}))).toStrictEqual({ server0: "node1", server1: "node2", server2: "node3", server3: "node4" });
  });

  test("with node2 lost, balanced placement takes server1 to the spare node5, the default to node3", () => {
    const balanced = simulate(file("sim-running.xml"), { nodeFail: ["node2"], setOption: [{ name: "placement-strategy", value: "balanced" }] });
    expect(places(balanced)["server1"]).toBe("node5");
    expect(balanced.decision.fencing.map(({ node }) => node)).toStrictEqual(["node2"]);
    expect(places(simulate(file("sim-running.xml"), { nodeFail: ["node2"] }))["server1"]).toBe("node3");
  });
});
