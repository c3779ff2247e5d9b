/**
 * Runs the integration tests: `node --conditions=@quorate/source integration-tests/src/run-tests.ts [FILTER…]` (Node 24).
 * As root, with the tools for it, machines are namespaces, and everything happens in a network, mount and process namespace of its own; else they
 * are processes on 127.0.0.0/8 and the tests that need more are skipped. When it ends, however the tests ended, no process, mount,
 * loop device or file of them is left. With QUORATE_TEST_KEEP=1 the logs of all nodes stay, and it says where.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { killAllOf } from "./testbed/processes.ts";

const NEEDED_FOR_NAMESPACES = ["unshare", "nsenter", "ip", "losetup", "mkfs.ext4", "mount"];
/** Over this something hangs that no time-out of the tests has caught. */
const LIMIT_MS = 20 * 60_000;
const GRACE_MS = 20_000;

const packageDir = join(import.meta.dirname, "..");
const filters = process.argv.slice(2);
const kind = process.getuid?.() === 0 && process.env["QUORATE_TEST_KIND"] !== "loopback" && NEEDED_FOR_NAMESPACES.every(isInstalled) ? "namespaces" : "loopback";
const dir = mkdtempSync(join(tmpdir(), "quorate-test-"));
process.exit(await runTests());

async function runTests(): Promise<number> {
  process.stdout.write(`Machines are ${kind === "namespaces" ? "namespaces" : "processes on the loopback network; tests that need root are skipped"}.\n`);
  const vitest = [process.execPath, join(packageDir, "..", "node_modules", "vitest", "vitest.mjs"), "run", "--config", join(packageDir, "vitest.config.ts"), ...filters];
  // In a process namespace of its own nothing outlives the first process, whatever happens to it.
  const namespaces = ["unshare", "--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--"];
  const [command = "", ...args] = kind === "namespaces" ? [...namespaces, ...vitest] : vitest;
  const child = spawn(command, args, { cwd: packageDir, stdio: "inherit", env: { ...process.env, QUORATE_TEST_KIND: kind, QUORATE_TEST_DIR: dir } });
  const kill = (): void => void child.kill("SIGKILL");
  const limit = setTimeout(kill, LIMIT_MS);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      child.kill("SIGTERM"); // a terminal has signalled it already; twice does no harm
      setTimeout(kill, GRACE_MS).unref();
    });
  }
  const code = await new Promise<number>((resolve) => {
    child.once("error", (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(1);
    });
    child.once("exit", (exitCode, signal) => resolve(exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
  clearTimeout(limit);
  cleanUp();
  return code;
}

/** Nothing is there to do when the tests could end in order. */
function cleanUp(): void {
  killAllOf(`${dir}/`);
  if (kind === "namespaces") for (const device of loopDevices()) spawnSync("losetup", ["-d", device]);
  if (process.env["QUORATE_TEST_KEEP"] === "1") process.stdout.write(`Files are kept in ${dir}\n`);
  else rmSync(dir, { recursive: true, force: true });
}

/** Loop devices are the kernel's, not a namespace's. */
function loopDevices(): string[] {
  const lines = execFileSync("losetup", ["--list", "--noheadings", "--output", "NAME,BACK-FILE"], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => line.includes(`${dir}/`)).map((line) => line.split(" ")[0]!);
}

function isInstalled(name: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
}
