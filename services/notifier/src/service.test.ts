/** The whole notifier: real gRPC, SMTP, HTTP, NATS and JetStream; the outbox is kept by a policy-engine of the test's own. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClusterEvent, QuorateError, eventId } from "@quorate/core";
import {
  type NatsServerHandle, type QuorateConfig, type RpcStream, connectBus, createRpcClient, ensureEventStream, findNatsServer, freePorts, parseConfig, rpcHandler,
  rpcStreamHandler, serveRpc, silentLogger, startNatsServer, systemClock, unaryCall,
} from "@quorate/runtime";
import {
  type ClusterStatus, type CommitCursorRequestProto, EventServiceService, type FollowRequestProto, type FollowResponseProto, NotifierServiceClient, type NotifierStatusResponseProto, PolicyServiceService,
  type RaiseAlarmRequestProto, clusterEventToProto, clusterStatusToProto,
} from "@quorate/wire";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type MailSink, startMailSink } from "../../../deploy/peers/mail-sink.ts";
import { type WebhookSink, startWebhookSink } from "../../../deploy/peers/webhook-sink.ts";
import { type Notifier, createNotifier } from "./service.ts";

/** Outbox, cursors and the name of the DC, served as a policy-engine does. */
class OutboxPeer {
  dc: string | null = "node1";
  readonly events: ClusterEvent[] = [];
  readonly cursors = new Map<string, { recipient: string; index: number; ordinal: number }>();
  readonly alarms: string[] = [];
  /** Positions that were asked for, in order. */
  readonly followed: string[] = [];
  commitFails = false;
  readonly #readers = new Set<RpcStream<FollowResponseProto>>();
  #stop: () => Promise<void> = () => Promise.resolve();

  async serve(run: string): Promise<void> {
    const eventService = {
      follow: rpcStreamHandler<FollowRequestProto, FollowResponseProto>((request, stream) => {
        this.followed.push(`${request.fromIndex}.${request.fromOrdinal}`);
        for (const event of this.events) if (event.index > request.fromIndex || (event.index === request.fromIndex && event.ordinal > request.fromOrdinal)) stream.send({ event: clusterEventToProto(event) });
        this.#readers.add(stream);
        stream.onClose(() => this.#readers.delete(stream));
      }),
      commitCursor: rpcHandler((request: CommitCursorRequestProto) => {
        if (this.commitFails) throw new QuorateError("QUORATE_NO_QUORUM", "no quorum");
        if (request.cursor !== null) this.cursors.set(request.cursor.recipient, request.cursor);
        return {};
      }),
      cursors: rpcHandler(() => ({ cursors: [...this.cursors.values()] })),
    };
    const unused = rpcHandler(() => ({}));
    const policyService = {
      status: rpcHandler(() => ({ status: clusterStatusToProto(statusWith(this.dc)) })),
      raiseAlarm: rpcHandler((request: RaiseAlarmRequestProto) => {
        this.alarms.push(`${request.type} ${request.data.get("sink") ?? ""}`);
        return {};
      }),
      why: unused, fenceNode: unused, confirmFence: unused, fenceHistory: unused, cleanup: unused, setAttribute: unused,
    };
    const services = [{ definition: EventServiceService, implementation: eventService }, { definition: PolicyServiceService, implementation: policyService }];
    const rpc = await serveRpc({ addresses: [`unix:${join(run, "policy-engine.sock")}`], services, log: silentLogger });
    this.#stop = () => rpc.close(0);
  }

  publish(event: ClusterEvent): void {
    this.events.push(event);
    for (const stream of this.#readers) stream.send({ event: clusterEventToProto(event) });
  }

  async close(): Promise<void> {
    await this.#stop();
  }
}

function statusWith(dc: string | null): ClusterStatus {
  return {
    cluster: "test", stack: "NATS", node: "node1", atMs: 0, dc, haveQuorum: dc !== null, votes: { present: 1, expected: 1, needed: 1 }, featureLevel: 1,
    cibVersion: { adminEpoch: 0, epoch: 1, numUpdates: 0 }, lastChange: null, view: null, nodes: [], resources: [], failedOperations: [], failCounts: [], fencingHistory: [],
    options: { stonithEnabled: true, maintenanceMode: false, symmetricCluster: true, noQuorumPolicy: "stop" }, pendingFencing: [], warnings: [], pendingNodes: [],
  };
}

let directory: string;
let nats: NatsServerHandle;
let mail: MailSink;
let hook: WebhookSink;
let peer: OutboxPeer;
let config: QuorateConfig;
let notifier: Notifier;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "quorate-notifier-"));
  const [port = 0] = await freePorts(1);
  nats = await startNatsServer({ binary: await findNatsServer(join(directory, "cache")), dir: join(directory, "nats"), name: "n1", cluster: "test", listen: `127.0.0.1:${port}`, clusterListen: null, routes: [], storeDir: join(directory, "js") });
}, 30_000);
afterAll(async () => {
  await nats.stop();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  mail = await startMailSink();
  hook = await startWebhookSink({ secret: "s3cret" });
  const home = await mkdtemp(join(directory, "node-"));
  await writeFile(join(home, "secret"), "s3cret");
  const sinks = `[{ name: ops, kind: email, match: ["node.*"], smtp: { host: 127.0.0.1, port: ${mail.port} }, from: quorate@example.org, to: [ops@example.org] }, { name: hook, kind: webhook, url: "${hook.url}", secretFile: ${home}/secret }]`;
  const text = `{ cluster: ${home.slice(-6).replaceAll(/[^A-Za-z0-9]/g, "x")}, node: node1, nodes: [{ name: node1, address: 127.0.0.1 }], nats: { servers: ["${nats.url}"] }, paths: { data: ${home}, run: ${home} }, notifier: { sinks: ${sinks}, retryMs: { first: 100, max: 200 }, timeoutMs: 1000 } }`;
  config = parseConfig({ file: "test.yaml", text, env: {} });
  peer = new OutboxPeer();
  await peer.serve(home);
  notifier = createNotifier({ config, log: silentLogger, clock: systemClock });
  await notifier.start();
});
afterEach(async () => {
  await notifier.stopIntake();
  await notifier.settle();
  await notifier.close();
  await peer.close();
  await mail.close();
  await hook.close();
});

