/** Why an action is done: the chain of causes down to the fact that started it, in words. */
import { isDone } from "../actions/notifications.ts";
import type { PlannedAction } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import { isAvailable } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { cloneOf, currentNode, displayId, leavesOf, promotionOf } from "../model/resource.ts";
import { INFINITY } from "../model/score.ts";

/** Longest chain that is told; a longer one helps nobody. */
const CHAIN_MAX = 12;

/** Nearest cause first: what happens to the resource, what forced it, and the facts behind that. */
export function causesOf(cluster: Cluster, resource: Resource, actions: readonly PlannedAction[]): string[] {
  const causes = new Set<string>();
  const current = currentNode(resource);
  const blocked = actions.some((action) => !action.runnable);
  if (current !== null && resource.assigned !== null && current !== resource.assigned) {
    causes.add(`${displayId(resource)} ${blocked ? "cannot" : "must"} move from ${current.name}`);
  }
  const chain = actions.flatMap(chainOf);
  for (const step of chain) {
    const text = actions.includes(step) ? ownFact(step) : stepText(step, resource);
    if (text !== null) causes.add(text);
  }
  const origin = chain.at(-1)?.resource ?? resource;
  if (origin !== resource && origin.kind === "primitive") departureFacts(cluster, origin).forEach((text) => causes.add(text));
  departureFacts(cluster, resource).forEach((text) => causes.add(text));
  placeFacts(resource).forEach((text) => causes.add(text));
  return [...causes];
}

/** The action and what it follows from. */
function chainOf(action: PlannedAction): PlannedAction[] {
  const chain: PlannedAction[] = [];
  for (let at: PlannedAction | null = action; at !== null && chain.length < CHAIN_MAX && !chain.includes(at); at = at.cause) chain.push(at);
  return chain;
}

/** Null for a step of the resource itself: its own stop and start follow from each other. */
function stepText(step: PlannedAction, resource: Resource): string | null {
  if (step.task === "stonith") return isUnfencing(step) ? unfencingText(step) : `${step.node?.name ?? ""} is to be fenced`;
  const fact = ownFact(step);
  if (fact !== null || step.resource === resource) return fact;
  const name = step.resource === null ? step.key : displayId(step.resource);
  const place = step.node === null ? "" : ` on ${step.node.name}`;
  return step.runnable ? `${name} must ${step.task}${place}` : `${name} cannot ${step.task}${place}`;
}

/** Reasons that are facts by themselves. */
function ownFact(action: PlannedAction): string | null {
  const name = action.resource === null ? action.key : displayId(action.resource);
  switch (action.reason) {
    case "no quorum": return "the cluster has no quorum";
    case "quorum freeze": return "the cluster has no quorum and no-quorum-policy is freeze";
    case "resource definition change": return `the parameters of ${name} were changed`;
    case "being multiply active": return `${name} is active on more than one node`;
    case null: return null;
    default: return null;
  }
}

/** What is wrong where it runs. */
function departureFacts(cluster: Cluster, resource: Resource): string[] {
  const current = currentNode(resource);
  if (current === null) return [];
  const failure = resource.failures.get(current.index);
  const facts = failure !== undefined && failure !== "" && resource.failed ? [failure] : [];
  if (resource.runningOn.length > 1) facts.push(`${displayId(resource)} is active on ${resource.runningOn.map((node) => node.name).join(" and ")}`);
  const leaves = current !== resource.assigned && isAvailable(current) && resource.scores.get(current.index) < 0;
  return [...facts, ...nodeFacts(cluster, current), ...(leaves ? banFacts(resource, current) : [])];
}

/** What rules its node out: for it, or for one that has to be with it. */
function banFacts(resource: Resource, node: Node): string[] {
  const open = [resource], seen = new Set<Resource>();
  for (let at = open.shift(); at !== undefined; at = open.shift()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const term = at.terms.find((one) => one.node === node.index && one.score <= -INFINITY && one.source !== "colocation");
    if (term !== undefined) return [`${displayId(at)} must not run on ${node.name}: ${term.text}`];
    open.push(...at.withThis.filter((one) => one.score >= INFINITY).map((one) => one.dependent), ...at.thisWith.filter((one) => one.score >= INFINITY).map((one) => one.primary));
  }
  return [];
}

