/** Writes what a machine needs before it is switched on: configuration, keys, an identity of this life. */
import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { natsServerConfig } from "@quorate/runtime";
import { BEAT_PORT, type Layout, NATS_PORT, type Place, ROUTE_PORT } from "./layout.ts";

export interface NodeSettings {
  readonly layout: Layout;
  readonly clusterKey: string;
  /** Path of the first CIB; null: an empty one. */
  readonly initialCib: string | null;
  readonly ocfRoot: string;
  readonly ocfAgents: readonly string[];
  readonly fenceAgents: readonly string[];
  /** YAML of the sinks, indented below `sinks:`; "" for none. */
  readonly sinks: readonly object[];
  readonly initialDeadTimeMs: number;
  /** This node's election time-out is the shortest, so that it is most likely the first DC; null: all alike. */
  readonly firstLeader?: string | null;
  readonly logLevel: string;
}

export function writeNodeFiles(place: Place, settings: NodeSettings): void {
  for (const folder of ["data", "run", "nats", "log"]) mkdirSync(join(place.dir, folder), { recursive: true });
  writeFileSync(join(place.dir, "cluster.key"), settings.clusterKey, { mode: 0o600 });
  writeFileSync(join(place.dir, "quorate.yaml"), `${JSON.stringify(nodeConfig(place, settings), null, 2)}\n`);
  writeFileSync(join(place.dir, "nats.conf"), natsConfig(place, settings.layout), { mode: 0o600 });
}

/** A new life of the machine's kernel: test machines share the host's, so each has a file for its own. */
export function writeBootId(place: Place): string {
  const bootId = randomUUID();
  writeFileSync(join(place.dir, "boot-id"), `${bootId}\n`);
  return bootId;
}

/** JSON is YAML. */
function nodeConfig(place: Place, settings: NodeSettings): object {
  const { layout } = settings;
  const others = layout.nodes.filter(({ name }) => name !== place.name);
  return {
    cluster: layout.cluster,
    node: place.name,
    nodes: layout.nodes.map(({ name, address }) => ({ name, address })),
    paths: {
      data: join(place.dir, "data"), run: join(place.dir, "run"), bootId: join(place.dir, "boot-id"), keyFile: join(place.dir, "cluster.key"),
      ocfRoot: settings.ocfRoot, ocfAgents: [...settings.ocfAgents], fenceAgents: [...settings.fenceAgents],
    },
    nats: { servers: [place, ...others].map(({ address }) => `nats://${address}:${NATS_PORT}`) },
    membership: { links: [{ name: "udp:lan", port: BEAT_PORT, addresses: Object.fromEntries(layout.nodes.map(({ name, address }) => [name, address])) }] },
    policyEngine: { initialCib: settings.initialCib, initialDeadTimeMs: settings.initialDeadTimeMs, electionTicks: settings.firstLeader === place.name ? 8 : 20 },
    notifier: { sinks: [...settings.sinks] },
    log: { level: settings.logLevel },
  };
}

function natsConfig(place: Place, layout: Layout): string {
  return natsServerConfig({
    name: `${layout.cluster}-${place.name}`,
    cluster: layout.cluster,
    listen: `${place.address}:${NATS_PORT}`,
    clusterListen: `${place.address}:${ROUTE_PORT}`,
    routes: layout.nodes.map(({ address }) => `${address}:${ROUTE_PORT}`),
    storeDir: join(place.dir, "nats"),
  });
}
