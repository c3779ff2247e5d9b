/** The client against a real gRPC server on a unix socket: what arrives, what comes back, and what each failure becomes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Metadata, Server, ServerCredentials, status, type ServiceDefinition, type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { QuorateError } from "@quorate/core";
import {
  CibServiceService, EventServiceService, PolicyServiceService, cibOperationFromProto, clusterEventToProto, clusterStatusToProto, decisionRecordToProto, fenceRecordToProto,
  type CibServiceServer, type ClusterStatus, type EventServiceServer, type FenceRecord, type KeptDecision, type PolicyServiceServer,
} from "@quorate/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectClient, type QuorateClient } from "./index.ts";

const clusterStatus: ClusterStatus = {
  cluster: "c", stack: "NATS", node: "node1", atMs: 5, dc: "node1", haveQuorum: true, votes: { present: 2, expected: 3, needed: 2 },
  featureLevel: 1, cibVersion: { adminEpoch: 0, epoch: 4, numUpdates: 2 }, lastChange: null,
  options: { stonithEnabled: true, maintenanceMode: false, symmetricCluster: true, noQuorumPolicy: "stop" }, view: { id: 9, members: ["node1"] },
  nodes: [], resources: [], failedOperations: [], failCounts: [], fencingHistory: [], pendingFencing: [], warnings: [], pendingNodes: [],
};
const record: FenceRecord = {
  fenceId: "f1", target: "node2", action: "off", gateway: "node1", device: "pdu", outcome: "succeeded", reason: "lost", detail: "", startedAtMs: 1,
  endedAtMs: 2,
};

const decision: KeptDecision = { id: 7, atMs: 5, trigger: "node2 was lost", transition: 3, actions: 4, fencing: ["node2"], digest: "ab", bytes: 99 };

/** Requests as the server got them. */
const seen: unknown[] = [];
const policy: PolicyServiceServer = {
  status: (_, answer) => answer(null, { status: clusterStatusToProto(clusterStatus) }),
  why: (call, answer) => {
    seen.push(call.request);
    answer(null, { lines: ["node2 was lost"], json: null });
  },
  fenceNode: (call, answer) => {
    seen.push(call.request);
    answer(null, { outcome: 99 as never, detail: "d" });
  },
  confirmFence: (_, answer) => {
    const metadata = new Metadata();
    metadata.set("quorate-code", "QUORATE_UNSAFE");
    metadata.set("quorate-details-bin", Buffer.from(JSON.stringify({ node: "node2", heardMs: 12, more: {} })));
    answer({ code: status.FAILED_PRECONDITION, details: "node2 is heard", metadata });
  },
  fenceHistory: (_, answer) => answer(null, { records: [fenceRecordToProto(record)] }),
  cleanup: () => {}, // never answers
  setAttribute: (call, answer) => {
    seen.push(call.request);
    answer(null, {});
  },
  raiseAlarm: (call, answer) => {
    seen.push(call.request);
    answer(null, {});
  },
  listDecisions: (call, answer) => {
    seen.push(call.request);
    answer(null, { decisions: [decisionRecordToProto(decision)], node: "node1", dc: null });
  },
  getDecision: (call, answer) => {
    seen.push(call.request);
    answer(null, { decision: decisionRecordToProto({ ...decision, transition: null }), document: Buffer.from([1, 2]) });
  },
};
const cib: CibServiceServer = {
  query: (call, answer) => {
    seen.push(call.request);
    answer(null, { xml: "<cib/>", version: { adminEpoch: 1, epoch: 2, numUpdates: 3 }, haveQuorum: true, dc: null });
  },
  apply: (call, answer) => {
    seen.push({ operation: cibOperationFromProto(call.request.operation), by: call.request.by });
    answer(null, { version: { adminEpoch: 1, epoch: 3, numUpdates: 0 } });
  },
  verify: (_, answer) =>
    answer(null, { issues: [{ severity: 1, path: "/cib", place: { line: 2, column: 5 }, message: "expected </cib>" }] }),
};

let folder: string;
let server: Server;
let client: QuorateClient;

beforeEach(async () => {
  seen.length = 0;
  folder = mkdtempSync(join(tmpdir(), "quorate-client-"));
  const address = `unix:${join(folder, "policy.sock")}`;
  server = await serve(address, [[PolicyServiceService, policy], [CibServiceService, cib]]);
  client = connectClient({ address, limitsMs: { change: 50 } });
});

afterEach(() => {
  client.close();
  server.forceShutdown();
  rmSync(folder, { recursive: true, force: true });
});

