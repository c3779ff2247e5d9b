/** Node List: what crm_mon shows of nodes. Those in a state worth a line come first, then lists of the others. */
import type { NodeStatus, PendingNode } from "@quorate/wire";
import { bullet, bulletList } from "./layout.ts";

/** As much of a node as is shown. `kind`: full nodes are members. */
export type NodeView = Pick<NodeStatus, "name" | "state" | "resourceCount"> & { readonly kind?: "member" | "remote" | "guest" };

const PREFIX = { member: "", remote: "Remote", guest: "Guest" } as const;

export function renderNodes(nodes: readonly NodeView[], options: { readonly depth: number; readonly pendingNodes?: readonly PendingNode[] }): string[] {
  const { depth, pendingNodes = [] } = options;
  const kindOf = (node: NodeView): keyof typeof PREFIX => node.kind ?? "member";
  const lines = nodes
    .filter(({ state }) => state !== "online" && state !== "OFFLINE")
    .flatMap((node) => bullet(depth, `${PREFIX[kindOf(node)]}Node ${node.name}: ${stateText(node, pendingNodes)}`));
  for (const kind of ["member", "remote", "guest"] as const) {
    for (const [state, label] of [["online", "Online"], ["OFFLINE", "OFFLINE"]] as const) {
      const names = nodes.filter((node) => kindOf(node) === kind && node.state === state).map(({ name }) => name);
      if (names.length > 0) lines.push(...bulletList(depth, `${PREFIX[kind]}${label}`, names));
    }
  }
  return lines;
}

function stateText({ name, state, resourceCount }: NodeView, pendingNodes: readonly PendingNode[]): string {
  const awaited = pendingNodes.find(({ node }) => node === name);
  if (awaited !== undefined) return `${state} (not seen yet; counts as lost in ${awaited.secondsLeft} s)`;
  return state.startsWith("standby") && resourceCount > 0 ? `${state} (with active resources)` : state;
}
