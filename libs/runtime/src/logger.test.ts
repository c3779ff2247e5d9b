import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { QuorateError } from "@quorate/core";
import { afterAll, expect, test } from "vitest";
import { SECRET_KEYS, createLogger } from "./logger.ts";

function logged(level?: string): { lines: () => Record<string, unknown>[]; log: ReturnType<typeof createLogger> } {
  let text = "";
  const log = createLogger({ service: "executor", node: "node1", ...(level === undefined ? {} : { level }), destination: { write: (line) => void (text += line) } });
  return { log, lines: () => text.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test("a line carries service, node, level and message; children add fields; the level holds back", () => {
  const { log, lines } = logged();
  log.child({ resource: "fs1" }).info({ rc: 7 }, "monitored");
  log.debug({}, "hidden");
  expect(lines()).toEqual([expect.objectContaining({ level: "info", service: "executor", node: "node1", resource: "fs1", rc: 7, message: "monitored" })]);
});

test("errors are written with code, details and cause", () => {
  const { log, lines } = logged();
  log.error({ error: new QuorateError("QUORATE_TIMEOUT", "slow", { details: { ms: 5 }, cause: new Error("socket") }) }, "failed");
  expect(lines()[0]?.["error"]).toMatchObject({ code: "QUORATE_TIMEOUT", message: "slow", details: { ms: 5 }, cause: { message: "socket" } });
});

test.each(SECRET_KEYS)("%s is redacted at every depth", (key) => {
  const { log, lines } = logged();
  log.info({ [key]: "geheim", a: { [key]: "geheim", b: { [key]: "geheim", c: { [key]: "geheim" } } } }, "x");
  log.child({ [key]: "geheim" }).info({}, "y");
  expect(JSON.stringify(lines())).not.toContain("geheim");
  expect(lines()).toHaveLength(2);
});

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

function program(script: string): ChildProcessByStdio<null, Readable, Readable> {
  const text = `import { createLogger } from ${JSON.stringify(new URL("logger.ts", import.meta.url).href)};
    const log = createLogger({ service: "t", node: "n" }); ${script}`;
  const child = spawn(process.execPath, ["--conditions=@quorate/source", "--input-type=module", "-e", text], { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  return child;
}

test.each([
  { name: "an orderly end", end: "" },
  { name: "an exit", end: "process.exit(0)" },
  { name: "a crash after a fatal line", end: `log.fatal({}, "line 2000"); process.exit(1)` },
])("no line is lost at $name", async ({ end }) => {
  const child = program(`for (let i = 0; i < 2000; i += 1) log.info({}, "line " + i); ${end}`);
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => void (out += chunk.toString()));
  await once(child, "close");
  const lines = out.trim().split("\n").map((line) => (JSON.parse(line) as { message: string }).message);
  expect(lines).toEqual(Array.from({ length: end.includes("fatal") ? 2_001 : 2_000 }, (_, i) => `line ${i}`));
});

test("a reader that stalls stops neither the event loop nor fills memory", async () => {
  const child = program(`
    const blob = "x".repeat(10_000);
    let ticks = 0;
    const timer = setInterval(() => {
      for (let i = 0; i < 200; i += 1) log.info({ blob }, "x");
      if ((ticks += 1) < 30) return;
      clearInterval(timer);
      process.stderr.write(JSON.stringify({ rss: process.memoryUsage().rss / 1_048_576 }));
      process.kill(process.pid, "SIGKILL"); // an orderly exit would wait for the reader
    }, 5);`);
  child.stdout.pause(); // 60 MB are logged, nothing is read
  let report = "";
  child.stderr.on("data", (chunk: Buffer) => void (report += chunk.toString()));
  await once(child, "exit");
  expect((JSON.parse(report) as { rss: number }).rss).toBeLessThan(170);
}, 10_000);
