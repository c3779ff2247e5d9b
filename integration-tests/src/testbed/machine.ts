/** A machine that can be switched on, switched off in the middle of everything, and cut off from the others. */
import type { Place } from "./layout.ts";

/** A program of a node: one of our services, `node` (all in one), or its nats-server. */
export type ProgramName = "node" | "membership" | "policy-engine" | "executor" | "fencing-gateway" | "notifier" | "nats-server";

export interface Machine {
  readonly place: Place;
  powerOn(): Promise<void>;
  /** As if the power were cut. Resolves when nothing of the machine runs or answers any more. */
  powerOff(): Promise<void>;
  isOn(): boolean;
  /** kill -9 of one program; it is not restarted by itself. */
  killProgram(name: ProgramName): Promise<void>;
  /** Starts a program that was killed. */
  startProgram(name: ProgramName): void;
  /** Signals a program, for example SIGSTOP. */
  signalProgram(name: ProgramName, signal: NodeJS.Signals): void;
  /** Takes the machine off the network, or puts it back. Not possible without namespaces. */
  disconnect(): Promise<void>;
  reconnect(): Promise<void>;
  /** What it holds at this moment; nothing when it is off. Reads files only, so that it may be asked often. */
  holdings(): Holdings;
}

/** Addresses and mount points of a machine, as its kernel (or, without privileges, the locks of its agents) says. */
export interface Holdings {
  readonly addresses: readonly string[];
  readonly mounts: readonly string[];
}

export const NO_HOLDINGS: Holdings = { addresses: [], mounts: [] };

/** How programs are started: the same for every kind of machine. */
export interface ProgramSettings {
  readonly nodeBinary: string;
  readonly natsServer: string;
  /** Root of the project, where services/<name>/dist/main.js are. */
  readonly projectDir: string;
  readonly layout: "node" | "services";
}

export interface ProgramCommand {
  readonly name: ProgramName;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
}

export function programsOf(place: Place, settings: ProgramSettings): ProgramCommand[] {
  const services: ProgramName[] = settings.layout === "node" ? ["node"] : ["membership", "executor", "fencing-gateway", "policy-engine", "notifier"];
  const env = { PATH: process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin", HOME: place.dir, QUORATE_CONFIG: `${place.dir}/quorate.yaml`, NODE_OPTIONS: "", NODE_COMPILE_CACHE: `${settings.projectDir}/.cache/compile` };
  const service = (name: ProgramName): ProgramCommand => ({
    name, command: settings.nodeBinary, args: [`${settings.projectDir}/services/${name}/dist/main.js`], env, logFile: `${place.dir}/log/${name}.log`,
  });
  return [{ name: "nats-server", command: settings.natsServer, args: ["-c", `${place.dir}/nats.conf`], env, logFile: `${place.dir}/log/nats-server.log` }, ...services.map(service)];
}
