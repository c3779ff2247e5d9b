/** Debian's resource agents: those installed, or the package unpacked into the cache. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The OCF root that holds `resource.d/heartbeat/IPaddr2`; null when it cannot be had. */
export async function findResourceAgents(cacheDir: string): Promise<string | null> {
  const installed = "/usr/lib/ocf";
  const cached = join(cacheDir, "resource-agents", "usr", "lib", "ocf");
  for (const root of [installed, cached]) if (existsSync(join(root, "resource.d", "heartbeat", "IPaddr2"))) return root;
  const work = join(cacheDir, "resource-agents.download");
  try {
    mkdirSync(work, { recursive: true });
    await run("apt-get", ["download", "resource-agents"], { cwd: work, timeout: 60_000 });
    const [file] = readdirSync(work).filter((name) => name.endsWith(".deb"));
    if (file === undefined) return null;
    await run("dpkg-deb", ["-x", join(work, file), join(cacheDir, "resource-agents")]);
  } catch {
    return null;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return existsSync(join(cached, "resource.d", "heartbeat", "IPaddr2")) ? cached : null;
}
