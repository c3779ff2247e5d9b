import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Prng, QuorateError } from "@quorate/core";
import { open } from "lmdb";
import { afterAll, expect, test } from "vitest";
import { type Store, type StoreChange, openStore } from "./store.ts";

const root = mkdtempSync(join(tmpdir(), "quorate-store-"));
let made = 0;
const fresh = (): string => join(root, `store${(made += 1)}`);
const put = (key: string, value: string): StoreChange => ({ put: key, value: Buffer.from(value) });
const dump = (store: Store, prefix = ""): string[] => Array.from(store.range(prefix), ([key, value]) => `${key}=${Buffer.from(value).toString()}`);

afterAll(() => rmSync(root, { recursive: true, force: true }));

test("a batch is whole, ordered, and there after reopening", async () => {
  const path = fresh();
  let store = openStore(path);
  await store.write([put("log/2", "b"), put("log/1", "a"), put("meta", "m"), put("log/10", "c"), put("log/1", "A"), { remove: "log/2" }]);
  expect(dump(store, "log/")).toEqual(["log/1=A", "log/10=c"]);
  expect(store.get("log/2")).toBeNull();
  await store.close();
  store = openStore(path);
  expect(dump(store)).toEqual(["log/1=A", "log/10=c", "meta=m"]);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  await store.close();
});

test("empty values, binary values, large values and non-ASCII keys come back as they were", async () => {
  const store = openStore(fresh());
  const large = Buffer.alloc(3_000_000, "quorate");
  await store.write([put("empty", ""), { put: "binary", value: Uint8Array.of(0, 255, 0) }, { put: "large", value: large }, put("größe/ü", "x")]);
  expect(store.get("empty")?.byteLength).toBe(0);
  expect([...(store.get("binary") ?? [])]).toEqual([0, 255, 0]);
  expect(Buffer.compare(store.get("large") ?? Buffer.of(), large)).toBe(0);
  expect(dump(store, "größe/")).toEqual(["größe/ü=x"]);
  await store.close();
});

test("the caller may use its buffers again at once, and what it was given does not change under it", async () => {
  const store = openStore(fresh());
  const value = Buffer.from("first");
  const written = store.write([{ put: "k", value }]);
  value.fill("x");
  await written;
  const first = store.get("k");
  await store.write([put("k", "other")]);
  expect(Buffer.from(first ?? []).toString()).toBe("first");
  await store.close();
});

test("writes that are not awaited are applied in the order of the calls", async () => {
  const store = openStore(fresh());
  await Promise.all(Array.from({ length: 300 }, (_, index) => store.write([put("last", String(index)), put(`n/${index}`, "x")])));
  expect(Buffer.from(store.get("last") ?? []).toString()).toBe("299");
  expect(dump(store, "n/").length).toBe(300);
  await store.close();
});

test("a record that was changed on disk, moved to another key or cut short is refused with its key", async () => {
  const path = fresh();
  let store = openStore(path);
  await store.write([put("a", "MARKER-ONE"), put("b", "fine")]);
  await store.close();
  const file = join(path, "data.mdb");
  const pages = readFileSync(file);
  for (let at = pages.indexOf("MARKER-ONE"); at >= 0; at = pages.indexOf("MARKER-ONE", at + 1)) pages.write("MARKER-TWO", at);
  writeFileSync(file, pages);
  store = openStore(path);
  expect(() => store.get("a")).toThrow(QuorateError);
  expect(() => dump(store)).toThrow(expect.objectContaining({ code: "QUORATE_STORE_CORRUPT", details: { path, key: "a" } }));
  expect(Buffer.from(store.get("b") ?? []).toString()).toBe("fine");
  await store.close();

  const raw = open<Buffer, string>({ path, noSubdir: false, encoding: "binary" });
  await raw.put("c", raw.getBinary("b") ?? Buffer.of());
  await raw.put("d", Buffer.of(1));
  await raw.close();
  store = openStore(path);
  for (const key of ["c", "d"]) expect(() => store.get(key)).toThrow(expect.objectContaining({ code: "QUORATE_STORE_CORRUPT" }));
  await store.close();
});

test("a file that is no environment is refused", () => {
  const path = fresh();
  writeFileSync(path, "not a directory");
  expect(() => openStore(path)).toThrow(expect.objectContaining({ code: "QUORATE_STORE_CORRUPT" }));
});

