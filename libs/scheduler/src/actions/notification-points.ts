/** Clones whose instances are told of what the others do: the points in the order around each task (3-actions T1 to T3). */
import type { NotifiedTask, Notification, PlannedAction } from "../model/action.ts";
import { ORDER } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Resource } from "../model/resource.ts";
import { INFINITY } from "../model/score.ts";
import { attach } from "../order/attach.ts";
import { actionKey, blankAction } from "./action-table.ts";

/** Tasks that are told, in the order in which they are told, with the clone's word for their end. */
const COMPLETIONS: readonly (readonly [task: string, done: string])[] = [["start", "running"], ["stop", "stopped"], ["promote", "promoted"], ["demote", "demoted"]];

/** One round of notifications is over before the next begins. */
const ROUNDS: readonly (readonly [first: string, next: string])[] = [
  ["stop", "start"], ["stop", "promote"], ["start", "promote"], ["demote", "promote"], ["demote", "start"], ["demote", "stop"],
];

/** Around what the clone has been planned to do so far. */
export function planNotificationPoints(cluster: Cluster, clone: Resource): void {
  if (clone.clone?.notify !== true) return;
  const tasks = COMPLETIONS.flatMap(([task, done]) => {
    const begin = cluster.actions.withKey(clone, actionKey(clone, task, 0))[0], end = cluster.actions.withKey(clone, actionKey(clone, done, 0))[0];
    return begin === undefined || end === undefined ? [] : [planPoints(cluster, clone, begin, end)];
  });
  for (const [firstTask, nextTask] of ROUNDS) {
    const first = tasks.find(({ task }) => task === firstTask), next = tasks.find(({ task }) => task === nextTask);
    if (first !== undefined && next !== undefined) attach(first.postConfirmed, next.pre, ORDER.optional);
  }
  clone.notifiedTasks = tasks;
}

function planPoints(cluster: Cluster, clone: Resource, begin: PlannedAction, end: PlannedAction): NotifiedTask {
  const { task } = begin;
  const pre = addPoint(cluster, clone, { type: "pre", task, operation: task }, begin);
  const preConfirmed = addPoint(cluster, clone, { type: "confirmed-pre", task, operation: task }, begin);
  const post = addPoint(cluster, clone, { type: "post", task, operation: end.task }, end);
  const postConfirmed = addPoint(cluster, clone, { type: "confirmed-post", task, operation: end.task }, end);
  for (const point of [post, postConfirmed]) point.priority = INFINITY;
  attach(pre, preConfirmed, ORDER.optional);
  attach(preConfirmed, begin, ORDER.optional);
  attach(end, post, ORDER.impliesThen);
  attach(post, postConfirmed, ORDER.impliesThen);
  attach(preConfirmed, post, ORDER.optional);
  return { task, pre, preConfirmed, post, postConfirmed };
}

/** As required and as runnable as what it stands beside. */
function addPoint(cluster: Cluster, resource: Resource, notification: Notification, like: PlannedAction): PlannedAction {
  const point = addNotificationPseudo(cluster, resource, notification, like.optional);
  if (notification.operation !== notification.task) point.runnable = like.runnable;
  return point;
}

export function addNotificationPseudo(cluster: Cluster, resource: Resource, notification: Notification, optional: boolean): PlannedAction {
  const task = notification.type.startsWith("confirmed") ? "notified" : "notify";
  const key = actionKey(resource, `${notification.type}_notify_${notification.operation}`, 0);
  const point = cluster.actions.add(blankAction(cluster, { resource, node: null, task, key, optional, notification }));
  point.pseudo = true;
  return point;
}
