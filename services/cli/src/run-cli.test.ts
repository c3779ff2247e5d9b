/** Whole command lines, from arguments to output and exit code, against a cluster that holds a real CIB document. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { type Cib, applyOperation, parseCib, serializeCib } from "@quorate/cib";
import type { EventStream, FollowOptions, QuorateClient } from "@quorate/client";
import { type ClusterEvent, QuorateError } from "@quorate/core";
import { outlineOf, schedule } from "@quorate/scheduler";
import type { ClusterStatus, FenceRecord, KeptDecision } from "@quorate/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CliEnvironment } from "./environment.ts";
import { runCli } from "./run-cli.ts";

const CIB = `<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" admin_epoch="0" epoch="4" num_updates="2" have-quorum="1">
  <configuration>
    <crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="o1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
    <nodes>
      <node id="1" uname="node1"/>
      <node id="2" uname="node2"><instance_attributes id="mine"><nvpair id="mine-1" name="standby" value="on"/></instance_attributes></node>
    </nodes>
    <resources>
      <group id="web">
        <primitive id="web_ip" class="ocf" provider="heartbeat" type="Dummy"><meta_attributes id="m"><nvpair id="m1" name="target-role" value="Stopped"/></meta_attributes></primitive>
        <primitive id="web_daemon" class="ocf" provider="heartbeat" type="Dummy"/>
      </group>
    </resources>
    <constraints/>
  </configuration>
  <status>
    <node_state id="1" uname="node1" in_ccm="true" crmd="online" join="member" expected="member">
      <transient_attributes id="1"><instance_attributes id="status-1"><nvpair id="t1" name="standby" value="on"/></instance_attributes></transient_attributes>
    </node_state>
    <node_state id="2" uname="node2" in_ccm="true" crmd="online" join="member" expected="member"/>
  </status>
</cib>`;

const statusNow: ClusterStatus = {
  cluster: "c", stack: "NATS", node: "node1", atMs: 0, dc: "node1", haveQuorum: true, votes: { present: 2, expected: 2, needed: 2 }, featureLevel: 1,
  cibVersion: { adminEpoch: 0, epoch: 4, numUpdates: 2 }, lastChange: null,
  options: { stonithEnabled: true, maintenanceMode: false, symmetricCluster: true, noQuorumPolicy: "stop" }, view: null, nodes: [], resources: [],
  failedOperations: [], failCounts: [], fencingHistory: [], pendingFencing: [], warnings: [], pendingNodes: [],
};
const history: FenceRecord = {
  fenceId: "f", target: "node2", action: "off", gateway: "node1", device: "pdu", outcome: "succeeded", reason: "lost", detail: "", startedAtMs: 0, endedAtMs: 5,
};
const happened: ClusterEvent = { index: 7, ordinal: 0, type: "node.lost", severity: "critical", atMs: 0, node: "node2", resource: null, message: "node2 is lost", data: {} };

const kept: KeptDecision = { id: 7, atMs: 1_000, trigger: "node2 was lost", transition: 3, actions: 4, fencing: ["node2"], digest: "ab", bytes: 99 };

/** As it came out then, with one line that today's program does not say. */
function keptDocument(): Uint8Array {
  const outline = outlineOf(schedule(cib, kept.atMs));
  const xml = serializeCib(cib).replace("<resources>", '<resources><primitive id="pdu" class="stonith" type="x"><instance_attributes id="pi"><nvpair id="pp" name="passwd" value="geheim"/></instance_attributes><meta_attributes id="pm"><nvpair id="pt" name="is-managed" value="false"/></meta_attributes></primitive>');
  return keptChanged ? deflateSync(JSON.stringify({ cib: serializeCib(cib), outline: { ...outline, actions: [...outline.actions, "Start web_ip node1"] } })) : deflateSync(JSON.stringify({ cib: keptSecret ? xml : serializeCib(cib), outline }));
}
let keptChanged = false;
let keptSecret = false;

let cib: Cib;
let calls: string[];
let out: string;
let errors: string;
let folder: string;
let failure: QuorateError | null;
let fenceOutcome: "succeeded" | "failed" | "unknown";

