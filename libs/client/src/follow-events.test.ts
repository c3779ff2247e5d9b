/** Following events over connections that break: nothing lost, nothing twice, in order, and an end when there is nothing to hope for. */
import { EventEmitter } from "node:events";
import type { ClientReadableStream } from "@grpc/grpc-js";
import { QuorateError, type ClusterEvent } from "@quorate/core";
import { clusterEventToProto, type FollowRequestProto, type FollowResponseProto } from "@quorate/wire";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { followEvents, type EventStream } from "./follow-events.ts";

/** The wire end of one stream: what the server would send. */
class Wire extends EventEmitter {
  readonly request: FollowRequestProto;
  cancelled = false;

  constructor(request: FollowRequestProto) {
    super();
    this.request = request;
  }

  cancel(): void {
    this.cancelled = true;
  }

  /** Ids as `<index>.<ordinal>`. */
  send(...ids: string[]): void {
    for (const id of ids) this.emit("data", { event: clusterEventToProto(eventOf(id)) });
  }

  fail(code: "QUORATE_DISCONNECTED" | "QUORATE_NO_QUORUM" | "QUORATE_WIRE_INVALID"): void {
    this.emit("error", new QuorateError(code, code));
  }
}

let wires: Wire[];
let seen: string[];
let errors: string[];

beforeEach(() => {
  vi.useFakeTimers();
  [wires, seen, errors] = [[], [], []];
});
afterEach(() => void vi.useRealTimers());

function follow(options: { live: boolean; from?: { index: number; ordinal: number } }): EventStream {
  const open = (request: FollowRequestProto): ClientReadableStream<FollowResponseProto> => {
    wires.push(new Wire(request));
    return wires.at(-1) as unknown as ClientReadableStream<FollowResponseProto>;
  };
  return followEvents(open, {
    ...options,
    onEvent: (event) => void seen.push(`${event.index}.${event.ordinal}`),
    onError: (error, willRetry) => void errors.push(`${error.code} ${willRetry ? "retry" : "over"}`),
  });
}

const wire = (place: number): Wire => wires[place]!;

test("after a break it goes on from the last event, and what comes twice is dropped", () => {
  follow({ live: true });
  expect(wire(0).request).toStrictEqual({ fromIndex: 0, fromOrdinal: 0, live: true });
  wire(0).send("3.0", "3.1", "7.0");
  wire(0).fail("QUORATE_DISCONNECTED");
  vi.advanceTimersByTime(200);
  expect(wire(1).request).toStrictEqual({ fromIndex: 7, fromOrdinal: 0, live: true });
  wire(1).send("3.1", "7.0", "7.1", "9.0");
  expect(seen).toStrictEqual(["3.0", "3.1", "7.0", "7.1", "9.0"]);
  expect(errors).toStrictEqual(["QUORATE_DISCONNECTED retry"]);
});

test("it begins after the position that the caller has", () => {
  follow({ live: true, from: { index: 7, ordinal: 1 } });
  expect(wire(0).request).toStrictEqual({ fromIndex: 7, fromOrdinal: 1, live: true });
  wire(0).send("7.1", "7.2");
  expect(seen).toStrictEqual(["7.2"]);
});

test("waits between attempts double up to 5 s, and begin anew once an event came", () => {
  follow({ live: true });
  const waits = [200, 400, 800, 1_600, 3_200, 5_000, 5_000];
  for (const [place, wait] of waits.entries()) {
    wire(place).fail("QUORATE_DISCONNECTED");
    vi.advanceTimersByTime(wait - 1);
    expect(wires).toHaveLength(place + 1);
    vi.advanceTimersByTime(1);
    expect(wires).toHaveLength(place + 2);
  }
  wire(waits.length).send("1.0");
  wire(waits.length).fail("QUORATE_NO_QUORUM");
  vi.advanceTimersByTime(200);
  expect(wires).toHaveLength(waits.length + 2);
});

test("a live stream that the server ends is a lost connection", () => {
  follow({ live: true });
  wire(0).emit("end");
  expect(errors).toStrictEqual(["QUORATE_DISCONNECTED retry"]);
});

test("not live: it is over after the newest", async () => {
  const stream = follow({ live: false });
  wire(0).send("1.0");
  wire(0).emit("end");
  await stream.ended;
  expect([seen, errors, wires.length]).toStrictEqual([["1.0"], [], 1]);
});

test("not live: a break is not repaired, for the caller would not know", async () => {
  const stream = follow({ live: false });
  wire(0).fail("QUORATE_DISCONNECTED");
  await stream.ended;
  expect(errors).toStrictEqual(["QUORATE_DISCONNECTED over"]);
});

test("an event that cannot be read ends the stream: it must not be passed over", async () => {
  const stream = follow({ live: true });
  wire(0).emit("data", { event: null });
  wire(0).send("9.0");
  await stream.ended;
  vi.advanceTimersByTime(60_000);
  expect([seen, errors, wires.length, wire(0).cancelled]).toStrictEqual([[], ["QUORATE_WIRE_INVALID over"], 1, true]);
});

test("an error and the end that follows it count once", () => {
  follow({ live: true });
  wire(0).fail("QUORATE_DISCONNECTED");
  wire(0).emit("end");
  vi.advanceTimersByTime(200);
  expect([errors.length, wires.length]).toStrictEqual([1, 2]);
});

test.each(["open", "waiting"])("after close nothing comes any more (%s)", async (when) => {
  const stream = follow({ live: true });
  if (when === "waiting") wire(0).fail("QUORATE_DISCONNECTED");
  stream.close();
  wire(0).send("1.0");
  wire(0).fail("QUORATE_DISCONNECTED");
  vi.advanceTimersByTime(60_000);
  await stream.ended;
  expect([seen, wires.length, errors.length]).toStrictEqual([[], 1, when === "waiting" ? 1 : 0]);
});

function eventOf(id: string): ClusterEvent {
  const [index = 0, ordinal = 0] = id.split(".").map(Number);
  return { index, ordinal, type: "node.lost", severity: "info", atMs: 1, node: null, resource: null, message: "", data: {} };
}
