/** Who does what is done on a remote or guest node, and which nodes an action takes down (3-actions Q6, G10). */
import type { NodeName } from "@quorate/core";
import type { PlannedAction } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import { compareNodeNames, isRemote } from "../model/node.ts";
import { currentNode } from "../model/resource.ts";

/** Done while the connection is still where it was. */
const BEFORE_THE_MOVE: ReadonlySet<string> = new Set(["cancel", "stop", "demote", "migrate_to", "migrate_from"]);

/** The cluster node that holds the connection when the action is due; null when the node is no remote one. */
export function routerOf(action: PlannedAction): NodeName | null {
  const connection = action.node !== null && isRemote(action.node) ? action.node.connection : null;
  if (connection === null || action.task === "stonith") return null;
  const from = currentNode(connection), to = connection.assigned;
  if (from === null || to === null || from === to) return (from ?? to)?.name ?? null;
  // The old place may be lost; then the connection is established anew first, whatever is done
  if (!from.online || from.unclean) return to.name;
  const task = action.notification?.task ?? action.task;
  const stays = BEFORE_THE_MOVE.has(task) && connection.partialMigration === null;
  return (stays ? from : to).name;
}

/** A fenced node takes its guests along; a connection that ends takes its node, unless it goes on elsewhere. */
export function downedBy(cluster: Cluster, action: PlannedAction): readonly NodeName[] {
  const { node, resource } = action;
  if (node === null) return [];
  if (action.task === "stonith" && action.extraMeta.get("stonith_action") !== "on") {
    const guests = cluster.nodes.filter((one) => one.kind === "guest" && one.connection?.container?.runningOn.includes(node) === true);
    return [node, ...guests].map((one) => one.name).toSorted(compareNodeNames);
  }
  if (action.task === "do_shutdown") return [node.name];
  if (action.task !== "stop" || action.pseudo || resource?.remoteNode == null) return [];
  const goesOn = action.inputs.some(({ first }) => first.resource === resource && first.task === "migrate_from");
  return goesOn ? [] : [resource.remoteNode.name];
}