const client: QuorateClient = {
  status: async () => answer("status", statusNow),
  why: async (question) => answer(`why ${JSON.stringify(question)}`, { lines: ["web runs on node1", "  because"], json: `{"resource":"web"}` }),
  cibQuery: async (section = "all") => answer(`query ${section}`, { xml: serializeCib(cib), version: cib.version, dc: "node1", haveQuorum: true }),
  async cibApply(operation, by) {
    answer(`apply ${operation.kind} ${operation.section} by ${by}`, null);
    const changed = applyOperation(cib, operation);
    if (!changed.ok) throw new QuorateError(changed.error.code, changed.error.issues.map(({ message }) => message).join("; "));
    cib = changed.value;
    return { version: cib.version };
  },
  cibVerify: async () => [],
  fenceNode: async (request) => answer(`fence ${JSON.stringify(request)}`, { outcome: fenceOutcome, detail: "pdu outlet 2" }),
  confirmFence: async ({ node, by }) => answer(`confirm ${node} by ${by}`, undefined),
  fenceHistory: async (request) => answer(`history ${JSON.stringify(request)}`, [history]),
  cleanup: async ({ resource, node = "everywhere" }) => answer(`cleanup ${resource} ${node}`, undefined),
  setAttribute: async ({ node, name, value }) => answer(`attribute ${node} ${name}=${value}`, undefined),
  raiseAlarm: async (alarm) => answer(`alarm ${JSON.stringify(alarm)}`, undefined),
  async listDecisions({ limit = 0 } = {}) {
    return answer(`decisions ${limit}`, { decisions: [kept], node: "node1", dc: "node2" });
  },
  async getDecision(id) {
    if (id !== kept.id) throw new QuorateError("QUORATE_NOT_FOUND", `no decision ${id} is kept here`);
    return answer(`decision ${id}`, { decision: kept, document: keptDocument() });
  },
  followEvents: (options: FollowOptions): EventStream => {
    calls.push(`follow ${JSON.stringify({ from: options.from, live: options.live })}`);
    if (failure === null) options.onEvent(happened);
    else options.onError(failure, false);
    return { close() {}, ended: Promise.resolve() };
  },
  close: () => void calls.push("close"),
};

function answer<T>(call: string, value: T): T {
  calls.push(call);
  if (failure !== null) throw failure;
  return value;
}

