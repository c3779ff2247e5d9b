/** Why an action is done: the chain of causes down to the fact that started it, in words. */
import type { PlannedAction } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { currentNode, displayId } from "../model/resource.ts";

/** Longest chain that is told; a longer one helps nobody. */
const CHAIN_MAX = 12;

/** Nearest cause first. */
export function causesOf(cluster: Cluster, resource: Resource, action: PlannedAction | null): string[] {
  const causes: string[] = [];
  const add = (text: string | null): void => {
    if (text !== null && text !== "" && !causes.includes(text)) causes.push(text);
  };
  let at = action;
  for (let depth = 0; at !== null && depth < CHAIN_MAX; depth++) {
    if (at !== action && at.resource !== resource) add(stepText(at));
    add(ownFact(at));
    const next: PlannedAction | null = at.cause;
    if (next === null || next === action) break;
    at = next;
  }
  const last = at?.resource ?? resource;
  for (const text of rootFacts(cluster, last.kind === "primitive" ? last : resource)) add(text);
  if (last !== resource) for (const text of rootFacts(cluster, resource)) add(text);
  return causes;
}

function stepText(action: PlannedAction): string {
  const name = action.resource === null ? action.key : displayId(action.resource);
  const place = action.node === null ? "" : ` on ${action.node.name}`;
  if (!action.runnable) return `${name} cannot ${action.task}${place}`;
  return `${name} must ${action.task}${place}`;
}

/** Reasons that are facts by themselves. */
function ownFact(action: PlannedAction): string | null {
  if (action.task === "stonith" && action.node !== null) return `${action.node.name} is to be fenced`;
  switch (action.reason) {
    case "no quorum": return "the cluster has no quorum";
    case "quorum freeze": return "the cluster has no quorum and no-quorum-policy is freeze";
    case "resource definition change": return `parameters of ${action.resource === null ? "it" : displayId(action.resource)} were changed`;
    case "being multiply active": return "it is active on more than one node";
    case null: return null;
    default: return null;
  }
}

/** What made the resource leave its node, and why it goes where it goes. */
function rootFacts(cluster: Cluster, resource: Resource): string[] {
  const facts: string[] = [];
  const current = currentNode(resource);
  if (current !== null) {
    if (current !== resource.assigned && resource.assigned !== null) facts.push(`${displayId(resource)} must move from ${current.name}`);
    const failure = resource.failures.get(current.index);
    if (failure !== undefined && failure !== "" && resource.failed) facts.push(failure);
    facts.push(...nodeFacts(cluster, current));
  }
  if (resource.choice !== null) facts.push(resource.assigned === null ? resource.choice : `to ${resource.assigned.name}: ${resource.choice}`);
  return facts;
}

function nodeFacts(cluster: Cluster, node: Node): string[] {
  if (node.unclean) {
    const fenced = cluster.actions.all.some((action) => action.task === "stonith" && action.node === node);
    const lost = `${node.name} is lost: ${node.fenceReason ?? "node is unclean"}`;
    return fenced ? [`${node.name} is to be fenced`, lost] : [`${node.name} cannot be fenced`, lost];
  }
  if (node.shutdown) return [`${node.name} is shutting down`];
  if (node.standby && !node.pending) return [`${node.name} is in standby`];
  return node.online ? [] : [`${node.name} is offline`];
}

/** One sentence for an action of the graph; never empty. */
export function explainAction(cluster: Cluster, action: PlannedAction): string {
  if (action.task === "stonith") return `${action.node?.name ?? ""} is lost: ${action.reason ?? "node is unclean"}`;
  if (action.resource === null) return action.reason ?? action.task;
  const name = displayId(action.resource);
  switch (action.task) {
    case "monitor":
      if (action.intervalMs > 0) return `${name} is watched every ${action.intervalMs} ms while it runs`;
      return `the state of ${name} on ${action.node?.name ?? ""} is not known`;
    case "cancel": return `the monitor of ${name} is no longer wanted`;
    case "delete": return `the history of ${name} is out of date`;
    case "clear_failcount": return `fail count of ${name}: ${action.reason ?? "it is over"}`;
    default: break;
  }
  if (action.resource.kind !== "primitive") return `members of ${name}`;
  const causes = causesOf(cluster, action.resource, action);
  return causes[0] ?? action.reason ?? `${name} is to ${action.task}`;
}
