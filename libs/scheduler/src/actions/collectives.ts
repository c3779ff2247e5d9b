/** Pseudo actions of groups and clones: points in the order that stand for all members (3-actions I25, I26). */
import { ORDER } from "../model/action.ts";
import type { PlannedAction } from "../model/action.ts";
import { partsOf } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Resource } from "../model/resource.ts";
import { leavesOf } from "../model/resource.ts";
import { INFINITY } from "../model/score.ts";
import { attach } from "../order/attach.ts";
import { isPromotableGroup } from "../order/role-orderings.ts";
import { findAction, requestPseudo } from "./action-table.ts";
import { planNotificationPoints } from "./notification-points.ts";
import { planPrimitive } from "./role-changes.ts";

export function planActions(cluster: Cluster, resource: Resource): void {
  if (resource.kind === "primitive") {
    planPrimitive(cluster, resource);
    return;
  }
  for (const child of resource.children) planActions(cluster, child);
  if (resource.kind === "group") planGroup(cluster, resource);
  else if (resource.kind === "clone") planClone(cluster, resource);
  else planBundle(cluster, resource);
}

function planGroup(cluster: Cluster, group: Resource): void {
  const tasks = ["start", "running", "stop", "stopped", ...(isPromotableGroup(group) ? ["demote", "demoted", "promote", "promoted"] : [])];
  for (const task of tasks) {
    const action = requestPseudo(cluster, { resource: group, task, optional: true });
    if (!["start", "stop", "promote", "demote"].includes(task)) action.priority = INFINITY;
  }
}

interface Activity {
  readonly starting: boolean;
  readonly stopping: boolean;
  readonly active: boolean;
  readonly restarting: boolean;
}

function planClone(cluster: Cluster, clone: Resource): void {
  planStartAndStop(cluster, clone);
  if (clone.clone?.ordered === true) orderInstances(clone);
  if (clone.clone?.promotable === true) {
    planPair(cluster, clone, ["promote", "promoted"], anyRequired(clone, "promote"));
    planPair(cluster, clone, ["demote", "demoted"], anyRequired(clone, "demote"));
  }
  planNotificationPoints(cluster, clone);
}

/** Its containers count; what runs inside has its clone. */
function planBundle(cluster: Cluster, bundle: Resource): void {
  planStartAndStop(cluster, bundle);
  if (bundle.bundle?.inner?.clone?.promotable !== true) return;
  planPair(cluster, bundle, ["promote", "promoted"], false);
  planPair(cluster, bundle, ["demote", "demoted"], false);
}

function planStartAndStop(cluster: Cluster, whole: Resource): void {
  const activities = partsOf(whole).map(activityOf);
  const any = (name: keyof Activity): boolean => activities.some((activity) => activity[name]);
  const started = planPair(cluster, whole, ["start", "running"], any("starting"));
  if (!any("active") && !any("starting")) started.runnable = false;
  planPair(cluster, whole, ["stop", "stopped"], any("stopping"));
  for (const stop of whole.actions) if (stop.task === "stop") stop.migratable = !any("restarting");
}

function anyRequired(clone: Resource, task: "promote" | "demote"): boolean {
  return leavesOf(clone).some((leaf) => leaf.actions.some((action) => action.task === task && !action.optional));
}

function planPair(cluster: Cluster, clone: Resource, [begin, end]: readonly [string, string], required: boolean): PlannedAction {
  requestPseudo(cluster, { resource: clone, task: begin, optional: !required });
  const done = requestPseudo(cluster, { resource: clone, task: end, optional: !required });
  done.priority = INFINITY;
  return done;
}

function activityOf(instance: Resource): Activity {
  if (instance.kind !== "primitive") {
    const members = instance.children.map(activityOf);
    const any = (name: keyof Activity): boolean => members.some((member) => member[name]);
    return { starting: any("starting"), stopping: any("stopping"), active: any("active"), restarting: any("restarting") };
  }
  const starting = instance.actions.some((action) => action.task === "start" && !action.optional && action.runnable);
  const stopping = instance.actions.some((action) => action.task === "stop" && !action.optional && (action.pseudo || action.runnable));
  return { starting, stopping, active: instance.runningOn.length > 0, restarting: starting && stopping };
}

/** An ordered clone starts one instance after the other, and stops them the other way round. */
function orderInstances(clone: Resource): void {
  let previousStart: PlannedAction | null = null, previousStop: PlannedAction | null = null;
  for (const instance of clone.children.toSorted((a, b) => (a.instance ?? 0) - (b.instance ?? 0))) {
    const start = findAction(instance, "start", null), stop = findAction(instance, "stop", null);
    if (start !== null && !start.optional) {
      if (previousStart !== null) attach(previousStart, start, ORDER.optional);
      previousStart = start;
    }
    if (stop !== null && !stop.optional) {
      if (previousStop !== null) attach(stop, previousStop, ORDER.optional);
      previousStop = stop;
    }
  }
}
