/** Each service is a program of its own here: what the death of one costs, and whom an executor obeys. */
import { setTimeout as sleep } from "node:timers/promises";
import type { EventPosition } from "@quorate/client";
import { type Bus, connectBus, createLogger } from "@quorate/runtime";
import { decodeExecutorReply, decodeExecutorRequest, encodeExecutorRequest } from "@quorate/wire";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { NATS_PORT } from "./testbed/layout.ts";
import type { ProgramName } from "./testbed/machine.ts";
import { type Server, serversOf } from "./testbed/ownership.ts";
import { PATIENCE_MS, type TestCluster, measured, startTestCluster } from "./testbed/test-cluster.ts";

/** Longer than a node may be silent to commands before it counts as lost. */
const COMMAND_DEAD_MS = 5_000;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster({ nodes: 3, groups: 2, programs: "services", serverMonitorSeconds: 1 });
});
afterAll(() => cluster?.close());
beforeEach(async () => void (await cluster.settled()));
afterEach(() => expect([...cluster.owners.conflicts(), ...cluster.events.problems()]).toEqual([]));

const servers = (): Server[] => serversOf(cluster).sort((a, b) => a.group - b.group);

/** Nobody was lost or fenced, nothing stopped, and the servers are the same processes. */
function expectUntouched(mark: EventPosition, before: readonly Server[]): void {
  const harm = cluster.events.find({ after: mark }).filter(({ type }) => type === "node.lost" || type.startsWith("fencing.") || ["resource.stopped", "resource.failed"].includes(type));
  expect(harm.map(({ message }) => message)).toEqual([]);
  expect(servers()).toEqual(before);
}

async function killAndRestart(node: string, program: ProgramName): Promise<void> {
  await cluster.machine(node).killProgram(program);
  cluster.machine(node).startProgram(program);
}

test.each<ProgramName>(["notifier", "fencing-gateway", "executor", "policy-engine", "membership"])("kill -9 of %s stops no resource and costs its node nothing", async (program) => {
  const before = servers();
  const mark = cluster.events.mark();
  await killAndRestart("node2", program);
  await sleep(2_000);
  await cluster.until("node2 to know the cluster", async () => (await cluster.status("node2")).haveQuorum, PATIENCE_MS);
  await cluster.settled();
  expectUntouched(mark, before);
});

test("kill -9 of the policy-engine of the DC stops no resource and fences nobody; there is a DC again", async () => {
  const before = servers();
  const { dc } = await cluster.status();
  const mark = cluster.events.mark();
  const killedMs = Date.now();
  await killAndRestart(dc!, "policy-engine");
  await cluster.until("a DC", async () => {
    const seen = await Promise.all([...cluster.machines.keys()].map(async (node) => (await cluster.status(node)).dc));
    return seen[0] !== null && seen.every((name) => name === seen[0]);
  }, PATIENCE_MS);
  measured("from the death of the DC's policy-engine to a DC that all know", Date.now() - killedMs);
  await cluster.settled();
  expectUntouched(mark, before);
});

test("all that was killed and restarted costs nothing later either, and an executor that was restarted goes on watching", async () => {
  const before = servers();
  const mark = cluster.events.mark();
  await sleep(COMMAND_DEAD_MS + 1_000);
  expectUntouched(mark, before);
  const server = before.find(({ node }) => node === "node2")!;
  process.kill(server.pid, "SIGKILL");
  await cluster.until("the failure to be noticed", async () => cluster.events.find({ type: "resource.failed", node: "node2", after: mark }).length > 0, PATIENCE_MS);
  await cluster.settled();
});

test("a node that loses its nats-server is degraded, not dead", async () => {
  const before = servers();
  const mark = cluster.events.mark();
  const linksOf = async (): Promise<string> => (await cluster.status("node1")).nodes.find(({ name }) => name === "node2")!.links.map(({ name, up }) => `${name} ${up ? "up" : "down"}`).join(", ");
  expect(await linksOf()).toBe("udp:lan up, nats up");
  await cluster.machine("node2").killProgram("nats-server");
  const seen = new Set<string>();
  const until = performance.now() + 4_000;
  while (performance.now() < until) {
    seen.add(await linksOf());
    await sleep(20);
  }
  process.stdout.write(`                links of node2 meanwhile, as node1 sees them: ${[...seen].join("; ")}\n`);
  expect([...seen].filter((links) => !links.includes("udp:lan up")), "the other link never fails").toEqual([]);
  expectUntouched(mark, before);
  // What only works over the bus works: the node takes commands through the servers of the others.
  expect(await cluster.cli("node2", "node", "standby", "node2")).toMatchObject({ code: 0 });
  await cluster.until("server1 to leave node2", async () => !["node2", null].includes(await cluster.nodeOf(1)), PATIENCE_MS);
  expect(await cluster.cli("node2", "node", "online", "node2")).toMatchObject({ code: 0 });
  cluster.machine("node2").startProgram("nats-server");
  await cluster.until("both links to be up", async () => (await linksOf()) === "udp:lan up, nats up", PATIENCE_MS);
  await cluster.settled();
  expect(cluster.events.find({ after: mark }).filter(({ type }) => type === "node.lost" || type.startsWith("fencing."))).toEqual([]);
});

