/** What one node may do of a graph when it acts alone, without quorum (ARCHITECTURE D6). */
import type { NodeName } from "@quorate/core";
import type { Action, ActionId, Graph } from "./graph.ts";

const ALONE = new Set(["stop", "demote", "cancel"]);

/**
 * Keeps this node's own stop, demote and cancel actions and the order among them (taken through what is left out).
 * Everything else of the graph is dropped: other nodes cannot be commanded, and nothing starts without quorum.
 */
export function restrictToNode(graph: Graph, node: NodeName): Graph {
  const kept = graph.actions.filter((action) => action.kind === "rsc" && action.node === node && ALONE.has(action.task));
  const newId = new Map<ActionId, ActionId>(kept.map(({ id }, index) => [id, index]));
  const actions = kept.map((action, index): Action => {
    const after = new Set<ActionId>();
    collectKeptBefore(graph, action, { newId, after, seen: new Set() });
    return { ...action, id: index, after: [...after].sort((a, b) => a - b) };
  });
  return { ...graph, actions };
}

function collectKeptBefore(
  graph: Graph,
  action: Action,
  walk: { readonly newId: ReadonlyMap<ActionId, ActionId>; readonly after: Set<ActionId>; readonly seen: Set<ActionId> },
): void {
  for (const id of action.after) {
    if (walk.seen.has(id)) continue;
    walk.seen.add(id);
    const kept = walk.newId.get(id);
    if (kept === undefined) collectKeptBefore(graph, graph.actions[id]!, walk);
    else walk.after.add(kept);
  }
}
