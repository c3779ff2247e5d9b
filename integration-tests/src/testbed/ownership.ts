/**
 * Who really holds what: samples the addresses, mounts and servers of every group on every machine, and keeps each moment at which
 * two nodes held the same. That is what fencing is there to prevent, so it is watched during every test.
 */
import { readFileSync, readdirSync } from "node:fs";
import type { Cluster } from "./cluster.ts";
import { mountPoint } from "./agents.ts";

/** A stand-in for pvfs2-server. */
export interface Server {
  readonly pid: number;
  readonly group: number;
  readonly node: string;
}

export interface Owners {
  readonly address: readonly string[];
  readonly disk: readonly string[];
  readonly server: readonly string[];
}

export interface OwnershipWatch {
  /** Moments at which something had two owners, in words. Must stay empty. */
  conflicts(): readonly string[];
  /** How often was looked. */
  samples(): number;
  /** Nodes that held anything of the group at any sample since `sinceMs` (wall clock). */
  heldSince(group: number, sinceMs: number): ReadonlySet<string>;
  /** Wall clock of the last sample at which the node held anything of the group; null: it never did. */
  lastHeldMs(group: number, node: string): number | null;
  stop(): void;
}

const ADDRESSES_EVERY_MS = 20;
/** Servers are found by reading all of /proc. */
const SERVERS_EVERY_SAMPLES = 6;
const CONFLICTS_MAX = 20;

/** Nodes that hold something of the group now. Sorted, each once. */
export function ownersOf(cluster: Cluster, group: number): Owners {
  return { ...holders(cluster, group), server: [...new Set(serversOf(cluster).filter((server) => server.group === group).map(({ node }) => node))].sort() };
}

/** Whether nobody holds anything of the group. */
export function isHeldByNobody({ address, disk, server }: Owners): boolean {
  return address.length + disk.length + server.length === 0;
}

/** The servers that run anywhere: found by their command line, and their node by the folder in their environment. */
export function serversOf(cluster: Cluster): Server[] {
  const servers: Server[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const words = read(`/proc/${name}/cmdline`).split("\0");
    if (!words.some((word) => word.endsWith("pvfs2-standin-server")) || words.includes("-f")) continue;
    const group = Number(/^server(\d+)$/.exec(words[words.indexOf("-a") + 1] ?? "")?.[1] ?? Number.NaN);
    const environment = read(`/proc/${name}/environ`);
    const node = cluster.layout.nodes.find(({ dir }) => environment.includes(`${dir}/`))?.name;
    if (node !== undefined && !Number.isNaN(group)) servers.push({ pid: Number(name), group, node });
  }
  return servers;
}

export function watchOwnership(cluster: Cluster): OwnershipWatch {
  const conflicts: string[] = [];
  const held: { readonly atMs: number; readonly group: number; readonly node: string }[] = [];
  let samples = 0;
  const note = (group: number, what: string, nodes: readonly string[]): void => {
    const atMs = Date.now();
    for (const node of nodes) held.push({ atMs, group, node });
    if (new Set(nodes).size > 1 && conflicts.length < CONFLICTS_MAX) conflicts.push(`${new Date(atMs).toISOString()}: the ${what} of server${group} is held by ${nodes.join(" and ")}`);
  };
  const sample = (): void => {
    samples += 1;
    for (const group of cluster.layout.virtualAddresses.keys()) {
      const { address, disk } = holders(cluster, group);
      note(group, "address", address);
      note(group, "disk", disk);
    }
    if (samples % SERVERS_EVERY_SAMPLES !== 0) return;
    const servers = serversOf(cluster);
    for (const group of cluster.layout.virtualAddresses.keys()) note(group, "server", servers.filter((server) => server.group === group).map(({ node }) => node));
  };
  const timer = setInterval(sample, ADDRESSES_EVERY_MS);
  return {
    conflicts: () => conflicts,
    samples: () => samples,
    heldSince: (group, sinceMs) => new Set(held.filter((one) => one.group === group && one.atMs >= sinceMs).map(({ node }) => node)),
    lastHeldMs: (group, node) => held.findLast((one) => one.group === group && one.node === node)?.atMs ?? null,
    stop: () => clearInterval(timer),
  };
}

function holders(cluster: Cluster, group: number): Omit<Owners, "server"> {
  const [address, mount] = [cluster.layout.virtualAddresses[group]!, mountPoint(cluster.layout, group)];
  const holdings = [...cluster.machines].map(([node, machine]) => ({ node, ...machine.holdings() }));
  return {
    address: holdings.filter(({ addresses }) => addresses.includes(address)).map(({ node }) => node),
    disk: holdings.filter(({ mounts }) => mounts.includes(mount)).map(({ node }) => node),
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // it ended meanwhile
  }
}
