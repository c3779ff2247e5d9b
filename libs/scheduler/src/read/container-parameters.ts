/** Parameters of the container resources of a bundle: they decide about restarts, so they are spelt as the reference spells them (1-state J4). */
import { CONTROL_PORT } from "./bundle-config.ts";
import type { BundleConfig, Launcher, Mount } from "./bundle-config.ts";

const REMOTE_DAEMON = "/usr/sbin/pacemaker-remoted";
const LOG_DIRECTORY = "/var/log";

/** How a launcher spells what a container is given. */
interface Spelling {
  readonly always: string;
  readonly hostname: (name: string) => string;
  readonly environment: (name: string, value: string) => string;
  /** `number`: of the mount, from 0. */
  readonly mount: (mount: { readonly source: string; readonly target: string; readonly options: string | null }, number: number) => string;
  readonly port: (port: string, internal: string, address: string | null) => string;
  /** Ports of a network that is the host's need no mapping. */
  readonly hostPorts: boolean;
  readonly hostsEntry: (name: string, address: string, addHost: boolean) => string;
}

function volumeSpelling(always: string): Spelling {
  return {
    always,
    hostname: (name) => ` -h ${name}`,
    environment: (name, value) => ` -e ${name}=${value}`,
    mount: ({ source, target, options }) => ` -v ${source}:${target}${options === null ? "" : `:${options}`}`,
    port: (port, internal, address) => ` -p ${address === null ? "" : `${address}:`}${port}:${internal}`,
    hostPorts: false,
    hostsEntry: (name, address, addHost) => (addHost ? ` --add-host=${name}:${address}` : ` --hosts-entry=${address}=${name}`),
  };
}

const SPELLINGS: Readonly<Record<Launcher, Spelling>> = {
  docker: volumeSpelling(" --restart=no"),
  podman: volumeSpelling(""),
  rkt: {
    always: "",
    hostname: (name) => ` --hostname=${name}`,
    environment: (name, value) => ` --environment=${name}=${value}`,
    mount: ({ source, target, options }, number) =>
      ` --volume vol${number},kind=host,source=${source}${options === null ? "" : `,${options}`} --mount volume=vol${number},target=${target}`,
    port: (port, internal, address) => ` --port=${internal}:${address === null ? "" : `${address}:`}${port}`,
    hostPorts: true,
    hostsEntry: (name, address) => ` --hosts-entry=${address}=${name}`,
  },
};

export interface Replica {
  /** From 0. */
  readonly number: number;
  readonly address: string | null;
  /** Addresses of all replicas, by number. */
  readonly addresses: readonly (string | null)[];
}

/** Instance parameters of the container of one replica. */
export function containerParameters(bundle: BundleConfig, replica: Replica): Record<string, string> {
  const mounts = mountsOf(bundle, replica.number);
  const command = bundle.command ?? (bundle.primitive === null ? null : REMOTE_DAEMON);
  return {
    image: bundle.image, allow_pull: "true", force_kill: "false", reuse: "false",
    run_opts: runOptions(bundle, replica, mounts),
    mount_points: mounts.filter((mount) => mount.perReplica).map((mount) => mount.source).join(","),
    monitor_cmd: "/bin/true",
    ...(command === null ? {} : { run_cmd: command }),
  };
}

/** With what the cluster itself needs inside, to speak to what runs there. */
function mountsOf({ id, mounts, primitive }: BundleConfig, number: number): Mount[] {
  const needed: Mount[] = [];
  if (primitive !== null) {
    needed.push({ source: "/etc/pacemaker/authkey", target: "/etc/pacemaker/authkey", options: null, perReplica: false });
    if (mounts.every((mount) => mount.target !== LOG_DIRECTORY)) {
      needed.push({ source: "/var/log/pacemaker/bundles", target: LOG_DIRECTORY, options: null, perReplica: true });
    }
  }
  return [...mounts, ...needed].map((mount) => (mount.perReplica ? { ...mount, source: `${mount.source}/${id}-${number}` } : mount));
}

function runOptions(bundle: BundleConfig, { number, address, addresses }: Replica, mounts: readonly Mount[]): string {
  const spelling = SPELLINGS[bundle.launcher];
  const controlPort = bundle.controlPort ?? CONTROL_PORT;
  const ports = [...bundle.ports, ...(bundle.primitive === null ? [] : [{ port: controlPort, internal: controlPort }])];
  const mapped = address !== null || bundle.network !== "host" || spelling.hostPorts;
  const hosts = addresses.map((one, other) => (one === null ? "" : spelling.hostsEntry(`${bundle.id}-${other}`, one, bundle.addHost)));
  return [
    spelling.always,
    bundle.firstAddress === null ? "" : spelling.hostname(`${bundle.id}-${number}`),
    spelling.environment("PCMK_stderr", "1"),
    bundle.network === null ? "" : ` --net=${bundle.network}`,
    spelling.environment("PCMK_remote_port", controlPort),
    ...mounts.map(spelling.mount),
    ...(mapped ? ports.map(({ port, internal }) => spelling.port(port, internal, address)) : []),
    bundle.options === null ? "" : ` ${bundle.options}`,
    " ",
    ...hosts.map((entry) => entry),
  ].join("");
}
