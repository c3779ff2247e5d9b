import { expect, test } from "vitest";
import { startWorker } from "./worker.ts";

const code = (text: string): URL => new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort, workerData } from "node:worker_threads"; ${text}`)}`);

test("data goes in at the start, messages go both ways, buffers can be handed over", async () => {
  const reply = new Promise<unknown>((resolve) => {
    const worker = startWorker<ArrayBuffer, unknown>({
      url: code(`parentPort.on("message", (m) => parentPort.postMessage([workerData.name, m.byteLength]));`),
      data: { name: "w" }, onExit: () => {}, onMessage: (message) => void worker.terminate().then(() => resolve(message)),
    });
    const buffer = new ArrayBuffer(8);
    worker.post(buffer, [buffer]);
    expect(buffer.byteLength).toBe(0);
  });
  expect(await reply).toEqual(["w", 8]);
});

test.each([
  { name: "an exception", text: `setTimeout(() => { throw new Error("bug") }, 10)`, want: { code: 1, error: expect.objectContaining({ message: "bug" }) } },
  { name: "a module that does not load", text: `import "./nothing.js"`, want: { code: 1, error: expect.any(Error) } },
  { name: "an exit", text: `process.exit(3)`, want: { code: 3, error: null } },
])("$name is reported once", async ({ text, want }) => {
  const exits: unknown[] = [];
  await new Promise<void>((resolve) => {
    startWorker({ url: code(text), data: null, onMessage: () => {}, onExit: (exit) => { exits.push(exit); resolve(); } });
  });
  expect(exits).toEqual([want]);
});

test("a stop that was asked for is not reported", async () => {
  let exits = 0;
  const worker = startWorker({ url: code("setInterval(() => {}, 1000)"), data: null, onMessage: () => {}, onExit: () => void (exits += 1) });
  await worker.terminate();
  expect(exits).toBe(0);
});
