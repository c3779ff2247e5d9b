/** Finding a nats-server binary and running one: for the demo, for tests, and for small installations. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { QuorateError } from "@quorate/core";
import { deferred } from "./deferred.ts";
import { exists } from "./files.ts";
import { type NatsServerOptions, natsServerConfig } from "./nats-config.ts";

const run = promisify(execFile);
const VERSION_MIN: readonly [number, number] = [2, 9];
const DOWNLOAD_TIMEOUT_MS = 180_000;
const READY_MS = 5_000;

/**
 * Path of a nats-server of version 2.9 or later: the one on PATH, or the one under `cacheDir`, or Debian's package downloaded and
 * unpacked there, which needs no root. @throws QuorateError QUORATE_NOT_FOUND, in words, when none of that is possible.
 */
export async function findNatsServer(cacheDir: string): Promise<string> {
  const places = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  const cached = join(resolve(cacheDir), "nats-server", "usr", "sbin", "nats-server");
  for (const candidate of [...new Set(places.filter((place) => place !== "").map((place) => join(place, "nats-server"))), cached]) {
    if ((await exists(candidate)) && (await isRecent(candidate))) return candidate;
  }
  await unpackDebianPackage(join(resolve(cacheDir), "nats-server"));
  if (await isRecent(cached)) return cached;
  throw missing("Debian's package on this release is older than 2.9");
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

/** `apt-get download` works as any user when the package lists are there; otherwise lists of our own are fetched first. */
async function unpackDebianPackage(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const download = async (extra: readonly string[]): Promise<void> => {
    await run("apt-get", [...extra, "download", "nats-server"], { cwd: directory, timeout: DOWNLOAD_TIMEOUT_MS });
  };
  const ownState = join(directory, "apt");
  const own = [`Dir::State::lists=${ownState}/lists`, `Dir::Cache=${ownState}/cache`].flatMap((option) => ["-o", option]);
  try {
    try {
      await download([]);
    } catch {
      await mkdir(join(ownState, "lists", "partial"), { recursive: true });
      await mkdir(join(ownState, "cache", "archives", "partial"), { recursive: true });
      await run("apt-get", [...own, "update"], { timeout: DOWNLOAD_TIMEOUT_MS });
      await download(own);
    }
    const archive = (await readdir(directory)).find((name) => name.endsWith(".deb"));
    if (archive === undefined) throw new Error("apt-get downloaded nothing");
    await run("dpkg-deb", ["-x", archive, "."], { cwd: directory, timeout: DOWNLOAD_TIMEOUT_MS });
    await rm(join(directory, archive));
  } catch (error) {
    throw missing(lastLine(error));
  } finally {
    await rm(ownState, { recursive: true, force: true });
  }
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  return (stderr ?? message ?? String(error)).trim().split("\n").at(-1) ?? "unknown reason";
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
