/**
 * What travels on a link: HMAC-SHA-256 with the cluster key (32 bytes), then the encoded beat. The signature says that the sender belongs to
 * the cluster; that the packet is of now and not a recording, the echoed session inside says (@quorate/membership).
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { QuorateError } from "@quorate/core";
import type { Beat } from "@quorate/membership";
import { readSecret } from "@quorate/runtime";
import { decodeBeat, encodeBeat } from "@quorate/wire";

export const PACKET_BYTES_MAX: number = 8 * 1_024;
const SIGNATURE_BYTES = 32;
const KEY_BYTES_MIN = 16;

export type Opened = { readonly ok: true; readonly beat: Beat } | { readonly ok: false; readonly why: "size" | "signature" | "malformed" };

/** @throws QuorateError QUORATE_CONFIG_INVALID when the file is not there, is not text, or holds less than 16 bytes. Never shows the key. */
export async function readClusterKey(path: string): Promise<Uint8Array> {
  const invalid = (problem: string, cause?: unknown): QuorateError =>
    new QuorateError("QUORATE_CONFIG_INVALID", `paths.keyFile ${path}: ${problem}`, { cause });
  let text: string;
  try {
    text = await readSecret(path);
  } catch (cause) {
    throw invalid("the cluster key cannot be read", cause);
  }
  const key = Buffer.from(text, "utf8");
  if (text.includes("\uFFFD")) throw invalid("the cluster key must be text (for example hexadecimal)");
  if (key.length < KEY_BYTES_MIN) throw invalid(`the cluster key must have at least ${KEY_BYTES_MIN} bytes, it has ${key.length}`);
  return key;
}

/** @throws QuorateError QUORATE_WIRE_INVALID when the beat cannot be encoded. */
export function sealBeat(beat: Beat, key: Uint8Array): Uint8Array {
  const content = encodeBeat(beat);
  return Buffer.concat([createHmac("sha256", key).update(content).digest(), content]);
}

/** Reads a packet that may come from anybody: nothing of it is looked at before the signature. */
export function openPacket(packet: Uint8Array, key: Uint8Array): Opened {
  if (packet.length <= SIGNATURE_BYTES || packet.length > PACKET_BYTES_MAX) return { ok: false, why: "size" };
  const content = packet.subarray(SIGNATURE_BYTES);
  const signature = createHmac("sha256", key).update(content).digest();
  if (!timingSafeEqual(signature, packet.subarray(0, SIGNATURE_BYTES))) return { ok: false, why: "signature" };
  try {
    return { ok: true, beat: decodeBeat(content) };
  } catch (error) {
    if (error instanceof QuorateError) return { ok: false, why: "malformed" }; // a newer or older program with the right key
    throw error;
  }
}
