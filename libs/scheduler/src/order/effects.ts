/** What one ordering does to its two actions (3-actions U8 to U18). Flags mostly fall, so that propagation ends. */
import { findAction } from "../actions/action-table.ts";
import type { Ordering, PlannedAction } from "../model/action.ts";
import { ORDER } from "../model/action.ts";
import { actorOf, hasParts, partsOf } from "../model/bundle.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { rank } from "../model/role.ts";
import { attach } from "./attach.ts";
import type { View } from "./collective-view.ts";
import { memberTask, viewOf } from "./collective-view.ts";
import { findPair, giveUp, interleaves } from "./pairing.ts";

/** What changed; `revisit` gets members whose followers have to be looked at. */
export interface Change {
  first: boolean;
  next: boolean;
  readonly revisit: PlannedAction[];
}

/** One effect: the flag that causes it, on one primitive or pseudo action. */
export interface Effect {
  readonly flag: number;
  readonly first: PlannedAction;
  readonly view: View;
}

function clearOptional(action: PlannedAction, cause: PlannedAction): boolean {
  if (!action.optional) return false;
  action.optional = false;
  note(action, cause, "required");
  return true;
}

export function clearRunnable(action: PlannedAction, cause: PlannedAction): boolean {
  if (!action.runnable) return false;
  action.runnable = false;
  note(action, cause, "unrunnable");
  return true;
}

/** The reason why it does not migrate is worth more than that it moves. */
function clearMigratable(action: PlannedAction, cause: PlannedAction): boolean {
  if (!action.migratable) return false;
  action.migratable = false;
  if (cause.resource !== action.resource) {
    action.reason = null;
    action.cause = null;
  }
  note(action, cause, "unrunnable");
  return true;
}

/** The first reason stays; only causes in other resources are worth telling. */
function note(action: PlannedAction, cause: PlannedAction, how: "required" | "unrunnable"): void {
  action.cause ??= cause;
  if (action.reason !== null || cause.resource === action.resource) return;
  action.reason = cause.resource === null ? `${how} ${cause.task}` : `${how} ${cause.resource.id} ${cause.task}`;
}

const DISTRIBUTED: readonly number[] = [
  ORDER.impliesThen, ORDER.restart, ORDER.impliesFirst, ORDER.promotedImpliesFirst, ORDER.oneOrMore, ORDER.probe, ORDER.runnableLeft,
  ORDER.impliesFirstMigratable, ORDER.pseudoLeft, ORDER.asymmetrical,
];

/** All effects of one ordering, in their order. The views are those before the first effect. */
export function applyOrdering(ordering: Ordering, firstView: View, nextView: View): Change {
  const { first, next } = ordering;
  const change: Change = { first: false, next: false, revisit: [] };
  let { flags } = ordering;
  let node = next.node;
  if ((flags & ORDER.impliesThenOnNode) !== 0) {
    flags = (flags & ~ORDER.impliesThenOnNode) | ORDER.impliesThen;
    node = first.node;
  }
  for (const flag of DISTRIBUTED) {
    if ((flags & flag) === 0) continue;
    if (flag === ORDER.probe && !firstView.runnable && (first.resource?.runningOn.length ?? 0) > 0) {
      ordering.flags = 0;
      continue;
    }
    const effect = { flag: flag === ORDER.probe ? ORDER.runnableLeft : flag, first, view: firstView };
    if (flag === ORDER.impliesFirst && !interleaves(first, next)) loseMigration(first, next, change);
    else if (next.resource !== null) distribute(next.resource, next, node, effect, change);
    else applyToPlain(next, effect, change);
  }
  print(flags, ordering, { firstView, nextView });
  if ((flags & (ORDER.impliesThen | ORDER.impliesFirst | ORDER.restart)) !== 0 && isStuckStop(first) && clearRunnable(next, first)) change.next = true;
  return change;
}

function print(flags: number, { first, next }: Ordering, { firstView, nextView }: { readonly firstView: View; readonly nextView: View }): void {
  if ((flags & ORDER.printThen) !== 0 && first.runnable && !firstView.optional) next.printed = true;
  if ((flags & ORDER.printFirst) !== 0 && !nextView.optional) first.printed = true;
}

/** A failed stop of a blocked resource holds up what follows; a plain unmanaged one does not. */
function isStuckStop(action: PlannedAction): boolean {
  return action.task === "stop" && !action.runnable && action.resource !== null && !action.resource.managed && action.resource.blocked;
}

function applyToPlain(next: PlannedAction, { flag, first, view }: Effect, change: Change): void {
  if (flag === ORDER.impliesThen && !view.optional && clearOptional(next, first)) change.next = true;
  if (flag === ORDER.runnableLeft && !view.runnable && clearRunnable(next, first)) change.next = true;
  if (flag === ORDER.oneOrMore && view.runnable) countReady(next);
}

function countReady(next: PlannedAction): void {
  next.ready++;
  if (next.ready >= next.minimum) next.runnable = true;
}

/** A move that takes something else down, wherever, is no live one (V6): for the resource of `first`, and its members. */
function loseMigration(first: PlannedAction, next: PlannedAction, change: Change): void {
  if (!next.optional && !next.migratable && clearMigratable(first, next)) change.first = true;
  for (const member of first.resource?.children ?? []) {
    const action = findAction(member, first.task, null);
    if (action !== null) loseMigration(action, next, change);
  }
}

