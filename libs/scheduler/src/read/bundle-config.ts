/** What a `<bundle>` element asks for: containers, addresses, ports and mounts (1-state J1, J3). */
import type { XmlElement } from "@quorate/cib";
import { child, children, parseBoolean } from "@quorate/cib";
import { expandTemplate } from "./templates.ts";

const LAUNCHERS = ["docker", "rkt", "podman"] as const;
export type Launcher = (typeof LAUNCHERS)[number];

/** One `<storage-mapping>`. `perReplica`: the source is the root of one folder for each replica. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly options: string | null;
  readonly perReplica: boolean;
}

/** One `<port-mapping>`: outside, inside. */
export interface PortMapping {
  readonly port: string;
  readonly internal: string;
}

export interface BundleConfig {
  readonly id: string;
  readonly launcher: Launcher;
  readonly image: string;
  readonly replicas: number;
  readonly perHost: number;
  /** 0: what runs in it has no roles. */
  readonly promotedMax: number;
  readonly network: string | null;
  /** More options for the launcher, as they are. */
  readonly options: string | null;
  /** What the container runs instead of what the image says. */
  readonly command: string | null;
  readonly firstAddress: string | null;
  readonly hostInterface: string | null;
  readonly hostNetmask: string;
  readonly controlPort: string | null;
  /** Names of the replicas by `--add-host`, else by `--hosts-entry`. */
  readonly addHost: boolean;
  readonly ports: readonly PortMapping[];
  readonly mounts: readonly Mount[];
  /** What runs inside, once in each container; null: only the containers themselves are looked after. */
  readonly primitive: XmlElement | null;
}

/** Null when nothing can be made of it: no container, or a resource inside that nobody could reach. */
export function readBundleConfig(root: XmlElement, bundle: XmlElement): BundleConfig | null {
  const launcher = LAUNCHERS.find((name) => child(bundle, name) !== null);
  const container = launcher === undefined ? null : child(bundle, launcher);
  if (launcher === undefined || container === null) return null;
  const network = child(bundle, "network");
  const firstAddress = network?.attributes["ip-range-start"] ?? null, controlPort = network?.attributes["control-port"] ?? null;
  const given = child(bundle, "primitive");
  const primitive = given === null ? null : expandTemplate(root, given);
  if (given !== null && (primitive === null || (firstAddress === null && controlPort === null))) return null;
  const { image = "", network: networkName, options, "run-command": command } = container.attributes;
  const promotedMax = atLeast(0, container.attributes["promoted-max"] ?? container.attributes["masters"], 0);
  // Without addresses of their own two replicas on one host would fight for the port
  const shareable = firstAddress !== null || controlPort === null;
  return {
    id: bundle.attributes["id"] ?? "", launcher, image,
    replicas: atLeast(1, container.attributes["replicas"], promotedMax > 0 ? promotedMax : 1),
    perHost: shareable ? atLeast(1, container.attributes["replicas-per-host"], 1) : 1,
    promotedMax, network: networkName ?? null, options: options ?? null, command: command ?? null, firstAddress,
    hostInterface: network?.attributes["host-interface"] ?? null, hostNetmask: network?.attributes["host-netmask"] ?? "32",
    controlPort, addHost: parseBoolean(network?.attributes["add-host"] ?? "") ?? true,
    ports: network === null ? [] : children(network, "port-mapping").map(readPort),
    mounts: children(bundle, "storage").flatMap((storage) => children(storage, "storage-mapping").map(readMount)),
    primitive,
  };
}

function atLeast(floor: number, text: string | undefined, fallback: number): number {
  return text === undefined ? fallback : Math.max(floor, Number.parseInt(text, 10) || floor);
}

function readPort({ attributes }: XmlElement): PortMapping {
  const port = attributes["port"] ?? attributes["range"] ?? "";
  return { port, internal: attributes["port"] === undefined ? port : (attributes["internal-port"] ?? port) };
}

function readMount({ attributes }: XmlElement): Mount {
  const source = attributes["source-dir"] ?? attributes["source-dir-root"] ?? "";
  return { source, target: attributes["target-dir"] ?? "", options: attributes["options"] ?? null, perReplica: attributes["source-dir"] === undefined };
}

/** Where the cluster's own part of a container listens. */
export const CONTROL_PORT = "3121";

/** Stands for the node that the container is on, where a replica has no address of its own. */
export const HOST_ADDRESS = "#uname";

/** Address of each replica; null when there is no range, or it is at its end. */
export function replicaAddresses({ firstAddress, replicas }: BundleConfig): (string | null)[] {
  const addresses: (string | null)[] = [];
  let address = firstAddress;
  for (let number = 0; number < replicas; number++) {
    addresses.push(address);
    address = address === null ? null : addressAfter(address);
  }
  return addresses;
}

/** Counts in the last byte, and at its end in the one before; only IPv4. */
function addressAfter(address: string): string | null {
  const bytes = address.split(".").map(Number);
  const [a, b, c = 0, d = 0] = bytes;
  if (bytes.length !== 4 || bytes.some((byte) => !Number.isInteger(byte) || byte < 0 || byte > 255)) return null;
  if (d <= 253) return `${a}.${b}.${c}.${d + 1}`;
  return c <= 253 ? `${a}.${b}.${c + 1}.1` : null;
}
