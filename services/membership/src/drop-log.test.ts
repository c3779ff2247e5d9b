import { type Logger, silentLogger } from "@quorate/runtime";
import { expect, test } from "vitest";
import { DropLog } from "./drop-log.ts";

test("a flood of packets makes one line a second, with counts since the start", () => {
  const lines: unknown[] = [];
  const log: Logger = { ...silentLogger, warn: (fields) => void lines.push(fields) };
  const drops = new DropLog(log);
  drops.flush(0);
  for (let nowMs = 0; nowMs < 3_000; nowMs += 20) {
    for (let n = 0; n < 10; n += 1) drops.count("nats", n === 0 ? "size" : "signature");
    drops.flush(nowMs);
  }
  for (let nowMs = 3_000; nowMs < 9_000; nowMs += 20) drops.flush(nowMs);
  expect(lines).toEqual([
    { fresh: 10, total: 10, counts: { "nats size": 1, "nats signature": 9 } },
    { fresh: 500, total: 510, counts: { "nats size": 51, "nats signature": 459 } },
    { fresh: 500, total: 1_010, counts: { "nats size": 101, "nats signature": 909 } },
    { fresh: 490, total: 1_500, counts: { "nats size": 150, "nats signature": 1_350 } },
  ]);
});
