/** Where capacity counts, what leaves a node leaves before anything new comes (3-actions I4, U22). */
import { actionKey, blankAction } from "../actions/action-table.ts";
import type { PlannedAction } from "../model/action.ts";
import { ORDER } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { storeOrdering } from "./stored-orderings.ts";

/** Through one point per node, at which all that was to leave has left. */
export function orderByLoad(cluster: Cluster, resource: Resource): void {
  if (cluster.options.placement === "default" || resource.utilization.size === 0) return;
  for (const node of resource.runningOn) {
    storeOrdering(cluster, { resource, key: actionKey(resource, "stop", 0) }, loadStopped(cluster, node), ORDER.load);
  }
  for (const node of cluster.nodes) {
    if (!resource.scores.has(node.index)) continue;
    const left = loadStopped(cluster, node);
    for (const task of ["start", "migrate_to"]) storeOrdering(cluster, left, { resource, key: actionKey(resource, task, 0) }, ORDER.load);
  }
}

function loadStopped(cluster: Cluster, node: Node): PlannedAction {
  const key = `load_stopped_${node.name}`;
  const existing = cluster.actions.withKey(null, key)[0];
  if (existing !== undefined) return existing;
  const action = cluster.actions.add(blankAction(cluster, { resource: null, node, task: "load_stopped", key, optional: false }));
  action.pseudo = true;
  return action;
}