/** To the resource's own action, next to the members that have it (3-actions O13). */
export function distribute(resource: Resource, next: PlannedAction, node: Node | null, effect: Effect, change: Change): void {
  const many = hasParts(resource);
  if (many && interleaves(effect.first, next)) {
    applyInterleaved(next, node, effect, change);
    return;
  }
  const own: Change = { first: false, next: false, revisit: change.revisit };
  applyToPrimitive(next, effect, own);
  change.first ||= own.first;
  change.next ||= own.next;
  // A stop of a member may bring back its start before the whole is looked at again
  if (own.next && resource.parent !== null) change.revisit.push(next);
  for (const member of many ? partsOf(resource) : resource.children) {
    const action = findAction(member, next.task, node);
    if (action === null || (many && !viewOf(member, action, node).runnable)) continue;
    const inner: Change = { first: false, next: false, revisit: change.revisit };
    distribute(member, action, node, effect, inner);
    change.first ||= inner.first;
    change.next ||= inner.next;
    if (inner.next && many) change.revisit.push(...action.outputs.map((output) => output.next));
  }
}

/** Each instance waits only for the one it is paired with. */
function applyInterleaved(next: PlannedAction, node: Node | null, effect: Effect, change: Change): void {
  const firstClone = effect.first.resource, nextClone = next.resource;
  if (firstClone === null || nextClone === null) return;
  const leaving = effect.first.task === "stopped" || effect.first.task === "demoted";
  const firstTask = memberTask(effect.first);
  for (const instance of partsOf(nextClone)) {
    const pair = findPair(firstClone, instance, leaving);
    if (pair === null) {
      if (!leaving && (effect.flag & (ORDER.runnableLeft | ORDER.impliesThen)) !== 0 && giveUp(instance)) change.next = true;
      continue;
    }
    const firstActor = actorOf(firstClone, pair, ["stop"], firstTask), nextActor = actorOf(nextClone, instance, ["promote", "demote"], next.task);
    const firstAction = findAction(firstActor, firstTask, null), nextAction = findAction(nextActor, next.task, node);
    if (firstAction === null || nextAction === null) continue;
    if (attach(firstAction, nextAction, effect.flag)) change.next = true;
    const inner: Change = { first: false, next: false, revisit: change.revisit };
    distribute(nextActor, nextAction, node, { flag: effect.flag, first: firstAction, view: viewOf(firstActor, firstAction, node) }, inner);
    if (inner.next) {
      change.next = true;
      change.revisit.push(...nextAction.outputs.map((output) => output.next));
    }
  }
}

function applyToPrimitive(next: PlannedAction, effect: Effect, change: Change): void {
  const { flag, first, view } = effect;
  switch (flag) {
    case ORDER.impliesThen:
      if (!view.optional && !first.migratable && clearOptional(next, first)) change.next = true;
      return;
    case ORDER.impliesFirst:
      if (!next.optional && first.migratable && !next.migratable && clearMigratable(first, next)) change.first = true;
      return;
    case ORDER.promotedImpliesFirst:
      applyPromotedFirst(next, first, change);
      return;
    case ORDER.oneOrMore:
      if (view.runnable) countReady(next);
      return;
    case ORDER.runnableLeft:
      if (view.runnable || !next.runnable) return;
      clearRunnable(next, first);
      clearMigratable(next, first);
      change.next = true;
      return;
    case ORDER.impliesFirstMigratable:
      if (!(next.migratable && next.runnable) && clearRunnable(first, next)) change.first = true;
      if (!next.optional && clearOptional(first, next)) change.first = true;
      return;
    case ORDER.pseudoLeft:
      if (view.runnable) return;
      change.next = clearMigratable(next, first) || next.pseudo || change.next;
      next.pseudo = false;
      return;
    case ORDER.asymmetrical:
      applyAsymmetrical(next, effect, change);
      return;
    case ORDER.restart:
      applyRestart(next, first, change);
      return;
    default:
  }
}

function applyPromotedFirst(next: PlannedAction, first: PlannedAction, change: Change): void {
  if (next.optional || next.resource?.role !== "Promoted") return;
  if (clearOptional(first, next)) change.first = true;
  if (first.migratable && !next.migratable && clearMigratable(first, next)) change.first = true;
}

/** Only for what is going to change: what runs already is left alone. */
function applyAsymmetrical(next: PlannedAction, { first, view }: Effect, change: Change): void {
  const resource = next.resource;
  if (resource === null || view.runnable) return;
  if (resource.role === "Stopped" && next.task === "stop") return;
  if (rank(resource.role) >= rank("Started") && next.task === "start" && next.optional && next.node !== null
    && resource.runningOn.length === 1 && resource.runningOn[0] === next.node) return;
  if (clearOptional(next, first)) change.next = true;
  if (clearRunnable(next, first)) change.next = true;
}

/** Stop and start of one resource, or stops along a group: what has to be done again pulls the other. */
function applyRestart(next: PlannedAction, first: PlannedAction, change: Change): void {
  if (first.resource?.kind !== "primitive" || next.resource?.kind !== "primitive") return;
  const triggered = !next.optional || (!next.runnable && next.resource.managed && first.resource === next.resource);
  if (!triggered) return;
  const required = first.runnable || !next.optional;
  if (required && clearOptional(first, next)) change.first = true;
  if (!next.migratable && clearMigratable(first, next)) change.first = true;
  if (!first.optional && !first.runnable && clearRunnable(next, first)) change.next = true;
}
