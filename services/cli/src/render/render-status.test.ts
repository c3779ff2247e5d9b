/** What people see, case by case: testdata/status-*.txt. A changed file is a changed display, to be reviewed as such. */
import type { ClusterStatus, FailedOperationStatus, FenceRecord, NodeStatus, ResourceStatus } from "@quorate/wire";
import { describe, expect, test } from "vitest";
import { COLUMNS, displayWidth } from "./layout.ts";
import { renderStatus } from "./render-status.ts";

const AT_MS = Date.UTC(2026, 10, 24, 12, 0, 0);
const utc = (atMs: number): string => new Date(atMs).toISOString();
const NODES = ["node1", "node2", "node3", "node4", "node5"];

function node(name: string, state = "online", more: Partial<NodeStatus> = {}): NodeStatus {
  const online = state === "online" || state.startsWith("standby");
  return {
    name, state, online, standby: state.startsWith("standby"), standbyOnFail: false, maintenance: false, pending: state === "pending",
    unclean: state.startsWith("UNCLEAN"), shutdown: false, bootId: null, links: [], resourceCount: 0, attributes: {}, ...more,
  };
}

function primitive(id: string, type: string, nodes: readonly string[], more: Partial<ResourceStatus> = {}): ResourceStatus {
  const [first = "ocf", second = "heartbeat", third = ""] = type.split(":");
  const agent = { class: first, provider: third === "" ? null : second, type: third === "" ? second : third };
  return {
    id, kind: "primitive", promotable: false, agent, role: nodes.length > 0 ? "Started" : "Stopped", nodes, failed: false, blocked: false, unmanaged: false,
    disabled: false, orphan: false, pendingTask: null, children: [], ...more,
  };
}

function whole(id: string, kind: "group" | "clone", children: readonly ResourceStatus[], more: Partial<ResourceStatus> = {}): ResourceStatus {
  const nodes = [...new Set(children.flatMap((child) => child.nodes))];
  return {
    id, kind, promotable: false, agent: null, role: "Started", nodes, failed: false, blocked: false, unmanaged: false, disabled: children.every(({ disabled }) => disabled),
    orphan: false, pendingTask: null, children, ...more,
  };
}

/** A PVFS2 server as the document has it: address, file system, daemon. */
function server(number: number, at: string | null, more: Partial<ResourceStatus> = {}): ResourceStatus {
  const nodes = at === null ? [] : [at];
  const id = `server${number}`;
  return whole(id, "group", [
    primitive(`${id}_address`, "ocf:heartbeat:IPaddr2", nodes, more), primitive(`${id}_fs`, "ocf:heartbeat:Filesystem", nodes, more),
    primitive(`${id}_daemon`, "ocf:quorate:PVFS2", nodes, more),
  ]);
}

function fencing(nodes: readonly string[]): ResourceStatus {
  return whole("fencing", "clone", NODES.map((_, at) => primitive(`pdu:${at}`, "stonith:apc_pdu_snmp", nodes[at] === undefined ? [] : [nodes[at]])));
}

function servers(places: readonly (string | null)[]): ResourceStatus[] {
  return places.map((at, number) => server(number, at));
}

const home = NODES.slice(0, 4);

function fence(outcome: FenceRecord["outcome"], more: Partial<FenceRecord> = {}): FenceRecord {
  return {
    fenceId: "f1", target: "node2", action: "off", gateway: "node3", device: "pdu", outcome, reason: "peer is no longer part of the cluster", detail: "",
    startedAtMs: AT_MS - 4_200, endedAtMs: outcome === "pending" ? null : AT_MS - 4_000, ...more,
  };
}

function failed(more: Partial<FailedOperationStatus> = {}): FailedOperationStatus {
  return { node: "node2", resource: "server1_daemon", task: "monitor", intervalMs: 20_000, rc: 7, status: "done", exitReason: "", atMs: AT_MS - 60_000, execMs: 332, ...more };
}

function status(more: Partial<ClusterStatus> = {}): ClusterStatus {
  return {
    cluster: "pvfs2-ha", stack: "NATS", node: "node1", atMs: AT_MS, dc: "node1", haveQuorum: true, votes: { present: 5, expected: 5, needed: 3 }, featureLevel: 1,
    cibVersion: { adminEpoch: 0, epoch: 12, numUpdates: 57 }, lastChange: { atMs: AT_MS - 3_600_000, by: "root@node1" },
    options: { stonithEnabled: true, maintenanceMode: false, symmetricCluster: true, noQuorumPolicy: "stop" }, view: { id: 41, members: NODES },
    nodes: NODES.map((name) => node(name)), resources: [...servers(home), fencing(NODES)], failedOperations: [], failCounts: [], fencingHistory: [],
    pendingFencing: [], warnings: [], pendingNodes: [], ...more,
  };
}

