/**
 * A machine of its own network, process and mount namespaces, joined to the others by a bridge. Needs root.
 * The caller already runs in a private network namespace, so everything made here goes away with it.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { openSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Layout, Place } from "./layout.ts";
import { type Machine, NO_HOLDINGS, type ProgramName, type ProgramSettings, programsOf } from "./machine.ts";
import { writeBootId } from "./node-files.ts";
import { type Daemon, startDaemon } from "./processes.ts";

const run = promisify(execFile);
export const BRIDGE = "quorate0";

/** The switch: a bridge that also carries the address of everything that is no node. */
export async function makeBridge(layout: Layout): Promise<void> {
  await run("ip", ["link", "set", "lo", "up"]);
  // A bridge without an address of its own takes one of its ports', and changes it as they come and go: for as long as the others remember the old
  // one, nothing behind it answers them, the power switch least of all.
  await run("ip", ["link", "add", BRIDGE, "address", "02:51:55:4f:52:41", "type", "bridge"]);
  await run("ip", ["addr", "add", `${layout.hostAddress}/${layout.networkBits}`, "dev", BRIDGE]);
  await run("ip", ["link", "set", BRIDGE, "up"]);
}

/** Only when every machine is off. */
export async function removeBridge(): Promise<void> {
  await run("ip", ["link", "del", BRIDGE]);
}

export function namespaceMachine(place: Place, options: { layout: Layout; programs: ProgramSettings; index: number }): Machine {
  const { layout, programs } = options;
  const port = `quorate-p${options.index}`;
  const daemons = new Map<ProgramName, Daemon>();
  let holder: ChildProcess | null = null;
  let init = -1;

  const start = (name: ProgramName): void => {
    const program = programsOf(place, programs).find((candidate) => candidate.name === name);
    if (program === undefined) throw new Error(`${place.name} has no program ${name} in this layout`);
    const inside = ["--target", String(init), "--net", "--mount", "--pid", "--uts", "--", program.command, ...program.args];
    daemons.set(name, startDaemon({ ...program, command: "nsenter", args: inside }));
  };

  async function powerOn(): Promise<void> {
    writeBootId(place);
    const script = `${place.dir}/init.sh`;
    writeFileSync(script, initScript(place, layout), { mode: 0o755 });
    const log = openSync(`${place.dir}/log/init.log`, "a");
    holder = spawn("unshare", ["--net", "--mount", "--pid", "--uts", "--fork", "--kill-child=SIGKILL", "--mount-proc", "sh", script], { stdio: ["ignore", log, log], detached: true });
    init = await childOf(holder.pid!);
    await run("ip", ["link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", String(init)]);
    await run("ip", ["link", "set", port, "master", BRIDGE, "up"]);
    await waitFor(() => exists(`${place.dir}/run/booted`), `${place.name} to boot`);
    for (const { name } of programsOf(place, programs)) start(name);
  }

  async function powerOff(): Promise<void> {
    const dying = holder;
    if (dying === null) return;
    holder = null;
    const gone = new Promise<void>((resolve) => dying.once("exit", () => resolve()));
    process.kill(init, "SIGKILL"); // the init of the process namespace: the kernel kills everything in it
    await Promise.all([gone, run("ip", ["link", "del", port]).catch(() => undefined)]);
    daemons.clear();
  }

  return {
    place,
    powerOn,
    powerOff,
    isOn: () => holder !== null,
    async killProgram(name) {
      const pid = innerPid(daemons.get(name)!.pid);
      process.kill(pid, "SIGKILL");
      await daemons.get(name)!.exited;
    },
    startProgram: start,
    signalProgram: (name, signal) => process.kill(innerPid(daemons.get(name)!.pid), signal),
    disconnect: async () => void (await run("ip", ["link", "set", port, "nomaster"])),
    reconnect: async () => void (await run("ip", ["link", "set", port, "master", BRIDGE])),
    holdings: () => (holder === null ? NO_HOLDINGS : { addresses: localAddresses(read(`/proc/${init}/net/fib_trie`)), mounts: mountPoints(read(`/proc/${init}/mountinfo`)) }),
  };
}

/** The routing table of a network namespace names each address of its own as `/32 host LOCAL`, twice. */
function localAddresses(fibTrie: string): string[] {
  return [...new Set([...fibTrie.matchAll(/\|-- ([0-9.]+)\n\s+\/32 host LOCAL/g)].map(([, address]) => address!))];
}

/** The fifth field of each line. */
function mountPoints(mountInfo: string): string[] {
  return mountInfo.split("\n").flatMap((line) => line.split(" ")[4] ?? []);
}

/** First process of a machine: private mounts, a loopback and a network card with the node's address. Reaps what is orphaned. */
function initScript(place: Place, layout: Layout): string {
  return `mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/resource-agents
hostname ${place.name}
ip link set lo up
until ip link show eth0 >/dev/null 2>&1; do sleep 0.02; done
ip addr add ${place.address}/${layout.networkBits} dev eth0
ip link set eth0 up
if ! command -v modprobe >/dev/null; then
  # the Filesystem agent insists on the command; what it would load is built in
  mkdir -p ${place.dir}/sbin && printf '#!/bin/sh\\nexit 0\\n' > ${place.dir}/sbin/modprobe && chmod 755 ${place.dir}/sbin/modprobe
  mount -t overlay -o lowerdir=${place.dir}/sbin:/usr/sbin overlay /usr/sbin
fi
touch ${place.dir}/run/booted
while :; do sleep 1000 & wait $!; done
`;
}

/** The one child of \`unshare --fork\`, once it is there and in its own network namespace. */
async function childOf(pid: number): Promise<number> {
  let child = -1;
  await waitFor(() => {
    const [first] = read(`/proc/${pid}/task/${pid}/children`).trim().split(" ");
    if (first === undefined || first === "") return false;
    child = Number(first);
    return namespaceOf(child) !== namespaceOf(process.pid);
  }, "a namespace");
  return child;
}

/** nsenter --pid forks: the program is its child. */
function innerPid(pid: number): number {
  const [first] = read(`/proc/${pid}/task/${pid}/children`).trim().split(" ");
  if (first === undefined || first === "") throw new Error(`process ${pid} has no child`);
  return Number(first);
}

function namespaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return "";
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function exists(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}

async function waitFor(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (condition()) return;
    await sleep(10);
  }
  throw new Error(`waited 5 s for ${what}`);
}
