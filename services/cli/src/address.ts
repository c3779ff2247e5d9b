/** Which policy-engine is asked: the option, else the environment, else this node's own socket. */
import { join } from "node:path";

export const DEFAULT_ADDRESS = "unix:/run/quorate/policy-engine.sock";

/**
 * QUORATE_SOCKET is an address, or the path of a socket. QUORATE_CONFIG names the node's configuration, whose `paths.run` holds the socket.
 * @throws QuorateError QUORATE_CONFIG_INVALID when that file is wrong.
 */
export async function chooseAddress(option: string | undefined, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  if (option !== undefined) return addressOf(option);
  const socket = env["QUORATE_SOCKET"];
  if (socket !== undefined && socket !== "") return addressOf(socket);
  const file = env["QUORATE_CONFIG"];
  if (file === undefined || file === "") return DEFAULT_ADDRESS;
  const { loadConfig } = await import("@quorate/runtime"); // half a second that most calls need not wait
  return `unix:${join(loadConfig({ file, env: withoutSocket(env) }).paths.run, "policy-engine.sock")}`;
}

/** A path alone means a unix socket. */
function addressOf(text: string): string {
  return text.startsWith("/") || text.startsWith("./") ? `unix:${text}` : text;
}

/** QUORATE_SOCKET is for this command only; the services' configuration does not know it. */
function withoutSocket(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name !== "QUORATE_SOCKET"));
}
