import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createPacketSeal, readPacketSeal } from "./sealed-packet.ts";

const dir = mkdtempSync(join(tmpdir(), "quorate-seal-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const body = new TextEncoder().encode("a beat");

test("a packet opens with the key it was sealed with, and gives the body", () => {
  const key = createPacketSeal("0123456789abcdef");
  expect(key.open(key.seal(body))).toEqual(body);
});

test.each([
  { name: "another key", spoil: (packet: Uint8Array) => createPacketSeal("fedcba9876543210").seal(packet.subarray(32)) },
  { name: "a changed body", spoil: (packet: Uint8Array) => packet.with(40 % packet.length, packet[40 % packet.length]! ^ 1) },
  { name: "a changed seal", spoil: (packet: Uint8Array) => packet.with(0, packet[0]! ^ 1) },
  { name: "a packet that is too short", spoil: (packet: Uint8Array) => packet.subarray(0, 31) },
  { name: "nothing", spoil: () => new Uint8Array() },
])("$name does not open", ({ spoil }) => {
  const key = createPacketSeal("0123456789abcdef");
  expect(key.open(spoil(key.seal(body)))).toBeNull();
});

test.each([
  { name: "15 bytes", text: "fifteen bytes!!\n", want: /keyFile .*at least 16 bytes, it has 15/ },
  { name: "not text", text: Buffer.from([0xff, 0xfe, 0x00, 0x80, ...Buffer.alloc(32, 7)]), want: /must be text/ },
  { name: "no file", text: null, want: /keyFile .*cannot be read/ },
])("the key file is refused in words: $name", async ({ text, want }) => {
  const path = join(dir, "key");
  rmSync(path, { force: true });
  if (text !== null) writeFileSync(path, text);
  const error = await readPacketSeal(path).catch((each: unknown) => each);
  expect(error).toMatchObject({ code: "QUORATE_CONFIG_INVALID", message: expect.stringMatching(want) });
  if (typeof text === "string") expect(String(error)).not.toContain(text.trim());
});

test("the end of the key's line is not part of the key", async () => {
  const path = join(dir, "good");
  writeFileSync(path, "0123456789abcdef\n");
  expect((await readPacketSeal(path)).seal(body)).toEqual(createPacketSeal("0123456789abcdef").seal(body));
});
