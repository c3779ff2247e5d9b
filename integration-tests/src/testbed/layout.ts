/** Where everything of one test cluster lives: addresses, ports and folders. */
import { join } from "node:path";

export type NodeLayout = "node" | "services";

export interface Place {
  readonly name: string;
  readonly address: string;
  /** Everything of the node, on a disk that survives its power cuts. */
  readonly dir: string;
}

export interface Layout {
  readonly cluster: string;
  /** Work folder of the cluster. */
  readonly dir: string;
  /** Shared by all nodes: the disks, and in the demo without root who owns which address and disk. */
  readonly sharedDir: string;
  readonly nodes: readonly Place[];
  /** Address of what is no node: power switch, mail, webhook, clients. */
  readonly hostAddress: string;
  /** Virtual address of group 0, 1, ... */
  readonly virtualAddresses: readonly string[];
  readonly networkBits: number;
}

export const NATS_PORT = 4222;
export const ROUTE_PORT = 6222;
export const BEAT_PORT = 7694;

/** `network`: the first three octets, for example `127.80.3` or `10.77.0`. */
export function makeLayout(options: { cluster: string; dir: string; network: string; nodes: number; groups: number }): Layout {
  const { cluster, dir, network } = options;
  const count = (length: number): number[] => Array.from({ length }, (_, index) => index + 1);
  return {
    cluster,
    dir,
    sharedDir: join(dir, "shared"),
    nodes: count(options.nodes).map((i) => ({ name: `node${i}`, address: `${network}.${i}`, dir: join(dir, `node${i}`) })),
    hostAddress: `${network}.254`,
    virtualAddresses: count(options.groups).map((i) => `${network}.${100 + i}`),
    networkBits: 24,
  };
}
