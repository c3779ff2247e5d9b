/** How many nodes may be lost at once, and what is left of a cluster that lost more, or everything. Fencing reboots, so nodes come back by themselves. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { isHeldByNobody, ownersOf } from "./testbed/ownership.ts";
import { PATIENCE_MS, type TestCluster, measured, startTestCluster } from "./testbed/test-cluster.ts";

const GROUPS = [0, 1, 2, 3];

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster({ nodes: 5, groups: GROUPS.length, properties: { "stonith-action": "reboot", "no-quorum-policy": "stop" } });
});
afterAll(() => cluster?.close());
beforeEach(async () => void (await cluster.settled()));
afterEach(() => expect([...cluster.owners.conflicts(), ...cluster.events.problems()]).toEqual([]));

test("two of five lost at once: the rest goes on, and both come back when fencing has rebooted them", async () => {
  const mark = cluster.events.mark();
  const lostMs = Date.now();
  await cluster.crash("node2", "node4");
  await cluster.until("both groups to run elsewhere", async () => cluster.events.find({ type: "group.failover-completed", after: mark }).length === 2, PATIENCE_MS);
  measured("since the loss of two nodes: both groups run again", Date.now() - lostMs);
  for (const [node, group] of [["node2", 1], ["node4", 3]] as const) {
    const [fenced] = cluster.events.find({ type: "fencing.succeeded", node, after: mark });
    const [started] = cluster.events.find({ type: "resource.started", resource: `server${group}_*`, after: mark });
    expect(fenced!.index, `${node} is fenced before server${group} starts`).toBeLessThan(started!.index);
  }
  for (const group of [0, 2]) expect(cluster.events.find({ type: "resource.stopped", resource: `server${group}_*`, after: mark }), "the others are left alone").toEqual([]);
  await cluster.until("both nodes to be back", async () => ["node2", "node4"].every((node) => cluster.events.find({ type: "node.joined", node, after: mark }).length > 0), PATIENCE_MS);
});

test("three of five lost at once: nothing is started any more, the survivors say so and stop what they run; with the three back all runs again", async () => {
  const lost = ["node1", "node2", "node3"];
  const survivors = ["node4", "node5"];
  const place = new Map(await Promise.all(GROUPS.map(async (group) => [group, await cluster.nodeOf(group)] as const)));
  const mark = cluster.events.mark();
  const lostMs = Date.now();
  await cluster.crash(...lost);
  for (const node of survivors) {
    await cluster.until(`${node} to know that it has no quorum`, async () => !(await cluster.status(node)).haveQuorum, PATIENCE_MS);
    const status = await cluster.status(node);
    expect(status).toMatchObject({ dc: null, votes: { present: 2, expected: 5, needed: 3 } });
    expect(status.warnings.join("\n")).toContain("NO QUORUM");
    const shown = await cluster.cli(node, "status", "-1");
    expect(shown.stdout).toMatch(/without quorum|NO QUORUM/i);
  }
  await cluster.until("the survivors to stop what they run", async () => GROUPS.every((group) => isHeldByNobody(ownersOf(cluster, group))), PATIENCE_MS);
  measured("since the loss of three nodes: the survivors have stopped everything", Date.now() - lostMs);
  await sleep(5_000);
  expect(cluster.switchings.filter(({ atMs }) => atMs >= lostMs), "nobody is fenced without quorum").toEqual([]);
  for (const group of GROUPS) {
    const own = survivors.filter((node) => node === place.get(group));
    expect([...cluster.owners.heldSince(group, lostMs + 1)].filter((node) => !own.includes(node) && !lost.includes(node)), `server${group} started nowhere`).toEqual([]);
    expect(isHeldByNobody(ownersOf(cluster, group))).toBe(true);
  }
  const change = cluster.client("node4").cibApply({ kind: "modify", section: "crm_config", xml: optionXml("no-quorum-policy", "freeze"), allowCreate: false }, "test");
  await expect(change, "a change needs a majority").rejects.toMatchObject({ code: "QUORATE_NO_QUORUM" });
  const onMs = Date.now();
  await cluster.powerOn(...lost);
  await cluster.settled([...survivors, ...lost]);
  measured("from power on to all groups running", Date.now() - onMs);
  const joined = new Set(cluster.events.find({ type: "node.joined", after: mark }).map(({ node }) => node));
  expect(lost.filter((node) => joined.has(node)), "in new lives").toEqual(lost);
});

test("a power cut of everything costs no configuration and no history, and no node is fenced for it", async () => {
  const before = await cluster.status("node3");
  await cluster.client("node3").cibApply({ kind: "modify", section: "crm_config", xml: optionXml("cluster-delay", "77s"), allowCreate: true }, "test");
  const acknowledged = await cluster.client("node3").cibQuery("configuration");
  const mark = cluster.events.mark();
  await cluster.crash(...cluster.machines.keys()); // right after the change was acknowledged
  expect(GROUPS.every((group) => isHeldByNobody(ownersOf(cluster, group)))).toBe(true);
  const cutMs = Date.now();
  await cluster.powerOn(...cluster.machines.keys());
  await cluster.settled([...cluster.machines.keys()]);
  measured("from power on to all groups running", Date.now() - cutMs);
  for (const node of cluster.machines.keys()) {
    const { xml, version } = await cluster.client(node).cibQuery("configuration");
    expect(withoutVersion(xml)).toBe(withoutVersion(acknowledged.xml));
    expect([version.adminEpoch, version.epoch]).toEqual([acknowledged.version.adminEpoch, acknowledged.version.epoch]);
    expect((await cluster.client(node).fenceHistory()).map(({ fenceId }) => fenceId)).toEqual(before.fencingHistory.map(({ fenceId }) => fenceId));
  }
  expect(cluster.events.find({ after: mark }).filter(({ type }) => type.startsWith("fencing.")).map(({ message }) => message)).toEqual([]);
  expect(cluster.switchings.filter(({ atMs, powered }) => atMs >= cutMs && !powered)).toEqual([]);
});

function optionXml(name: string, value: string): string {
  return `<cluster_property_set id="cib-bootstrap-options"><nvpair id="option-${name}" name="${name}" value="${value}"/></cluster_property_set>`;
}

/** num_updates and the DC live on. */
function withoutVersion(xml: string): string {
  return xml.replace(/^<cib [^>]*>/, "<cib>");
}
