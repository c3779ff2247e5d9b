/** In which order instances of a clone choose (2-assignment E4, E5). */
import type { Cluster } from "../model/cluster.ts";
import { mergeSort } from "../model/merge-sort.ts";
import type { Node } from "../model/node.ts";
import { isAvailable } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { currentNode } from "../model/resource.ts";
import { INFINITY, scoreFactor } from "../model/score.ts";
import { ScoreTable } from "../model/score-table.ts";
import { hasInfluence, mergeWishes } from "./colocation-scores.ts";

/** Where an instance is now; a group's is where the group was found first. */
export function instancePlace(instance: Resource): Node | null {
  return instance.kind === "primitive" ? currentNode(instance) : (instance.runningOn[0] ?? null);
}

/** A stable merge sort: the comparison is not transitive in rare cases, and the outcome must be the same always. */
export function sortInstances(cluster: Cluster, clone: Resource, instances: readonly Resource[]): Resource[] {
  return mergeSort(instances, (a, b) => compareInstances(cluster, clone, a, b));
}

export function compareInstances(cluster: Cluster, clone: Resource, a: Resource, b: Resource): number {
  if (a.runningOn.length > 0 && b.runningOn.length > 0 && a.runningOn.length !== b.runningOn.length) return a.runningOn.length - b.runningOn.length;
  const placeA = allowedPlace(a), placeB = allowedPlace(b);
  if (a.runningOn.length > 0 || b.runningOn.length > 0) {
    const barred = Number(placeA === null && a.runningOn.length > 0) - Number(placeB === null && b.runningOn.length > 0);
    if (barred !== 0) return barred;
  }
  const priority = priorityOf(b) - priorityOf(a);
  if (priority !== 0) return priority;
  if (placeA === null && placeB === null) return 0;
  if (placeA === null) return 1;
  if (placeB === null) return -1;
  const usable = Number(isAvailable(placeB)) - Number(isAvailable(placeA));
  if (usable !== 0) return usable;
  const listedA = clone.scores.has(placeA.index), listedB = clone.scores.has(placeB.index);
  if (!listedA && !listedB) return 0;
  if (listedA !== listedB) return listedA ? -1 : 1;
  const failed = Number(anyFailed(a)) - Number(anyFailed(b));
  if (failed !== 0) return failed;
  const wish = colocationScore(cluster, clone, b, placeB) - colocationScore(cluster, clone, a, placeA);
  return wish !== 0 ? wish : numberOf(a) - numberOf(b);
}

function priorityOf(instance: Resource): number {
  return instance.promotion?.priority ?? instance.settings.priority;
}

/** Containers of a bundle bear their number at the end of their ids. */
function numberOf(instance: Resource): number {
  return instance.instance ?? Number.parseInt(instance.id.slice(instance.id.lastIndexOf("-") + 1), 10);
}

/** Null when it is not active, or on a node it may not be on. */
function allowedPlace(instance: Resource): Node | null {
  const place = instancePlace(instance);
  return place !== null && instance.scores.has(place.index) && instance.scores.get(place.index) >= 0 ? place : null;
}

function anyFailed(resource: Resource): boolean {
  return resource.failed || resource.children.some(anyFailed);
}

/** What the clone's colocations say about the place of one instance. */
function colocationScore(cluster: Cluster, clone: Resource, instance: Resource, place: Node): number {
  let table = new ScoreTable(cluster.nodeByIndex.length);
  table.set(place.index, place.baseScore);
  for (const colocation of clone.thisWith) {
    table = mergeWishes(cluster, colocation.primary, table, {
      attribute: colocation.attribute, factor: scoreFactor(colocation.score), flags: { active: false, nonnegative: false, thisWith: false },
    });
  }
  for (const colocation of clone.withThis) {
    if (!hasInfluence(colocation, instance)) continue;
    table = mergeWishes(cluster, colocation.dependent, table, {
      attribute: colocation.attribute, factor: scoreFactor(colocation.score), flags: { active: false, nonnegative: true, thisWith: false },
    });
  }
  return Math.max(-INFINITY, table.get(place.index));
}