test("a command that was delayed past a view change is refused, and nothing of it is run", async () => {
  const bus = await connectBus({ servers: cluster.layout.nodes.map(({ address }) => `nats://${address}:${NATS_PORT}`), name: "test", log: createLogger({ service: "test", node: "test", level: "fatal" }) });
  try {
    await cluster.until("the bus", async () => bus.connected());
    const { node, payload } = await captureStart(bus);
    // The group goes away from there again, and the world goes on: the DC is lost, another one claims everybody.
    expect(await cluster.cli(node, "node", "standby", node)).toMatchObject({ code: 0 });
    await cluster.until(`server1 to leave ${node}`, async () => ![node, null].includes(await cluster.nodeOf(1)), PATIENCE_MS);
    expect(await cluster.cli(node, "node", "online", node)).toMatchObject({ code: 0 });
    const mark = cluster.events.mark();
    const victim = [...cluster.machines.keys()].find((name) => name !== node)!;
    await cluster.crash(victim);
    await cluster.until(`${victim} to be fenced`, async () => cluster.events.find({ type: "fencing.succeeded", node: victim, after: mark }).length > 0, PATIENCE_MS);
    await cluster.powerOn(victim);
    await cluster.settled();

    const ask = async (request: Uint8Array): Promise<ReturnType<typeof decodeExecutorReply>> => decodeExecutorReply(await bus.request(`quorate.test.executor.${node}`, request, 5_000));
    const late = decodeExecutorRequest(payload);
    if (late.kind !== "execute") throw new Error("not a command");
    const refused = await ask(payload);
    expect(refused).toMatchObject({ kind: "refused", reason: "stale-authority" });
    if (refused.kind !== "refused") return;
    const { authority, session, expected } = refused;
    expect(await ask(encodeExecutorRequest({ ...late, authority, session: "0123456789abcdef" }))).toMatchObject({ kind: "refused", reason: "wrong-session" });
    expect(await ask(encodeExecutorRequest({ ...late, authority, session, sequence: expected + 1 }))).toMatchObject({ kind: "refused", reason: "out-of-order" });
    expect(await ask(encodeExecutorRequest({ ...late, authority: { ...authority, view: authority.view + 1 }, session, sequence: 1 }))).toMatchObject({ kind: "refused", reason: "not-claimed" });
    await sleep(2_000);
    expect(await cluster.nodeOf(1)).not.toBe(node);
    expect(cluster.machine(node).holdings().addresses, "the address was not brought up there").not.toContain(cluster.layout.virtualAddresses[1]);
    // The same words from the one who may: they are taken. (A probe, so that no harm is done; the DC is not expected to like it.)
    const probe = { ...late, authority, session, sequence: expected, operation: { ...late.operation, task: "monitor", targetRc: 7 } };
    expect(await ask(encodeExecutorRequest(probe))).toEqual({ kind: "accepted", sequence: expected });
  } finally {
    await bus.close();
  }
});

/** Moves server1 and listens in: the DC's own command to start its address, as it went over the bus. */
async function captureStart(bus: Bus): Promise<{ node: string; payload: Uint8Array }> {
  const heard: { node: string; payload: Uint8Array }[] = [];
  const ears = [...cluster.machines.keys()].map((node) => bus.subscribe(`quorate.test.executor.${node}`, (payload) => void heard.push({ node, payload })));
  await bus.flush();
  const from = (await cluster.nodeOf(1))!;
  expect(await cluster.cli(from, "node", "standby", from)).toMatchObject({ code: 0 });
  await cluster.until(`server1 to leave ${from}`, async () => ![from, null].includes(await cluster.nodeOf(1)), PATIENCE_MS);
  for (const ear of ears) ear.unsubscribe();
  expect(await cluster.cli(from, "node", "online", from)).toMatchObject({ code: 0 });
  const start = heard.find(({ payload }) => {
    const request = decodeExecutorRequest(payload);
    return request.kind === "execute" && request.operation.task === "start" && request.operation.resource === "server1_address";
  });
  if (start === undefined) throw new Error("the command was not overheard");
  return start;
}
