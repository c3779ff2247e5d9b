/** The whole gateway: real SNMP, store, gRPC socket and nats-server. */
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FenceReply, FenceRequest } from "@quorate/fencing";
import { type Bus, type Logger, type NatsServerHandle, type QuorateConfig, connectBus, createLogger, createRpcClient, findNatsServer, freePorts, parseConfig, silentLogger, startNatsServer, systemClock, unaryCall } from "@quorate/runtime";
import { type FenceResponseProto, FencingGatewayServiceClient, decodeFenceReply, encodeFenceRequest, fenceReplyFromProto, fenceRequestToProto } from "@quorate/wire";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type PduEmulator, startPduEmulator } from "../../../deploy/peers/pdu-emulator.ts";
import { type FencingGateway, createFencingGateway } from "./service.ts";

let nats: NatsServerHandle;
let bus: Bus;
let directory: string;
let pdu: PduEmulator;
let config: QuorateConfig;
let gateway: FencingGateway;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "quorate-gateway-"));
  const [port = 0] = await freePorts(1);
  const listen = `127.0.0.1:${port}`;
  nats = await startNatsServer({ binary: await findNatsServer(join(directory, "cache")), dir: join(directory, "nats"), name: "n1", cluster: "test", listen, clusterListen: null, routes: [], storeDir: join(directory, "js"), jetStream: false });
  bus = await connectBus({ servers: [nats.url], name: "test", log: silentLogger });
}, 30_000);
afterAll(async () => {
  await bus.close();
  await nats.stop();
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  pdu = await startPduEmulator({ outlets: [{ number: 2, name: "node2" }, { number: 3, name: "node3" }] });
  const home = await mkdtemp(join(directory, "node-"));
  const text = `{ cluster: test, node: node1, nodes: [{ name: node1, address: 127.0.0.1 }], nats: { servers: ["${nats.url}"] }, paths: { data: ${home}/data, run: ${home}/run } }`;
  config = parseConfig({ file: "test.yaml", text, env: {} });
  gateway = await started();
});
afterEach(async () => {
  await gateway.stopIntake();
  await gateway.close();
  await pdu.close();
});

async function started(log: Logger = silentLogger): Promise<FencingGateway> {
  const one = createFencingGateway({ config, log, clock: systemClock });
  await one.start();
  return one;
}

async function until(fact: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_000 && !fact(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(fact()).toBe(true);
}

let lastId = 0;
function request(given: Partial<FenceRequest> = {}): FenceRequest {
  lastId += 1;
  const parameters = { ip: pdu.address, udpport: String(pdu.port), community: "private", pcmk_host_map: "node2:2;node3:3", snmp_timeout: "60ms", snmp_retries: "1" };
  return { authority: { term: 5, view: 3 }, fenceId: `f${lastId}`, action: "off", target: "node2", targetBootId: null, devices: [{ id: "pdu", agent: "apc-pdu-snmp", parameters }], timeoutMs: 3_000, ...given };
}

async function byRpc(what: FenceRequest): Promise<FenceReply> {
  const client = createRpcClient(FencingGatewayServiceClient, `unix:${join(config.paths.run, "fencing-gateway.sock")}`);
  try {
    return fenceReplyFromProto(await unaryCall<unknown, FenceResponseProto>(client, "fence", fenceRequestToProto(what), 10_000));
  } finally {
    client.close();
  }
}

async function byBus(what: FenceRequest): Promise<FenceReply> {
  return decodeFenceReply(await bus.request("quorate.test.fencing.node1", encodeFenceRequest(what), 10_000));
}

test("off over NATS: the outlet is off before the answer, and it takes less than 30 ms", async () => {
  await until(() => bus.connected() && gateway.ready().ready);
  await byBus(request({ action: "status" }));
  const times: number[] = [];
  for (const target of ["node2", "node3", "node2", "node3", "node2", "node3", "node2", "node3"]) {
    const startedMs = performance.now();
    expect(await byBus(request({ target }))).toMatchObject({ outcome: "succeeded", device: "pdu" });
    times.push(performance.now() - startedMs);
  }
  expect(pdu.state()).toEqual({ 2: false, 3: false });
  expect(Math.min(...times)).toBeLessThan(30);
});

test("reboot over gRPC: answered when off is verified, power comes back", async () => {
  expect(await byRpc(request({ action: "reboot" }))).toMatchObject({ outcome: "succeeded" });
  await gateway.stopIntake();
  await gateway.settle();
  expect(pdu.state()[2]).toBe(true);
});

test("a device that lies is believed, one that is stuck or silent is not", async () => {
  pdu.setFault(2, "stuck");
  expect(await byRpc(request({ timeoutMs: 800 }))).toMatchObject({ outcome: "failed" });
  pdu.setFault(2, "hang");
  expect(await byRpc(request({ timeoutMs: 800 }))).toMatchObject({ outcome: "unknown" });
});

test("a restart keeps the gate and the ledger", async () => {
  const done = request();
  expect((await byRpc(done)).outcome).toBe("succeeded");
  await gateway.stopIntake();
  await gateway.close();
  pdu.setFault("all", "refuse");
  gateway = await started();
  expect(await byRpc(done)).toMatchObject({ outcome: "succeeded", detail: expect.stringContaining("status: off") });
  expect(await byRpc(request({ authority: { term: 4, view: 9 } }))).toMatchObject({ outcome: "refused", detail: "authority 4.9 is older than 5.3" });
});

test("no parameter of a device reaches the log or the store", async () => {
  await gateway.stopIntake();
  await gateway.close();
  const lines: string[] = [];
  gateway = await started(createLogger({ service: "fencing-gateway", node: "node1", level: "trace", destination: { write: (line) => void lines.push(line) } }));
  const secret = { community: "c0mmunity-s3cret", password: "passw0rd-s3cret" };
  const [device] = request().devices;
  await byRpc(request({ devices: [{ id: "pdu", agent: "apc-pdu-snmp", parameters: { ...device?.parameters, ...secret } }], timeoutMs: 400 }));
  await byRpc(request({ devices: [{ id: "none", agent: "fence_none", parameters: { ...device?.parameters, ...secret } }] }));
  expect(lines.filter((line) => line.includes("device answered")).length).toBeGreaterThan(2);
  expect(lines.join("")).not.toMatch(/s3cret/);
  const files = await readdir(join(config.paths.data, "fencing"));
  for (const file of files) expect((await readFile(join(config.paths.data, "fencing", file))).includes("s3cret")).toBe(false);
});

test("what is no request is an error to the caller and changes nothing", async () => {
  await expect(byRpc({ ...request(), fenceId: "" })).rejects.toMatchObject({ code: "QUORATE_WIRE_INVALID" });
  expect(pdu.state()[2]).toBe(true);
});

test("a gateway that stops refuses what is new and answers what was begun", async () => {
  pdu.setFault(2, "none", 50);
  const begun = byRpc(request({ devices: request().devices.map((device) => ({ ...device, parameters: { ...device.parameters, snmp_retries: "10" } })) }));
  await until(() => pdu.state()[2] === false);
  await gateway.stopIntake();
  expect(await byRpc(request())).toMatchObject({ outcome: "refused" });
  expect(await begun).toMatchObject({ outcome: "succeeded" });
});
