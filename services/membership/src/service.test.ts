/** Five real processes on 127.0.0.x and one real nats-server: crash, pause, restart, forged packets, the bus gone. */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { MembershipReport, PeerReport } from "@quorate/membership";
import {
  type NatsServerHandle, connectBus, createPacketSeal, createRpcClient, findNatsServer, followStream, freePorts, silentLogger, startNatsServer, unaryCall,
} from "@quorate/runtime";
import { MembershipServiceClient, type WatchResponseProto, membershipReportFromProto, partToProto } from "@quorate/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sealBeat } from "./packet.ts";

const DEAD_MS = 600;
/** On a busy machine a process may get no time for this long; measured values are printed. */
const SLACK_MS = 2_500;
const NAMES = ["n1", "n2", "n3", "n4", "n5"];
const KEY = "0123456789abcdef0123456789abcdef";

let root: string;
let udpPort: number;
let natsPort: number;
let natsBinary: string;
let nats: NatsServerHandle;
let nodes: Node[];

/** A membership process, and a watcher of its reports. */
class Node {
  readonly name: string;
  readonly dir: string;
  readonly reports: { atMs: number; report: MembershipReport }[] = [];
  readonly client: MembershipServiceClient;
  readonly #watch: { close(): void };
  #child: ChildProcess | null = null;
  log = "";

  constructor(name: string) {
    this.name = name;
    this.dir = join(root, name);
    mkdirSync(join(this.dir, "run"), { recursive: true });
    writeFileSync(join(this.dir, "key"), `${KEY}\n`, { mode: 0o600 });
    writeFileSync(join(this.dir, "boot_id"), `boot-${name}\n`);
    const addresses = Object.fromEntries(NAMES.map((each, index) => [each, `127.0.0.${index + 1}`]));
    const config = {
      cluster: "t", node: name, nodes: NAMES.map((each) => ({ name: each, address: addresses[each] })),
      paths: { data: `${this.dir}/data`, run: `${this.dir}/run`, bootId: `${this.dir}/boot_id`, keyFile: `${this.dir}/key` },
      nats: { servers: [`nats://127.0.0.1:${natsPort}`] }, membership: { deadTimeMs: DEAD_MS, links: [{ name: "udp:lan", port: udpPort, addresses }] },
    };
    writeFileSync(join(this.dir, "quorate.yaml"), JSON.stringify(config));
    this.client = createRpcClient(MembershipServiceClient, `unix:${this.dir}/run/membership.sock`);
    this.#watch = followStream<WatchResponseProto>({
      open: () => this.client.watch({}),
      onMessage: ({ report }) => void this.reports.push({ atMs: performance.now(), report: membershipReportFromProto(report) }),
      onState: () => {},
      retryMs: 50,
    });
  }

  launch(): void {
    const main = join(import.meta.dirname, "main.ts");
    this.#child = spawn(process.execPath, ["--conditions=@quorate/source", "--disable-warning=ExperimentalWarning", main], {
      env: { PATH: process.env["PATH"], QUORATE_CONFIG: join(this.dir, "quorate.yaml") }, stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child.stdout!.on("data", (chunk: Buffer) => (this.log += chunk.toString()));
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child!;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
    child.kill("SIGCONT");
    child.kill(signal);
    return exited;
  }

  close(): void {
    this.#watch.close();
    this.client.close();
  }

  last(): MembershipReport | null {
    return this.reports.at(-1)?.report ?? null;
  }

  peer(name: string): PeerReport | undefined {
    return this.last()?.peers.find(({ node }) => node === name);
  }

  /** When this node first reported so of a peer, in ms after `sinceMs`; null when it did not. */
  first(name: string, sinceMs: number, holds: (peer: PeerReport) => boolean): number | null {
    const found = this.reports.find(({ atMs, report }) => atMs >= sinceMs && report.peers.some((peer) => peer.node === name && holds(peer)));
    return found === undefined ? null : Math.round(found.atMs - sinceMs);
  }
}