const nodesWith = (name: string, state: string, more: Partial<NodeStatus> = {}): NodeStatus[] => NODES.map((one) => (one === name ? node(one, state, more) : node(one)));
const without2 = ["node1", "node3", "node4", "node5"];
const long = "a-resource-with-a-name-that-somebody-made-from-a-whole-sentence-and-a-half";

const CASES: Readonly<Record<string, ClusterStatus>> = {
  healthy: status(),
  "node2-unclean": status({
    nodes: nodesWith("node2", "UNCLEAN (offline)", { resourceCount: 4 }), votes: { present: 4, expected: 5, needed: 3 }, pendingFencing: [fence("pending")],
    view: { id: 63, members: without2 },
  }),
  "after-failover": status({
    nodes: nodesWith("node2", "OFFLINE"), votes: { present: 4, expected: 5, needed: 3 }, view: { id: 63, members: without2 },
    resources: [...servers(["node1", "node5", "node3", "node4"]), fencing(without2)], fencingHistory: [fence("succeeded")],
  }),
  standby: status({
    nodes: nodesWith("node2", "standby", { resourceCount: 1 }).map((one) => (one.name === "node3" ? node("node3", "OFFLINE (standby)") : one)),
    resources: [server(0, "node1"), server(1, "node2", { pendingTask: "Stopping" }), server(2, "node5"), server(3, "node4"), fencing(["node1", "node4", "node5"])],
  }),
  "fencing-disabled": status({
    options: { stonithEnabled: false, maintenanceMode: true, symmetricCluster: true, noQuorumPolicy: "stop" },
    warnings: ["FENCING IS DISABLED: resources of a lost node start elsewhere while it may still run them. Data can be lost"],
    resources: servers(home).map((group) => ({ ...group, unmanaged: true, children: group.children.map((one) => ({ ...one, unmanaged: true })) })),
  }),
  "no-quorum": status({
    dc: null, haveQuorum: false, votes: { present: 2, expected: 5, needed: 3 }, nodes: NODES.map((name, at) => node(name, at < 2 ? "online" : "UNCLEAN (offline)")),
    resources: servers([null, null, "node3", "node4"]), warnings: ["This node has NO QUORUM: it starts nothing, and decides alone what to stop"],
  }),
  "failed-operations": status({
    resources: [
      server(0, "node1"),
      whole("server1", "group", [
        primitive("server1_address", "ocf:heartbeat:IPaddr2", ["node2"]), primitive("server1_fs", "ocf:heartbeat:Filesystem", ["node2"], { failed: true, blocked: true }),
        primitive("server1_daemon", "ocf:quorate:PVFS2", []),
      ]),
      server(2, null, { disabled: true }),
      primitive("left-over", "lsb:nfs", ["node3", "node4"], { orphan: true }),
    ],
    failedOperations: [
      failed(), failed({ resource: "server1_fs", task: "stop", intervalMs: 0, rc: 1, exitReason: "Couldn't unmount /san_mounta2; trying cleanup with KILL" }),
      failed({ node: "node4", task: "start", intervalMs: 0, rc: 1, status: "timeout", execMs: 90_000, atMs: null }),
    ],
    failCounts: [
      { node: "node2", resource: "server1_daemon", count: 3, migrationThreshold: 3, lastFailureMs: AT_MS - 60_000 },
      { node: "node2", resource: "server1_fs", count: 1_000_000, migrationThreshold: 1_000_000, lastFailureMs: AT_MS - 50_000 },
      { node: "node1", resource: "server0_fs", count: 1, migrationThreshold: 3, lastFailureMs: null },
    ],
    fencingHistory: [
      fence("confirmed", { gateway: null, device: null, reason: "" }), fence("failed", { detail: "pdu: SNMP: no answer within 5000 ms; pdu2: outlet 7 still on" }),
      fence("unknown", { device: null, detail: "the gateway was lost" }),
    ],
  }),
  "cold-start-waiting": status({
    dc: "node1", nodes: NODES.map((name, at) => node(name, at < 3 ? "online" : "pending")), votes: { present: 3, expected: 5, needed: 3 }, view: { id: 3, members: NODES.slice(0, 3) },
    resources: [...servers([null, null, null, null]), fencing([])], lastChange: null, pendingNodes: [{ node: "node4", secondsLeft: 52 }, { node: "node5", secondsLeft: 52 }],
    warnings: ["Nothing is started yet: waiting for node4, node5 (cold start)"],
  }),
  "clones-and-long-names": status({
    nodes: Array.from({ length: 16 }, (_, at) => node(`compute-rack${Math.floor(at / 8)}-${at}`)),
    view: null,
    resources: [
      primitive(long, "ocf:heartbeat:IPaddr2", ["compute-rack0-1"]), primitive(`${long}-${long}`, "ocf:heartbeat:Filesystem", []),
      whole("storage", "clone", Array.from({ length: 16 }, (_, at) => primitive(`dlm:${at}`, "ocf:pacemaker:controld", at < 14 ? [`compute-rack${Math.floor(at / 8)}-${at}`] : []))),
      whole("database", "clone", [
        primitive("pg:0", "ocf:heartbeat:pgsql", ["compute-rack0-0"], { role: "Promoted" }), primitive("pg:1", "ocf:heartbeat:pgsql", ["compute-rack0-1"], { role: "Unpromoted" }),
        primitive("pg:2", "ocf:heartbeat:pgsql", ["compute-rack0-2"], { role: "Promoted", failed: true }),
      ], { promotable: true }),
      whole("stacks", "clone", [whole("stack:0", "group", [primitive("a:0", "ocf:heartbeat:Dummy", ["compute-rack0-3"]), primitive("b:0", "ocf:heartbeat:Dummy", [])])]),
    ],
  }),
};

