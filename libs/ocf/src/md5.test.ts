import { createHash } from "node:crypto";
import { Prng } from "@quorate/core";
import { describe, expect, test } from "vitest";
import { md5Hex } from "./md5.ts";

describe("RFC 1321 A.5 test suite", () => {
  test.each([
    ["", "d41d8cd98f00b204e9800998ecf8427e"],
    ["a", "0cc175b9c0f1b6a831c399e269772661"],
    ["abc", "900150983cd24fb0d6963f7d28e17f72"],
    ["message digest", "f96b697d7cb7938d525a2f31aaf161d0"],
    ["abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"],
    ["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"],
    ["12345678901234567890123456789012345678901234567890123456789012345678901234567890", "57edf4a22be3c955ac49da2e2107b67a"],
  ])("%j", (text, digest) => expect(md5Hex(text)).toBe(digest));
});

test("equals another implementation for every length around the block size, and for text beyond ASCII", () => {
  const prng = new Prng(1321);
  for (let length = 0; length < 200; length++) {
    const text = Array.from({ length }, () => String.fromCodePoint([0x41, 0xe9, 0x20ac, 0x1f600][prng.below(4)]! + prng.below(9))).join("");
    expect(md5Hex(text)).toBe(createHash("md5").update(text, "utf8").digest("hex"));
  }
});
