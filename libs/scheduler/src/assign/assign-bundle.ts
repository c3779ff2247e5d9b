/** The replicas of a bundle over the nodes, and what runs inside them (2-assignment H5). */
import { addThisWith } from "../constraints/colocation.ts";
import type { Replica } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import { isRemote } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { INFINITY } from "../model/score.ts";
import type { Assign } from "./assign-clone.ts";
import { distribute } from "./assign-clone.ts";
import { thresholdReached } from "./criteria.ts";
import { sortInstances } from "./instance-order.ts";

/** Containers like instances of a clone; next, replica by replica, what belongs to each; at last the clone of what runs inside. */
export function assignBundle(cluster: Cluster, bundle: Resource, assign: Assign): null {
  const settings = bundle.bundle;
  if (settings === null || !bundle.provisional || bundle.assigning) return null;
  bundle.assigning = true;
  const containers = sortInstances(cluster, bundle, settings.replicas.map(({ container }) => container));
  distribute(cluster, bundle, { instances: containers, max: settings.max, perNode: settings.perHost, assign });
  for (const replica of settings.replicas) assignReplica(cluster, replica, assign);
  if (settings.inner !== null) assignInner(cluster, settings.inner, settings.replicas, assign);
  bundle.provisional = false;
  bundle.assigning = false;
  return null;
}

function assignReplica(cluster: Cluster, { container, address, connection, inside, node }: Replica, assign: Assign): void {
  if (address !== null) assign(cluster, address, null);
  if (connection !== null) {
    if (container.assigned !== null && isRemote(container.assigned)) goWithHost(connection, container.assigned);
    assign(cluster, connection, null);
  }
  if (inside === null || inside.parent === null || node === null) return;
  for (const index of inside.scores.listed()) {
    if (index !== node.index) inside.scores.set(index, -INFINITY);
    else if (thresholdReached(cluster, inside, node) === null) inside.scores.set(index, INFINITY);
  }
  // Not by way of the clone: that comes when all are placed
  inside.parent.assigning = true;
  assign(cluster, inside, node);
  inside.parent.assigning = false;
}

/** The container is on a remote node: whoever speaks to that node can speak to what is inside. */
function goWithHost(connection: Resource, host: Node): void {
  if (host.connection === null) return;
  addThisWith(connection, {
    id: connection.id, score: INFINITY, dependent: connection, primary: host.connection, dependentRole: "Unknown", primaryRole: "Unknown",
    attribute: "#uname", influence: true,
  });
}

function assignInner(cluster: Cluster, inner: Resource, replicas: readonly Replica[], assign: Assign): void {
  const own = new Set(replicas.map(({ node }) => node));
  for (const index of inner.scores.listed()) inner.scores.set(index, own.has(cluster.nodeByIndex[index] ?? null) ? 0 : -INFINITY);
  assign(cluster, inner, null);
}