describe.each(Object.entries(CASES))("%s", (name, given) => {
  test("the whole list is as reviewed", async () => {
    await expect(renderStatus(given, { inactive: true, time: utc })).toMatchFileSnapshot(`../../testdata/status-${name}.txt`);
  });

  test("no line is wider than a terminal", () => {
    for (const inactive of [true, false]) {
      for (const line of renderStatus(given, { inactive, time: utc }).split("\n")) expect(displayWidth(line), line).toBeLessThanOrEqual(COLUMNS);
    }
  });
});

describe("without -r", () => {
  const brief = (given: ClusterStatus): string => renderStatus(given, { inactive: false, time: utc });

  test("what runs nowhere is left out, and a group says how many members are", () => {
    const text = brief(CASES["failed-operations"] as ClusterStatus);
    expect(text).toContain("Active Resources:");
    expect(text).toContain("Resource Group: server1 (1 member inactive):");
    expect(text).not.toMatch(/server1_daemon\t|server2/);
  });

  test("what failed or is blocked is shown wherever it is", () => {
    const blocked = primitive("lost", "ocf:heartbeat:Dummy", [], { failed: true, blocked: true });
    expect(brief(status({ resources: [blocked] }))).toContain("* lost\t(ocf:heartbeat:Dummy):\t FAILED (blocked)\n");
  });

  test("nothing at all", () => expect(brief(status({ resources: [] }))).toContain("  * No active resources\n"));
});

test("a monitor in flight leaves the role; any other task stands in its place", () => {
  const shown = (pendingTask: string): string => renderStatus(status({ resources: [primitive("a", "lsb:x", ["node1"], { pendingTask })] }), { inactive: true, time: utc });
  expect(shown("Monitoring")).toContain("* a\t(lsb:x):\t Started node1 (Monitoring)\n");
  expect(shown("Migrating")).toContain("* a\t(lsb:x):\t Migrating node1\n");
});

test("a list that is wrapped keeps its bracket with a name", () => {
  for (let length = 60; length < 80; length += 1) {
    const text = renderStatus(status({ nodes: [node("n".repeat(length - 30)), node("m".repeat(20)), node("o")] }), { inactive: true, time: utc });
    expect(text).not.toMatch(/^ *\]/m);
  }
});

test("a resource on an unclean node says so, because it may still run there", () => {
  const text = renderStatus(CASES["node2-unclean"] as ClusterStatus, { inactive: false, time: utc });
  expect(text).toContain("* server1_address\t(ocf:heartbeat:IPaddr2):\t Started node2 (UNCLEAN)\n");
  expect(text).toContain("* Started: [ node1 node3 node4 node5 ]");
});
