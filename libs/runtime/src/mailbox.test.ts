import { setImmediate as nextRound } from "node:timers/promises";
import { expect, test } from "vitest";
import { deferred } from "./deferred.ts";
import { Mailbox } from "./mailbox.ts";

test("one at a time, in order, and never inside post", async () => {
  const trace: string[] = [];
  const box = new Mailbox<number>(async (message) => {
    trace.push(`>${message}`);
    await nextRound();
    trace.push(`${message}>`);
  }, 10);
  for (const message of [1, 2, 3]) box.post(message);
  trace.push("posted");
  expect(box.size).toBe(3);
  await box.idle();
  expect(trace.join(" ")).toBe("posted >1 1> >2 2> >3 3>");
  expect(box.size).toBe(0);
});

test("a full box refuses, and takes again when there is room", async () => {
  const { promise, resolve } = deferred<undefined>();
  const box = new Mailbox<string>(() => promise, 2);
  box.post("a");
  box.post("b");
  expect(() => box.post("c")).toThrow(expect.objectContaining({ code: "QUORATE_OVERLOADED" }));
  resolve(undefined);
  await box.idle();
  box.post("d");
  expect(box.size).toBe(1);
  await box.idle();
});

test.each([
  { name: "rejects", fail: () => Promise.reject(new Error("broken")) },
  { name: "throws", fail: (): Promise<void> => { throw new Error("broken"); } },
])("a handler that $name stops the box, is reported once, and later messages are dropped", async ({ fail }) => {
  const crashes: unknown[] = [];
  const handled: string[] = [];
  const box = new Mailbox<string>(async (message) => {
    handled.push(message);
    if (message === "bad") await fail();
  }, 10, (error) => crashes.push(error));
  for (const message of ["good", "bad", "never"]) box.post(message);
  await box.idle();
  box.post("late");
  await box.idle();
  expect(handled).toEqual(["good", "bad"]);
  expect(crashes).toEqual([new Error("broken")]);
  expect(box.size).toBe(0);
});
