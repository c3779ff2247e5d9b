/** How an action looks from outside: a group's or clone's is the sum of its members' (3-actions U5, U15, U16). */
import { findAction } from "../actions/action-table.ts";
import type { PlannedAction } from "../model/action.ts";
import type { Node } from "../model/node.ts";
import { instancesFor } from "../model/bundle.ts";
import type { Resource } from "../model/resource.ts";

export interface View {
  readonly optional: boolean;
  readonly runnable: boolean;
}

/** What members do when the whole is done. */
const MEMBER_TASK: Readonly<Record<string, string>> = { running: "start", stopped: "stop", promoted: "promote", demoted: "demote", notified: "notify" };

/** A notification counts as what it tells of. */
export function memberTask({ task, notification }: Pick<PlannedAction, "task" | "notification">): string {
  return notification?.task ?? MEMBER_TASK[task] ?? task;
}

/** As seen by an action on `node`: a clone is required there or not, but runnable when it is anywhere. A bundle looks the same from everywhere. */
export function viewFrom(action: PlannedAction, node: Node | null): View {
  if (action.resource === null) return action;
  const anywhere = viewOf(action.resource, action, null);
  if (node === null || action.resource.kind !== "clone") return anywhere;
  const there = viewOf(action.resource, action, node);
  return { optional: there.optional, runnable: anywhere.runnable };
}

/** Also stores what the members' state means for the whole. */
export function viewOf(resource: Resource, action: PlannedAction, node: Node | null): View {
  switch (resource.kind) {
    case "primitive": return { optional: action.optional, runnable: action.runnable };
    case "group": return viewOfGroup(resource, action, node);
    case "clone":
    case "bundle":
      return viewOfInstances(resource, action, node);
  }
}

function viewOfGroup(group: Resource, action: PlannedAction, node: Node | null): View {
  const task = memberTask(action);
  let optional = true, runnable = true;
  for (const member of group.children) {
    const own = findAction(member, task, node);
    if (own === null) {
      if (task !== "stop" && task !== "demote") runnable = false;
      continue;
    }
    const view = viewOf(member, own, node);
    if (!view.optional) {
      optional = false;
      action.optional = false;
    }
    if (task !== action.task && !view.runnable) {
      runnable = false;
      action.runnable = false;
    }
  }
  return { optional, runnable };
}

function viewOfInstances(whole: Resource, action: PlannedAction, node: Node | null): View {
  let optional = true, runnable = false;
  for (const instance of instancesFor(whole, memberTask(action))) {
    // A group has completions of its own
    const task = instance.kind === "primitive" ? memberTask(action) : (action.notification?.operation ?? action.task);
    const own = findAction(instance, task, instance.kind === "primitive" ? node : null);
    if (own === null) continue;
    const view = viewOf(instance, own, node);
    if (!view.optional) {
      optional = false;
      action.optional = false;
    }
    if (view.runnable) runnable = true;
  }
  if (!runnable && node === null) action.runnable = false;
  return { optional, runnable };
}
