import { expect, test } from "vitest";
import { createPacketSeal } from "./sealed-packet.ts";

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

test("a short key is refused in words, without the key", () => {
  expect(() => createPacketSeal("short-secret")).toThrow(/at least 16/);
  expect(() => createPacketSeal("short-secret")).not.toThrow(/short-secret/);
});