beforeEach(() => {
  const loaded = parseCib(CIB);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  cib = loaded.value.cib;
  [keptChanged, keptSecret] = [false, false];
  [calls, out, errors, failure, fenceOutcome] = [[], "", "", null, "succeeded"];
  folder = mkdtempSync(join(tmpdir(), "quorate-cli-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(args: readonly string[], more: Partial<CliEnvironment> = {}): Promise<number> {
  const environment: CliEnvironment = {
    env: { INIT_CWD: folder }, cwd: "/", user: "root@node1", isTerminal: false, terminalRows: () => 24, write: (text) => void (out += text), writeError: (text) => void (errors += text),
    readFile: (path) => readFile(path, "utf8"), writeFile: (path, text) => writeFile(path, text), readInput: async () => CIB, wallMs: () => 0, onInterrupt: () => () => {},
    async connect(address) {
      calls.push(`connect ${address}`);
      return client;
    },
    ...more,
  };
  return runCli(args, environment, "1.2.3");
}

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const changes = (): string[] => calls.filter((call) => !/^(connect|query|close)/.test(call));

describe("which policy-engine", () => {
  test.each([
    { name: "this node's own by default", args: [], env: {}, want: "unix:/run/quorate/policy-engine.sock" },
    { name: "QUORATE_SOCKET as a path", args: [], env: { QUORATE_SOCKET: "/x/p.sock" }, want: "unix:/x/p.sock" },
    { name: "--connect wins, before or after the command", args: ["--connect", "node2:7421"], env: { QUORATE_SOCKET: "/x/p.sock" }, want: "node2:7421" },
  ])("$name", async ({ args, env, want }) => {
    expect(await run(["status", ...args], { env })).toBe(0);
    expect(calls).toStrictEqual([`connect ${want}`, "status", "close"]);
    expect(out).toMatch(/^Cluster Summary:\n/);
  });

  test("paths.run of QUORATE_CONFIG, whose errors are told", async () => {
    write("q.yaml", `cluster: c\nnode: a\nnodes: [{ name: a, address: 127.0.0.1 }]\nnats: { servers: [nats://127.0.0.1:4222] }\npaths: { run: ${folder}/run }\n`);
    expect([await run(["status"], { env: { QUORATE_CONFIG: join(folder, "q.yaml") } }), errors]).toStrictEqual([0, ""]);
    expect(calls[0]).toBe(`connect unix:${folder}/run/policy-engine.sock`);
    write("bad.yaml", "cluster: c\n");
    expect(await run(["status"], { env: { QUORATE_CONFIG: join(folder, "bad.yaml") } })).toBe(78);
    expect(errors).toMatch(/bad\.yaml.*nodes.*\n/);
  });
});

describe("exit codes and words of errors", () => {
  test.each([
    ["QUORATE_DISCONNECTED", 102], ["QUORATE_NO_QUORUM", 106], ["QUORATE_TIMEOUT", 124], ["QUORATE_NOT_FOUND", 105], ["QUORATE_UNSAFE", 107],
  ] as const)("%s ends with %i, the message, advice and the code", async (code, exit) => {
    failure = new QuorateError(code, "what happened");
    expect(await run(["status"])).toBe(exit);
    expect(errors).toMatch(new RegExp(`^quorate: what happened\\n.{20,}\\n\\(${code}\\)\\n$`));
    expect(calls.at(-1)).toBe("close");
  });

  test.each([[["nonsense"]], [["status", "--nonsense"]], [["cib", "modify", "f"]], [["status", "--watch", "0"]], [["fence"]], [["events", "--from", "x"]], [["cib", "verify"]]])(
    "usage: %j ends with 64 and says so", async (args) => {
      expect(await run(args)).toBe(64);
      expect(errors).not.toBe("");
      expect(calls).toStrictEqual([]);
    },
  );

  test("--help and --version end with 0", async () => {
    expect([await run(["--version"]), out]).toStrictEqual([0, "1.2.3\n"]);
    expect([await run(["resource", "--help"]), errors]).toStrictEqual([0, ""]);
  });
});

describe("cib verify", () => {
  const broken = CIB.replace(`type="Dummy"/>`, "/>").replace(`uname="node1"/>`, `unam="node1"/>`);

  test("everything that is wrong, with line and column, ends with 65", async () => {
    write("cib.xml", broken);
    expect(await run(["cib", "verify", "cib.xml"])).toBe(65);
    expect(errors).toMatch(/^cib\.xml:5:7: error: .*unam/m);
    expect(errors).toMatch(/^cib\.xml:11:9: error: .*needs class and type/m);
    expect(out).toMatch(/^cib\.xml: NOT valid \(\d+ errors, /);
  });

  test("warnings alone end with 0; no-quorum-policy=ignore is one", async () => {
    write("cib.xml", CIB.replace("<nvpair id=", `<nvpair id="o2" name="no-quorum-policy" value="ignore"/><nvpair id=`));
    expect(await run(["cib", "verify", "cib.xml"])).toBe(0);
    expect(errors).toMatch(/^cib\.xml:3:66: warning: .*treats it as freeze/m);
    expect(out).toBe("cib.xml: valid (0 errors, 1 warning)\n");
  });

  test("a file that is not there ends with 66", async () => {
    expect([await run(["cib", "verify", "nope.xml"]), errors]).toStrictEqual([66, "quorate: nope.xml cannot be read: there is no such file\n"]);
  });

  test("standard input, and the running CIB", async () => {
    expect(await run(["cib", "verify", "-"])).toBe(0);
    expect(await run(["cib", "verify", "--live"])).toBe(0);
    expect(out).toBe("standard input: valid (0 errors, 0 warnings)\nlive CIB: valid (0 errors, 0 warnings)\n");
  });

  test.each([
    ["bundles", `<bundle id="b"><docker image="x"/></bundle>`, "bundles"], ["remote nodes", `<primitive id="r" class="ocf" provider="pacemaker" type="remote"/>`, "remote nodes"],
    ["guest nodes", `<primitive id="g" class="ocf" provider="heartbeat" type="Xen"><meta_attributes id="gm"><nvpair id="gm1" name="remote-node" value="n9"/></meta_attributes></primitive>`, "guest nodes"],
  ])("%s are valid, but not for a live cluster", async (_, xml, words) => {
    write("cib.xml", CIB.replace("</resources>", `${xml}</resources>`));
    expect([await run(["cib", "verify", "cib.xml"]), errors]).toStrictEqual([0, ""]);
    expect(await run(["cib", "verify", "--live", "cib.xml"])).toBe(65);
    expect(errors).toMatch(new RegExp(`^cib\\.xml:\\d+:\\d+: error: .*${words}.* cannot run in a live cluster`));
  });
});

describe("cib changes", () => {
  test("replace, modify, create, delete", async () => {
    write("cib.xml", CIB.replace("epoch=\"4\"", "epoch=\"9\""));
    expect(await run(["cib", "replace", "cib.xml"])).toBe(0);
    expect(await run(["cib", "modify", "--xml-text", `<nvpair id="o1" value="true"/>`, "--section", "crm_config"])).toBe(0);
    expect(await run(["cib", "create", "--xml-text", `<primitive id="n" class="lsb" type="x"/>`, "--section", "resources"])).toBe(0);
    expect(await run(["cib", "delete", "--xml-text", `<primitive id="n"/>`, "--section", "resources"])).toBe(0);
    expect(out.match(/\d+\.\d+\.\d+/g)).toStrictEqual(["0.9.2", "0.10.0", "0.11.0", "0.12.0"]);
    expect(changes()[0]).toBe("apply replace all by root@node1");
  });

  test("a document that is wrong is not sent", async () => {
    write("cib.xml", CIB.replace("</group>", "</groop>"));
    expect(await run(["cib", "replace", "cib.xml"])).toBe(65);
    expect(errors).toMatch(/^cib\.xml:\d+:\d+: error: /);
    expect(calls).toStrictEqual([]);
  });

  test("an older document is refused: 1, and what to do", async () => {
    write("cib.xml", CIB.replace("epoch=\"4\"", "epoch=\"3\""));
    expect(await run(["cib", "replace", "cib.xml"])).toBe(1);
    expect(errors).toContain("--force");
    expect(await run(["cib", "replace", "--force", "cib.xml"])).toBe(0);
  });

  test("query prints the XML", async () => {
    expect(await run(["cib", "query"])).toBe(0);
    expect(parseCib(out).ok).toBe(true);
  });
});

describe("nodes", () => {
  test("standby of a node without attributes makes a set of its own", async () => {
    expect(await run(["node", "standby", "node1"])).toBe(0);
    expect(serializeCib(cib)).toContain(`<instance_attributes id="nodes-1">\n          <nvpair id="nodes-1-standby" name="standby" value="on"/>`);
  });

  test("online changes the pair that is there, and drops the transient one that would win over it", async () => {
    expect(await run(["node", "online", "node2"])).toBe(0);
    expect(serializeCib(cib)).toContain(`<nvpair id="mine-1" name="standby" value="off"/>`);
    expect(changes()).toStrictEqual(["apply modify nodes by root@node1"]);
    expect(await run(["node", "online", "node1"])).toBe(0);
    expect(changes().at(-1)).toBe("attribute node1 standby=null");
  });

  test("until the next reboot: a transient attribute", async () => {
    expect(await run(["node", "standby", "node1", "--for-reboot", "yes"])).toBe(0);
    expect(changes()).toStrictEqual(["attribute node1 standby=on"]);
  });

  test("no such node: 105", async () => expect([await run(["node", "standby", "node9"]), changes()]).toStrictEqual([105, []]));
});

describe("resources", () => {
  test("enable changes the pair where it is; disable of a group is on the group itself", async () => {
    expect(await run(["resource", "enable", "web_ip"])).toBe(0);
    expect(serializeCib(cib)).toContain(`<nvpair id="m1" name="target-role" value="Started"/>`);
    expect(await run(["resource", "disable", "web"])).toBe(0);
    expect(serializeCib(cib)).toContain(`<meta_attributes id="web-meta_attributes">\n          <nvpair id="web-meta_attributes-target-role" name="target-role" value="Stopped"/>`);
  });

  test("set-meta, cleanup, move, clear", async () => {
    expect(await run(["resource", "set-meta", "web_daemon", "migration-threshold", "3"])).toBe(0);
    expect(await run(["resource", "cleanup", "web", "--node", "node1"])).toBe(0);
    expect(calls).toContain("cleanup web node1");
    expect(await run(["resource", "move", "web", "node2"])).toBe(0);
    expect(serializeCib(cib)).toContain(`<rsc_location id="cli-prefer-web" rsc="web" role="Started" node="node2" score="INFINITY"/>`);
    expect(await run(["resource", "clear", "web"])).toBe(0);
    expect(serializeCib(cib)).not.toContain("cli-prefer");
    expect([await run(["resource", "clear", "web"]), out.endsWith("No move of web is in force\n")]).toStrictEqual([0, true]);
  });

  test("no such resource: 105", async () => expect([await run(["resource", "enable", "nope"]), changes()]).toStrictEqual([105, []]));
});

describe("fencing", () => {
  test.each([["succeeded", 0], ["failed", 1], ["unknown", 112]] as const)("an outcome %s ends with %i", async (outcome, exit) => {
    fenceOutcome = outcome;
    expect(await run(["fence", "node2", "--off"])).toBe(exit);
    expect(changes()).toStrictEqual([`fence {"node":"node2","action":"off","by":"root@node1"}`]);
    if (exit !== 0) expect(errors).toContain("quorate fence history node2");
  });

  test("confirm without the option explains the danger and does nothing", async () => {
    expect(await run(["fence", "confirm", "node2"])).toBe(107);
    expect(errors).toContain("DATA WILL BE DESTROYED");
    expect(calls).toStrictEqual([]);
    expect(await run(["fence", "confirm", "node2", "--yes-i-have-checked-that-it-is-off"])).toBe(0);
    expect(changes()).toStrictEqual(["confirm node2 by root@node1"]);
  });

  test("history", async () => {
    expect(await run(["fence", "history", "node2"])).toBe(0);
    expect(out).toMatch(/^\* off of node2 successful: device=pdu, delegate=node1,/);
  });
});

describe("events, alarm, why", () => {
  test("events as text and as CloudEvents, one per line", async () => {
    expect(await run(["events", "--from", "6.1"])).toBe(0);
    expect(out).toMatch(/^7\.0 {2}.* CRITICAL node\.lost: node2 is lost\n$/);
    out = "";
    expect(await run(["events", "--follow", "--output-as", "json"])).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ specversion: "1.0", id: "7.0", source: "/quorate/c", type: "org.quorate.node.lost" });
    expect(calls.filter((call) => call.startsWith("follow"))).toStrictEqual([`follow {"from":{"index":6,"ordinal":1},"live":false}`, `follow {"live":true}`]);
  });

  test("a stream that breaks for good ends with its code", async () => {
    failure = new QuorateError("QUORATE_DISCONNECTED", "gone");
    expect(await run(["events"])).toBe(102);
  });

  test("alarm", async () => {
    expect(await run(["alarm", "--message", "disk", "--node", "node1", "--data", "ce=n1", "--data", "fs=a=b"])).toBe(0);
    expect(changes()).toStrictEqual([`alarm {"type":"resource.alarm","severity":"error","message":"disk","data":{"ce":"n1","fs":"a=b"},"node":"node1"}`]);
  });

  test("why, for people and for programs: what is now, and what the history says", async () => {
    expect(await run(["why", "web", "--node", "node1"])).toBe(0);
    expect(out).toMatch(/^web: runs nowhere\n/);
    expect(out).toContain("    * web_ip is disabled: its target-role is Stopped.\n");
    expect(out).toContain("  What happened:\n    because\n");
    expect(calls).toContain(`why {"resource":"web","node":"node1"}`);
    out = "";
    expect(await run(["why", "web", "--output-as", "json"])).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ resource: "web", answer: "no", history: { resource: "web" } });
  });

  test("why, about a file: nothing is asked of the cluster; what is not there: 105", async () => {
    writeFileSync(join(folder, "cib.xml"), CIB);
    expect(await run(["why", "web_daemon", "-x", "cib.xml", "--trials", "0"])).toBe(0);
    expect(out).toContain("web_daemon: runs nowhere");
    expect(calls).toStrictEqual([]);
    expect(await run(["why", "nope", "-x", "cib.xml"])).toBe(105);
    expect(await run(["why", "web", "--node", "node9", "-x", "cib.xml"])).toBe(105);
    expect(errors).toContain("no node node9");
    expect(await run(["why", "web", "--trials", "many"])).toBe(64);
  });
});

