/** A decision in lines that can be kept and compared: what is fenced, done, put where, and in which order. Pure. */
import type { Decision } from "./types.ts";

export interface DecisionOutline {
  readonly fencing: readonly string[];
  /** What people see of it. */
  readonly actions: readonly string[];
  readonly places: readonly string[];
  /** One line per action of the graph, with what it waits for; without parameters, which may be secret. */
  readonly graph: readonly string[];
  readonly warnings: readonly string[];
}

export function outlineOf({ fencing, actions, assignments, graph, warnings }: Decision): DecisionOutline {
  const names = graph.actions.map(({ key, node, kind }) => `${kind === "fence" ? "fence " : ""}${key}${node === null ? "" : ` on ${node}`}`);
  return {
    fencing: fencing.map(({ op, node, reason }) => `${op} ${node}: ${reason}`),
    actions: actions.map(({ task, resource, from, to, role, nextRole, blocked }) =>
      `${task} ${resource} ${from === to || from === null || to === null ? (to ?? from ?? "") : `${from} -> ${to}`}${nextRole === null ? "" : ` ${role ?? ""} -> ${nextRole}`}${blocked ? " blocked" : ""}`),
    places: assignments.map(({ resource, to, role }) => `${resource}: ${to === null ? "nowhere" : `${to} (${role})`}`),
    graph: graph.actions.map(({ id, after }) => `${names[id] ?? ""}${after.length === 0 ? "" : ` after ${after.map((first) => names[first] ?? "").toSorted().join(", ")}`}`),
    warnings,
  };
}

export interface OutlineDifference {
  readonly part: keyof DecisionOutline;
  /** In the first only. */
  readonly gone: readonly string[];
  /** In the second only. */
  readonly come: readonly string[];
}

/** Parts that differ; empty when both say the same. The order of lines means nothing. */
export function compareOutlines(first: DecisionOutline, second: DecisionOutline): OutlineDifference[] {
  return (["fencing", "actions", "places", "graph", "warnings"] as const).flatMap((part) => {
    const gone = without(first[part], second[part]), come = without(second[part], first[part]);
    return gone.length === 0 && come.length === 0 ? [] : [{ part, gone, come }];
  });
}

/** As often as it stands more often here than there. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
