/** Programs of Debian for machines that do not have them installed. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const DOWNLOAD_TIMEOUT_MS = 180_000;

/**
 * Downloads a package and unpacks it into the folder `home`, without root and without installing it. `apt-get download` works as
 * any user when the package lists are there; otherwise lists of our own are fetched first. Rejects with the last line of what failed.
 */
export async function unpackDebianPackage(name: string, home: string): Promise<void> {
  await mkdir(dirname(home), { recursive: true });
  const work = await mkdtemp(`${home}.`);
  const apt = (...args: string[]): Promise<unknown> => run("apt-get", args, { cwd: work, timeout: DOWNLOAD_TIMEOUT_MS });
  const ownState = ["-o", `Dir::State::lists=${work}/apt/lists`, "-o", `Dir::Cache=${work}/apt/cache`];
  try {
    try {
      await apt("download", name);
    } catch {
      await mkdir(join(work, "apt", "lists", "partial"), { recursive: true });
      await mkdir(join(work, "apt", "cache", "archives", "partial"), { recursive: true });
      await apt(...ownState, "update");
      await apt(...ownState, "download", name);
    }
    const archive = (await readdir(work)).find((name) => name.endsWith(".deb"));
    if (archive === undefined) throw new Error("apt-get downloaded nothing");
    await run("dpkg-deb", ["-x", archive, "root"], { cwd: work, timeout: DOWNLOAD_TIMEOUT_MS });
    await rm(home, { recursive: true, force: true }); // what was there did not run
    await rename(join(work, "root"), home).catch((error: unknown) => {
      if (!isTaken(error)) throw error; // another process was first
    });
  } catch (error) {
    throw new Error(lastLine(error), { cause: error });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function isTaken(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOTEMPTY" || code === "EEXIST";
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  return (stderr || message || String(error)).trim().split("\n").at(-1) ?? "";
}