function nodeFacts(cluster: Cluster, node: Node): string[] {
  if (node.unclean) {
    const fenced = cluster.actions.all.some((action) => action.task === "stonith" && action.node === node && !isUnfencing(action));
    return [fenced ? `${node.name} is to be fenced` : `${node.name} cannot be fenced`, lossText(node)];
  }
  if (node.shutdown) return [`${node.name} is shutting down`];
  if (node.standby && !node.pending) return [`${node.name} is in standby`];
  return node.online ? [] : [`${node.name} is offline`];
}

/** Why a node has to be fenced. */
function lossText(node: Node): string {
  const reason = node.fenceReason ?? "node is unclean";
  if (reason.startsWith("peer")) return `${node.name} is lost: ${reason}`;
  return node.unseen ? `${node.name} has not been seen since the cluster started` : `${node.name} is unclean: ${reason}`;
}

function isUnfencing(action: PlannedAction): boolean {
  return action.extraMeta.get("stonith_action") === "on";
}

/** Fence devices that cut a node off have to let it in before anything that requires it starts there. */
function unfencingText({ node, reason }: PlannedAction): string {
  return `${node?.name ?? ""} is to be let in by its fence devices (unfencing): ${reason ?? "the parameters of a fence device were changed"}`;
}

/** Why it goes where it goes. What follows another is told by the reason of the one it follows. */
function placeFacts(resource: Resource): string[] {
  const facts: string[] = [];
  let at = resource;
  for (let depth = 0; depth < CHAIN_MAX; depth++) {
    const leader = leaderOf(at);
    if (leader === null) break;
    facts.push(`${displayId(at)} goes with ${displayId(leader)}`);
    at = leader;
  }
  if (at.choice !== null) facts.push(at.choice);
  const promotion = promotionOf(resource);
  const changes = (resource.role === "Promoted") !== (resource.nextRole === "Promoted");
  if (changes && promotion !== null && promotion.choice !== null) facts.unshift(promotion.choice);
  return facts;
}

/** What it must be with, when that is on the same node. */
function leaderOf(resource: Resource): Resource | null {
  if (resource.assigned === null) return null;
  const colocation = resource.thisWith.find((one) => one.score >= INFINITY && one.primary.kind === "primitive" && one.primary.assigned === resource.assigned);
  return colocation?.primary ?? null;
}

/** One sentence for an action of the graph; never empty. */
export function explainAction(cluster: Cluster, action: PlannedAction): string {
  if (action.task === "stonith") {
    if (isUnfencing(action)) return unfencingText(action);
    return action.node === null ? "node is unclean" : lossText(action.node);
  }
  if (action.resource === null) return action.reason ?? action.task;
  const name = displayId(action.resource);
  switch (action.task) {
    case "notify": case "notified": return notificationText(action);
    case "monitor":
      if (action.intervalMs > 0) return `${name} is watched every ${action.intervalMs} ms while it runs`;
      return `the state of ${name} on ${action.node?.name ?? ""} is not known`;
    case "cancel": return `the monitor of ${name} is no longer wanted`;
    case "delete": return `the history of ${name} is out of date`;
    case "clear_failcount": return `fail count of ${name}: ${action.reason ?? "it is over"}`;
    default: break;
  }
  if (action.resource.kind !== "primitive") return `members of ${name}`;
  const causes = causesOf(cluster, action.resource, [action]);
  return causes[0] ?? action.reason ?? `${name} is to ${action.task}`;
}

/** What the others are about to do, or have done. */
function notificationText({ resource, notification }: PlannedAction): string {
  const clone = resource === null ? null : cloneOf(resource);
  if (resource === null || notification === null || clone === null) return "notification";
  const doing = leavesOf(clone).flatMap((instance) => instance.actions.filter((action) => action.task === notification.task && isDone(action)));
  const places = [...new Set(doing.map((action) => `${displayId(action.resource ?? clone)} on ${action.node?.name ?? ""}`))].join(", ");
  const before = notification.type.endsWith("pre");
  return before ? `instances of ${clone.id} are told before the ${notification.task} of ${places}` : `instances of ${clone.id} are told after the ${notification.task} of ${places}`;
}
