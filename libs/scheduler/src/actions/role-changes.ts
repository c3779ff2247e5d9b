/** Actions of a primitive: from where and what it is to where and what it is to be (3-actions R). */
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { currentNode } from "../model/resource.ts";
import { rank } from "../model/role.ts";
import type { Role } from "../types.ts";
import { isMultiplyActive } from "../read/active.ts";
import { requestAction } from "./action-table.ts";
import { planCleanup } from "./definition-changes.ts";
import { continuePartialMigration, mayMigrate, planDanglingStops, planMigration } from "./migration.ts";
import { planRecurring } from "./recurring.ts";
import { orderAfterUnfencing, orderBeforeUnfencing } from "./unfencing.ts";

interface Need {
  readonly stop: boolean;
  readonly promote: boolean;
}

export function planPrimitive(cluster: Cluster, resource: Resource): void {
  if (resource.nextRole === "Unknown") resource.nextRole = resource.assigned === null ? "Stopped" : "Started";
  const current = currentNode(resource);
  planDanglingStops(cluster, resource);
  const interrupted = resource.partialMigration !== null;
  const migrating = continuePartialMigration(resource, current) || (!interrupted && mayMigrate(resource, current));
  const multiple = !interrupted && isMultiplyActive(resource);
  if (multiple && resource.settings.multipleActive === "stop_unexpected") resource.stopUnexpected = true;
  if (resource.startPending) {
    requestAction(cluster, { resource, task: "start", node: resource.assigned, optional: true }).printed = true;
  }
  const moving = isMoving(resource, current);
  const stopForMultiple = multiple && (resource.settings.multipleActive === "stop_start" || resource.stopUnexpected);
  const need = neededSteps(cluster, resource, { moving, forced: stopForMultiple || interrupted });
  resource.restarting = true;
  bringDownAndUp(cluster, resource, need);
  resource.restarting = false;
  changeRole(cluster, resource);
  planRecurring(cluster, resource);
  if (moving && migrating && current !== null && resource.assigned !== null) planMigration(cluster, resource, { source: current, target: resource.assigned });
}

export function isMoving(resource: Resource, current: Node | null): boolean {
  return current !== null && resource.assigned !== null && current !== resource.assigned && rank(resource.nextRole) >= rank("Started");
}

function neededSteps(cluster: Cluster, resource: Resource, { moving, forced }: { readonly moving: boolean; readonly forced: boolean }): Need {
  if (moving || forced) return { stop: true, promote: false };
  if (resource.failed) return { stop: resource.mustStop, promote: !resource.mustStop && resource.nextRole === "Promoted" };
  if (resource.blocked) return { stop: true, promote: false };
  if (rank(resource.role) > rank("Started") && resource.runningOn.length > 0 && resource.assigned !== null) {
    const start = requestAction(cluster, { resource, task: "start", node: resource.assigned, optional: true });
    return { stop: !start.optional, promote: false };
  }
  return { stop: false, promote: false };
}

/** An active resource always has a stop and a start: orderings decide whether they are needed. */
function bringDownAndUp(cluster: Cluster, resource: Resource, need: Need): void {
  let role = resource.role;
  while (rank(role) > rank("Stopped")) {
    const next = nextStep(role, "Stopped");
    step(cluster, resource, { from: role, to: next, optional: !need.stop });
    role = next;
  }
  // A start without quorum may lower the next role on the way (no-quorum-policy=demote)
  while (role !== resource.role && rank(resource.role) <= rank(resource.nextRole) && !resource.blocked) {
    const next = nextStep(role, resource.role);
    step(cluster, resource, { from: role, to: next, optional: !(need.stop || (next === "Promoted" && need.promote)) });
    if (next === role) return;
    role = next;
  }
}

function changeRole(cluster: Cluster, resource: Resource): void {
  let role = resource.role;
  while (role !== resource.nextRole) {
    const next = nextStep(role, resource.nextRole);
    step(cluster, resource, { from: role, to: next, optional: false });
    if (next === role) return;
    role = next;
  }
}

/** One step towards a role. A plain resource that is to be unpromoted just starts. */
function nextStep(from: Role, to: Role): Role {
  if (from === to) return to;
  if (from === "Stopped" || from === "Unknown") return to === "Promoted" ? "Unpromoted" : to;
  if (from === "Started") return to === "Promoted" ? "Promoted" : to === "Stopped" ? "Stopped" : to;
  if (from === "Unpromoted") return to === "Promoted" ? "Promoted" : "Stopped";
  return "Unpromoted";
}

interface Step {
  readonly from: Role;
  readonly to: Role;
  readonly optional: boolean;
}

function step(cluster: Cluster, resource: Resource, { from, to, optional }: Step): void {
  if (from === to) return;
  if (to === "Stopped") planStops(cluster, resource, optional);
  else if (from === "Stopped" || from === "Unknown") planStart(cluster, resource, optional);
  else if (to === "Promoted") planPromote(cluster, resource, optional);
  else if (from === "Promoted") for (const node of resource.runningOn) requestAction(cluster, { resource, task: "demote", node, optional });
}

function planStops(cluster: Cluster, resource: Resource, optional: boolean): void {
  for (const node of resource.runningOn) {
    if (resource.stopUnexpected && resource.restarting && node === resource.assigned) continue;
    const { partialMigration } = resource;
    if (partialMigration !== null && node === partialMigration.target && node === resource.assigned) continue;
    const stop = requestAction(cluster, { resource, task: "stop", node, optional: optional && partialMigration === null });
    if (resource.assigned === null) stop.reason = "node availability";
    else if (resource.stopUnexpected && resource.restarting) stop.reason = "being multiply active";
    if (!resource.managed) stop.runnable = false;
    orderBeforeUnfencing(cluster, stop);
    if (cluster.options.removeAfterStop) planCleanup(cluster, resource, node, optional);
  }
}

function planStart(cluster: Cluster, resource: Resource, optional: boolean): void {
  const start = requestAction(cluster, { resource, task: "start", node: resource.assigned, optional: true });
  orderAfterUnfencing(cluster, start);
  if (start.runnable && !optional) start.optional = false;
  if (resource.stopUnexpected && resource.restarting && resource.assigned !== null && resource.runningOn.includes(resource.assigned)) start.pseudo = true;
}

/** Nothing is promoted where it cannot be started. */
function planPromote(cluster: Cluster, resource: Resource, optional: boolean): void {
  const node = resource.assigned;
  const starts = resource.actions.filter((action) => action.task === "start" && (node === null || action.node === node));
  if (starts.some((action) => !action.runnable)) {
    for (const action of resource.actions) if (action.task === "promote" && action.node === node) action.runnable = false;
    return;
  }
  requestAction(cluster, { resource, task: "promote", node, optional });
}
