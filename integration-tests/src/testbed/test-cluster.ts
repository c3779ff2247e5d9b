/** A running cluster for a file of tests, with everything that watches it, and the ways to ask it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClusterStatus, type ResourceStatus } from "@quorate/wire";
import { type RunResult, findNatsServer, runProcess } from "@quorate/runtime";
import { type Disks, groupAgents, makeDirectoryDisks, makeLoopDisks } from "./agents.ts";
import { type GroupAgents, clusterCib } from "./cluster-cib.ts";
import { type Cluster, makeNetwork, removeNetwork, startCluster } from "./cluster.ts";
import { type EventLog, followCluster } from "./event-log.ts";
import { type Layout, makeLayout } from "./layout.ts";
import type { NodeLayout } from "./layout.ts";
import { type Owners, type OwnershipWatch, ownersOf, watchOwnership } from "./ownership.ts";
import { findResourceAgents } from "./resource-agents.ts";

export interface TestClusterOptions {
  readonly nodes: number;
  readonly groups: number;
  readonly programs?: NodeLayout;
  /** Beside those of `clusterCib`. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Interval of the monitors of the servers. */
  readonly serverMonitorSeconds?: number;
  /** When the address of what is no node is up. */
  readonly sinks?: (layout: Layout) => Promise<readonly object[]>;
}

export interface TestCluster extends Cluster {
  readonly events: EventLog;
  readonly owners: OwnershipWatch;
  /** What a node says; without a name, one that is on. */
  status(node?: string): Promise<ClusterStatus>;
  /** Where all of the group runs; null while it does not run on one node as a whole. */
  nodeOf(group: number): Promise<string | null>;
  /** Waits until all groups run and the given nodes (default: those that are switched on) are online; they may be on any nodes. */
  settled(nodes?: readonly string[]): Promise<ClusterStatus>;
  /** Loses the node without warning. */
  crash(...nodes: string[]): Promise<void>;
  /** Somebody switches the outlets on. */
  powerOn(...nodes: string[]): Promise<void>;
  /** The operator's tool, talking to a node. */
  cli(node: string, ...args: string[]): Promise<RunResult>;
  outletOf(node: string): number;
  close(): Promise<void>;
}

/** Namespaces where the runner made a private one for us, else processes on the loopback network. */
export const KIND: "loopback" | "namespaces" = process.env["QUORATE_TEST_KIND"] === "namespaces" ? "namespaces" : "loopback";
/** Time a step of a scenario may take on a busy machine. */
export const PATIENCE_MS = 60_000;
const CLI_TIMEOUT_MS = 30_000;
const projectDir = join(import.meta.dirname, "..", "..", "..");
let clusters = 0;

export async function startTestCluster(options: TestClusterOptions): Promise<TestCluster> {
  clusters += 1;
  const dir = mkdtempSync(join(process.env["QUORATE_TEST_DIR"] ?? tmpdir(), "cluster-"));
  const cleanups: (() => Promise<void> | void)[] = [() => (process.env["QUORATE_TEST_KEEP"] === "1" ? undefined : rmSync(dir, { recursive: true, force: true }))];
  try {
    return await bringUp(dir, options, cleanups);
  } catch (error) {
    await cleanUp(cleanups);
    throw error;
  }
}

async function bringUp(dir: string, options: TestClusterOptions, cleanups: (() => Promise<void> | void)[]): Promise<TestCluster> {
  const cacheDir = join(projectDir, ".cache");
  const [natsServer, ocfRoot] = await Promise.all([findNatsServer(cacheDir), findResourceAgents(cacheDir)]);
  const network = KIND === "namespaces" ? "10.77.0" : `127.${64 + (process.pid % 128)}.${(process.pid + clusters) % 250}`;
  const layout = makeLayout({ cluster: "test", dir, network, nodes: options.nodes, groups: options.groups });
  await makeNetwork(layout, KIND);
  cleanups.push(() => removeNetwork(KIND));
  const disks = KIND === "namespaces" ? await makeLoopDisks(layout) : makeDirectoryDisks(layout);
  cleanups.push(() => disks.release());
  const sinks = (await options.sinks?.(layout)) ?? [];
  const agents = agentsOf(layout, disks, options);
  const cluster = await startCluster(
    {
      layout, kind: KIND,
      programs: { nodeBinary: process.execPath, natsServer, projectDir, layout: options.programs ?? "node" },
      settings: {
        ocfRoot: ocfRoot ?? "/usr/lib/ocf", ocfAgents: [join(projectDir, "deploy", "ocf"), join(ocfRoot ?? "/usr/lib/ocf", "resource.d")], fenceAgents: ["/usr/sbin"],
        initialDeadTimeMs: 60_000, logLevel: "debug", firstLeader: "node1", sinks,
      },
      initialCib: (pdu) => clusterCib({ layout, groups: options.groups, agents, pdu, properties: options.properties ?? {} }),
    },
    (text) => {
      writeFileSync(join(dir, "cib.xml"), text);
      return join(dir, "cib.xml");
    },
  );
  cleanups.push(() => cluster.stop());
  const startedMs = performance.now();
  await Promise.all([...cluster.machines.values()].map((machine) => machine.powerOn()));
  const events = followCluster(cluster);
  const owners = watchOwnership(cluster);
  cleanups.push(() => events.close(), () => owners.stop());
  const made: TestCluster = { ...cluster, events, owners, ...questions(cluster), ...deeds(cluster), close: () => cleanUp(cleanups) };
  await made.settled();
  measured("from power on to all groups running", performance.now() - startedMs);
  return made;
}

