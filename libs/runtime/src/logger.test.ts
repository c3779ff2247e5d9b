import { QuorateError } from "@quorate/core";
import { expect, test } from "vitest";
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
