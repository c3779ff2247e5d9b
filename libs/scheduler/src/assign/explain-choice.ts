/** Why a node was chosen, in words. */
import { compareCapacity } from "../model/capacity.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import { isAvailable } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { INFINITY, scoreText } from "../model/score.ts";

/** `sorted`: the nodes of its table, best first, before the choice is counted. */
export function explainChoice(cluster: Cluster, resource: Resource, sorted: readonly Node[], chosen: Node | null): string {
  if (chosen === null) return explainNone(resource, sorted);
  const score = resource.scores.get(chosen.index);
  const usable = sorted.filter((node) => isAvailable(node) && resource.scores.get(node.index) >= 0);
  const rivals = usable.filter((node) => node !== chosen && resource.scores.get(node.index) === score);
  if (usable.length === 1) return `${chosen.name} is the only node it can run on${because(resource, chosen) || whyNotElsewhere(resource, sorted)}`;
  if (rivals.length === 0) return `${chosen.name} has the highest score, ${scoreText(score)}${because(resource, chosen)}`;
  const tied = `score ${scoreText(score)} is also that of ${names(rivals)}`;
  if (cluster.options.placement === "balanced" && rivals.every((node) => compareCapacity(chosen.free, node.free) < 0)) {
    return `${chosen.name} has most capacity left: ${roomText([chosen, ...rivals])}; ${tied}`;
  }
  if (cluster.options.placement !== "minimal" && rivals.every((node) => node.assignedCount > chosen.assignedCount)) {
    const counts = rivals.map((node) => `${node.name} (${node.assignedCount})`).join(", ");
    return `${chosen.name} runs ${count(chosen.assignedCount)}, fewer than ${counts}; ${tied}`;
  }
  if (resource.runningOn.includes(chosen)) return `it runs on ${chosen.name} and no other node is better; ${tied}`;
  return `${chosen.name} comes first among equal nodes; ${tied}`;
}

/** What is free on each node, in all that counts. */
function roomText(nodes: readonly Node[]): string {
  return nodes.map((node) => `${node.name} (${[...node.free].map(([name, amount]) => `${name} ${amount}`).join(", ") || "none"})`).join(", ");
}

function count(resources: number): string {
  return resources === 1 ? "1 resource" : `${resources} resources`;
}

function names(nodes: readonly Node[]): string {
  return nodes.map((node) => node.name).join(", ");
}

/** The strongest positive term speaks for the node. */
function because(resource: Resource, chosen: Node): string {
  const positive = resource.terms.filter((term) => term.node === chosen.index && term.score > 0);
  const strongest = positive.toSorted((a, b) => b.score - a.score)[0];
  return strongest === undefined ? "" : `: ${strongest.text}`;
}

/** What rules the other nodes out, when it is one thing. */
function whyNotElsewhere(resource: Resource, sorted: readonly Node[]): string {
  const rules = sorted.filter(isAvailable).flatMap((node) => resource.terms.find((term) => term.node === node.index && term.score <= -INFINITY) ?? []);
  const texts = new Set(rules.map((term) => term.text));
  return texts.size === 1 && rules[0]?.source === "colocation" ? `: it ${rules[0].text}` : "";
}

function explainNone(resource: Resource, sorted: readonly Node[]): string {
  if (resource.orphan) return "it is not configured any more";
  if (resource.meta.get("target-role")?.toLowerCase() === "stopped") return "it is to be stopped (target-role)";
  const reasons = sorted.map((node) => excludedBecause(resource, node)).filter((reason) => reason !== null);
  return reasons.length === 0 ? "no node is allowed" : `no node is left: ${[...new Set(reasons)].join("; ")}`;
}

/** Null when the node could be used. */
export function excludedBecause(resource: Resource, node: Node): string | null {
  const unfit = unfitBecause(node);
  if (unfit !== null) return `${node.name} ${unfit}`;
  if (!resource.scores.has(node.index)) return `${node.name} is not allowed (no constraint names it)`;
  if (resource.scores.get(node.index) >= 0) return null;
  const decisive = resource.terms.find((term) => term.node === node.index && term.score <= -INFINITY);
  const text = decisive?.text ?? `score is ${scoreText(resource.scores.get(node.index))}`;
  return `${node.name}: ${text}`;
}

function unfitBecause(node: Node): string | null {
  if (node.unclean) return node.fenceReason === null ? "is unclean" : `is unclean: ${node.fenceReason}`;
  if (node.pending) return "is still joining";
  if (!node.online) return "is offline";
  if (node.shutdown) return "is shutting down";
  if (node.standby) return node.standbyOnFail ? "is in standby after a failure" : "is in standby";
  return node.maintenance ? "is in maintenance" : null;
}
