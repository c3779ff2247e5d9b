/** All device adapters as one: the agent's name picks the adapter. */
import { QuorateError } from "@quorate/core";
import { runProcess } from "@quorate/runtime";
import { createApcPduSnmp } from "./apc-pdu-snmp.ts";
import type { DeviceAdapter } from "./device-adapter.ts";
import { createFenceAgents } from "./fence-agent.ts";

const SECRET_SCRIPT_MS = 5_000;

export function createAdapters(options: { readonly agentDirectories: readonly string[] }): DeviceAdapter {
  const apc = createApcPduSnmp({ secretScript: readSecretScript });
  const agents = createFenceAgents({ directories: options.agentDirectories });
  return {
    run: (run) => (run.device.agent === "apc-pdu-snmp" ? apc : agents).run(run),
    close: () => {
      apc.close();
      agents.close();
    },
  };
}

/** First line that the script prints. */
async function readSecretScript(script: string): Promise<string> {
  const { code, stdout, timedOut, spawnError } = await runProcess({ command: script, args: [], env: { PATH: "/usr/bin:/bin" }, timeoutMs: SECRET_SCRIPT_MS }).result;
  if (code !== 0) {
    const why = spawnError ?? (timedOut ? `no end within ${SECRET_SCRIPT_MS} ms` : `exit ${code}`);
    throw new QuorateError("QUORATE_SPAWN_FAILED", `password script ${script}: ${why}`);
  }
  return stdout.split("\n")[0] ?? "";
}
