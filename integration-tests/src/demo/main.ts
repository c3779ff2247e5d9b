/** `npm run demo`: a five-node cluster comes up, loses node2, fences it and brings its group up on the spare. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { findNatsServer } from "@quorate/runtime";
import { type MailSink, startMailSink } from "../../../deploy/peers/mail-sink.ts";
import { type WebhookSink, startWebhookSink } from "../../../deploy/peers/webhook-sink.ts";
import { PVFS2_PORT, groupAgents, makeDirectoryDisks, makeLoopDisks } from "../testbed/agents.ts";
import { clusterCib } from "../testbed/cluster-cib.ts";
import { type Cluster, makeNetwork, startCluster } from "../testbed/cluster.ts";
import { type Layout, makeLayout } from "../testbed/layout.ts";
import { findResourceAgents } from "../testbed/resource-agents.ts";
import { type SeenEvent, failoverMs, failoverSteps, renderSteps } from "./failover-report.ts";
import { startStorageClient } from "./storage-client.ts";

const { values } = parseArgs({
  options: { kind: { type: "string", default: "loopback" }, keep: { type: "boolean", default: false }, "keep-files": { type: "boolean", default: false }, times: { type: "string" }, verbose: { type: "boolean", default: false } },
});
const projectDir = join(import.meta.dirname, "..", "..", "..");
const kind = values.kind === "namespaces" ? "namespaces" : "loopback";
const GROUPS = 4;
const VICTIM = "node2";
const GROUP = "server1";
const SECRET = "demo-webhook-secret";
const startedMs = performance.now();
const cleanups: (() => Promise<void> | void)[] = [];
let ending = false;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void finish(`stopped by ${signal}`, 130));
process.on("uncaughtException", (error) => void finish(`failed: ${error.stack ?? error.message}`, 1));
process.on("unhandledRejection", (error) => void finish(`failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, 1));
await main();

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "quorate-demo-"));
  cleanups.push(() => (values["keep-files"] ? say(`Files are kept in ${dir}`) : rmSync(dir, { recursive: true, force: true })));
  say(kind === "namespaces" ? "Nodes are network, process and mount namespaces; IPaddr2 and Filesystem are Debian's agents." : "Nodes are groups of processes on 127.0.0.0/8; address and disk are agents that need no privilege.");
  const cacheDir = join(projectDir, ".cache");
  const natsServer = await findNatsServer(cacheDir);
  const ocfRoot = kind === "namespaces" ? await findResourceAgents(cacheDir) : null;
  const network = kind === "namespaces" ? "10.77.0" : `127.${64 + (process.pid % 128)}.${(process.pid >> 7) % 250}`;
  const layout = makeLayout({ cluster: "pvfs2-ha", dir, network, nodes: 5, groups: GROUPS });
  await makeNetwork(layout, kind);
  const sinks = await startSinks(layout);
  const cluster = await bringUp({ layout, natsServer, ocfRoot: ocfRoot ?? "/usr/lib/ocf", sinks });
  const facts = await failOver(cluster);
  await showDeliveries(sinks, facts.crashedMs);
  if (values.keep) await keepRunning(cluster);
  await finish(`The whole demo took ${seconds()} s.`, facts.failover === null ? 1 : 0);
}

async function startSinks(layout: Layout): Promise<{ mail: MailSink; webhook: WebhookSink }> {
  const mail = await startMailSink({ address: layout.hostAddress });
  const webhook = await startWebhookSink({ address: layout.hostAddress, secret: SECRET });
  cleanups.push(() => mail.close(), () => webhook.close());
  return { mail, webhook };
}

async function bringUp({ layout, natsServer, ocfRoot, sinks }: { layout: Layout; natsServer: string; ocfRoot: string; sinks: { mail: MailSink; webhook: WebhookSink } }): Promise<Cluster> {
  const disks = kind === "namespaces" ? await makeLoopDisks(layout) : makeDirectoryDisks(layout);
  cleanups.push(() => disks.release());
  const secretFile = join(layout.dir, "webhook.secret");
  mkdirSync(layout.dir, { recursive: true });
  writeFileSync(secretFile, SECRET, { mode: 0o600 });
  const cluster = await startCluster(
    {
      layout, kind,
      programs: { nodeBinary: process.execPath, natsServer, projectDir, layout: "node" },
      settings: {
        ocfRoot, ocfAgents: [join(projectDir, "deploy", "ocf"), join(ocfRoot, "resource.d")], fenceAgents: ["/usr/sbin"], initialDeadTimeMs: 60_000, logLevel: values.verbose ? "debug" : "info",
        firstLeader: "node1",
        sinks: [
          { name: "mail", kind: "email", match: ["node.lost", "fencing.*", "group.*"], smtp: { host: layout.hostAddress, port: sinks.mail.port }, from: "quorate@pvfs2-ha.example", to: ["admin@example.org"] },
          { name: "hook", kind: "webhook", match: ["node.lost", "fencing.*", "group.*"], url: sinks.webhook.url, secretFile },
        ],
      },
      initialCib: (pdu) => clusterCib({ layout, groups: GROUPS, agents: groupAgents(layout, { kind, disks, projectDir }), pdu, properties: {} }),
    },
    (text) => {
      writeFileSync(join(layout.dir, "cib.xml"), text);
      return join(layout.dir, "cib.xml");
    },
  );
  cleanups.push(() => cluster.stop());
  say("Switching on node1 to node5 ...");
  await Promise.all([...cluster.machines.values()].map((machine) => machine.powerOn()));
  let shown = "";
  await cluster.until("all four groups to run", async () => {
    const status = await cluster.client("node1").status();
    const groups = status.resources.filter(({ kind: what }) => what === "group").flatMap(({ children }) => children);
    const running = groups.filter(({ role }) => role === "Started").length;
    const line = `DC ${status.dc ?? "none yet"}, ${status.nodes.filter(({ online }) => online).length} of 5 nodes online, ${running} of ${3 * GROUPS} resources run`;
    if (line !== shown) say(line);
    shown = line;
    return running === 3 * GROUPS;
  }, 45_000);
  await cluster.until("a quiet cluster", async () => (await fenceDevicesRun(cluster)) || null, 15_000);
  await showStatus(cluster, "node1");
  return cluster;
}

async function fenceDevicesRun(cluster: Cluster): Promise<boolean> {
  const status = await cluster.client("node1").status();
  return status.resources.filter(({ kind: what }) => what === "clone").flatMap(({ children }) => children).filter(({ role }) => role === "Started").length === 5;
}

async function failOver(cluster: Cluster): Promise<{ crashedMs: number; failover: number | null }> {
  const events: SeenEvent[] = [];
  const stream = cluster.client("node1").followEvents({ live: true, onEvent: (event) => void events.push({ event, seenMs: Date.now() }), onError: () => {} });
  const client = startStorageClient(cluster.layout.virtualAddresses[1]!, PVFS2_PORT);
  cleanups.push(() => client.stop(), () => stream.close());
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const { dc } = await cluster.client("node1").status();
  say(`${VICTIM} loses its power now${dc === VICTIM ? " (it is the DC: an election is part of the failover)" : ""}.`);
  const crashedMs = Date.now();
  await cluster.machine(VICTIM).powerOff();
  const done = (): boolean => events.some(({ event, seenMs }) => seenMs >= crashedMs && event.type === "group.failover-completed" && event.resource === GROUP);
  const observer = "node1";
  await cluster.until(`${GROUP} to run again`, () => Promise.resolve(done()), 30_000);
  // The daemon's start ends when its server answers: what the client gets after that counts.
  const startedAtMs = events.findLast(({ event }) => event.type === "resource.started" && (event.resource ?? "").startsWith(`${GROUP}_`))?.seenMs ?? crashedMs;
  await cluster.until("the client's next answer", () => Promise.resolve(client.recoveredAfter(crashedMs, startedAtMs) !== null), 10_000);
  const poweredOffMs = cluster.switchings.find(({ node, powered, atMs }) => node === VICTIM && !powered && atMs >= crashedMs)?.atMs ?? null;
  const steps = failoverSteps({ victim: VICTIM, group: GROUP, crashedMs, events, poweredOffMs, clientFailedMs: client.firstFailureAfter(crashedMs), clientRecoveredMs: client.recoveredAfter(crashedMs, startedAtMs) });
  process.stdout.write(`\nSection 10 of the document, step by step (ms since the crash):\n\n${renderSteps(steps)}\n\n`);
  if (values.times !== undefined) writeFileSync(values.times, `${JSON.stringify({ failoverMs: failoverMs(steps), steps })}\n`);
  await showStatus(cluster, observer);
  const why = await cluster.client(observer).why({ resource: GROUP });
  process.stdout.write(`\n$ quorate why ${GROUP}\n${why.lines.join("\n")}\n`);
  return { crashedMs, failover: failoverMs(steps) };
}

async function showDeliveries({ mail, webhook }: { mail: MailSink; webhook: WebhookSink }, crashedMs: number): Promise<void> {
  const limit = performance.now() + 10_000;
  const complete = (): boolean => mail.mails().some(({ headers }) => (headers["subject"] ?? "").includes("again")) && webhook.events().some(({ event }) => textOf(event?.["type"]).includes("failover-completed"));
  while (!complete() && performance.now() < limit) await new Promise((resolve) => setTimeout(resolve, 50));
  process.stdout.write(`\nMail that arrived (ms since the crash):\n`);
  for (const one of mail.mails().filter(({ atMs }) => atMs >= crashedMs)) process.stdout.write(`  ${String(one.atMs - crashedMs).padStart(6)} ms  to ${one.to.join(", ")}: ${one.headers["subject"] ?? ""}\n`);
  process.stdout.write(`Webhook calls that arrived (CloudEvents, signature checked):\n`);
  for (const one of webhook.events().filter(({ atMs }) => atMs >= crashedMs)) process.stdout.write(`  ${String(one.atMs - crashedMs).padStart(6)} ms  ${textOf(one.event?.["type"])} ${textOf(one.event?.["subject"])} (${one.verified ? "signature fits" : "NOT SIGNED"})\n`);
  if (!complete()) process.stdout.write("  NOT EVERYTHING ARRIVED within 10 s\n");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The operator's view, by the operator's own tool. */
