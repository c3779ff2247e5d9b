import { type ChildProcess, spawn } from "node:child_process";
import { afterAll, expect, test } from "vitest";

const running: ChildProcess[] = [];
afterAll(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

/** A service of its own: prints what happens, one word per line. */
function service(parts: { start?: string; stop?: string; deadlineMs?: number }) {
  const script = `
    import { createLogger } from ${JSON.stringify(new URL("logger.ts", import.meta.url).href)};
    import { runUntilSignal } from ${JSON.stringify(new URL("run-until-signal.ts", import.meta.url).href)};
    const say = (word) => process.stdout.write(word + "\\n");
    const log = createLogger({ service: "t", node: "n", destination: { write: (line) => process.stderr.write(line) } });
    await runUntilSignal({ log, deadlineMs: ${parts.deadlineMs ?? 5_000}, start: async () => { ${parts.start ?? ""}; say("started"); },
      stop: [["one", async () => { say("one"); ${parts.stop ?? ""} }], ["two", async () => say("two")]] });`;
  const child = spawn(process.execPath, ["--conditions=@quorate/source", "--input-type=module", "-e", script], { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  let out = "";
  let log = "";
  const saw = (word: string): Promise<void> => expect.poll(() => out, { timeout: 10_000, interval: 10 }).toContain(word);
  child.stdout.on("data", (chunk: Buffer) => void (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (log += chunk.toString()));
  const ended = new Promise<{ code: number | null; out: string; log: string }>((resolve) => child.on("close", (code) => resolve({ code, out: out.split("\n").join(" ").trim(), log })));
  return { child, saw, ended };
}

test.concurrent.each(["SIGTERM", "SIGINT"] as const)("%s: the steps run in order, exit 0", async (signal) => {
  const { child, saw, ended } = service({});
  await saw("started");
  child.kill(signal);
  expect(await ended).toMatchObject({ code: 0, out: "started one two" });
});

test.concurrent("a signal during the start stops after the start", async () => {
  const { child, saw, ended } = service({ start: `say("starting"); await new Promise((r) => setTimeout(r, 300))` });
  await saw("starting");
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 0, out: "starting started one two" });
});

test.concurrent("a second signal exits 1 at once", async () => {
  const { child, saw, ended } = service({ stop: "await new Promise(() => {})" });
  await saw("started");
  child.kill("SIGTERM");
  await saw("one");
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 1, out: "started one", log: expect.stringContaining("second signal SIGTERM") });
});

test.concurrent.each([
  { name: "a stop that takes longer than the deadline", parts: { stop: "await new Promise(() => {})", deadlineMs: 200 }, signal: true, out: "started one", log: "stop took longer than 200 ms" },
  { name: "a stop step that fails", parts: { stop: `throw new Error("disk")` }, signal: true, out: "started one", log: "disk" },
  { name: "a start that fails", parts: { start: `throw new Error("port")` }, signal: false, out: "", log: "port" },
  { name: "an exception in a timer", parts: { start: `setTimeout(() => { throw new Error("bug") }, 50)` }, signal: false, out: "started", log: "bug" },
  { name: "a rejection that nobody handles", parts: { start: `setTimeout(() => void Promise.reject(new Error("lost")), 50)` }, signal: false, out: "started", log: "lost" },
])("$name exits 1 without leaving in order, and says why", async ({ parts, signal, out, log }) => {
  const { child, saw, ended } = service(parts);
  if (signal) {
    await saw("started");
    child.kill("SIGTERM");
  }
  expect(await ended).toMatchObject({ code: 1, out, log: expect.stringContaining(log) });
});
