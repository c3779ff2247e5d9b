/** What remote and guest nodes mean for assignment: who may not be there, what goes with its container, and when a node comes up. */
import { addColocation } from "../constraints/colocation.ts";
import type { Cluster } from "../model/cluster.ts";
import { isRemote } from "../model/node.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { guestOf, isFenceDevice } from "../model/resource.ts";
import { INFINITY } from "../model/score.ts";
import { ban } from "../read/resources.ts";

/** Bans and colocations that connections and containers bring with them; managed primitives only (2-assignment C13, D12). */
export function addContainerCriteria(cluster: Cluster, resource: Resource): void {
  if (!resource.managed) return;
  if (resource.container !== null && resource.remoteNode?.inBundle !== true) stayWithContainer(cluster, resource, resource.container);
  if (resource.remoteNode !== null) banFrom(cluster, resource, isRemote, "a connection is never put on a remote node");
  else if (isFenceDevice(resource)) banFrom(cluster, resource, isRemote, "fence devices are never put on remote nodes");
  if (guestOf(resource)?.inBundle === false) banFrom(cluster, resource, isRemote, "what holds a guest node is never put on a remote node");
}

/** A container that is, or holds, a remote node is where the resource runs; any other only goes along with it. */
function stayWithContainer(cluster: Cluster, resource: Resource, container: Resource): void {
  const inside = container.remoteNode ?? guestOf(container);
  if (inside !== null && resource.remoteNode === null) {
    banFrom(cluster, resource, (node) => node !== inside, `it runs inside of ${container.id}`);
    return;
  }
  addColocation(cluster, {
    id: container.id, score: INFINITY, dependent: resource, primary: container, dependentRole: "Unknown", primaryRole: "Unknown",
    attribute: "#uname", influence: true,
  });
}

function banFrom(cluster: Cluster, resource: Resource, isBanned: (node: Node) => boolean, text: string): void {
  for (const node of cluster.nodes) {
    if (!isBanned(node) || !resource.scores.has(node.index)) continue;
    resource.scores.set(node.index, -INFINITY);
    resource.terms.push({ node: node.index, ...ban("container", text) });
  }
}

/** Connections come before all others: what follows has to know which nodes will be there (2-assignment B9). */
export function connectionsFirst(cluster: Cluster, resources: readonly Resource[]): readonly Resource[] {
  if (!cluster.nodes.some(isRemote)) return resources;
  return [...resources.filter((resource) => resource.remoteNode !== null), ...resources.filter((resource) => resource.remoteNode === null)];
}

/** A connection has its place, so its node will be there; or it has none, and the node leaves (2-assignment H3). */
export function settleRemoteNode(connection: Resource): void {
  const node = connection.remoteNode;
  if (node === null) return;
  if (connection.assigned !== null && connection.nextRole !== "Stopped") {
    node.online = true;
    if (node.unseen) node.unclean = false;
  } else {
    node.shutdown = true;
  }
}

/** Offline guests may be chosen: they come up with their container. */
export function mayBeChosen(resource: Resource, node: Node, available: boolean): boolean {
  return resource.scores.get(node.index) >= 0 && (available || node.kind === "guest");
}
