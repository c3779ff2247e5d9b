/** Debian's resource agents: those installed, or the package unpacked into the cache. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { unpackDebianPackage } from "@quorate/runtime";

/** The OCF root that holds `resource.d/heartbeat/IPaddr2`; null when it cannot be had. */
export async function findResourceAgents(cacheDir: string): Promise<string | null> {
  const home = join(cacheDir, "resource-agents");
  const roots = ["/usr/lib/ocf", join(home, "usr", "lib", "ocf")];
  const found = (): string | undefined => roots.find((root) => existsSync(join(root, "resource.d", "heartbeat", "IPaddr2")));
  if (found() === undefined) await unpackDebianPackage("resource-agents", home).catch(() => undefined);
  return found() ?? null;
}
