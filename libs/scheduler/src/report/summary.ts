/** What happens to each resource, worded as `crm_simulate` words it (3-actions Z). */
import { actionKey } from "../actions/action-table.ts";
import { isMoving } from "../actions/role-changes.ts";
import type { PlannedAction } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { currentNode, leavesOf } from "../model/resource.ts";
import { rank } from "../model/role.ts";
import type { FencingDecision, Role, SummaryAction } from "../types.ts";
import { causesOf } from "./causes.ts";

export function summarizeFencing(cluster: Cluster): FencingDecision[] {
  return cluster.actions.all.flatMap((action): FencingDecision[] => {
    const operation = action.extraMeta.get("stonith_action");
    if (action.task !== "stonith" || action.optional || action.node === null) return [];
    if (operation === "on" && action.reason === null) return [];
    return [{ node: action.node.name, container: action.node.connection?.container?.id ?? null, op: operation === "off" || operation === "on" ? operation : "reboot", reason: action.reason ?? "node is unclean" }];
  });
}

export function summarizeActions(cluster: Cluster): SummaryAction[] {
  return cluster.resources.flatMap(leavesOf).flatMap((resource) => summarize(cluster, resource));
}

interface Situation {
  readonly resource: Resource;
  readonly role: Role;
  readonly current: Node | null;
  readonly next: Node | null;
  readonly start: PlannedAction | null;
  readonly stop: PlannedAction | null;
  readonly promote: PlannedAction | null;
  readonly demote: PlannedAction | null;
}

function summarize(cluster: Cluster, resource: Resource): SummaryAction[] {
  const current = currentNode(resource), next = resource.assigned;
  if (!resource.managed || (current === null && next === null) || (resource.orphan && current === null)) return [];
  const role = resource.role === "Stopped" && current !== null ? "Started" : resource.role;
  const oldest = (task: string, node: Node | null): PlannedAction | null =>
    cluster.actions.withKey(resource, actionKey(resource, task, 0)).find((action) => action.task === task && (node === null || action.node === null || action.node === node)) ?? null;
  const start = oldest("start", next);
  const situation: Situation = {
    resource, role, current, next, start,
    stop: oldest("stop", start?.runnable === true ? current : null),
    promote: oldest("promote", next), demote: oldest("demote", next),
  };
  return role === resource.nextRole && next !== null ? summarizeSameRole(cluster, situation) : summarizeNewRole(cluster, situation);
}

function summarizeSameRole(cluster: Cluster, situation: Situation): SummaryAction[] {
  const { resource, current, next, start, stop, promote, demote } = situation;
  const arrival = resource.actions.find((action) => action.task === "migrate_from" && action.node === next);
  if (arrival?.runnable === true && current !== null) return [line(cluster, situation, "migrate", start ?? arrival)];
  if (resource.reload) return [line(cluster, situation, "reload", start ?? null)];
  if (start === null || start.optional) {
    const again = demote !== null && promote !== null && !demote.optional && !promote.optional;
    return again ? [line(cluster, situation, "re-promote", demote)] : [];
  }
  if (!start.runnable) return current === null ? [] : [line(cluster, { ...situation, next: null }, "stop", stop ?? start, start)];
  if (current !== null && current !== next) return [line(cluster, situation, resource.failed ? "recover" : "move", stop)];
  return [line(cluster, situation, resource.failed ? "recover" : "restart", start)];
}

function summarizeNewRole(cluster: Cluster, situation: Situation): SummaryAction[] {
  const { resource, role, current, start, stop, promote, demote } = situation;
  if (stop !== null && (resource.nextRole === "Stopped" || (start !== null && !start.runnable))) {
    return resource.runningOn.map((node) => {
      const own = resource.actions.find((action) => action.task === "stop" && action.node === node) ?? stop;
      return line(cluster, { ...situation, current: node, next: null }, "stop", own, start);
    });
  }
  if (stop !== null && resource.failed && resource.mustStop) return [line(cluster, situation, "recover", stop)];
  if (isMoving(resource, current)) return [line(cluster, situation, "move", stop)];
  if (resource.reload) return [line(cluster, situation, "reload", start)];
  if (stop !== null && !stop.optional) return [line(cluster, situation, "restart", start)];
  if (role === "Promoted") return [line(cluster, situation, "demote", demote)];
  if (resource.nextRole === "Promoted") return [line(cluster, situation, "promote", promote)];
  return role === "Stopped" && rank(resource.nextRole) > rank("Stopped") ? [line(cluster, situation, "start", start)] : [];
}

/** `action`: what the line is about; `other`: what more it depends on. */
function line(cluster: Cluster, situation: Situation, task: string, action: PlannedAction | null, other: PlannedAction | null = null): SummaryAction {
  const { resource, role, current, next } = situation;
  const becomesUnpromoted = role === "Started" && resource.nextRole === "Unpromoted" && next !== null;
  const showRoles = becomesUnpromoted || rank(role) > rank("Started") || rank(resource.nextRole) > rank("Unpromoted");
  return {
    task: task[0]?.toUpperCase() + task.slice(1),
    resource: resource.id,
    from: task === "start" ? null : ((current ?? (task === "restart" || task === "recover" ? next : null))?.name ?? null),
    to: task === "stop" ? null : (next?.name ?? null),
    role: showRoles ? role : null,
    nextRole: showRoles && next !== null && role !== resource.nextRole ? resource.nextRole : null,
    blocked: action !== null && !action.runnable,
    causes: causesOf(cluster, resource, [action, other].filter((one) => one !== null)),
  };
}
