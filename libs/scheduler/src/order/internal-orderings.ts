/** Orderings that resources bring with them (3-actions I1 to I18). */
import { actionKey } from "../actions/action-table.ts";
import { orderAroundUnfencing } from "../actions/unfencing.ts";
import { ORDER } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Resource } from "../model/resource.ts";
import { cloneOf, guestOf } from "../model/resource.ts";
import { rank } from "../model/role.ts";
import { orderBundle } from "./bundle-orderings.ts";
import { orderByLoad } from "./load-orderings.ts";
import { isPromotableGroup, orderCloneRoles, orderMemberRoles, orderNeighbourRoles } from "./role-orderings.ts";
import { storeOrdering } from "./stored-orderings.ts";

const { optional, impliesThen, impliesFirst, runnableLeft, restart, printFirst, printThen, promotedImpliesFirst, sameNode, cancelsFirst } = ORDER;

export function addInternalOrderings(cluster: Cluster, resource: Resource): void {
  switch (resource.kind) {
    case "primitive": orderPrimitive(cluster, resource); return;
    case "group": orderGroup(cluster, resource); return;
    case "clone": orderClone(cluster, resource); return;
    case "bundle": if (resource.bundle !== null) orderBundle(cluster, resource, resource.bundle, (part) => addInternalOrderings(cluster, part)); return;
  }
}

function order(cluster: Cluster, [first, firstTask]: readonly [Resource, string], [next, nextTask]: readonly [Resource, string], flags: number): void {
  storeOrdering(cluster, { resource: first, key: actionKey(first, firstTask, 0) }, { resource: next, key: actionKey(next, nextTask, 0) }, flags);
}

function orderPrimitive(cluster: Cluster, resource: Resource): void {
  if (!resource.managed) return;
  order(cluster, [resource, "stop"], [resource, "start"], optional | impliesThen | restart);
  if (cloneOf(resource)?.clone?.promotable === true || rank(resource.role) > rank("Unpromoted")) {
    order(cluster, [resource, "demote"], [resource, "stop"], promotedImpliesFirst);
    order(cluster, [resource, "start"], [resource, "promote"], runnableLeft);
  }
  order(cluster, [resource, "delete"], [resource, "monitor"], sameNode | cancelsFirst);
  orderAroundUnfencing(cluster, resource);
  if (cluster.options.shutdownLock) order(cluster, [resource, "lrm_delete"], [resource, "monitor"], sameNode | cancelsFirst);
  orderWithContainer(cluster, resource);
  orderByLoad(cluster, resource);
}

/** It starts inside of its container, and stops before that. What is put on a guest node is ordered by the connection. */
function orderWithContainer(cluster: Cluster, resource: Resource): void {
  const { container, remoteNode } = resource;
  if (container === null || (remoteNode === null && (container.remoteNode ?? guestOf(container)) !== null)) return;
  order(cluster, [container, "start"], [resource, "start"], impliesThen | runnableLeft);
  order(cluster, [resource, "stop"], [container, "stop"], impliesFirst);
  if (remoteNode !== null) order(cluster, [container, "monitor"], [resource, "stop"], optional);
}

function orderGroup(cluster: Cluster, group: Resource): void {
  order(cluster, [group, "stop"], [group, "stopped"], runnableLeft);
  order(cluster, [group, "start"], [group, "running"], runnableLeft);
  order(cluster, [group, "stopped"], [group, "start"], optional);
  const ordered = group.group?.ordered === true, promotable = isPromotableGroup(group);
  let previous: Resource | null = null, lastActive: Resource | null = null;
  for (const member of group.children) {
    addInternalOrderings(cluster, member);
    const first = ordered && previous === null;
    if (promotable) orderMemberRoles(cluster, group, member, first);
    order(cluster, [group, "stop"], [member, "stop"], first ? printFirst | optional : printFirst);
    order(cluster, [member, "stop"], [group, "stopped"], first ? impliesThen : printThen);
    order(cluster, [group, "start"], [member, "start"], printFirst);
    order(cluster, [member, "start"], [group, "running"], runnableLeft | impliesThen | printThen);
    if (ordered && previous !== null) orderNeighbours(cluster, previous, member, lastActive);
    if (ordered && promotable && previous !== null) orderNeighbourRoles(cluster, previous, member);
    if (member.runningOn.length > 0) lastActive = member;
    previous = member;
  }
}

function orderNeighbours(cluster: Cluster, previous: Resource, member: Resource, lastActive: Resource | null): void {
  order(cluster, [previous, "start"], [member, "start"], impliesThen | runnableLeft);
  order(cluster, [member, "stop"], [previous, "stop"], optional | restart);
  if (member.runningOn.length > 0 && previous.runningOn.length === 0 && lastActive !== null) {
    order(cluster, [member, "stop"], [lastActive, "stop"], optional);
  }
}

function orderClone(cluster: Cluster, clone: Resource): void {
  order(cluster, [clone, "stopped"], [clone, "start"], optional);
  order(cluster, [clone, "start"], [clone, "running"], runnableLeft);
  order(cluster, [clone, "stop"], [clone, "stopped"], runnableLeft);
  if (clone.clone?.promotable === true) {
    order(cluster, [clone, "demoted"], [clone, "stop"], optional);
    order(cluster, [clone, "running"], [clone, "promote"], runnableLeft);
  }
  const ordered = clone.clone?.ordered === true;
  if (ordered) clone.children.sort((a, b) => (a.instance ?? 0) - (b.instance ?? 0));
  let previous: Resource | null = null;
  for (const instance of clone.children) {
    addInternalOrderings(cluster, instance);
    order(cluster, [clone, "start"], [instance, "start"], runnableLeft | printFirst);
    order(cluster, [instance, "start"], [clone, "running"], printThen);
    order(cluster, [clone, "stop"], [instance, "stop"], printFirst);
    order(cluster, [instance, "stop"], [clone, "stopped"], printThen);
    if (ordered && previous !== null) {
      order(cluster, [previous, "start"], [instance, "start"], optional);
      order(cluster, [instance, "stop"], [previous, "stop"], optional);
    }
    previous = instance;
  }  if (clone.clone?.promotable === true) orderCloneRoles(cluster, clone, ordered);
}
