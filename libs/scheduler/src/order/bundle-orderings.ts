/** Orderings that a bundle brings with it: around its containers, and with the clone of what runs inside (3-actions I19 to I22). */
import { actionKey } from "../actions/action-table.ts";
import { ORDER } from "../model/action.ts";
import type { BundleSettings, Replica } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Resource } from "../model/resource.ts";
import { storeOrdering } from "./stored-orderings.ts";

const { optional, impliesFirst, runnableLeft, printFirst, printThen, keep } = ORDER;

type End = readonly [resource: Resource, task: string];

function order(cluster: Cluster, [first, firstTask]: End, [next, nextTask]: End, flags: number): void {
  storeOrdering(cluster, { resource: first, key: actionKey(first, firstTask, 0) }, { resource: next, key: actionKey(next, nextTask, 0) }, flags);
}

/** `orderParts`: for what stands in it, which has orderings of its own. */
export function orderBundle(cluster: Cluster, bundle: Resource, { inner, replicas }: BundleSettings, orderParts: (part: Resource) => void): void {
  if (inner !== null) {
    order(cluster, [bundle, "start"], [inner, "start"], printFirst);
    order(cluster, [bundle, "stop"], [inner, "stop"], printFirst);
    order(cluster, [inner, "start"], [bundle, "running"], printThen);
    order(cluster, [inner, "stop"], [bundle, "stopped"], printThen);
  }
  for (const replica of replicas) orderReplica(cluster, bundle, replica, orderParts);
  if (inner === null) return;
  orderParts(inner);
  if (inner.clone?.promotable === true) orderRoles(cluster, bundle, inner);
}

function orderReplica(cluster: Cluster, bundle: Resource, { container, address, connection, inside }: Replica, orderParts: (part: Resource) => void): void {
  orderParts(container);
  order(cluster, [bundle, "start"], [container, "start"], runnableLeft | printFirst);
  if (inside !== null) order(cluster, [bundle, "stop"], [inside, "stop"], printFirst);
  order(cluster, [bundle, "stop"], [container, "stop"], printFirst);
  order(cluster, [container, "start"], [bundle, "running"], printThen);
  order(cluster, [container, "stop"], [bundle, "stopped"], printThen);
  if (address !== null) {
    orderParts(address);
    order(cluster, [address, "start"], [container, "start"], runnableLeft | keep);
    order(cluster, [container, "stop"], [address, "stop"], impliesFirst | keep);
  }
  if (connection !== null) orderParts(connection);
}

/** Stops and demotions come first, then starts, then promotions. */
function orderRoles(cluster: Cluster, bundle: Resource, inner: Resource): void {
  for (const [first, next] of [
    ["stopped", "start"], ["stopped", "promote"], ["demoted", "stop"], ["demoted", "start"], ["demoted", "promote"], ["running", "promote"], ["demote", "demoted"],
  ] as const) order(cluster, [bundle, first], [bundle, next], optional);
  order(cluster, [bundle, "promote"], [inner, "promote"], printFirst);
  order(cluster, [inner, "promote"], [bundle, "promoted"], printThen);
  order(cluster, [bundle, "demote"], [inner, "demote"], printFirst);
  order(cluster, [inner, "demote"], [bundle, "demoted"], printThen);
}