describe("calls", () => {
  test("status comes as it was given", async () => expect(await client.status()).toStrictEqual(clusterStatus));

  test("why: an absent node and an absent JSON form are null", async () => {
    expect(await client.why({ resource: "server1" })).toStrictEqual({ lines: ["node2 was lost"], json: null });
    expect(seen).toStrictEqual([{ resource: "server1", node: null }]);
  });

  test("an outcome of fencing that this client does not know is unknown", async () => {
    expect(await client.fenceNode({ node: "node2", action: "off", by: "root" })).toStrictEqual({ outcome: "unknown", detail: "d" });
    expect(seen).toStrictEqual([{ node: "node2", action: 1, by: "root" }]);
  });

  test("fence history", async () => expect(await client.fenceHistory()).toStrictEqual([record]));

  test("an attribute is removed by null, and set to an empty text by an empty text", async () => {
    await client.setAttribute({ node: "node1", name: "a", value: null });
    await client.setAttribute({ node: "node1", name: "a", value: "" });
    expect(seen).toStrictEqual([{ node: "node1", name: "a", value: null }, { node: "node1", name: "a", value: "" }]);
  });

  test("an alarm", async () => {
    await client.raiseAlarm({ type: "resource.alarm", severity: "critical", message: "m", data: { ce: "node2" } });
    expect(seen).toStrictEqual([
      { type: "resource.alarm", severity: 4, node: null, resource: null, message: "m", data: new Map([["ce", "node2"]]) },
    ]);
  });

  test("decisions: all of them, some, and one with its document", async () => {
    expect(await client.listDecisions()).toStrictEqual({ decisions: [decision], node: "node1", dc: null });
    await client.listDecisions({ limit: 2 });
    const { decision: one, document } = await client.getDecision(7);
    expect(one).toStrictEqual({ ...decision, transition: null });
    expect([...document]).toStrictEqual([1, 2]);
    expect(seen).toStrictEqual([{ limit: 0 }, { limit: 2 }, { id: 7 }]);
  });

  test("CIB: query, apply, verify", async () => {
    const answer = { xml: "<cib/>", version: { adminEpoch: 1, epoch: 2, numUpdates: 3 }, dc: null, haveQuorum: true };
    expect(await client.cibQuery()).toStrictEqual(answer);
    await client.cibQuery("fencing-topology");
    const operation = { kind: "delete", section: "resources", xml: "<primitive id='a'/>" } as const;
    expect(await client.cibApply(operation, "root@node1")).toStrictEqual({ version: { adminEpoch: 1, epoch: 3, numUpdates: 0 } });
    expect(seen).toStrictEqual([{ section: 1 }, { section: 7 }, { operation, by: "root@node1" }]);
    expect(await client.cibVerify("<cib>")).toStrictEqual([
      { severity: "error", path: "/cib", place: { line: 2, column: 5 }, message: "expected </cib>" },
    ]);
  });
});

describe("failures", () => {
  test("the server's own code, text and details come through", async () => {
    const error = await errorOf(client.confirmFence({ node: "node2", by: "root" }));
    expect([error.code, error.message, error.details]).toStrictEqual(["QUORATE_UNSAFE", "node2 is heard", { node: "node2", heardMs: 12 }]);
  });

  test("no answer within the time limit: QUORATE_TIMEOUT", async () => {
    expect((await errorOf(client.cleanup({ resource: "a", by: "root" }))).code).toBe("QUORATE_TIMEOUT");
  });

  test("a server that goes away: QUORATE_DISCONNECTED", async () => {
    await client.status();
    server.forceShutdown();
    expect((await errorOf(client.status())).code).toBe("QUORATE_DISCONNECTED");
  });

  test("nobody there: QUORATE_DISCONNECTED, and it names the call", async () => {
    const nobody = connectClient({ address: `unix:${join(folder, "nobody.sock")}` });
    const error = await errorOf(nobody.status());
    nobody.close();
    expect(error.code).toBe("QUORATE_DISCONNECTED");
    expect(error.message).toContain("status");
  });

  test("a service that the server does not have: QUORATE_WIRE_INVALID", async () => {
    const codes = new Promise<string>((resolve) => client.followEvents({ live: false, onEvent: () => {}, onError: (error) => resolve(error.code) }));
    expect(await codes).toBe("QUORATE_WIRE_INVALID");
  });
});

test("events go on, in order and once each, over a restart of the server", async () => {
  const address = `unix:${join(folder, "events.sock")}`;
  const first = await serveEvents(address, ["1.0", "1.1"]);
  const followed: string[] = [];
  const events = connectClient({ address });
  let [half, all] = [(): void => {}, (): void => {}];
  const halfSeen = new Promise<void>((resolve) => (half = resolve));
  const allSeen = new Promise<void>((resolve) => (all = resolve));
  const stream = events.followEvents({
    live: true,
    onEvent: ({ index, ordinal }) => {
      followed.push(`${index}.${ordinal}`);
      if (followed.length === 2) half();
      if (followed.length === 3) all();
    },
    onError: () => {},
  });
  await halfSeen;
  first.forceShutdown();
  const second = await serveEvents(address, ["1.0", "1.1", "2.0"]); // sends again what the client has
  await allSeen;
  expect(followed).toStrictEqual(["1.0", "1.1", "2.0"]);
  events.close();
  await stream.ended;
  second.forceShutdown();
});

async function serveEvents(address: string, ids: readonly string[]): Promise<Server> {
  const events: Pick<EventServiceServer, "follow"> = {
    follow(call) {
      for (const [index = 0, ordinal = 0] of ids.map((id) => id.split(".").map(Number))) {
        const event = { type: "node.lost", severity: "info", atMs: 1, node: null, resource: null, message: "", data: {} } as const;
        call.write({ event: clusterEventToProto({ ...event, index, ordinal }) });
      }
    },
  };
  return serve(address, [[EventServiceService, events]]);
}

async function serve(address: string, services: readonly [ServiceDefinition, UntypedServiceImplementation][]): Promise<Server> {
  const started = new Server();
  for (const [definition, implementation] of services) started.addService(definition, implementation);
  await new Promise<void>((resolve, reject) => {
    started.bindAsync(address, ServerCredentials.createInsecure(), (error) => (error === null ? resolve() : reject(error)));
  });
  return started;
}

async function errorOf(promise: Promise<unknown>): Promise<QuorateError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof QuorateError) return error;
    throw error;
  }
  throw new Error("did not fail");
}
