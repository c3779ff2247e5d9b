// Makes a fresh clone ready: locked dependencies when they are missing or older than the lock file, and the build.
// Plain JavaScript for any Node >= 20, because it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const projectDir = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(projectDir, "node_modules", ".quorate-installed");
const bin = join(projectDir, "node_modules", ".bin");
/** The project's own Node, whatever the machine has. */
export const nodeBinary = join(projectDir, "node_modules", "node", "bin", "node");

/** The environment of the project's programs: its own tools first, no telemetry. */
export function environment() {
  return { ...process.env, PATH: `${bin}:${process.env.PATH}`, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", NO_UPDATE_NOTIFIER: "1" };
}

/** Runs a program of the project in the foreground; ends this process when it fails. */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: projectDir, stdio: options.quiet ? ["ignore", "pipe", "pipe"] : "inherit", encoding: "utf8", env: environment() });
  if (done.error) fail(`${command} cannot be run: ${done.error.message}`);
  if (done.status === 0) return;
  if (options.quiet) process.stderr.write(`${done.stdout ?? ""}${done.stderr ?? ""}`);
  fail(`${[command, ...args].join(" ")} ended with ${done.signal ?? `code ${done.status}`}`);
}

export function fail(message) {
  process.stderr.write(`quorate: ${message}\n`);
  process.exit(1);
}

/** Locked dependencies, once per lock file. */
export function installDependencies() {
  const [major] = process.versions.node.split(".").map(Number);
  if (major < 20) fail(`this machine's Node is ${process.versions.node}; 20 or later is needed to install the project's own`);
  const lock = join(projectDir, "package-lock.json");
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return;
  process.stderr.write("Installing locked dependencies (npm ci) ...\n");
  run("npm", ["ci", "--no-audit", "--no-fund"]);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, "");
}

/** Compiles what changed. */
export function build({ quiet = true } = {}) {
  process.stderr.write("Building ...\n");
  run("turbo", ["run", "build", "--output-logs=errors-only", "--ui=stream", "--concurrency=2"], { quiet });
}
