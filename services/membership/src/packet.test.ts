import type { Beat } from "@quorate/membership";
import { createPacketSeal } from "@quorate/runtime";
import { expect, test } from "vitest";
import { PACKET_BYTES_MAX, openPacket, sealBeat } from "./packet.ts";

const KEY = createPacketSeal("0123456789abcdef");
const BEAT: Beat = {
  clusterId: "t", from: "a", bootId: "boot", session: "s", sequence: 7, link: "nats", echoes: { b: "x" }, hears: ["b"], suspects: ["c"],
  progress: { policyEngineAgeMs: 3, executorAgeMs: null }, state: "up",
};
test("what is sealed is opened with the same key", () => {
  expect(openPacket(sealBeat(BEAT, KEY), KEY)).toEqual({ ok: true, beat: BEAT });
});

test.each([
  { name: "another key", packet: sealBeat(BEAT, createPacketSeal("another key, as long")), why: "signature" },
  { name: "one bit of the content", packet: flipped(sealBeat(BEAT, KEY), 40), why: "signature" },
  { name: "one bit of the signature", packet: flipped(sealBeat(BEAT, KEY), 3), why: "signature" },
  { name: "cut off", packet: sealBeat(BEAT, KEY).subarray(0, 60), why: "signature" },
  { name: "nothing", packet: new Uint8Array(), why: "signature" },
  { name: "a signature of nothing", packet: new Uint8Array(32), why: "signature" },
  { name: "a seal of nothing", packet: KEY.seal(new Uint8Array()), why: "malformed" },
  { name: "more than any beat", packet: sealBeat({ ...BEAT, bootId: "b".repeat(PACKET_BYTES_MAX) }, KEY), why: "size" },
])("refused: $name", ({ packet, why }) => expect(openPacket(packet, KEY)).toEqual({ ok: false, why }));

function flipped(packet: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(packet);
  copy[at]! ^= 1;
  return copy;
}
