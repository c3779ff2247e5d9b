/** The scheduler's view of a cluster in the form that the status renderers take. */
import type { ClusterState, NodeState, ResourceState, ResourceTree } from "@quorate/scheduler";
import type { NodeView } from "../render/render-nodes.ts";
import type { ResourceView } from "../render/render-resources.ts";

/** Sorted by name. */
export function nodeViews(state: ClusterState): (NodeView & { readonly unclean: boolean })[] {
  return state.nodes
    .map((node) => ({
      name: node.name, kind: node.kind, unclean: node.unclean, state: stateWords(node),
      resourceCount: state.resources.filter(({ runningOn }) => runningOn.includes(node.name)).length,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function stateWords(node: NodeState): string {
  if (node.unclean) return node.online ? "UNCLEAN (online)" : node.pending ? "UNCLEAN (pending)" : "UNCLEAN (offline)";
  if (node.pending) return "pending";
  if (node.standbyOnFail && node.online) return "standby (on-fail)";
  if (node.standby) return node.online ? "standby" : "OFFLINE (standby)";
  if (node.maintenance) return node.online ? "maintenance" : "OFFLINE (maintenance)";
  if (!node.online) return "OFFLINE";
  return node.health === "green" ? "online" : `online (health is ${node.health.toUpperCase()})`;
}

/** In CIB order. */
export function resourceViews(state: ClusterState): ResourceView[] {
  const byId = new Map(state.resources.map((resource) => [resource.id, resource]));
  return state.tree.map((tree) => resourceView(tree, byId));
}

function resourceView(tree: ResourceTree, byId: ReadonlyMap<string, ResourceState>): ResourceView {
  const own = byId.get(tree.id);
  if (tree.kind === "primitive" && own !== undefined) return primitiveView(own);
  const inner = tree.children.map((one) => resourceView(one, byId));
  const nodes = [...new Set(inner.flatMap((one) => one.nodes))].sort();
  const role = (["Promoted", "Unpromoted", "Started", "Stopped"] as const).find((one) => inner.some((view) => view.role === one)) ?? "Unknown";
  return {
    id: tree.id, kind: tree.kind, promotable: tree.promotable, agent: null, role, nodes, children: inner, pendingTask: null,
    failed: inner.some(({ failed }) => failed), blocked: inner.some(({ blocked }) => blocked), orphan: inner.some(({ orphan }) => orphan),
    unmanaged: inner.length > 0 && inner.every(({ unmanaged }) => unmanaged), disabled: inner.length > 0 && inner.every(({ disabled }) => disabled),
    ...(tree.kind === "clone" ? { unique: leavesOf(tree).some((id) => byId.get(id)?.anonymous === false) } : {}),
  };
}

function leavesOf(tree: ResourceTree): string[] {
  return tree.kind === "primitive" ? [tree.id] : tree.children.flatMap(leavesOf);
}

function primitiveView(own: ResourceState): ResourceView {
  return {
    id: own.id, kind: "primitive", promotable: false, agent: own.agent, role: own.role, nodes: own.runningOn.toSorted(), failed: own.failed,
    blocked: own.blocked, unmanaged: !own.managed, disabled: own.disabled, orphan: own.orphan, pendingTask: own.pendingTask, children: [],
  };
}
