import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Beat } from "@quorate/membership";
import { afterAll, expect, test } from "vitest";
import { PACKET_BYTES_MAX, openPacket, readClusterKey, sealBeat } from "./packet.ts";

const KEY = Buffer.from("0123456789abcdef");
const BEAT: Beat = {
  clusterId: "t", from: "a", bootId: "boot", session: "s", sequence: 7, link: "nats", echoes: { b: "x" }, hears: ["b"], suspects: ["c"],
  progress: { policyEngineAgeMs: 3, executorAgeMs: null }, state: "up",
};
const dir = mkdtempSync(join(tmpdir(), "quorate-packet-"));

afterAll(() => rmSync(dir, { recursive: true, force: true }));

test("what is sealed is opened with the same key", () => {
  expect(openPacket(sealBeat(BEAT, KEY), KEY)).toEqual({ ok: true, beat: BEAT });
});

test.each([
  { name: "another key", packet: sealBeat(BEAT, Buffer.from("another key, as long")), why: "signature" },
  { name: "one bit of the content", packet: flipped(sealBeat(BEAT, KEY), 40), why: "signature" },
  { name: "one bit of the signature", packet: flipped(sealBeat(BEAT, KEY), 3), why: "signature" },
  { name: "cut off", packet: sealBeat(BEAT, KEY).subarray(0, 60), why: "signature" },
  { name: "nothing", packet: new Uint8Array(), why: "size" },
  { name: "a signature of nothing", packet: new Uint8Array(32), why: "size" },
  { name: "more than any beat", packet: sealBeat({ ...BEAT, bootId: "b".repeat(PACKET_BYTES_MAX) }, KEY), why: "size" },
])("refused: $name", ({ packet, why }) => expect(openPacket(packet, KEY)).toEqual({ ok: false, why }));

test.each([
  { name: "15 bytes", text: "fifteen bytes!!\n", want: /keyFile .*at least 16 bytes, it has 15/ },
  { name: "not text", text: Buffer.from([0xff, 0xfe, 0x00, 0x80, ...Buffer.alloc(32, 7)]), want: /must be text/ },
  { name: "no file", text: null, want: /keyFile .*cannot be read/ },
])("the key file is refused in words: $name", async ({ text, want }) => {
  const path = join(dir, "key");
  rmSync(path, { force: true });
  if (text !== null) writeFileSync(path, text);
  const error = await readClusterKey(path).catch((each: unknown) => each);
  expect(error).toMatchObject({ code: "QUORATE_CONFIG_INVALID", message: expect.stringMatching(want) });
  if (typeof text === "string") expect(String(error)).not.toContain(text.trim());
});

test("the end of the key's line is not part of the key", async () => {
  const path = join(dir, "good");
  writeFileSync(path, "0123456789abcdef\n");
  expect(await readClusterKey(path)).toEqual(KEY);
});

function flipped(packet: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(packet);
  copy[at]! ^= 1;
  return copy;
}
