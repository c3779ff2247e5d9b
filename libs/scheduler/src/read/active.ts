/** A resource found active on a node (1-state F11). */
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { requiresFencing } from "../model/resource.ts";
import { INFINITY } from "../model/score.ts";
import { addNodeScore, ban, banEverywhere } from "./resources.ts";

export function addActive(cluster: Cluster, resource: Resource, node: Node): void {
  if (resource.runningOn.includes(node)) return;
  resource.runningOn.push(node);
  if (resource.kind === "primitive" && node.maintenance) resource.managed = false;
  if (!resource.managed) {
    addNodeScore(cluster, resource, node.index, { source: "unmanaged", id: "", score: INFINITY, text: "it runs there and is not managed" });
    for (let at = resource.parent; at !== null && node.online; at = at.parent) if (!at.runningOn.includes(node)) at.runningOn.push(node);
    return;
  }
  if (resource.kind === "primitive" && isMultiplyActive(resource)) reactToMultiple(cluster, resource);
  if (resource.parent !== null) addActive(cluster, resource.parent, node);
}

/** Counting only clean nodes that are there, unless fencing has to make sure. */
export function isMultiplyActive(resource: Resource): boolean {
  const counted = requiresFencing(resource) ? resource.runningOn : resource.runningOn.filter((node) => node.online && !node.unclean);
  return counted.length > 1;
}

function reactToMultiple(cluster: Cluster, resource: Resource): void {
  if (resource.settings.multipleActive === "stop_only") banEverywhere(cluster, resource, ban("node-state", "it is active on several nodes and multiple-active is stop_only"));
  if (resource.settings.multipleActive !== "block") return;
  block(resource);
  const group = resource.parent;
  if (group?.kind === "group" && group.settings.multipleActive === "block") {
    block(group);
    group.children.forEach(block);
  }
}

function block(resource: Resource): void {
  resource.managed = false;
  resource.blocked = true;
}
