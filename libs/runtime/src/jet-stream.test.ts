import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bus, connectBus } from "./bus.ts";
import { freePorts } from "./free-ports.ts";
import { ensureEventStream, eventStreamName } from "./jet-stream.ts";
import { silentLogger } from "./logger.ts";
import { type NatsServerHandle, findNatsServer, startNatsServer } from "./nats-server.ts";

const dir = mkdtempSync(join(tmpdir(), "quorate-js-"));
const servers: NatsServerHandle[] = [];
const buses: Bus[] = [];
let binary = "";

async function start(name: string, more: { port: number; clusterListen?: string; routes?: readonly string[]; jetStream?: boolean }): Promise<Bus> {
  const server = await startNatsServer({
    binary, dir: join(dir, name), name, cluster: "t", listen: `127.0.0.1:${more.port}`, clusterListen: more.clusterListen ?? null,
    routes: more.routes ?? [], storeDir: join(dir, name), jetStream: more.jetStream ?? true,
  });
  servers.push(server);
  const bus = await connectBus({ servers: [server.url], name, log: silentLogger });
  buses.push(bus);
  await new Promise<void>((resolve) => bus.onStatus((status) => status.connected && resolve()));
  return bus;
}

beforeAll(async () => {
  binary = await findNatsServer(join(dir, "cache"));
}, 30_000);
afterAll(async () => {
  for (const bus of buses) await bus.close();
  for (const server of servers) await server.kill();
  rmSync(dir, { recursive: true, force: true });
});

test("an event published twice is stored once; the last id is known; the stream may be ensured again with other bounds", async () => {
  const [port = 0] = await freePorts(1);
  const bus = await start("single", { port });
  const stream = await ensureEventStream({ bus, cluster: "pvfs2-ha", servers: 1 });
  expect(await stream.lastEventId()).toBeNull();
  const seen: string[] = [];
  bus.subscribe("quorate.pvfs2-ha.events.>", (_, { subject }) => void seen.push(subject));
  await stream.publishEvent("quorate.pvfs2-ha.events.node.lost", "17.0", Buffer.from("{}"));
  await stream.publishEvent("quorate.pvfs2-ha.events.fencing.started", "18.0", Buffer.from("{}"));
  await stream.publishEvent("quorate.pvfs2-ha.events.node.lost", "17.0", Buffer.from("{}"));
  expect(await stream.lastEventId()).toBe("18.0");
  const again = await ensureEventStream({ bus, cluster: "pvfs2-ha", servers: 1, maxBytes: 1_000_000 });
  await again.publishEvent("quorate.pvfs2-ha.events.fencing.succeeded", "19.0", Buffer.from("{}"));
  expect(await stream.lastEventId()).toBe("19.0");
  expect(seen.length).toBe(4); // core subscribers see what is published, the stream keeps it once
});

test("a subject outside the stream, JetStream off, and no server at all are errors within the limit", async () => {
  const [port = 0] = await freePorts(1);
  const bus = await start("core", { port, jetStream: false });
  const startedAt = performance.now();
  await expect(ensureEventStream({ bus, cluster: "t", servers: 1, timeoutMs: 500 })).rejects.toMatchObject({ code: expect.stringMatching(/QUORATE_(DISCONNECTED|TIMEOUT)/) });
  await servers.at(-1)?.kill();
  await expect.poll(() => bus.connected()).toBe(false);
  await expect(ensureEventStream({ bus, cluster: "t", servers: 1, timeoutMs: 500 })).rejects.toMatchObject({ code: "QUORATE_DISCONNECTED" });
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});

test("one server of three alone has no JetStream: ensure and publish end as errors within their limit", async () => {
  const ports = await freePorts(4);
  const bus = await start("lonely", { port: ports[0] ?? 0, clusterListen: `127.0.0.1:${ports[1]}`, routes: ports.slice(1).map((port) => `127.0.0.1:${port}`) });
  const startedAt = performance.now();
  await expect(ensureEventStream({ bus, cluster: "t", servers: 3, timeoutMs: 400 })).rejects.toMatchObject({ code: expect.stringMatching(/QUORATE_(DISCONNECTED|TIMEOUT)/) });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test("names of streams have no characters that NATS forbids there", () => {
  expect(eventStreamName("pvfs2-ha")).toBe("QUORATE_EVENTS_pvfs2-ha");
  expect(eventStreamName("a.b *")).toBe("QUORATE_EVENTS_a_b__");
});
