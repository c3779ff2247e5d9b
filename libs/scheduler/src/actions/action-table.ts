/** All actions of one decision: made on request, one per key and node (3-actions F1 to F6). */
import type { Notification, PlannedAction } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import { canFence, markForFencing } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { isActive } from "../model/resource.ts";
import { rank } from "../model/role.ts";
import { operationOptions } from "../read/operations.ts";

export interface ActionRequest {
  readonly resource: Resource;
  readonly task: string;
  readonly intervalMs?: number;
  readonly node: Node | null;
  readonly optional: boolean;
  /** Only of notifications, whose keys name what is told. */
  readonly key?: string;
  readonly notification?: Notification | null;
}

export class ActionTable {
  /** Oldest first; the place is `PlannedAction.index`. */
  readonly all: PlannedAction[] = [];
  readonly #byKey = new Map<string, PlannedAction[]>();

  /** Actions of that key of one resource, oldest first. Keys compare without case. */
  withKey(resource: Resource | null, key: string): readonly PlannedAction[] {
    const same = this.#byKey.get(key.toLowerCase()) ?? [];
    // An orphan may bear the id of a clone or group
    return same.every((action) => action.resource === resource) ? same : same.filter((action) => action.resource === resource);
  }

  add(action: PlannedAction): PlannedAction {
    this.all.push(action);
    const key = action.key.toLowerCase();
    const same = this.#byKey.get(key);
    if (same === undefined) this.#byKey.set(key, [action]);
    else same.push(action);
    action.resource?.actions.push(action);
    return action;
  }
}

export function actionKey(resource: Resource, task: string, intervalMs: number): string {
  return `${resource.id}_${task}_${intervalMs}`;
}

/** Asks for an action of a resource: reuses one of the same key on that node, or without a node yet. */
export function requestAction(cluster: Cluster, { resource, task, intervalMs = 0, node, optional, key = actionKey(resource, task, intervalMs), notification = null }: ActionRequest): PlannedAction {
  const existing = cluster.actions.withKey(resource, key).find((action) => node === null || action.node === null || action.node === node);
  const action = existing ?? cluster.actions.add(blankAction(cluster, { resource, node, task, key, intervalMs, optional, notification }));
  if (node !== null) action.node ??= node;
  if (!optional) action.optional = false;
  if (!resource.managed && action.node !== null && !action.pseudo && intervalMs === 0) action.optional = true;
  if (!action.pseudo) judgeRunnable(cluster, action, resource);
  return action;
}

export interface BlankAction {
  readonly resource: Resource | null;
  readonly node: Node | null;
  readonly task: string;
  readonly key: string;
  readonly intervalMs?: number;
  readonly optional: boolean;
  readonly notification?: Notification | null;
}

/** A new action, runnable, not yet in the table. */
export function blankAction(cluster: Cluster, { resource, node, task, key, intervalMs = 0, optional, notification = null }: BlankAction): PlannedAction {
  const options = resource === null ? { meta: new Map<string, string>(), timeoutMs: 0, parameters: new Map<string, string>() } : operationOptions(cluster, resource, task, intervalMs);
  return {
    index: cluster.actions.all.length, resource, node, task, key, intervalMs, notification, optional,
    cancels: null, runnable: true, pseudo: false, printed: false, migratable: false, dangling: false, minimum: 0, ready: 0,
    reschedule: false, onDc: false, targetRc: null, ...options, extraMeta: new Map(), priority: 0, reason: null, cause: null, inputs: [], outputs: [],
  };
}

/** A pseudo action: a point in the order, done nowhere. */
export function requestPseudo(cluster: Cluster, request: { readonly resource: Resource; readonly task: string; readonly optional: boolean }): PlannedAction {
  const key = actionKey(request.resource, request.task, 0);
  const existing = cluster.actions.withKey(request.resource, key)[0];
  const action = existing ?? cluster.actions.add(blankAction(cluster, { ...request, node: null, key }));
  action.pseudo = true;
  action.runnable = true;
  if (!request.optional) action.optional = false;
  return action;
}

/** Only starts and promotions need something; the first rule that applies decides (3-actions F5). */
function judgeRunnable(cluster: Cluster, action: PlannedAction, resource: Resource): void {
  const { node } = action;
  if (node === null) {
    action.runnable = false;
    return;
  }
  const comesUp = node.kind === "guest" && !node.requiresReset;
  if (!action.onDc && !node.online && !comesUp) {
    action.runnable = false;
    if (action.task === "stop" && resource.managed && !node.unclean && action.intervalMs === 0) markForFencing(node, "stop is unrunnable");
    return;
  }
  if (node.pending) {
    action.runnable = false;
    return;
  }
  if (!needsQuorum(action, resource)) {
    action.reason = null;
    action.runnable = node.kind !== "guest" || node.connection?.container == null || canFence(cluster, node);
    return;
  }
  judgeByQuorum(cluster, action, resource);
}

function needsQuorum(action: PlannedAction, resource: Resource): boolean {
  return (action.task === "start" || action.task === "promote") && resource.settings.requires !== "nothing";
}

function judgeByQuorum(cluster: Cluster, action: PlannedAction, resource: Resource): void {
  const policy = cluster.haveQuorum ? "ignore" : cluster.options.noQuorumPolicy;
  const block = (reason: string): void => {
    action.runnable = false;
    action.reason = reason;
  };
  switch (policy) {
    case "ignore":
    case "suicide":
      action.runnable = true;
      return;
    case "stop":
      block("no quorum");
      return;
    case "freeze":
      if (!isActive(resource) || rank(resource.nextRole) > rank(resource.role)) block("quorum freeze");
      return;
    case "demote":
      if (resource.role !== "Promoted" && resource.role !== "Unpromoted") {
        block("no quorum");
        return;
      }
      if (rank(resource.nextRole) > rank("Unpromoted")) resource.nextRole = "Unpromoted";
      action.runnable = true;
      return;
  }
}

/** The newest action of a task, on a node or anywhere; actions without a node never match a node. */
export function findAction(resource: Resource, task: string, node: Node | null): PlannedAction | null {
  for (let i = resource.actions.length - 1; i >= 0; i--) {
    const action = resource.actions[i];
    if (action !== undefined && action.task === task && (node === null || action.node === node)) return action;
  }
  return null;
}
