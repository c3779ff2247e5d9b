/** What a cluster does with its resources while all its nodes live: failures, standby, and changes of the configuration. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { QuorateError } from "@quorate/core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Server, serversOf } from "./testbed/ownership.ts";
import { type TestCluster, measured, startTestCluster } from "./testbed/test-cluster.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster({ nodes: 3, groups: 2, serverMonitorSeconds: 1 });
});
afterAll(() => cluster?.close());
afterEach(() => expect([...cluster.owners.conflicts(), ...cluster.events.problems()]).toEqual([]));

function serverOf(group: number): Server {
  const servers = serversOf(cluster).filter((server) => server.group === group);
  expect(servers).toHaveLength(1);
  return servers[0]!;
}

test("a CIB with stray end tags is refused by line and column, and changes nothing on any node", async () => {
  const nodes = [...cluster.machines.keys()];
  const configurations = async (): Promise<unknown[]> => Promise.all(nodes.map(async (node) => {
    const { version, xml } = await cluster.client(node).cibQuery("configuration");
    return { adminEpoch: version.adminEpoch, epoch: version.epoch, xml }; // the status section, counted by num_updates, goes on living
  }));
  const before = await configurations();
  const lines = readFileSync(join(cluster.layout.dir, "cib.xml"), "utf8").split("\n");
  const at = lines.findIndex((line) => line.includes("</primitive>"));
  lines.splice(at + 1, 0, "        </primitive>");
  const refusal = await cluster.client("node2").cibApply({ kind: "replace", section: "all", xml: lines.join("\n"), force: true }, "test").catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(QuorateError);
  expect((refusal as QuorateError).code).toBe("QUORATE_CIB_INVALID");
  expect((refusal as QuorateError).message).toContain(`${at + 2}:9 `); // line and column
  expect(await configurations()).toEqual(before);
});

test("a server that dies is found by its monitor and started again on the same node", async () => {
  const before = serverOf(1);
  const mark = cluster.events.mark();
  const killedMs = Date.now();
  process.kill(before.pid, "SIGKILL");
  const [failed] = await cluster.until("the failure to be noticed", async () => nonEmpty(cluster.events.find({ type: "resource.failed", resource: "server1_daemon", after: mark })));
  measured("from the death of a server to its notice (monitored each second)", failed!.atMs - killedMs);
  expect(failed).toMatchObject({ node: before.node, data: { task: "monitor", rc: "7" } });
  await cluster.settled();
  measured("... and until it runs again", Date.now() - killedMs);
  const after = serverOf(1);
  expect(after.node).toBe(before.node);
  expect(after.pid).not.toBe(before.pid);
  expect(cluster.events.find({ type: "resource.stopped", after: mark }).filter(({ resource }) => resource !== "server1_daemon"), "only what failed is stopped").toEqual([]);
});

test("a server that hangs has failed, though its process is there", async () => {
  const before = serverOf(0);
  const mark = cluster.events.mark();
  process.kill(before.pid, "SIGUSR1"); // takes connections, answers none
  const [failed] = await cluster.until("the failure to be noticed", async () => nonEmpty(cluster.events.find({ type: "resource.failed", resource: "server0_daemon", after: mark })));
  expect(failed!.data).toMatchObject({ task: "monitor", rc: "1" });
  expect(failed!.message).toContain("does not answer");
  await cluster.until("another server in its place", async () => serversOf(cluster).some(({ group, pid }) => group === 0 && pid !== before.pid));
  await cluster.settled();
  expect(serverOf(0).node).toBe(before.node);
});

test("standby moves a group away in good order, and online lets it stay where stickiness outweighs preference", async () => {
  expect(await cluster.nodeOf(1)).toBe("node2");
  const mark = cluster.events.mark();
  const startedMs = Date.now();
  expect(await cluster.cli("node1", "node", "standby", "node2")).toMatchObject({ code: 0 });
  await cluster.until("server1 to leave node2", async () => !["node2", null].includes(await cluster.nodeOf(1)));
  measured("from standby to the group running elsewhere", Date.now() - startedMs);
  const target = await cluster.nodeOf(1);
  const moves = cluster.events.find({ resource: "server1_*", after: mark }).filter(({ type }) => ["resource.started", "resource.stopped"].includes(type));
  expect(moves.map(({ type, resource, node }) => `${type} ${resource} ${node}`)).toEqual([
    "resource.stopped server1_daemon node2", "resource.stopped server1_fs node2", "resource.stopped server1_address node2",
    `resource.started server1_address ${target}`, `resource.started server1_fs ${target}`, `resource.started server1_daemon ${target}`,
  ]);
  expect(cluster.events.find({ type: "fencing.started", after: mark })).toEqual([]);
  expect((await cluster.status()).nodes.find(({ name }) => name === "node2")).toMatchObject({ standby: true, online: true, resourceCount: 0 });
  expect(await cluster.cli("node1", "node", "online", "node2")).toMatchObject({ code: 0 });
  await cluster.settled();
  expect(await cluster.nodeOf(1), "stickiness 200 outweighs the preference of 100 for node2").toBe(target);
});

test("cleanup makes the failures of a group forgotten and nothing more: it runs on, where it is", async () => {
  const failures = async (): Promise<unknown[]> => {
    const { failCounts, failedOperations } = await cluster.status();
    return [...failCounts, ...failedOperations].filter(({ resource }) => resource.startsWith("server1_"));
  };
  expect(await failures()).not.toEqual([]);
  const before = serverOf(1);
  expect(before.node, "not the node that it would be placed on if it ran nowhere").not.toBe("node2");
  const mark = cluster.events.mark();
  const done = await cluster.cli("node3", "resource", "cleanup", "server1");
  expect(done, done.stderr).toMatchObject({ code: 0 });
  const [cleaned] = await cluster.until("the clean-up", async () => nonEmpty(cluster.events.find({ type: "resource.cleaned-up", after: mark })));
  await cluster.until("the probes after it, and what follows from them", async () => cluster.events.find({ type: "transition.completed", after: cleaned! }).length > 0);
  await cluster.settled();
  expect(await failures()).toEqual([]);
  expect(serverOf(1)).toEqual(before);
  const changes = cluster.events.find({ resource: "server1_*", after: mark }).filter(({ type }) => ["resource.started", "resource.stopped"].includes(type));
  expect(changes.map(({ type, resource, node }) => `${type} ${resource} ${node}`)).toEqual([]);
});

test("a group goes back to the node it prefers when it is not sticky", async () => {
  const xml = `<meta_attributes id="rsc-defaults"><nvpair id="rsc-defaults-stickiness" name="resource-stickiness" value="0"/></meta_attributes>`;
  await cluster.client("node1").cibApply({ kind: "modify", section: "rsc_defaults", xml, allowCreate: false }, "test");
  await cluster.until("server1 to be back on node2", async () => (await cluster.nodeOf(1)) === "node2");
});

function nonEmpty<T>(items: readonly T[]): readonly T[] | null {
  return items.length === 0 ? null : items;
}
