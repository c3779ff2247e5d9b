/** Processes of the test bed: started with a log file, found again by their work folder, killed without mercy. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, readdirSync } from "node:fs";

export interface Daemon {
  readonly name: string;
  readonly pid: number;
  /** Resolves with how it ended. */
  readonly exited: Promise<string>;
  signal(name: NodeJS.Signals): void;
}

export interface DaemonOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/** Starts a program in a session of its own; its output is appended to `logFile`. */
export function startDaemon({ name, command, args, env, logFile }: DaemonOptions): Daemon {
  const log = openSync(logFile, "a");
  const child: ChildProcess = spawn(command, [...args], { env: { ...env }, detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  return {
    name,
    pid: child.pid ?? -1,
    exited,
    signal(signalName) {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) child.kill(signalName);
    },
  };
}

/** Ids of all processes of this user that carry `marker` in their environment or command line, this one excepted. */
export function processesOf(marker: string): number[] {
  const found: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    if (readProc(name, "cmdline").includes(marker) || readProc(name, "environ").includes(marker)) found.push(Number(name));
  }
  return found;
}

/** SIGKILL to every process that carries the marker, until none is left. Bounded. */
export function killAllOf(marker: string): void {
  for (let round = 0; round < 50; round++) {
    const left = processesOf(marker).filter((pid) => !isZombie(pid));
    if (left.length === 0) return;
    for (const pid of left) kill(pid);
  }
  throw new Error(`processes of ${marker} survive SIGKILL: ${processesOf(marker).join(", ")}`);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it ended by itself between the look and the signal
  }
}

function isZombie(pid: number): boolean {
  return /^State:\s+Z/m.test(readProc(String(pid), "status"));
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}
