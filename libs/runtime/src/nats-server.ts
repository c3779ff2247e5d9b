/** Finding a nats-server binary and running one: for the demo, for tests, and for small installations. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { QuorateError } from "@quorate/core";
import { unpackDebianPackage } from "./debian-package.ts";
import { deferred } from "./deferred.ts";
import { exists } from "./files.ts";
import { type NatsServerOptions, natsServerConfig } from "./nats-config.ts";

const run = promisify(execFile);
const VERSION_MIN: readonly [number, number] = [2, 9];
const READY_MS = 5_000;

/**
 * Path of a nats-server of version 2.9 or later: one of the `searched` directories (default: PATH and the sbin directories), or the one under
 * `cacheDir`, or Debian's package downloaded and unpacked there, which needs no root. Several processes may ask at once.
 * @throws QuorateError QUORATE_NOT_FOUND, in words, when none of that is possible.
 */
export async function findNatsServer(cacheDir: string, searched: readonly string[] = defaultPlaces()): Promise<string> {
  const home = join(resolve(cacheDir), "nats-server");
  const cached = join(home, "usr", "sbin", "nats-server");
  for (const candidate of [...searched.map((place) => join(place, "nats-server")), cached]) {
    if ((await exists(candidate)) && (await isRecent(candidate))) return candidate;
  }
  try {
    await unpackDebianPackage("nats-server", home);
  } catch (error) {
    throw missing(error instanceof Error ? error.message : String(error));
  }
  if (await isRecent(cached)) return cached;
  throw missing("Debian's package on this release is older than 2.9");
}

function defaultPlaces(): string[] {
  const places = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return [...new Set(places)].filter((place) => place !== "");
}

function missing(why: string): QuorateError {
  return new QuorateError("QUORATE_NOT_FOUND", `nats-server 2.9 or later is not on PATH and could not be obtained: ${why}. Install it (Debian: apt install nats-server) and try again.`);
}

async function isRecent(binary: string): Promise<boolean> {
  try {
    const { stdout } = await run(binary, ["--version"], { timeout: 5_000 });
    const [, major, minor] = /v(\d+)\.(\d+)/.exec(stdout) ?? [];
    return Number(major) > VERSION_MIN[0] || (Number(major) === VERSION_MIN[0] && Number(minor) >= VERSION_MIN[1]);
  } catch {
    return false;
  }
}




export interface NatsServerHandle {
  readonly pid: number;
  /** URL for clients. */
  readonly url: string;
  /** Resolves with what ended the process. */
  readonly exited: Promise<string>;
  /** SIGTERM, and SIGKILL after `graceMs`. Resolves when the process is gone. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL: the server is lost, not left. Resolves when the process is gone. */
  kill(): Promise<void>;
}

/**
 * Writes the configuration and the log into `dir` and starts a server. Resolves when clients can connect.
 * @throws QuorateError QUORATE_SPAWN_FAILED with the end of its log when it does not come up within `readyMs`.
 */
export async function startNatsServer(options: NatsServerOptions & { binary: string; dir: string; readyMs?: number }): Promise<NatsServerHandle> {
  await mkdir(options.dir, { recursive: true });
  const file = join(options.dir, "nats-server.conf");
  await writeFile(file, natsServerConfig(options), { mode: 0o600 });
  const child = spawn(options.binary, ["-c", file], { stdio: ["ignore", "pipe", "pipe"] });
  const log = followLog(child, join(options.dir, "nats-server.log"));
  const exited = new Promise<string>((done) => {
    child.once("error", (error) => done(error.message));
    child.once("exit", (code, signal) => done(signal ?? `exit code ${code}`));
  });
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  const stop = async (graceMs = 3_000): Promise<void> => {
    child.kill("SIGTERM");
    const gone = await Promise.race([exited, sleep(graceMs, null, { ref: false })]);
    if (gone === null) await kill();
  };
  const ready = await Promise.race([log.ready, exited.then(() => false), sleep(options.readyMs ?? READY_MS, false, { ref: false })]);
  if (!ready || child.pid === undefined) {
    await kill();
    throw new QuorateError("QUORATE_SPAWN_FAILED", `nats-server ${options.name} does not serve ${options.listen}: ${log.tail()}`);
  }
  return { pid: child.pid, url: `nats://${options.listen}`, exited, stop, kill };
}

interface ServerLog {
  /** Resolves when the server says that it serves: somebody else's server on the same port says nothing here. */
  readonly ready: Promise<true>;
  tail(): string;
}

function followLog(child: ChildProcess, file: string): ServerLog {
  const log = createWriteStream(file, { flags: "a" });
  const { promise: ready, resolve: setReady } = deferred<true>();
  let tail = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.pipe(log, { end: false });
    stream?.on("data", (chunk: Buffer) => {
      tail = (tail + chunk.toString()).slice(-2_000);
      if (tail.includes("Server is ready")) setReady(true);
    });
  }
  child.once("close", () => log.end());
  return { ready, tail: () => tail.trim() };
}
