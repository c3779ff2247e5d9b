/** Everything one decision works on. Made anew for every call; nothing of it outlives the call. */
import type { XmlElement } from "@quorate/cib";
import type { ActionTable } from "../actions/action-table.ts";
import type { LocationConstraint } from "../constraints/location.ts";
import type { IdIndex } from "../read/attribute-sets.ts";
import type { HistoryIndex } from "../read/migration-history.ts";
import type { Options } from "../read/options.ts";
import type { RuleContext } from "../read/rules.ts";
import type { ShutdownLock } from "../read/shutdown-locks.ts";
import type { FailedOperation, ScoreTerm } from "../types.ts";
import type { StoredOrdering } from "./action.ts";
import type { Node } from "./node.ts";
import { compareNodeNames } from "./node.ts";
import type { Resource } from "./resource.ts";
import { leavesOf } from "./resource.ts";

export interface Cluster {
  readonly root: XmlElement;
  readonly nowMs: number;
  readonly ids: IdIndex;
  readonly optionValues: ReadonlyMap<string, string>;
  readonly options: Options;
  readonly haveQuorum: boolean;
  /** History written by a feature set before 3.0.13 names fail counts without operation. */
  readonly plainFailCounts: boolean;
  /** In name order. */
  readonly nodes: Node[];
  /** By `Node.index`. */
  readonly nodeByIndex: Node[];
  /** Top level: priority order, then document order, orphans last. */
  readonly resources: Resource[];
  /** By `Resource.index`: everything. */
  readonly allResources: Resource[];
  readonly byId: Map<string, Resource>;
  readonly actions: ActionTable;
  readonly stored: StoredOrdering[];
  readonly locations: LocationConstraint[];
  /** Clones of which nothing may be promoted for want of a ticket (2-assignment E17). */
  readonly promotionTickets: Map<Resource, ScoreTerm>;
  readonly locks: Map<Resource, ShutdownLock>;
  /** Sum of the priorities of what is active on a node; kept only for `priority-fencing-delay`. */
  readonly nodePriorities: Map<Node, number>;
  /** Entries of all nodes, for what only two of them together tell. */
  readonly history: HistoryIndex;
  readonly failedOperations: FailedOperation[];
  /** Failed monitors that expired: they are set up anew as if their parameters had changed. */
  readonly expiredMonitors: Set<XmlElement>;
  /** Comparisons that need to know where containers are put: made when everything has its place. */
  readonly deferred: (() => void)[];
  haveFenceDevice: boolean;
  /** Fencing is enabled, and some resource provides or requires unfencing (1-state C3). */
  readonly unfencing: boolean;
  readonly warnings: string[];
  recheckAtMs: number | null;
}

export function findNode(cluster: Cluster, name: string): Node | null {
  const wanted = name.toLowerCase();
  return cluster.nodes.find((node) => node.name.toLowerCase() === wanted) ?? cluster.nodes.find((node) => node.id.toLowerCase() === wanted) ?? null;
}

export function addNode(cluster: Pick<Cluster, "nodes" | "nodeByIndex">, node: Node): void {
  cluster.nodeByIndex.push(node);
  cluster.nodes.push(node);
  cluster.nodes.sort((a, b) => compareNodeNames(a.name, b.name));
}

export function noteRecheck(cluster: Cluster, atMs: number): void {
  if (atMs > cluster.nowMs && (cluster.recheckAtMs === null || atMs < cluster.recheckAtMs)) cluster.recheckAtMs = atMs;
}

/** A context in which nothing but the date is known. */
export function plainContext(cluster: { readonly nowMs: number }, recheckAt: (atMs: number) => void): RuleContext {
  return { nowMs: cluster.nowMs, recheckAt, attribute: null, resource: null, operation: null, parameter: null, meta: null, submatches: [] };
}

/** Rules about the attributes of one node. */
export function nodeContext(cluster: Cluster, node: Node | null): RuleContext {
  const context = plainContext(cluster, (atMs) => noteRecheck(cluster, atMs));
  return node === null ? context : { ...context, attribute: (name) => node.attributes.get(name) };
}

/** Whether a lost node can be fenced at all; a guest by restarting its container (1-state D7). */
export function canFence(cluster: Cluster, node: Node, inside: readonly Node[] = []): boolean {
  if (node.kind === "guest") {
    const hosts = node.connection?.container?.runningOn ?? [];
    return hosts.every((host) => host.online || (!inside.includes(host) && canFence(cluster, host, [...inside, node])));
  }
  if (!cluster.options.fencingEnabled || !cluster.haveFenceDevice) return false;
  return cluster.haveQuorum || cluster.options.noQuorumPolicy === "ignore" || node.online;
}

/** Marks a node for fencing; the first reason given stays. For a guest that means to restart its container (1-state D7). */
export function markForFencing(node: Node, reason: string): void {
  const { connection } = node;
  if (node.kind === "guest") {
    const container = connection?.container ?? connection;
    if (container === null || container.failed || !container.managed) return;
    container.failed = true;
    container.mustStop = true;
    node.requiresReset = true;
    return;
  }
  node.fenceReason ??= reason;
  node.unclean = true;
  if (node.kind === "remote" && connection?.managed === true) node.requiresReset = true;
}

export function anyManaged(cluster: Cluster): boolean {
  return cluster.resources.some((resource) => leavesOf(resource).some((leaf) => leaf.managed));
}
