/**
 * Propagation: what is required or cannot run spreads along the orderings until nothing changes (3-actions U4 to U7, U20).
 * Every visit only takes flags away, so it ends; the order of visits is that of the reference.
 */
import { isTrue } from "@quorate/cib";
import { findAction } from "../actions/action-table.ts";
import type { Ordering, PlannedAction } from "../model/action.ts";
import { ORDER } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { isAncestor, topOf, wholeOf } from "../model/resource.ts";
import { INFINITY } from "../model/score.ts";
import { assignedPlaces } from "../assign/colocation-scores.ts";
import { attach } from "./attach.ts";
import { viewFrom } from "./collective-view.ts";
import { applyOrdering, clearRunnable } from "./effects.ts";

const COMPLETION: Readonly<Record<string, string>> = { start: "running", stop: "stopped", promote: "promoted", demote: "demoted", notify: "notified" };

export function propagate(cluster: Cluster): void {
  for (const action of cluster.actions.all.toReversed()) visit(cluster, action);
}

function visit(cluster: Cluster, next: PlannedAction): void {
  const before = { runnable: next.runnable, optional: next.optional };
  let changed = false;
  if (next.minimum > 0) {
    next.ready = 0;
    next.runnable = false;
  }
  for (let i = next.inputs.length - 1; i >= 0; i--) {
    const ordering = next.inputs[i];
    if (ordering !== undefined && ordering.flags !== 0 && applyInput(cluster, ordering)) changed = true;
  }
  if (next.minimum > 0) changed = before.runnable !== next.runnable || before.optional !== next.optional;
  if (!changed) return;
  if (before.runnable && !next.runnable) blockColocated(cluster, next);
  visit(cluster, next);
  for (const output of next.outputs.slice()) visit(cluster, output.next);
}

/** True when `next` changed. */
function applyInput(cluster: Cluster, ordering: Ordering): boolean {
  const { first, next } = ordering;
  const firstNode = placeOf(first), nextNode = placeOf(next);
  if ((ordering.flags & ORDER.sameNode) !== 0 && firstNode !== null && nextNode !== null && firstNode !== nextNode) {
    ordering.flags = 0;
    return false;
  }
  if ((ordering.flags & ORDER.cancelsFirst) !== 0 && !next.optional) {
    first.optional = true;
    if (first.task === "reload-agent" && first.resource !== null) first.resource.reload = false;
  }
  const completion = completionOf(first, next);
  if (completion !== null) {
    const moved = attach(completion, next, ordering.flags);
    if (moved) ordering.flags = 0;
    return moved;
  }
  const change = applyOrdering(ordering, viewFrom(first, nextNode), viewFrom(next, firstNode));
  for (const action of change.revisit) visit(cluster, action);
  if (change.first) {
    for (const output of first.outputs.slice()) visit(cluster, output.next);
    visit(cluster, first);
  }
  return change.next;
}

/** A group starts on the one node it is put on. */
function placeOf(action: PlannedAction): Node | null {
  if (action.resource?.kind !== "group" || action.task !== "start") return action.node;
  const places = assignedPlaces(action.resource);
  return places.length === 1 ? (places[0] ?? null) : null;
}

/** Whoever waits for a group or clone from outside waits for its completion. Null when nothing is to be replaced. */
function completionOf(first: PlannedAction, next: PlannedAction): PlannedAction | null {
  const resource = first.resource;
  if (resource === null || next.resource === null || resource.kind === "primitive") return null;
  if (resource === next.resource || isAncestor(resource, next.resource)) return null;
  const task = COMPLETION[first.task];
  if (task === undefined || first.notification !== null) return null;
  // Instances that are told of it have to be told before anybody else goes on; what says so without telling anybody is never over, as in the reference
  const tells = topOf(resource) === resource && (resource.clone?.notify ?? isTrue(resource.meta.get("notify") ?? null));
  return tells ? (resource.notifiedTasks.find((one) => one.task === first.task)?.postConfirmed ?? null) : findAction(resource, task, null);
}

/** What must be with a resource that cannot start cannot start either (3-actions U20). */
export function blockColocated(cluster: Cluster, action: PlannedAction): void {
  if (action.runnable || action.resource === null || (action.task !== "start" && action.task !== "promote")) return;
  const top = wholeOf(action.resource);
  for (const child of top.children) {
    const own = findAction(child, action.task, null);
    if (own === null || own.runnable) return;
  }
  for (const colocation of top.withThis) {
    if (colocation.score < INFINITY || colocation.primary !== top) continue;
    if (action.task === "promote" && colocation.primaryRole !== "Promoted") continue;
    blockDependent(cluster, colocation.dependent, { task: colocation.dependentRole === "Promoted" ? "promote" : "start", cause: action });
  }
}

function blockDependent(cluster: Cluster, dependent: Resource, { task, cause }: { readonly task: string; readonly cause: PlannedAction }): void {
  for (const action of dependent.actions) {
    if (action.task !== task || !action.runnable) continue;
    action.reason ??= `colocation with ${cause.resource?.id ?? ""}`;
    clearRunnable(action, cause);
    blockColocated(cluster, action);
    visit(cluster, action);
  }
  for (const child of dependent.children) blockDependent(cluster, child, { task, cause });
}
