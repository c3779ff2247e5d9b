/** The agents of the document's groups, for machines with and without privileges. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { GroupAgents } from "./cluster-cib.ts";
import type { Layout } from "./layout.ts";

const run = promisify(execFile);
export const PVFS2_PORT = 3334;
const DISK_SIZE = "16M";

export interface Disks {
  readonly devices: readonly string[];
  release(): Promise<void>;
}

/** Loop devices with ext4, one per group. Needs root. */
export async function makeLoopDisks(layout: Layout): Promise<Disks> {
  mkdirSync(layout.sharedDir, { recursive: true });
  const devices: string[] = [];
  for (const group of layout.virtualAddresses.keys()) {
    const image = join(layout.sharedDir, `disk${group}.img`);
    await run("truncate", ["-s", DISK_SIZE, image]);
    await run("mkfs.ext4", ["-q", "-F", image]);
    devices.push((await run("losetup", ["-f", "--show", image])).stdout.trim());
  }
  return {
    devices,
    async release() {
      for (const device of devices) await run("losetup", ["-d", device]).catch(() => undefined);
    },
  };
}

/** Where the demo's address agent keeps who owns which address. */
export function addressBook(layout: Layout): string {
  return join(layout.sharedDir, "addresses");
}

/** A directory that stands for the disk of a group. */
export function directoryDisk(layout: Layout, group: number): string {
  return join(layout.sharedDir, `disk${group}`);
}

export function mountPoint(layout: Layout, group: number): string {
  return join(layout.dir, "mnt", `server${group}`);
}

/** Directories that stand for disks. */
export function makeDirectoryDisks(layout: Layout): Disks {
  const devices = layout.virtualAddresses.map((_, group) => directoryDisk(layout, group));
  for (const device of [...devices, addressBook(layout)]) mkdirSync(device, { recursive: true });
  return { devices, release: () => Promise.resolve() };
}

/** Writes the servers' configuration and names the agents. */
export function groupAgents(layout: Layout, options: { kind: "loopback" | "namespaces"; disks: Disks; projectDir: string }): GroupAgents {
  const { kind, disks, projectDir } = options;
  const mountOf = (group: number): string => mountPoint(layout, group);
  const addressOf = (group: number): string => layout.virtualAddresses[group]!;
  const fsconfig = join(layout.dir, "pvfs2-fs.conf");
  if (kind === "namespaces") for (const group of layout.virtualAddresses.keys()) mkdirSync(mountOf(group), { recursive: true });
  else mkdirSync(join(layout.dir, "mnt"), { recursive: true });
  writeFileSync(fsconfig, fsConfig(layout, mountOf));
  const standin = (name: string): string => join(projectDir, "deploy", "ocf", "standin", name);
  const ocf = (provider: string, type: string, parameters: Record<string, string>, monitorSeconds: number): ReturnType<GroupAgents["address"]> => ({ class: "ocf", provider, type, parameters, monitorSeconds });
  return {
    address: (group) =>
      kind === "namespaces"
        ? ocf("heartbeat", "IPaddr2", { ip: addressOf(group), cidr_netmask: String(layout.networkBits), nic: "eth0" }, 10)
        : ocf("quorate", "DemoAddress", { ip: addressOf(group), statedir: addressBook(layout) }, 10),
    filesystem: (group) =>
      kind === "namespaces"
        ? ocf("heartbeat", "Filesystem", { device: disks.devices[group]!, directory: mountOf(group), fstype: "ext4" }, 20)
        : ocf("quorate", "DemoFilesystem", { device: disks.devices[group]!, directory: mountOf(group), fstype: "demo" }, 20),
    daemon: (group) =>
      ocf("quorate", "PVFS2", { fsconfig, alias: `server${group}`, ip: addressOf(group), port: String(PVFS2_PORT), fsname: "pvfs2-fs", daemon: standin("pvfs2-standin-server"), checkutil: standin("pvfs2-standin-check") }, 10),
  };
}

function fsConfig(layout: Layout, mountOf: (group: number) => string): string {
  const groups = [...layout.virtualAddresses.keys()];
  const aliases = groups.map((group) => `\tAlias server${group} tcp://${layout.virtualAddresses[group]}:${PVFS2_PORT}`);
  const options = groups.map((group) => `<ServerOptions>\n\tServer server${group}\n\tDataStorageSpace ${mountOf(group)}/storage\n\tMetadataStorageSpace ${mountOf(group)}/storage\n</ServerOptions>`);
  return `<Aliases>\n${aliases.join("\n")}\n</Aliases>\n${options.join("\n")}\n<Filesystem>\n\tName pvfs2-fs\n</Filesystem>\n`;
}
