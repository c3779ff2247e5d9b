import { expect, test } from "vitest";
import { meansActive, ocfCodeOfLsb, ocfExitName } from "./exit-code.ts";
import { exitReason } from "./exit-reason.ts";

test.each([[0, "ok"], [2, "invalid parameter"], [5, "not installed"], [6, "not configured"], [7, "not running"], [8, "promoted"], [191, "promoted (degraded)"], [77, "unknown (77)"]])(
  "code %i is called %s",
  (code, name) => expect(ocfExitName(code)).toBe(name),
);

test("active are those that run, in any role and health", () => {
  expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 190, 191].filter(meansActive)).toEqual([0, 8, 190, 191]);
});

test.each([
  { action: "status", codes: [0, 1, 2, 3, 4, 150], want: [0, 1, 1, 7, 4, 1] },
  { action: "start", codes: [0, 1, 2, 3, 4, 5, 6, 7, 150], want: [0, 1, 2, 3, 4, 5, 6, 7, 1] },
])("init script codes of $action", ({ action, codes, want }) => expect(codes.map((code) => ocfCodeOfLsb(action, code))).toEqual(want));

test.each([
  { stderr: "", want: "" },
  { stderr: "noise\nocf-exit-reason: no device \nmore", want: "no device" },
  { stderr: "ocf-exit-reason:first\nocf-exit-reason:last", want: "last" },
  { stderr: "said ocf-exit-reason:not at the start", want: "" },
  { stderr: `ocf-exit-reason:${"x".repeat(600)}`, want: "x".repeat(512) },
])("the reason is in the last line of its kind: $want.length characters", ({ stderr, want }) => expect(exitReason(stderr)).toBe(want));
