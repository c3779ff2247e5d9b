/** Stored orderings become connections between the actions that exist (3-actions O1, B12). */
import { actionKey, requestAction } from "../actions/action-table.ts";
import type { PlannedAction, StoredOrdering } from "../model/action.ts";
import { ORDER } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Resource } from "../model/resource.ts";
import { attach } from "./attach.ts";
import { findPair } from "./pairing.ts";

export function applyStoredOrderings(cluster: Cluster): void {
  for (const ordering of cluster.stored) applyStored(cluster, ordering);
}

function applyStored(cluster: Cluster, ordering: StoredOrdering): void {
  const firsts = firstActions(cluster, ordering);
  const thens = nextActions(cluster, ordering);
  for (const first of firsts) {
    for (const next of thens) {
      const own = first.dangling && first.resource === next.resource;
      attach(first, next, own ? ordering.flags & ~ORDER.impliesThen : ordering.flags);
    }
  }
}

/** An action that nobody plans still blocks what waits for it: it is made, cannot run, and is not required. */
function firstActions(cluster: Cluster, { firstAction, firstResource, firstKey, nextResource }: StoredOrdering): readonly PlannedAction[] {
  if (firstAction !== null) return [firstAction];
  if (firstResource === null || firstKey === null) return [];
  const existing = cluster.actions.withKey(firstResource, firstKey);
  if (existing.length > 0 || firstResource === nextResource) return existing;
  const task = taskOf(firstResource, firstKey);
  if (task === "stop" && firstResource.role === "Stopped") return [];
  if (task === "demote" && firstResource.role === "Unpromoted") return [];
  const intervalMs = Number(firstKey.slice(firstKey.lastIndexOf("_") + 1));
  return [requestAction(cluster, { resource: firstResource, task, intervalMs, node: null, optional: true })];
}

function taskOf(resource: Resource, key: string): string {
  return key.slice(resource.id.length + 1, key.lastIndexOf("_"));
}

function nextActions(cluster: Cluster, { nextAction, nextResource, nextKey }: StoredOrdering): readonly PlannedAction[] {
  if (nextAction !== null) return [nextAction];
  return nextKey === null ? [] : cluster.actions.withKey(nextResource, nextKey);
}

/** Probes come before what could disturb what they look at. */
export function orderProbes(cluster: Cluster): void {
  for (const probe of cluster.actions.all) {
    if (isProbe(probe)) orderBeforeRestarts(cluster, probe);
  }
  for (const ordering of cluster.stored) orderBeforeFollowers(cluster, ordering);
}

function isProbe(action: PlannedAction): boolean {
  return action.task === "monitor" && action.intervalMs === 0 && action.resource?.kind === "primitive";
}

/** A resource that a start of another makes restart waits with its stop for the probe. */
function orderBeforeRestarts(cluster: Cluster, probe: PlannedAction): void {
  const seen = new Set<PlannedAction>();
  const visit = (action: PlannedAction): void => {
    if (seen.has(action)) return;
    seen.add(action);
    const resource = action.resource;
    if (resource !== null && resource.kind === "primitive" && resource !== probe.resource) orderBeforeStops(cluster, probe, action, resource);
    for (const output of action.outputs.slice()) if (continues(probe, action, output.next, output.flags)) visit(output.next);
  };
  for (const output of probe.outputs.slice()) visit(output.next);
}

function orderBeforeStops(cluster: Cluster, probe: PlannedAction, action: PlannedAction, resource: Resource): void {
  const counterpart = action.task === "start" ? "stop" : action.task === "promote" ? "demote" : null;
  if (counterpart === null) return;
  for (const stop of cluster.actions.withKey(resource, actionKey(resource, counterpart, 0))) if (!stop.pseudo) attach(probe, stop, ORDER.optional);
}

function continues(probe: PlannedAction, from: PlannedAction, to: PlannedAction, flags: number): boolean {
  if ((flags & ORDER.impliesThen) !== 0) return true;
  const collective = from.resource;
  if (collective === null || collective.kind === "primitive" || collective === probe.resource?.parent) return false;
  if (to.resource === null || to.resource.parent !== collective || to.resource.kind === "clone") return false;
  if (collective.clone?.interleave !== true || probe.resource === null) return true;
  const instance = probe.resource.parent?.clone != null ? probe.resource : (probe.resource.parent ?? probe.resource);
  return findPair(collective, instance, false) === to.resource;
}

/** What waits for a stop waits for the probes of the same resource too: it may turn out to run elsewhere. */
function orderBeforeFollowers(cluster: Cluster, ordering: StoredOrdering): void {
  const resource = ordering.firstResource;
  if (resource === null || resource.kind !== "primitive" || resource === ordering.nextResource) return;
  const task = ordering.firstAction?.task ?? (ordering.firstKey === null ? "" : taskOf(resource, ordering.firstKey));
  if (task !== "stop") return;
  const probes = cluster.actions.withKey(resource, actionKey(resource, "monitor", 0));
  const exact = ordering.flags === ORDER.load || ordering.flags === ORDER.antiColocation;
  const flags = exact ? ordering.flags : ORDER.optional | (ordering.flags & (ORDER.sameNode | ORDER.notMigrating));
  for (const next of probes.length === 0 ? [] : nextActions(cluster, ordering)) {
    // The stop of its container comes after its own stop anyway
    if (next.task === "stop" && next.resource !== null && next.resource === resource.container) continue;
    for (const probe of probes) {
      if (next.task === "do_shutdown" && next.node !== probe.node) continue;
      // The probe waits for the unfencing of its node
      if (next.task === "stonith" && next.node === probe.node) continue;
      attach(probe, next, flags);
    }
  }
}

