/** The transition graph: what is required and can be done, and in which order (3-actions G). */
import type { Action, ActionKind, Graph } from "@quorate/transition";
import { actionKey } from "../actions/action-table.ts";
import type { Ordering, PlannedAction } from "../model/action.ts";
import { ORDER } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import { nodeContext } from "../model/cluster.ts";
import type { Resource } from "../model/resource.ts";
import { cloneOf, displayId } from "../model/resource.ts";
import { viewOf } from "../order/collective-view.ts";
import { resourceParameters } from "../read/operations.ts";
import { explainAction } from "./causes.ts";
import { downedBy, routerOf } from "./routing.ts";
import { NotifyMeta } from "./notify-meta.ts";

/** Actions the DC performs itself. */
const DC_TASKS: ReadonlySet<string> = new Set(["do_shutdown", "clear_failcount", "lrm_delete"]);

/** `stuck`: what waits for something that will never be done; numbered after the graph, and no part of it. */
export function buildGraph(cluster: Cluster): { readonly graph: Graph; readonly stuck: readonly Action[] } {
  const { possible, stuck } = withoutStuck(cluster, emissionOrder(cluster).filter((action) => isEmitted(action)));
  const emitted = [...possible, ...stuck];
  const ids = new Map(emitted.map((action, id) => [action, id]));
  const notifyMeta = new NotifyMeta(cluster);
  const actions = emitted.map((action, id): Action => {
    const after = new Set<number>();
    for (const ordering of merged(action.inputs)) {
      const first = ids.get(ordering.first);
      if (first !== undefined && first !== id && isKept(ordering)) after.add(first);
    }
    return describe(cluster, action, { id, notifyMeta, after: [...after].toSorted((a, b) => a - b) });
  });
  const graph = { actions: actions.slice(0, possible.length), batchLimit: cluster.options.batchLimit, recheckAtMs: cluster.recheckAtMs };
  return { graph, stuck: actions.slice(possible.length) };
}

/** What waits for something that will not be done can never be done, nor what waits for that. It is left out, with a warning. */
function withoutStuck(cluster: Cluster, emitted: readonly PlannedAction[]): { readonly possible: readonly PlannedAction[]; readonly stuck: readonly PlannedAction[] } {
  const left = new Set(emitted);
  const waitsInVain = ({ inputs }: PlannedAction): Ordering | undefined =>
    merged(inputs).find((ordering) => !left.has(ordering.first) && isKept(ordering) && !(ordering.first.optional && !ordering.first.printed));
  for (let found = true; found;) {
    found = false;
    for (const action of left) {
      const ordering = waitsInVain(action);
      if (ordering === undefined) continue;
      left.delete(action);
      found = true;
      if (!action.pseudo) cluster.warnings.push(`${action.key} on ${action.node?.name ?? ""} is left out: it waits for ${ordering.first.key}, which cannot be done`);
    }
  }
  return { possible: emitted.filter((action) => left.has(action)), stuck: emitted.filter((action) => !left.has(action)) };
}

/** Resources in their order, members before the whole; next what belongs to nodes. */
function emissionOrder(cluster: Cluster): PlannedAction[] {
  const ofResource = (resource: Resource): PlannedAction[] => [...resource.children.flatMap(ofResource), ...resource.actions];
  return [...cluster.resources.flatMap(ofResource), ...cluster.actions.all.filter((action) => action.resource === null)];
}

function isEmitted(action: PlannedAction): boolean {
  const { resource, node } = action;
  if (resource?.kind === "clone" || resource?.kind === "bundle") viewOf(resource, action, null);
  if (!action.runnable || (action.optional && !action.printed)) return false;
  if (resource !== null && !resource.managed && action.task !== "monitor" && action.intervalMs === 0) return false;
  if (action.pseudo || action.task === "stonith" || action.task === "do_shutdown") return true;
  if (node === null) return false;
  return action.onDc || (node.kind === "guest" && !node.requiresReset) || (node.online && !node.unclean);
}

/** Several orderings between the same two count as one with all their flags. */
export function merged(inputs: readonly Ordering[]): Ordering[] {
  const byFirst = new Map<PlannedAction, Ordering>();
  for (const { first, next, flags } of inputs) {
    if (flags === 0) continue;
    const same = byFirst.get(first);
    if (same === undefined) byFirst.set(first, { first, next, flags });
    else same.flags |= flags;
  }
  return [...byFirst.values()];
}

