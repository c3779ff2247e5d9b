/** The equality relation of the kit, level by level (see its README). */
import type { KitDecision, KitStatus } from "./kit-format.ts";

export const LEVELS = ["before", "fencing", "plan", "after", "acts", "order"] as const;
export type Level = (typeof LEVELS)[number];

export interface ExpectedCase extends KitDecision {
  readonly id: string;
  readonly tier?: number;
  readonly now: string;
  readonly args?: readonly string[];
  readonly error?: unknown;
}

export function compareCase(expected: KitDecision, actual: KitDecision): Record<Level, boolean> {
  const want = viewsOf(expected), have = viewsOf(actual);
  const same = Object.fromEntries(LEVELS.map((level) => [level, JSON.stringify(want[level]) === JSON.stringify(have[level])])) as Record<Level, boolean>;
  if (want.order === null) same.order = true;
  return same;
}

/** What each level looks at, as sorted lines. */
export function viewsOf(decision: KitDecision): Record<Level, readonly string[] | null> {
  const actions = decision.graph.actions;
  const names = actions.map((action) => JSON.stringify([
    action["kind"], action["key"], action["node"] ?? null, action["op"] ?? null, action["interval"] ?? 0, action["targetRc"] ?? 0,
  ]));
  const dangling = ((decision.graph as { dangling?: readonly unknown[] }).dangling ?? []).length > 0;
  return {
    before: [...nodeLines(decision.before), ...resourceLines(decision.before)],
    fencing: decision.fencing.map(({ node, op }) => `${node} ${op}`).toSorted(),
    plan: decision.actions.map((action) => JSON.stringify([
      action["task"], action["resource"], action["from"] ?? null, action["to"] ?? null, action["role"] ?? null, action["nextRole"] ?? null, action["blocked"] === true,
    ])).toSorted(),
    after: resourceLines(decision.after),
    acts: names.filter((_, index) => actions[index]?.["kind"] !== "pseudo").toSorted(),
    order: dangling ? null : (decision.graph.order ?? []).map(([a, b]) => `${names[a] ?? ""} -> ${names[b] ?? ""}`).toSorted(),
  };
}

function nodeLines(status: KitStatus): string[] {
  return Object.entries(status.nodes).map(([name, node]) => `${name}: ${[...(node.flags ?? [])].toSorted().join(" ")}`).toSorted();
}

function resourceLines(status: KitStatus): string[] {
  return Object.entries(status.resources)
    .map(([id, instances]) => `${id}: ${instances.filter((one) => one.node !== null && one.node !== undefined).map((one) => `${one.node} ${one.role}`).toSorted().join(", ")}`)
    .toSorted();
}