async function until(holds: () => boolean, what: string, withinMs = 15_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not seen within ${withinMs} ms: ${what}\n${nodes.map(({ name, log }) => `${name}: ${log.slice(-1_500)}`).join("\n")}`);
    await sleep(10);
  }
}

function allMutual(): boolean {
  return nodes.every((node) => node.last()?.connectedQuorum === true && node.last()!.peers.every(({ state, mutual, suspectedBy }) => state === "alive" && mutual && suspectedBy.length === 0));
}

function startNats(): Promise<NatsServerHandle> {
  return startNatsServer({ name: "n1", cluster: "t", listen: `127.0.0.1:${natsPort}`, clusterListen: null, routes: [], storeDir: join(root, "js"), jetStream: false, binary: natsBinary, dir: join(root, "nats"), readyMs: 20_000 });
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "quorate-membership-"));
  [udpPort = 0, natsPort = 0] = await freePorts(2);
  natsBinary = await findNatsServer(join(import.meta.dirname, "../../../.cache"));
  nats = await startNats();
  nodes = NAMES.map((name) => new Node(name));
  for (const node of nodes) node.launch();
}, 200_000);

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.end("SIGKILL")));
  for (const node of nodes) node.close();
  await nats.kill();
  rmSync(root, { recursive: true, force: true });
});

describe("five nodes", () => {
  test("all hear each other on both links, and have quorum", async () => {
    await until(() => allMutual() && nodes.every((node) => node.last()!.peers.every(({ links }) => links.every(({ up }) => up))), "everybody on every link", 60_000);
    expect(nodes[0]!.last()).toMatchObject({ node: "n1", bootId: "boot-n1" });
    expect(nodes[0]!.peer("n2")).toMatchObject({ bootId: "boot-n2", links: [{ link: "udp:lan" }, { link: "nats" }] });
  }, 70_000);

  test("progress of a part reaches the others; an unknown part is refused", async () => {
    expect(nodes[1]!.peer("n1")?.progress).toEqual({ policyEngineAgeMs: null, executorAgeMs: null });
    await unaryCall(nodes[0]!.client, "reportProgress", { part: partToProto("executor") }, 5_000);
    await until(() => nodes.slice(1).every((node) => node.peer("n1")?.progress?.executorAgeMs != null), "an age");
    await expect(unaryCall(nodes[0]!.client, "reportProgress", { part: 9 }, 5_000)).rejects.toMatchObject({ code: "QUORATE_WIRE_INVALID" });
    await unaryCall(nodes[0]!.client, "seed", { members: NAMES }, 5_000);
  }, 20_000);

  test("packets without the key are dropped, counted and logged, and change nothing", async () => {
    const before = nodes[0]!.last()!.peers.map(({ session, bootId }) => [session, bootId]);
    const forged = { clusterId: "t", from: "n2", bootId: "evil", session: "evil", sequence: 1e9, link: "udp:lan", echoes: { n1: nodes[0]!.last()!.session }, hears: [], suspects: ["n3"], progress: { policyEngineAgeMs: null, executorAgeMs: null }, state: "up" } as const;
    const packets = [sealBeat(forged, createPacketSeal("not the key, but as long")), Buffer.from("short"), Buffer.alloc(9_000), sealBeat({ ...forged, clusterId: "other" }, createPacketSeal(KEY)), sealBeat({ ...forged, link: "nats" }, createPacketSeal(KEY))];
    const socket = createSocket("udp4");
    for (let n = 0; n < 50; n += 1) for (const packet of packets) socket.send(packet, udpPort, "127.0.0.1");
    const dropped = ["udp:lan signature", "udp:lan size", "udp:lan cluster", "udp:lan link"];
    await until(() => dropped.every((name) => nodes[0]!.log.includes(`"${name}":`)), "the counts");
    socket.close();
    await sleep(300);
    expect(nodes[0]!.last()!.peers.map(({ session, bootId }) => [session, bootId])).toEqual(before);
    expect(allMutual()).toBe(true);
  }, 20_000);

  test("without the bus UDP keeps all alive, and the bus is found again", async () => {
    const sinceMs = performance.now();
    await nats.kill();
    await until(() => nodes.every((node) => node.last()!.peers.every(({ links }) => links[1]?.up === false)), "nats link down");
    expect(nodes.flatMap((node) => NAMES.map((peer) => node.first(peer, sinceMs, ({ state }) => state !== "alive")))).toEqual(Array<null>(25).fill(null));
    nats = await startNats();
    await until(() => nodes.every((node) => node.last()!.peers.every(({ links }) => links.every(({ up }) => up))), "nats link up", 30_000);
  }, 60_000);

  test("a second process of a node is refused, and does not take the place of the first", async () => {
    const { session } = nodes[0]!.last()!;
    const second = spawn(process.execPath, ["--conditions=@quorate/source", join(import.meta.dirname, "main.ts")], { env: { PATH: process.env["PATH"], QUORATE_CONFIG: join(nodes[0]!.dir, "quorate.yaml") }, stdio: ["ignore", "pipe", "ignore"] });
    let log = "";
    second.stdout.on("data", (chunk: Buffer) => (log += chunk.toString()));
    expect(await new Promise((resolve) => second.once("exit", resolve))).toBe(1);
    expect(log).toContain("QUORATE_EXISTS");
    expect(nodes[1]!.peer("n1")?.session).toBe(session);
  }, 30_000);

  test("a process stopped for 3 s suspects nobody when it wakes; the others suspect it, and take it back", async () => {
    const stopped = nodes[2]!;
    stopped.signal("SIGSTOP");
    const stoppedMs = performance.now();
    await until(() => nodes.every((node) => node === stopped || node.peer("n3")?.majoritySuspects === true), "suspicion of n3");
    await sleep(Math.max(0, 3_000 - (performance.now() - stoppedMs)));
    const wokenMs = performance.now();
    stopped.signal("SIGCONT");
    await until(() => nodes.every((node) => node === stopped || (node.peer("n3")?.mutual === true && node.peer("n3")?.suspectedBy.length === 0)), "n3 back");
    console.log(`woken after 3 s: all have it back within ${Math.round(performance.now() - wokenMs)} ms`);
    await sleep(DEAD_MS + 500);
    expect(NAMES.map((peer) => stopped.first(peer, stoppedMs, ({ suspectedBy }) => suspectedBy.includes("n3")))).toEqual([null, null, null, null, null]);
    await until(allMutual, "everybody");
  }, 40_000);

  test("kill -9 of one: all suspect it within the dead time and a little, and know it of each other; a recording of its beats changes nothing", async () => {
    const bus = await connectBus({ servers: [nats.url], name: "listener", log: silentLogger });
    const recorded: Uint8Array[] = [];
    const subscription = bus.subscribe("quorate.t.beat", (payload) => void recorded.push(payload));
    await until(() => recorded.length > 20, "beats on the bus");
    const survivors = nodes.filter(({ name }) => name !== "n2");
    const sinceMs = performance.now();
    await nodes[1]!.end("SIGKILL");
    await until(() => survivors.every((node) => node.peer("n2")?.suspectedBy.length === 4), "the word of four");
    subscription.unsubscribe();
    const suspected = survivors.map((node) => node.first("n2", sinceMs, ({ state }) => state === "suspected") ?? Number.NaN);
    const majority = survivors.map((node) => node.first("n2", sinceMs, ({ majoritySuspects }) => majoritySuspects) ?? Number.NaN);
    console.log(`kill -9: suspected after ${suspected.join(", ")} ms; by a majority after ${majority.join(", ")} ms (dead time ${DEAD_MS})`);
    expect(Math.max(...suspected, ...majority)).toBeLessThan(DEAD_MS + SLACK_MS);
    expect(Math.min(...suspected)).toBeGreaterThanOrEqual(DEAD_MS - 110); // the last beat may be one interval old

    const replayedMs = performance.now();
    for (const payload of recorded) bus.publish("quorate.t.beat", payload);
    await sleep(300);
    for (const node of survivors) expect(node.first("n2", replayedMs, ({ state }) => state !== "suspected")).toBeNull();
    await bus.close();

    nodes[1]!.launch();
    await until(allMutual, "n2 back", 30_000);
  }, 60_000);

  test("leaving is said to all; an orderly stop of the process alone says nothing", async () => {
    await unaryCall(nodes[4]!.client, "leave", {}, 5_000);
    await until(() => nodes.slice(0, 4).every((node) => node.peer("n5")?.state === "leaving"), "leaving");
    expect(await nodes[4]!.end("SIGTERM")).toBe(0);
    nodes[4]!.launch();
    await until(allMutual, "n5 back", 30_000);
    const sinceMs = performance.now();
    expect(await nodes[4]!.end("SIGTERM")).toBe(0);
    expect(nodes[0]!.first("n5", sinceMs, ({ state }) => state === "leaving")).toBeNull();
    nodes[4]!.launch();
    await until(allMutual, "n5 back again", 30_000);
  }, 90_000);
});

test("hosted on a thread: it beats while the main thread is busy, and closes", async () => {
  await nodes[0]!.end("SIGKILL");
  const script = `
    import { loadConfig, silentLogger } from ${JSON.stringify(join(import.meta.dirname, "../../../libs/runtime/src/index.ts"))};
    import { startMembershipWorker } from ${JSON.stringify(join(import.meta.dirname, "worker.ts"))};
    const config = loadConfig({ file: process.env.QUORATE_CONFIG, env: {} });
    const membership = startMembershipWorker({ config, log: silentLogger });
    await membership.start();
    console.log("started");
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    for (const until = performance.now() + 2_500; performance.now() < until;);
    console.log("busy no more");
    await membership.close();
    console.log("closed");`;
  const program = join(root, "hosted.mjs"); // a file, as a thread inherits --input-type and refuses it
  writeFileSync(program, script);
  const child = spawn(process.execPath, ["--conditions=@quorate/source", "--disable-warning=ExperimentalWarning", program], {
    env: { PATH: process.env["PATH"], QUORATE_CONFIG: join(nodes[0]!.dir, "quorate.yaml") }, stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  await until(() => output.includes("started"), "the thread started", 30_000);
  await until(() => nodes.slice(1).every((node) => node.peer("n1")?.mutual === true && node.peer("n1")?.state === "alive"), "n1 heard");
  const sinceMs = performance.now();
  await until(() => output.includes("busy no more"), "the end of the work");
  const endMs = performance.now();
  expect(await exited).toBe(0);
  expect(output).toContain("closed");
  const lost = nodes.slice(1).map((node) => node.reports.some(({ atMs, report }) => atMs > sinceMs && atMs < endMs && report.peers.some(({ node: peer, state }) => peer === "n1" && state !== "alive")));
  expect(lost).toEqual([false, false, false, false]);
  nodes[0]!.launch();
}, 90_000);
