/** The screen that stays: when it is drawn, what it says without a connection, and what it leaves behind. */
import type { EventStream, FollowOptions, QuorateClient } from "@quorate/client";
import { QuorateError } from "@quorate/core";
import type { ClusterStatus } from "@quorate/wire";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { CliEnvironment } from "./environment.ts";
import { fitRows, watchStatus } from "./watch-status.ts";

let drawn: string[];
let reads: number;
let broken: boolean;
let silent: boolean;
let poke: () => void;
let interrupt: () => void;
let closed: number;

beforeEach(() => {
  vi.useFakeTimers();
  [drawn, reads, broken, silent, closed] = [[], 0, false, false, 0];
});
afterEach(() => void vi.useRealTimers());

function status(epoch: number): ClusterStatus {
  return {
    cluster: "c", stack: "NATS", node: "node1", atMs: 0, dc: "node1", haveQuorum: true, votes: { present: 1, expected: 1, needed: 1 }, featureLevel: 1,
    cibVersion: { adminEpoch: 0, epoch, numUpdates: 0 }, lastChange: null,
    options: { stonithEnabled: true, maintenanceMode: false, symmetricCluster: true, noQuorumPolicy: "stop" }, view: null, nodes: [], resources: [],
    failedOperations: [], failCounts: [], fencingHistory: [], pendingFencing: [], warnings: [], pendingNodes: [],
  };
}

/** As much of a client as watching asks for; anything else would be an error of its own. */
const client = {
  async status() {
    reads += 1;
    if (silent) return new Promise<ClusterStatus>(() => {});
    if (broken) throw new QuorateError("QUORATE_DISCONNECTED", "gone");
    return status(reads);
  },
  followEvents(options: FollowOptions): EventStream {
    poke = () => options.onEvent({ index: 1, ordinal: 0, type: "node.lost", severity: "info", atMs: 0, node: null, resource: null, message: "", data: {} });
    return { close: () => void (closed += 1), ended: Promise.resolve() };
  },
} as unknown as QuorateClient;

function watch(isTerminal: boolean): Promise<void> {
  const environment = {
    isTerminal, terminalRows: () => 50, write: (text: string) => void drawn.push(text),
    onInterrupt(handler: () => void) {
      interrupt = handler;
      return () => {};
    },
  } as unknown as CliEnvironment;
  return watchStatus({ client, environment, address: "unix:/x", inactive: false, intervalMs: 5_000 });
}

const after = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

test("drawn at once, at each interval, and soon after an event", async () => {
  const done = watch(false);
  await after(0);
  expect(drawn).toHaveLength(1);
  await after(4_999);
  expect(drawn).toHaveLength(1);
  await after(1);
  expect(drawn).toHaveLength(2);
  await after(1_000);
  poke();
  await after(100);
  expect(drawn).toHaveLength(3);
  interrupt();
  await done;
  expect(drawn.map((text) => /CIB version: 0\.(\d)/.exec(text)?.[1])).toStrictEqual(["1", "2", "3"]);
});

test("a burst of events is one drawing", async () => {
  const done = watch(false);
  await after(0);
  for (let event = 0; event < 50; event += 1) poke();
  await after(100);
  expect(drawn).toHaveLength(2);
  interrupt();
  await done;
});

describe("a lost connection", () => {
  test("is told over the old status, tried every second, and forgotten when it is back", async () => {
    const done = watch(true);
    await after(0);
    broken = true;
    poke();
    await after(100);
    const screen = (): string => ["H", "K", "J"].reduce((text, code) => text.replaceAll(`\u001B[${code}`, ""), drawn.at(-1) ?? "");
    expect(screen()).toMatch(/^\*\*\* No answer from unix:\/x \(QUORATE_DISCONNECTED\); trying again\..*OLD/s);
    expect(screen()).toContain("CIB version: 0.1.0");
    poke(); // a late event does not make it try faster
    await after(999);
    expect(reads).toBe(2);
    broken = false;
    await after(1);
    expect(screen()).toContain("CIB version: 0.3.0");
    expect(screen()).not.toContain("***");
    interrupt();
    await done;
  });

  test("is told once where there is no terminal", async () => {
    const done = watch(false);
    await after(0);
    broken = true;
    await after(15_000);
    broken = false;
    await after(1_000);
    interrupt();
    await done;
    expect(drawn.map((text) => text.split("\n")[0]?.slice(0, 15))).toStrictEqual(["Cluster Summary", "*** No answer f", "Cluster Summary"]);
  });
});

describe("Ctrl-C", () => {
  test("ends at once, and a terminal gets its former content back", async () => {
    const done = watch(true);
    await after(0);
    interrupt();
    await done;
    expect(drawn[0]).toBe("\u001B[?1049h\u001B[?25l");
    expect(drawn.at(-1)).toBe("\u001B[?25h\u001B[?1049l");
    expect(closed).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("ends at once also while an answer is awaited", async () => {
    silent = true;
    const done = watch(true);
    await after(0);
    interrupt();
    await done;
    expect(drawn).toStrictEqual(["\u001B[?1049h\u001B[?25l", "\u001B[?25h\u001B[?1049l"]);
  });

  test("what is no terminal gets no control characters", async () => {
    const done = watch(false);
    await after(0);
    interrupt();
    await done;
    expect(drawn.join("")).not.toContain("\u001B");
  });
});

test.each([
  { rows: 10, text: "a\nb\nc\n", want: "a\nb\nc\n" },
  { rows: 4, text: "a\nb\nc\nd\ne\n", want: "a\nb\n... 3 more lines: enlarge the terminal, or use quorate status -1\n" },
])("a screen of $rows rows shows the beginning", ({ rows, text, want }) => expect(fitRows(text, rows)).toBe(want));
