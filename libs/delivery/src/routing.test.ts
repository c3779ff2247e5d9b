import type { ClusterEvent, EventSeverity } from "@quorate/core";
import { expect, test } from "vitest";
import { matchesPattern, wants } from "./routing.ts";

test.each([
  { pattern: "*", type: "node.lost", want: true },
  { pattern: "node.*", type: "node.lost", want: true },
  { pattern: "node.*", type: "node.", want: true },
  { pattern: "node.*", type: "nodes.lost", want: false },
  { pattern: "node.lost", type: "node.lost", want: true },
  { pattern: "node.lost", type: "node.lost-again", want: false },
  { pattern: "*.failed", type: "fencing.failed", want: true },
  { pattern: "*.failed", type: "fencing.failed-again", want: false },
  { pattern: "group.*-completed", type: "group.failover-completed", want: true },
  { pattern: "a*a", type: "a", want: false },
  { pattern: "a*b*c", type: "a-b-b-c", want: true },
  { pattern: "a*b*c", type: "a-c-b", want: false },
  { pattern: "**", type: "x", want: true },
  { pattern: "node?lost", type: "node.lost", want: false },
])("$pattern and $type: $want", ({ pattern, type, want }) => expect(matchesPattern(pattern, type)).toBe(want));

test.each([
  { severityMin: "info", severity: "info", want: true },
  { severityMin: "warning", severity: "info", want: false },
  { severityMin: "error", severity: "critical", want: true },
] as const)("a sink from $severityMin on and an event of $severity: $want", ({ severityMin, severity, want }) => {
  expect(wants({ name: "s", match: ["cib.*", "node.*"], severityMin }, event(severity))).toBe(want);
});

function event(severity: EventSeverity): ClusterEvent {
  return { index: 1, ordinal: 0, type: "node.lost", severity, atMs: 0, node: null, resource: null, message: "", data: {} };
}
