import type { Command, Packet } from "@quorate/controller";
import { encodeCommand, encodeRaftPacket } from "@quorate/wire";
import { expect, test } from "vitest";
import { readPeerPacket } from "./peer-packet.ts";

const CLEANUP: Command = { kind: "cleanup", atMs: 1, requestId: "r1", resource: "fs", node: null, by: "root" };
const FENCED: Command = { kind: "fenceEnded", atMs: 1, fenceId: "f1", outcome: "succeeded", device: "pdu", detail: "" };

function handedOver(...data: readonly Uint8Array[]): Uint8Array {
  return encodeRaftPacket({ clusterId: "uuid", kind: "propose", from: "n2", data });
}

test("a change that a client asked for is taken", () => {
  const packet: Packet = readPeerPacket(handedOver(encodeCommand(CLEANUP)));
  expect(packet).toEqual({ clusterId: "uuid", kind: "propose", from: "n2", data: [encodeCommand(CLEANUP)] });
});

test.each([
  { name: "an empty proposal, the mark of a new leader's first entry", data: [new Uint8Array()] },
  { name: "one that no replica can read", data: [new Uint8Array([1, 2, 3])] },
  { name: "one of them after good ones", data: [encodeCommand(CLEANUP), new Uint8Array([255, 255])] },
  { name: "an outcome of a fencing, which is the DC's to write", data: [encodeCommand(FENCED)] },
])("$name is refused as a whole", ({ data }) => {
  expect(() => readPeerPacket(handedOver(...data))).toThrow(expect.objectContaining({ code: "QUORATE_WIRE_INVALID" }));
});