async function showStatus(cluster: Cluster, node: string): Promise<void> {
  const socket = `unix:${join(cluster.machine(node).place.dir, "run", "policy-engine.sock")}`;
  const cli = join(projectDir, "services", "cli", "dist", "main.js");
  const { stdout } = await promisify(execFile)(process.execPath, [cli, "--connect", socket, "status", "-1"]);
  process.stdout.write(`\n$ quorate status -1\n${stdout}`);
}

async function keepRunning(cluster: Cluster): Promise<void> {
  const socket = join(cluster.machine("node1").place.dir, "run", "policy-engine.sock");
  process.stdout.write(`\nThe cluster goes on running; Ctrl-C ends it and removes everything. In another shell:\n  npm run --silent quorate -- --connect unix:${socket} status --watch\n  npm run --silent quorate -- --connect unix:${socket} events --follow\nLogs: ${cluster.layout.dir}/node*/log\n`);
  await new Promise(() => {}); // until a signal
}

function say(text: string): void {
  process.stdout.write(`[${seconds().padStart(5)} s] ${text}\n`);
}

function seconds(): string {
  return ((performance.now() - startedMs) / 1000).toFixed(1);
}

/** Leaves nothing behind: no process, mount, loop device or file. */
async function finish(message: string, code: number): Promise<void> {
  if (ending) return;
  ending = true;
  const dead = setTimeout(() => process.exit(1), 15_000);
  for (const cleanup of cleanups.toReversed()) {
    try {
      await cleanup();
    } catch (error) {
      process.stderr.write(`cleaning up: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  clearTimeout(dead);
  process.stdout.write(`\n${message}\n`);
  process.exit(code);
}
