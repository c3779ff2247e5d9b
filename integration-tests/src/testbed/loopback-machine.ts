/** A machine without privileges: processes on addresses of 127.0.0.0/8. A power cut is SIGKILL to all that is its own. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { addressBook, directoryDisk, mountPoint } from "./agents.ts";
import type { Layout, Place } from "./layout.ts";
import { type Machine, type ProgramName, type ProgramSettings, programsOf } from "./machine.ts";
import { writeBootId } from "./node-files.ts";
import { type Daemon, killAllOf, startDaemon } from "./processes.ts";

export function loopbackMachine(place: Place, options: { layout: Layout; programs: ProgramSettings }): Machine {
  const daemons = new Map<ProgramName, Daemon>();
  let on = false;
  const start = (name: ProgramName): void => {
    const program = programsOf(place, options.programs).find((candidate) => candidate.name === name);
    if (program === undefined) throw new Error(`${place.name} has no program ${name} in this layout`);
    daemons.set(name, startDaemon(program));
  };
  return {
    place,
    powerOn() {
      writeBootId(place);
      for (const { name } of programsOf(place, options.programs)) start(name);
      on = true;
      return Promise.resolve();
    },
    async powerOff() {
      on = false;
      // What the agents started names the node's folder in its environment (HA_RSCTMP); locks on addresses and disks go with it.
      killAllOf(`${place.dir}/`);
      await Promise.all([...daemons.values()].map(({ exited }) => exited));
      daemons.clear();
    },
    isOn: () => on,
    async killProgram(name) {
      const daemon = daemons.get(name);
      daemon?.signal("SIGKILL");
      await daemon?.exited;
    },
    startProgram: start,
    signalProgram: (name, signal) => daemons.get(name)?.signal(signal),
    disconnect: () => Promise.reject(new Error("machines on the loopback network cannot be disconnected")),
    reconnect: () => Promise.reject(new Error("machines on the loopback network cannot be disconnected")),
    holdings() {
      const { virtualAddresses } = options.layout;
      return {
        addresses: virtualAddresses.filter((address) => lockOwner(join(addressBook(options.layout), `address-${address}`)) === place.name),
        mounts: virtualAddresses.flatMap((_, group) => (lockOwner(`${directoryDisk(options.layout, group)}.mounted`) === place.name ? [mountPoint(options.layout, group)] : [])),
      };
    },
  };
}

/** The node whose process keeps a lock of the demo's agents (deploy/ocf/lib/held-lock.sh); null when nobody does. */
function lockOwner(file: string): string | null {
  try {
    const [owner = "", pid = ""] = readFileSync(file, "latin1").trim().split(" ");
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").startsWith("sleep") ? (owner.split("/")[0] ?? null) : null;
  } catch {
    return null;
  }
}
