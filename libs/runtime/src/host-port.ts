import { QuorateError } from "@quorate/core";

/**
 * Splits "host:port" or "[ipv6]:port". @throws QuorateError QUORATE_CONFIG_INVALID when it is neither.
 */
export function parseHostPort(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new QuorateError("QUORATE_CONFIG_INVALID", `expected host:port, got "${text}"`);
  return { host: match[1] ?? match[2] ?? "", port };
}
