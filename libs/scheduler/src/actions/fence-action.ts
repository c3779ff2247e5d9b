/** The fencing of one node as an action: made when something first refers to it, required only once it is decided (3-actions N3). */
import type { PlannedAction } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import { blankAction } from "./action-table.ts";

export function fenceAction(cluster: Cluster, node: Node, operation: "off" | "reboot" | "on"): PlannedAction {
  const key = `stonith-${node.name}-${operation}`;
  const known = cluster.actions.withKey(null, key)[0];
  if (known !== undefined) return known;
  const fence = cluster.actions.add(blankAction(cluster, { resource: null, node, task: "stonith", key, optional: true }));
  fence.extraMeta.set("stonith_action", operation);
  return fence;
}