/** Whether an ordering matters in the graph (3-actions G4). */
export function isKept({ first, next, flags }: Ordering): boolean {
  const weak = ORDER.optional | ORDER.printFirst | ORDER.printThen;
  if (!first.runnable && (flags & ~weak) === 0) return false;
  if (!first.runnable && (flags & (ORDER.oneOrMore | ORDER.impliesFirstMigratable)) !== 0) return false;
  if ((flags & ORDER.notMigrating) !== 0 && first.migratable) return false;
  if (flags === ORDER.optional && first.migratable && first.key.endsWith("_stop_0")) return false;
  if (flags === ORDER.load) return next.task === "migrate_to" ? first.node === next.resource?.assigned : first.node === next.node && !first.optional;
  if (flags === ORDER.antiColocation) return !first.optional && (first.node === null || next.node === null || first.node === next.node);
  return true;
}

interface Emission {
  readonly id: number;
  readonly after: readonly number[];
  readonly notifyMeta: NotifyMeta;
}

function describe(cluster: Cluster, action: PlannedAction, { id, after, notifyMeta }: Emission): Action {
  const { resource, node } = action;
  const kind = kindOf(action);
  const real = kind === "rsc" && resource !== null;
  const router = kind === "rsc" ? routerOf(action) : null, downed = downedBy(cluster, action);
  return {
    id, kind,
    task: kind === "fence" ? (action.extraMeta.get("stonith_action") ?? "reboot") : action.task,
    key: graphKey(action),
    node: action.pseudo && action.task !== "stonith" ? null : (node?.name ?? null),
    ...(router === null ? {} : { router }),
    ...(downed.length === 0 ? {} : { downed }),
    resource: resource === null ? null : displayId(resource),
    intervalMs: action.cancels === null ? action.intervalMs : 0,
    timeoutMs: kind === "fence" ? cluster.options.fencingTimeoutMs : action.timeoutMs,
    targetRc: action.targetRc ?? 0,
    // Nobody waits for what an agent makes of the news
    canFail: action.task === "notify",
    priority: Math.max(resource?.settings.priority ?? 0, action.priority, 0),
    parameters: real ? parametersOf(cluster, action, resource) : {},
    meta: metaOf(action, notifyMeta),
    agent: real ? resource.agent : null,
    after,
    reason: explainAction(cluster, action),
  };
}

function kindOf(action: PlannedAction): ActionKind {
  if (action.pseudo) return "pseudo";
  if (action.task === "stonith") return "fence";
  return DC_TASKS.has(action.task) ? "cluster" : "rsc";
}

/** Instances of anonymous clones go by the name that their history has. */
function graphKey(action: PlannedAction): string {
  const { resource } = action;
  if (resource === null || resource.historyName === null || resource.unique) return action.key;
  if (action.notification !== null) return notificationKey(resource.historyName, action);
  return `${resource.historyName}${actionKey(resource, action.cancels ?? action.task, action.intervalMs).slice(resource.id.length)}`;
}

function notificationKey(name: string, { task, notification }: PlannedAction): string {
  return task === "notified" ? `${name}_notified_0` : `${name}_${notification?.type ?? ""}_notify_${notification?.task ?? ""}_0`;
}

function parametersOf(cluster: Cluster, action: PlannedAction, resource: Resource): Record<string, string> {
  const parameters = resourceParameters(cluster, resource, nodeContext(cluster, action.node));
  for (const [name, value] of action.parameters) if (!parameters.has(name)) parameters.set(name, value);
  return sorted(parameters);
}

function metaOf(action: PlannedAction, notifyMeta: NotifyMeta): Record<string, string> {
  const meta = new Map<string, string>();
  for (const [name, value] of action.meta) if (!/[#:]/.test(name)) meta.set(name.replaceAll("-", "_"), value);
  for (const [name, value] of action.extraMeta) meta.set(name, value);
  for (const [name, value] of notifyMeta.of(action)) meta.set(name, value);
  if (action.cancels !== null) meta.set("interval", String(action.intervalMs));
  if (action.targetRc !== null) meta.set("op_target_rc", String(action.targetRc));
  if (action.node !== null) meta.set("on_node", action.node.name).set("on_node_uuid", action.node.id);
  const clone = action.resource === null ? null : cloneOf(action.resource);
  if (clone?.clone != null) {
    if (action.resource?.instance != null) meta.set("clone", String(action.resource.instance));
    meta.set("clone_max", String(clone.clone.max)).set("clone_node_max", String(clone.clone.nodeMax));
    meta.set("globally_unique", String(clone.clone.unique)).set("notify", String(clone.clone.notify));
  }
  return sorted(meta);
}

function sorted(values: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...values].toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))));
}