describe("history", () => {
  test("list: the newest, and where others are kept", async () => {
    expect(await run(["history", "list", "-n", "5"])).toBe(0);
    expect(calls).toContain("decisions 5");
    expect(out).toMatch(/^Decisions kept by node1 \(the DC is node2 now: its own are there\):\n {7}7 {2}.* transition 3: 4 actions, fencing of node2,\s+because node2 was lost\n$/);
  });

  test("show: what was decided; its input has secrets masked", async () => {
    keptSecret = true;
    expect(await run(["history", "show", "7"])).toBe(0);
    expect(out).toContain("  Places:\n");
    for (const args of [["--cib"], ["--output-as", "json"]]) {
      out = "";
      expect(await run(["history", "show", "7", ...args])).toBe(0);
      expect(out).not.toContain("geheim");
      expect(out).toContain("********");
    }
  });

  test("replay and diff: the same, and not the same", async () => {
    expect(await run(["history", "replay", "7"])).toBe(0);
    expect(await run(["history", "diff", "7"])).toBe(0);
    expect(out).toBe("Decision 7 comes out the same today.\nDecision 7 comes out the same today.\n");
    keptChanged = true;
    out = "";
    expect(await run(["history", "replay", "7"])).toBe(1);
    expect(out).toBe("Decision 7 comes out differently today: actions: 1 gone, 0 new. See quorate history diff 7\n");
    out = "";
    expect(await run(["history", "diff", "7"])).toBe(1);
    expect(out).toBe("--- decision 7, as it was made\n+++ as this version makes it\n@@ Actions\n-Start web_ip node1\n");
  });

  test("what is not there: 105; what is no number: 64", async () => {
    expect(await run(["history", "show", "8"])).toBe(105);
    expect(await run(["history", "show", "last"])).toBe(64);
    expect(await run(["why", "web", "--transition", "99"])).toBe(105);
    expect(errors).toContain("node1 has kept no decision of transition 99; the DC is node2 now, ask there with --connect");
  });

  test("a transition of the past: why, and what if", async () => {
    expect(await run(["why", "web_daemon", "--transition", "3", "--trials", "0"])).toBe(0);
    expect(out).toContain("because node2 was lost.\n");
    out = "";
    expect(await run(["simulate", "--transition", "3", "-R", "-Q", "--node-fail", "node2"])).toBe(0);
    expect(out).toContain("Failing node node2");
    expect(await run(["simulate", "--transition", "3", "-L"])).toBe(64);
  });
});

describe("simulate", () => {
  test("from a file, without any connection", async () => {
    write("cib.xml", CIB.replace(`value="on"/></instance_attributes></node>`, `value="off"/></instance_attributes></node>`));
    expect(await run(["simulate", "-x", "cib.xml", "--node-fail", "node1", "--set-option", "stonith-enabled=false"])).toBe(0);
    expect(calls).toStrictEqual([]);
    expect(out).toContain("Performing Requested Modifications:\n  * Setting stonith-enabled to false\n  * Failing node node1\n");
  });

  test("from the running CIB; a node that is not there: 105", async () => {
    expect(await run(["simulate", "--output-as", "json"])).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ modifications: [], before: { haveQuorum: true } });
    expect(await run(["simulate", "--node-down", "node9"])).toBe(105);
    expect(errors).toContain("node9");
  });

  test("a file that is no CIB: 65, with places", async () => {
    write("cib.xml", "<cib>\n<x>");
    expect(await run(["simulate", "-x", "cib.xml"])).toBe(65);
    expect(errors).toMatch(/^cib\.xml:\d+:\d+: error/);
  });
});
