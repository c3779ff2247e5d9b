/** Interleaved clones: which instance goes with which (3-actions O14, O15). */
import type { PlannedAction } from "../model/action.ts";
import { hasParts, isInterleaved, partsOf } from "../model/bundle.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { leavesOf } from "../model/resource.ts";

export function interleaves(first: PlannedAction, next: PlannedAction): boolean {
  if (first.resource === null || next.resource === null || !hasParts(first.resource) || !hasParts(next.resource) || first.resource === next.resource) return false;
  const goingDown = next.task === "stop" || next.task === "demote";
  return isInterleaved(goingDown ? first.resource : next.resource);
}

/** The instance of the other clone on the same node; one that is nowhere yet is paired where it may go. */
export function findPair(clone: Resource, instance: Resource, current: boolean): Resource | null {
  const places = placesOf(instance, current);
  const [only] = places;
  if (only !== undefined && places.length === 1) return matching(clone, only, current);
  const table = instance.scores;
  const nodes = table.listed().toSorted((a, b) => table.get(b) - table.get(a));
  for (const index of nodes) {
    const found = partsOf(clone).find((candidate) => {
      const [place, more] = placesOf(candidate, current);
      return place?.index === index && more === undefined && !isBlocked(candidate);
    });
    if (found !== undefined) return found;
  }
  return null;
}

function matching(clone: Resource, node: Node, current: boolean): Resource | null {
  return partsOf(clone).find((candidate) => {
    const [place, more] = placesOf(candidate, current);
    return place === node && more === undefined && !isBlocked(candidate);
  }) ?? null;
}

function placesOf(resource: Resource, current: boolean): readonly Node[] {
  if (current) return [...new Set(leavesOf(resource).flatMap((leaf) => leaf.runningOn))];
  return [...new Set(leavesOf(resource).flatMap((leaf) => leaf.assigned ?? []))];
}

function isBlocked(resource: Resource): boolean {
  return resource.blocked || resource.children.some(isBlocked);
}

/** Without a partner it does not run at all. True when that is new. */
export function giveUp(instance: Resource): boolean {
  let changed = false;
  for (const leaf of leavesOf(instance)) {
    if (leaf.assigned === null) continue;
    leaf.assigned.assignedCount--;
    leaf.assigned = null;
    leaf.nextRole = "Stopped";
    leaf.choice = "the instance it goes with does not run there";
    changed = true;
    for (const action of leaf.actions) {
      if (action.task === "stop") action.optional = false;
      else if (action.task === "start" || (action.intervalMs > 0 && action.targetRc !== 7)) action.runnable = false;
    }
  }
  return changed;
}