// Goal: any sequence of batches leaves what a Map would hold.
test.each([1, 2, 3, 4])("random batches equal a map, seed %i", async (seed) => {
  const prng = new Prng(seed);
  const store = openStore(fresh());
  const model = new Map<string, string>();
  for (let round = 0; round < 20; round += 1) {
    const batch: StoreChange[] = [];
    for (let n = prng.below(12); n >= 0; n -= 1) {
      const key = `k${prng.below(20)}`;
      if (prng.below(3) === 0) {
        batch.push({ remove: key });
        model.delete(key);
      } else {
        const value = String(prng.below(1_000));
        batch.push(put(key, value));
        model.set(key, value);
      }
    }
    await store.write(batch);
  }
  expect(dump(store)).toEqual([...model].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${value}`));
  await store.close();
});

test("what was acknowledged survives SIGKILL, and a batch is never half there", async () => {
  const path = fresh();
  const script = `
    import { openStore } from ${JSON.stringify(new URL("store.ts", import.meta.url).href)};
    const store = openStore(${JSON.stringify(path)});
    for (let i = 0; ; i += 1) {
      const value = Buffer.from(String(i));
      await store.write(Array.from({ length: 400 }, (_, n) => ({ put: "k/" + n, value: Buffer.concat([Buffer.alloc(500), value]) })));
      process.stdout.write(i + "\\n");
    }`;
  const child = spawn(process.execPath, ["--conditions=@quorate/source", "--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"], cwd: import.meta.dirname });
  let acknowledged = -1;
  await new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      acknowledged = Number(chunk.toString().trim().split("\n").at(-1));
      if (acknowledged >= 50) child.kill("SIGKILL");
    });
    child.on("close", () => resolve());
  });
  expect(acknowledged).toBeGreaterThanOrEqual(50);
  const store = openStore(path);
  const values = Array.from(store.range("k/"), ([, value]) => Number(Buffer.from(value).subarray(500).toString()));
  expect([values.length, new Set(values).size]).toEqual([400, 1]);
  expect(values[0]).toBeGreaterThanOrEqual(acknowledged);
  await store.close();
}, 15_000);

const strace = ["/usr/bin/strace"].find((path) => {
  try {
    execFileSync(path, ["-f", "-e", "trace=fsync", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

// The promise of write() is the base of every vote and acknowledgement, so the system calls are looked at.
test.runIf(strace !== undefined)("each write is synced before its promise resolves: the pages by fdatasync, then the meta page through O_DSYNC", () => {
  const script = `
    import { writeSync } from "node:fs";
    import { openStore } from ${JSON.stringify(new URL("store.ts", import.meta.url).href)};
    const store = openStore(${JSON.stringify(fresh())});
    await store.write([{ put: "warm", value: Buffer.from("x") }]);
    for (let i = 0; i < 5; i += 1) {
      writeSync(1, "<begin>\\n");
      await store.write([{ put: "k", value: Buffer.from(String(i)) }]);
      writeSync(1, "<end>\\n");
    }
    await store.close();`;
  const file = join(root, "trace");
  execFileSync(strace ?? "", ["-f", "-e", "trace=openat,write,fdatasync,pwrite64,writev", "-o", file,
    process.execPath, "--conditions=@quorate/source", "--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"], cwd: import.meta.dirname });
  const trace = readFileSync(file, "utf8");
  const metaFd = /data\.mdb", O_WRONLY\|O_DSYNC\|O_CLOEXEC\) = (\d+)/.exec(trace)?.[1];
  const spans = trace.split("<begin>").slice(1).map((span) => span.slice(0, span.indexOf("<end>")));
  expect([spans.length, metaFd === undefined]).toEqual([5, false]);
  // S: the pages are synced; M: the meta page is written through O_DSYNC; m: it is written without, which is what `overlappingSync` does.
  const step = (line: string): string => {
    if (/fdatasync.*= 0$/.test(line)) return "S";
    const fd = /pwrite64\((\d+), .*, 128, \d+/.exec(line)?.[1];
    return fd === undefined ? "" : fd === metaFd ? "M" : "m";
  };
  expect(spans.map((span) => span.split("\n").map(step).join(""))).toEqual(Array.from({ length: 5 }, () => "SM"));
}, 30_000);
