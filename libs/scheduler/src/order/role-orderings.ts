/** Orderings of promotion and demotion that promotable clones and the groups in them bring with them (3-actions I12, I16 to I18). */
import { isTrue } from "@quorate/cib";
import { actionKey } from "../actions/action-table.ts";
import { ORDER } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Resource } from "../model/resource.ts";
import { storeOrdering } from "./stored-orderings.ts";

const { optional, impliesThen, runnableLeft, printFirst, printThen } = ORDER;

type End = readonly [resource: Resource, task: string];

function order(cluster: Cluster, [first, firstTask]: End, [next, nextTask]: End, flags: number): void {
  storeOrdering(cluster, { resource: first, key: actionKey(first, firstTask, 0) }, { resource: next, key: actionKey(next, nextTask, 0) }, flags);
}

/** A group has promotions of its own when its meta attributes say that it can be promoted. */
export function isPromotableGroup(group: Resource): boolean {
  return isTrue(group.meta.get("promotable") ?? null);
}

export function orderMemberRoles(cluster: Cluster, group: Resource, member: Resource, first: boolean): void {
  order(cluster, [group, "demote"], [member, "demote"], first ? printFirst | optional : printFirst);
  order(cluster, [member, "demote"], [group, "demoted"], first ? impliesThen : printThen);
  // This one first: it makes the promotion of a member that has none, which then blocks what follows
  order(cluster, [member, "promote"], [group, "promoted"], runnableLeft | impliesThen | printThen);
  order(cluster, [group, "promote"], [member, "promote"], printFirst);
}

export function orderNeighbourRoles(cluster: Cluster, previous: Resource, member: Resource): void {
  order(cluster, [previous, "promote"], [member, "promote"], impliesThen | runnableLeft);
  order(cluster, [member, "demote"], [previous, "demote"], optional);
}

/** Stops and demotions come first, then starts, then promotions. */
export function orderCloneRoles(cluster: Cluster, clone: Resource, ordered: boolean): void {
  for (const [first, next] of [
    ["stopped", "start"], ["stopped", "promote"], ["demoted", "stop"], ["demoted", "start"], ["demoted", "promote"], ["running", "promote"], ["demote", "demoted"],
  ] as const) order(cluster, [clone, first], [clone, next], optional);
  let previous: Resource | null = null;
  for (const instance of clone.children) {
    order(cluster, [instance, "demote"], [instance, "promote"], optional);
    order(cluster, [clone, "promote"], [instance, "promote"], optional);
    order(cluster, [instance, "promote"], [clone, "promoted"], optional);
    order(cluster, [clone, "demote"], [instance, "demote"], printFirst);
    order(cluster, [instance, "demote"], [clone, "demoted"], printThen);
    if (ordered && previous !== null) {
      order(cluster, [previous, "promote"], [instance, "promote"], optional);
      order(cluster, [instance, "demote"], [previous, "demote"], optional);
    }
    previous = instance;
  }
}