function agentsOf(layout: Layout, disks: Disks, { serverMonitorSeconds }: TestClusterOptions): GroupAgents {
  mkdirSync(layout.dir, { recursive: true });
  const agents = groupAgents(layout, { kind: KIND, disks, projectDir });
  if (serverMonitorSeconds === undefined) return agents;
  return {
    ...agents,
    daemon: (group) => {
      const daemon = agents.daemon(group);
      return { ...daemon, monitorSeconds: serverMonitorSeconds, parameters: { ...daemon.parameters, check_timeout: "2" } };
    },
  };
}

function questions(cluster: Cluster): Pick<TestCluster, "status" | "nodeOf" | "settled" | "cli" | "outletOf"> {
  const someNode = (): string => {
    const on = [...cluster.machines].find(([, machine]) => machine.isOn());
    if (on === undefined) throw new Error("no machine is on");
    return on[0];
  };
  const status = (node = someNode()): Promise<ClusterStatus> => cluster.client(node).status();
  return {
    status,
    nodeOf: async (group) => placeOf(await status(), group),
    async settled(nodes = [...cluster.machines].filter(([, machine]) => machine.isOn()).map(([node]) => node)) {
      const groups = [...cluster.layout.virtualAddresses.keys()];
      return cluster.until(`all groups to run and ${nodes.join(", ")} to be online`, async () => {
        const now = await status(nodes[0]);
        const online = nodes.every((name) => now.nodes.some((node) => node.name === name && node.online && !node.pending && !node.unclean));
        if (!now.haveQuorum || !online || !devicesRun(now)) return null;
        return groups.every((group) => isHeldBy(placeOf(now, group), ownersOf(cluster, group))) ? now : null;
      }, 2 * PATIENCE_MS);
    },
    cli: async (node, ...args) => {
      const socket = `unix:${join(cluster.machine(node).place.dir, "run", "policy-engine.sock")}`;
      const main = join(projectDir, "services", "cli", "dist", "main.js");
      return runProcess({ command: process.execPath, args: [main, "--connect", socket, ...args], env: { PATH: process.env["PATH"] ?? "", HOME: cluster.layout.dir }, timeoutMs: CLI_TIMEOUT_MS }).result;
    },
    outletOf: (node) => cluster.layout.nodes.findIndex(({ name }) => name === node) + 1,
  };
}

function deeds(cluster: Cluster): Pick<TestCluster, "crash" | "powerOn"> {
  return {
    async crash(...nodes) {
      await Promise.all(nodes.map((node) => cluster.machine(node).powerOff()));
    },
    async powerOn(...nodes) {
      await Promise.all(nodes.map(async (node) => {
        await cluster.pdu.command(cluster.layout.nodes.findIndex(({ name }) => name === node) + 1, 1);
        if (!cluster.machine(node).isOn()) await cluster.machine(node).powerOn();
      }));
    },
  };
}

function placeOf({ resources }: ClusterStatus, group: number): string | null {
  const members = resources.find(({ id }) => id === `server${group}`)?.children ?? [];
  const nodes = new Set(members.flatMap((member) => member.nodes));
  const [node] = nodes;
  return node !== undefined && nodes.size === 1 && members.every(isStarted) ? node : null;
}

/** A status can be old; it counts when the kernels say the same. */
function isHeldBy(node: string | null, owners: Owners): boolean {
  return node !== null && [owners.address, owners.disk, owners.server].every((nodes) => nodes.length === 1 && nodes[0] === node);
}

/** An instance of each fence device runs wherever it may. */
function devicesRun({ resources, nodes }: ClusterStatus): boolean {
  const instances = resources.filter(({ kind }) => kind === "clone").flatMap(({ children }) => children);
  return instances.filter(isStarted).length === nodes.filter(({ online, standby }) => online && !standby).length;
}

function isStarted({ role, failed }: ResourceStatus): boolean {
  return role === "Started" && !failed;
}

async function cleanUp(cleanups: (() => Promise<void> | void)[]): Promise<void> {
  for (const cleanup of cleanups.splice(0).toReversed()) {
    try {
      await cleanup();
    } catch (error) {
      process.stderr.write(`cleaning up: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

/** Times are printed, never asserted: the machine may be busy. */
export function measured(what: string, ms: number): void {
  process.stdout.write(`    ${String(Math.round(ms)).padStart(7)} ms  ${what}\n`);
}
