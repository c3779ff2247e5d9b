/** Packets that only holders of the cluster key can make: HMAC-SHA-256 over the body, in front of it. No secrecy, no freshness. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { QuorateError } from "@quorate/core";
import { readSecret } from "./files.ts";

const SEAL_BYTES = 32;
const KEY_BYTES_MIN = 16;

export interface PacketSeal {
  seal(body: Uint8Array): Uint8Array;
  /** The body; null when the packet was not made with this key. Takes the same time for every wrong packet of one length. */
  open(packet: Uint8Array): Uint8Array | null;
}

/** @throws QuorateError QUORATE_CONFIG_INVALID when the key is not text or shorter than 16 bytes. Never shows the key. */
export function createPacketSeal(key: string): PacketSeal {
  if (key.includes("\uFFFD")) throw new QuorateError("QUORATE_CONFIG_INVALID", "the cluster key must be text (for example hexadecimal). Make one with: openssl rand -hex 32");
  const bytes = Buffer.byteLength(key);
  if (bytes < KEY_BYTES_MIN) {
    throw new QuorateError("QUORATE_CONFIG_INVALID", `the cluster key must have at least ${KEY_BYTES_MIN} bytes, it has ${bytes}. Make one with: openssl rand -hex 32`);
  }
  const sealOf = (body: Uint8Array): Buffer => createHmac("sha256", key).update(body).digest();
  return {
    seal(body) {
      const packet = new Uint8Array(SEAL_BYTES + body.byteLength);
      packet.set(sealOf(body));
      packet.set(body, SEAL_BYTES);
      return packet;
    },
    open(packet) {
      if (packet.byteLength < SEAL_BYTES) return null;
      const body = packet.subarray(SEAL_BYTES);
      return timingSafeEqual(sealOf(body), packet.subarray(0, SEAL_BYTES)) ? body : null;
    },
  };
}

/** Reads the cluster key. @throws QuorateError QUORATE_CONFIG_INVALID, naming the file, when it cannot be read or is no good key. */
export async function readPacketSeal(keyFile: string): Promise<PacketSeal> {
  const invalid = (problem: string, cause: unknown): QuorateError => new QuorateError("QUORATE_CONFIG_INVALID", `paths.keyFile ${keyFile}: ${problem}`, { cause });
  let key: string;
  try {
    key = await readSecret(keyFile);
  } catch (cause) {
    throw invalid("the cluster key cannot be read", cause);
  }
  try {
    return createPacketSeal(key);
  } catch (cause) {
    throw cause instanceof QuorateError ? invalid(cause.message, cause) : cause;
  }
}
