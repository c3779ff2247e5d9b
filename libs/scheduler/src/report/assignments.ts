/** Where everything is put, and the arithmetic behind it. */
import { excludedBecause } from "../assign/explain-choice.ts";
import type { Cluster } from "../model/cluster.ts";
import { groupedBy } from "../model/grouped.ts";
import type { Resource } from "../model/resource.ts";
import { leavesOf, promotionOf } from "../model/resource.ts";
import { sortNodes } from "../assign/colocation-scores.ts";
import type { Assignment, Candidate } from "../types.ts";

export function reportAssignments(cluster: Cluster): Assignment[] {
  return cluster.resources.flatMap(leavesOf).filter((leaf) => !leaf.orphan || leaf.runningOn.length > 0).map((leaf) => reportAssignment(cluster, leaf));
}

function reportAssignment(cluster: Cluster, resource: Resource): Assignment {
  return {
    resource: resource.id,
    from: resource.runningOn.map((node) => node.name),
    to: resource.assigned?.name ?? null,
    role: resource.nextRole,
    candidates: candidatesOf(cluster, resource),
    reason: resource.choice ?? "it was not looked at",
    ...reportPromotion(resource),
  };
}

function reportPromotion(resource: Resource): Pick<Assignment, "promotion"> {
  const promotion = promotionOf(resource);
  if (promotion === null || promotion.choice === null) return {};
  return { promotion: { score: promotion.index, terms: promotion.terms.filter(({ score }) => score !== 0), reason: promotion.choice } };
}

/** The chosen node first, then as the scores rank them. */
function candidatesOf(cluster: Cluster, resource: Resource): Candidate[] {
  const sorted = sortNodes(cluster, resource.scores, resource.assigned);
  const chosenFirst = sorted.toSorted((a, b) => Number(b === resource.assigned) - Number(a === resource.assigned));
  const termsOf = groupedBy(resource.terms.filter(({ score }) => score !== 0), ({ node }) => node);
  return chosenFirst.map((node) => ({
    node: node.name,
    score: resource.scores.get(node.index),
    terms: (termsOf.get(node.index) ?? []).map(({ source, id, score, text }) => ({ source, id, score, text })),
    excluded: excludedBecause(resource, node),
  }));
}
