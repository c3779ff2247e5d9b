/**
 * Which side should survive when a cluster splits (option `priority-fencing-delay`): the fencing of the node that runs what
 * matters most is delayed, so that it may fence the others first (1-state D8, 3-actions N17).
 */
import type { PlannedAction } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { addScores } from "../model/score.ts";
import type { Role } from "../types.ts";

/** Something is found active on a node without a failure; what is promoted counts a little more. What a guest runs counts for its hosts too. */
export function addNodePriority(cluster: Cluster, node: Node, resource: Resource, role: Role): void {
  const { priority } = resource.settings;
  if (cluster.options.priorityFencingDelayMs === 0 || priority === 0) return;
  const hosts = node.kind === "guest" ? (node.connection?.container?.runningOn ?? []) : [];
  for (const one of [node, ...hosts]) {
    cluster.nodePriorities.set(one, addScores(cluster.nodePriorities.get(one) ?? 0, priority + (role === "Promoted" ? 1 : 0)));
  }
}

/** Only a member that was lost can be on the other side of a split; every other fencing is done at once. */
export function delayByPriority(cluster: Cluster, fence: PlannedAction, node: Node): void {
  const { priorityFencingDelayMs: delayMs } = cluster.options;
  if (delayMs === 0 || node.fenceReason !== "peer is no longer part of the cluster") return;
  fence.extraMeta.set("priority_fencing_delay", String(isDelayed(cluster, node) ? delayMs / 1000 : 0));
}

function isDelayed(cluster: Cluster, node: Node): boolean {
  const members = cluster.nodes.filter((one) => one.kind === "member");
  if (node.kind !== "member" || node.online || members.filter((one) => one.online).length * 2 > members.length) return false;
  const priorities = members.map((one) => cluster.nodePriorities.get(one) ?? 0);
  const highest = Math.max(...priorities);
  return Math.min(...priorities) < highest && (cluster.nodePriorities.get(node) ?? 0) === highest;
}
