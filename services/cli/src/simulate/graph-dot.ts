/** A transition graph as DOT text, for graphviz. Pseudo actions are orange, as users of crm_simulate know them. Pure. */
import type { Graph } from "@quorate/transition";
import { actionName } from "./graph-names.ts";

/** Ends with a line feed. Two actions of one name (they are rare) keep apart by their number. */
export function graphDot(graph: Graph): string {
  const names = uniqueNames(graph);
  const nodes = graph.actions.map(({ id, kind }) => `${quoted(names[id] ?? "")} [ style=bold color="green" fontcolor="${kind === "pseudo" ? "orange" : "black"}"]`);
  const edges = graph.actions.flatMap(({ id, after }) => after.map((first) => `${quoted(names[first] ?? "")} -> ${quoted(names[id] ?? "")} [ style = bold]`));
  return ['digraph "g" {', ...nodes.sort(), ...edges.sort(), "}", ""].join("\n");
}

function uniqueNames(graph: Graph): readonly string[] {
  const used = new Set<string>();
  return graph.actions.map((action) => {
    const name = actionName(action);
    const unique = used.has(name) ? `${name} #${action.id}` : name;
    used.add(unique);
    return unique;
  });
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
