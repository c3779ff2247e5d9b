/** What other policy-engines send, read and checked. */
import { type Packet, isRequestCommand } from "@quorate/controller";
import { QuorateError } from "@quorate/core";
import { decodeCommand, decodeRaftPacket } from "@quorate/wire";

/**
 * What a follower hands over becomes an entry here. One that cannot be read would end every replica that comes to apply it, now and at
 * each start; one that only the DC may write would be taken for the DC's. @throws QuorateError QUORATE_WIRE_INVALID
 */
export function readPeerPacket(payload: Uint8Array): Packet {
  const packet = decodeRaftPacket(payload);
  if (packet.kind !== "propose") return packet;
  for (const data of packet.data) {
    const command = decodeCommand(data);
    if (!isRequestCommand(command)) throw new QuorateError("QUORATE_WIRE_INVALID", `${packet.from} hands over ${command.kind}, which is the DC's own to write`);
  }
  return packet;
}
