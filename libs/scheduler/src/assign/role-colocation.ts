/** What colocation constraints with roles say about promoting an instance that has its node (2-assignment E14). */
import { partsOf } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Colocation, Resource } from "../model/resource.ts";
import { leavesOf } from "../model/resource.ts";
import { rank } from "../model/role.ts";
import { INFINITY, addScores } from "../model/score.ts";
import { assignedPlaces, colocationValue, instanceOn, isPairedWith, restrictToInstances } from "./colocation-scores.ts";

/** `dependent`: an instance of a promotable clone; `primary` is what it is colocated with, or a part of that. */
export function applyRoleColocation(cluster: Cluster, dependent: Resource, primary: Resource, colocation: Colocation): void {
  switch (primary.kind) {
    case "primitive":
      compareWithLeaf(dependent, primary, colocation);
      return;
    case "group":
      compareWithGroup(cluster, dependent, primary, colocation);
      return;
    case "clone":
      if (primary.clone?.promotable === true && colocation.primaryRole !== "Unknown" && colocation.dependentRole === "Promoted") compareWithRole(dependent, primary, colocation);
      else compareWithClone(cluster, dependent, primary, colocation);
      return;
    case "bundle":
      compareWithClone(cluster, dependent, primary, colocation);
  }
}

function compareWithLeaf(dependent: Resource, primary: Resource, colocation: Colocation): void {
  const [place] = assignedPlaces(dependent);
  const { score, attribute, dependentRole, primaryRole } = colocation;
  if (place === undefined || primary.assigned === null || rank(dependentRole) < rank("Unpromoted")) return;
  if (colocationValue(place, attribute) !== colocationValue(primary.assigned, attribute)) {
    if (score >= INFINITY && dependentRole === "Promoted") adjust(dependent, colocation, -INFINITY, `${primary.id} is not there`);
    return;
  }
  if (primaryRole !== "Unknown" && primaryRole !== primary.nextRole) return;
  adjust(dependent, colocation, dependentRole === "Unpromoted" ? -score : score, `${primary.id} is there`);
}

function compareWithGroup(cluster: Cluster, dependent: Resource, group: Resource, colocation: Colocation): void {
  if (group.group?.colocated === true) {
    const member = colocation.score >= INFINITY ? group.children.at(-1) : group.children[0];
    if (member !== undefined) applyRoleColocation(cluster, dependent, member, colocation);
  } else if (colocation.score < INFINITY) {
    for (const member of group.children) applyRoleColocation(cluster, dependent, member, colocation);
  }
}

/** Promoted together: the other clone has to have an instance of that role there. */
function compareWithRole(dependent: Resource, clone: Resource, colocation: Colocation): void {
  const { score, primaryRole } = colocation;
  const [place] = assignedPlaces(dependent);
  if (place === undefined) return;
  const there = clone.children.some((instance) => instance.nextRole === primaryRole && assignedPlaces(instance).includes(place));
  if (there) adjust(dependent, colocation, score, `${clone.id} is ${primaryRole.toLowerCase()} there`);
  else if (score >= INFINITY) adjust(dependent, colocation, -INFINITY, `${clone.id} is not ${primaryRole.toLowerCase()} there`);
}

/** Instances of another clone in any role. One that has no partner any more loses its node. */
function compareWithClone(cluster: Cluster, dependent: Resource, clone: Resource, colocation: Colocation): void {
  if (clone.provisional) return;
  if (clone.kind === "bundle" || isPairedWith(clone, colocation)) {
    const [place] = assignedPlaces(dependent);
    const instance = place === undefined ? null : instanceOn(clone, place);
    if (instance !== null) applyRoleColocation(cluster, dependent, instance, colocation);
    else if (colocation.score >= INFINITY) loseNode(dependent, `no instance of ${clone.id} is there for it`);
  } else if (colocation.score >= INFINITY) {
    restrictToInstances(cluster, dependent, clone, colocation);
  } else {
    for (const instance of partsOf(clone)) applyRoleColocation(cluster, dependent, instance, colocation);
  }
}

function loseNode(dependent: Resource, choice: string): void {
  for (const leaf of leavesOf(dependent)) {
    if (leaf.assigned === null) continue;
    leaf.assigned.assignedCount--;
    leaf.assigned = null;
    leaf.nextRole = "Stopped";
    leaf.choice = choice;
  }
}

function adjust(dependent: Resource, { id }: Colocation, score: number, text: string): void {
  const { promotion } = dependent;
  if (promotion === null) return;
  promotion.priority = addScores(promotion.priority, score);
  promotion.terms.push({ source: "colocation", id, score, text });
}
