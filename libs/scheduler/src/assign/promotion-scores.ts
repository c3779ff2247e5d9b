/** What the promotion attributes of the nodes are worth to an instance of a promotable clone (2-assignment E11, E16). */
import { attributesFor } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import { isAvailable } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { leavesOf } from "../model/resource.ts";
import { parseScore } from "@quorate/cib";

/** Before the instances get their nodes: what would be promoted there is drawn there, and chooses first. */
export function addPromotionScores(cluster: Cluster, clone: Resource): void {
  for (const instance of clone.children) {
    const promotion = { priority: instance.settings.priority, index: 0, terms: [], choice: null };
    instance.promotion = promotion;
    for (const index of instance.scores.listed()) {
      const node = cluster.nodeByIndex[index];
      if (node === undefined || !isAvailable(node)) continue;
      const score = promotionScore(clone, instance, node);
      if (score === null || score <= 0) continue;
      instance.scores.add(index, score, node.baseScore);
      instance.terms.push({ node: index, source: "promotion", id: attributeName(instance), score, text: `its promotion score there is ${score}` });
      promotion.priority = Math.max(promotion.priority, score);
    }
  }
}

/**
 * Null when no attribute says anything, or what it says is not about this instance. A group's is the sum of its members', in which no infinity
 * beats the rest.
 */
export function promotionScore(clone: Resource, instance: Resource, node: Node): number | null {
  let sum: number | null = null;
  for (const leaf of leavesOf(instance)) {
    const score = leafScore(clone, leaf, node);
    if (score !== null) sum = (sum ?? 0) + score;
  }
  return sum;
}

function leafScore(clone: Resource, leaf: Resource, node: Node): number | null {
  if (!concerns(clone, leaf, node) || !leaf.scores.has(node.index) || leaf.scores.get(node.index) < 0) return null;
  const attributes = attributesFor(leaf, node);
  const value = attributes.get(`master-${leaf.historyName ?? leaf.id}`) ?? (leaf.unique ? undefined : attributes.get(`master-${leaf.configId}`));
  return value === undefined ? null : parseScore(value);
}

/** Name of the attribute, for people. */
export function attributeName(instance: Resource): string {
  return leavesOf(instance).map((leaf) => `master-${leaf.unique ? leaf.id : leaf.configId}`).join(" ");
}

/** Instances that are alike share the attributes of a node: they belong to the one that is there. */
function concerns(clone: Resource, leaf: Resource, node: Node): boolean {
  if (!leaf.unique) {
    const active = leavesOf(clone).find((other) => other.configId === leaf.configId && other.runningOn.includes(node));
    if (active === leaf || (active === undefined && clone.known.has(node.index))) return true;
  }
  if (leaf.runningOn.length === 0 && leaf.known.size === 0) return true;
  return leaf.known.has(node.index) || leaf.runningOn.includes(node);
}
