import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { exists, readBootId, readSecret, readText, writeDurable } from "./files.ts";

const dir = mkdtempSync(join(tmpdir(), "quorate-files-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test("writeDurable replaces the whole content, sets the mode and leaves nothing beside it", async () => {
  const path = join(dir, "state");
  await writeDurable(path, "a long first content\n");
  await writeDurable(path, "second", 0o600);
  expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777, readdirSync(dir)]).toEqual(["second", 0o600, ["state"]]);
});

test("a write that fails keeps the old content and leaves nothing beside it", async () => {
  const path = join(dir, "state");
  await expect(writeDurable(join(path, "below-a-file"), "x")).rejects.toThrow(/ENOTDIR/);
  mkdirSync(join(dir, "taken"));
  await expect(writeDurable(join(dir, "taken"), "x")).rejects.toThrow(/EISDIR/);
  rmSync(join(dir, "taken"), { recursive: true });
  expect(readdirSync(dir)).toEqual(["state"]);
});

test("many writers at once leave one of their contents, whole", async () => {
  const path = join(dir, "race");
  await Promise.all(Array.from({ length: 20 }, (_, i) => writeDurable(path, String(i).repeat(10_000))));
  expect(readFileSync(path, "utf8")).toMatch(/^(\d+?)\1*$/);
  expect(readdirSync(dir).toSorted()).toEqual(["race", "state"]);
});

test("reading: text, boot id, secret, and what is not there", async () => {
  writeFileSync(join(dir, "boot"), "0a1b\n");
  writeFileSync(join(dir, "empty"), "\n");
  writeFileSync(join(dir, "secret"), " pass word \r\n");
  expect(await readText(join(dir, "boot"))).toBe("0a1b\n");
  expect(await readBootId(join(dir, "boot"))).toBe("0a1b");
  expect(await readSecret(join(dir, "secret"))).toBe(" pass word ");
  expect([await exists(dir), await exists(join(dir, "none"))]).toEqual([true, false]);
  await expect(readText(join(dir, "none"))).rejects.toMatchObject({ code: "QUORATE_NOT_FOUND" });
  await expect(readBootId(join(dir, "empty"))).rejects.toMatchObject({ code: "QUORATE_NOT_FOUND" });
});