function event(index: number, type = "node.lost"): ClusterEvent {
  return { index, ordinal: 0, type, severity: "critical", atMs: 1_000, node: "node2", resource: null, message: `event ${index}`, data: {} };
}

async function until(fact: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (fact()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`not within 4 s: ${what}`);
}

const mailed = (): readonly (string | undefined)[] => mail.mails().map(({ headers }) => headers["x-quorate-id"]);
const hooked = (): readonly unknown[] => hook.events().map((got) => got.event?.["id"]);

test("events of the outbox reach mail, webhook and JetStream in order, and the cursors follow", async () => {
  peer.publish(event(1));
  peer.publish(event(2, "cib.changed"));
  peer.publish(event(3));
  await until(() => ["ops", "hook", "jetstream"].every((name) => peer.cursors.get(name)?.index === 3), "all cursors at 3");
  expect(mailed()).toEqual(["1.0", "3.0"]);
  expect(hooked()).toEqual(["1.0", "2.0", "3.0"]);
  expect(hook.events().every(({ verified }) => verified)).toBe(true);
  const bus = await connectBus({ servers: [nats.url], name: "test", log: silentLogger });
  await until(() => bus.connected(), "bus connected");
  expect(await (await ensureEventStream({ bus, cluster: config.cluster, servers: 1 })).lastEventId()).toBe(eventId(event(3)));
  await bus.close();
});

test("delivery goes on from the committed cursor, and only beside the DC", async () => {
  peer.dc = "node3";
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  peer.publish(event(1));
  peer.publish(event(2));
  peer.cursors.set("ops", { recipient: "ops", index: 1, ordinal: 0 });
  expect(await status()).toMatchObject({ active: false });
  expect([...mailed(), ...hooked()]).toEqual([]);
  peer.dc = "node1";
  await until(() => peer.cursors.get("ops")?.index === 2, "mail cursor at 2");
  expect(mailed()).toEqual(["2.0"]);
  expect(peer.followed.slice(-3).toSorted()).toEqual(["0.0", "0.0", "1.0"]);
  expect(await status()).toMatchObject({ active: true, sinks: [{ name: "ops", kind: "email", cursorIndex: 2, waiting: 0 }, { name: "hook" }, { name: "jetstream" }] });
});

test("what fails is tried until it works, in order; other recipients do not wait; somebody is told", async () => {
  mail.setFault({ kind: "reject" });
  peer.publish(event(1));
  peer.publish(event(2));
  await until(() => hooked().length === 2, "webhook has both");
  await until(() => peer.alarms.length === 1, "alarm");
  expect(peer.alarms).toEqual(["notifier.delivery-failing ops"]);
  expect(peer.cursors.has("ops")).toBe(false);
  expect((await status()).sinks[0]?.lastError).toContain("550");
  mail.setFault({ kind: "none" });
  await until(() => mailed().length === 2, "mail has both");
  expect(mailed()).toEqual(["1.0", "2.0"]);
  await until(() => peer.alarms.length === 2, "recovery");
  expect(peer.alarms[1]).toBe("notifier.delivery-recovered ops");
});

test("a policy-engine that restarts loses nothing", async () => {
  peer.publish(event(1));
  await until(() => mailed().length === 1, "first mail");
  await peer.close();
  peer.publish(event(2));
  await peer.serve(config.paths.run);
  await until(() => peer.cursors.get("ops")?.index === 2, "second mail");
  expect([...new Set(mailed())]).toEqual(["1.0", "2.0"]);
});

test("a cursor that cannot be committed is committed later, and a new life repeats what was not", async () => {
  peer.commitFails = true;
  peer.publish(event(1));
  await until(() => mailed().length === 1, "first mail");
  await notifier.stopIntake();
  await notifier.close();
  peer.commitFails = false;
  notifier = createNotifier({ config, log: silentLogger, clock: systemClock });
  await notifier.start();
  await until(() => peer.cursors.get("ops")?.index === 1, "cursor at 1");
  expect(mailed()).toEqual(["1.0", "1.0"]);
});

async function status(): Promise<NotifierStatusResponseProto> {
  const client = createRpcClient(NotifierServiceClient, `unix:${join(config.paths.run, "notifier.sock")}`);
  try {
    return await unaryCall<object, NotifierStatusResponseProto>(client, "status", {}, 2_000);
  } finally {
    client.close();
  }
}
