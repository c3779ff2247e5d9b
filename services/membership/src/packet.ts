/**
 * What travels on a link: an encoded beat under the seal of the cluster key. The seal says that the sender belongs to the cluster;
 * that the packet is of now and not a recording, the echoed session inside says (@quorate/membership).
 */
import { QuorateError } from "@quorate/core";
import type { Beat } from "@quorate/membership";
import type { PacketSeal } from "@quorate/runtime";
import { decodeBeat, encodeBeat } from "@quorate/wire";

export const PACKET_BYTES_MAX: number = 8 * 1_024;

export type Opened = { readonly ok: true; readonly beat: Beat } | { readonly ok: false; readonly why: "size" | "signature" | "malformed" };

/** @throws QuorateError QUORATE_WIRE_INVALID when the beat cannot be encoded. */
export function sealBeat(beat: Beat, seal: PacketSeal): Uint8Array {
  return seal.seal(encodeBeat(beat));
}

/** Reads a packet that may come from anybody: nothing of it is looked at before the seal. */
export function openPacket(packet: Uint8Array, seal: PacketSeal): Opened {
  if (packet.length > PACKET_BYTES_MAX) return { ok: false, why: "size" };
  const content = seal.open(packet);
  if (content === null) return { ok: false, why: "signature" };
  try {
    return { ok: true, beat: decodeBeat(content) };
  } catch (error) {
    if (error instanceof QuorateError) return { ok: false, why: "malformed" }; // a newer or older program with the right key
    throw error;
  }
}
