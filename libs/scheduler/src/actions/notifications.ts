/** Which instances of a clone are told what the others do, and when (3-actions T4 to T9). */
import { isTrue } from "@quorate/cib";
import type { NotifiedTask, Notification, PlannedAction } from "../model/action.ts";
import { ORDER } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { cloneOf, leavesOf } from "../model/resource.ts";
import { attach } from "../order/attach.ts";
import { viewOf } from "../order/collective-view.ts";
import { actionKey, findAction, requestAction } from "./action-table.ts";
import { addNotificationPseudo } from "./notification-points.ts";

/** Once it is known what is done: nobody is told of what does not happen, and telling changes nothing of the plan. */
export function planNotifications(cluster: Cluster): void {
  for (const clone of cluster.allResources) {
    if (clone.notifiedTasks.length === 0) continue;
    for (const action of clone.actions) viewOf(clone, action, null);
    for (const told of clone.notifiedTasks) planNotificationsOf(cluster, clone, told);
  }
}

function planNotificationsOf(cluster: Cluster, clone: Resource, told: NotifiedTask): void {
  const instances = leavesOf(clone);
  const done = instances.some((instance) => instance.actions.some((action) => action.task === told.task && isDone(action)));
  if (done) for (const point of [told.pre, told.preConfirmed, told.post, told.postConfirmed]) point.optional = false;
  else if (told.task !== "stop") return;
  for (const instance of instances) {
    if (told.task === "stop" || told.task === "demote") tellOfEnd(cluster, instance, told);
    else tellOfBeginning(cluster, instance, told);
  }
}

/** A stop on a lost node counts: its fencing does it. */
export function isDone({ task, node, optional, runnable }: PlannedAction): boolean {
  return !optional && node !== null && (runnable || (task === "stop" && node.unclean));
}

/** Whoever is active hears of stops and demotions; afterwards those that stay. */
function tellOfEnd(cluster: Cluster, instance: Resource, told: NotifiedTask): void {
  if (instance.role === "Stopped" || instance.role === "Unknown") return;
  for (const node of instance.runningOn) {
    if (isLost(instance, node)) continue;
    tell(cluster, instance, node, { point: told.pre, confirmed: told.preConfirmed });
    if (told.task === "demote" || !isStopping(instance)) tell(cluster, instance, node, { point: told.post, confirmed: told.postConfirmed });
  }
  if (told.task === "demote" || !isStopping(instance)) orderMonitors(instance, told.postConfirmed);
}

/** Whoever will be active hears of starts and promotions; one that is starting itself only afterwards. */
function tellOfBeginning(cluster: Cluster, instance: Resource, told: NotifiedTask): void {
  const node = instance.assigned;
  if (instance.nextRole === "Stopped" || instance.nextRole === "Unknown" || node === null) return;
  if (isOutOfReach(node)) return;
  const start = findAction(instance, "start", null);
  if (told.task !== "start" || start === null || start.optional) tell(cluster, instance, node, { point: told.pre, confirmed: told.preConfirmed });
  tell(cluster, instance, node, { point: told.post, confirmed: told.postConfirmed });
  orderMonitors(instance, told.postConfirmed);
}

/** The connection to a remote or guest node does not come back. */
function isOutOfReach({ connection }: Node): boolean {
  return connection !== null && findAction(connection, "start", null)?.runnable === false;
}

/** Its node is fenced: nobody there can be told. */
function isLost(instance: Resource, node: Node): boolean {
  return (node.unclean || node.requiresReset) && findAction(instance, "stop", node)?.pseudo === true;
}

function isStopping(instance: Resource): boolean {
  const stop = findAction(instance, "stop", null);
  return stop !== null && !stop.optional;
}

/** Between which points an instance is told. */
interface Round {
  readonly point: PlannedAction;
  readonly confirmed: PlannedAction;
}

function tell(cluster: Cluster, instance: Resource, node: Node, { point, confirmed }: Round): void {
  const { notification } = point;
  if (notification === null || !node.online || !point.runnable) return;
  const type = notification.type;
  const key = actionKey(instance, `${type}_notify_${notification.task}`, 0);
  const action = requestAction(cluster, { resource: instance, task: "notify", key, node, optional: point.optional, notification });
  action.priority = point.priority;
  attach(point, action, ORDER.optional);
  attach(action, confirmed, ORDER.optional);
}

function orderMonitors(instance: Resource, confirmed: PlannedAction): void {
  for (const monitor of instance.actions) {
    if (monitor.intervalMs > 0 && monitor.task !== "cancel") attach(confirmed, monitor, ORDER.optional);
  }
}

/** Fencing has stopped an instance: those that live on elsewhere are told, as they are of any other stop (3-actions T9). */
export function planFencingNotification(cluster: Cluster, instance: Resource, fence: PlannedAction): void {
  const clone = cloneOf(instance);
  // Its own setting counts, which need not be that of the clone
  if (clone === null || !isTrue(instance.meta.get("notify") ?? null)) return;
  const about: Pick<Notification, "task" | "operation"> = { task: "stop", operation: "stonith" };
  const point = addNotificationPseudo(cluster, instance, { type: "post", ...about }, false);
  const confirmed = addNotificationPseudo(cluster, instance, { type: "confirmed-post", ...about }, false);
  attach(fence, point, ORDER.impliesThen);
  attach(point, confirmed, ORDER.impliesThen);
  for (const other of leavesOf(clone)) {
    if (other.role === "Stopped" || other.role === "Unknown" || isStopping(other)) continue;
    for (const node of other.runningOn) if (!isLost(other, node)) tell(cluster, other, node, { point, confirmed });
    orderMonitors(other, confirmed);
  }
}
