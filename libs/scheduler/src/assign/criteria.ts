/** What the nodes are worth to each resource before anything is assigned (2-assignment C3 to C13, D7). */
import { addColocation } from "../constraints/colocation.ts";
import { applyLocations } from "../constraints/location.ts";
import { findAction } from "../actions/action-table.ts";
import { placedParts } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { guestOf, leavesOf } from "../model/resource.ts";
import { addScores, INFINITY } from "../model/score.ts";
import { DISCOVERY } from "../model/score-table.ts";
import { countsFailures, effectiveFailCount } from "../read/fail-counts.ts";
import { bannedWhole } from "../read/history-resource.ts";
import { addContainerCriteria } from "./remote-assignment.ts";
import { addNodeScore, ban } from "../read/resources.ts";
import { applyShutdownLocks } from "../read/shutdown-locks.ts";

export function applyCriteria(cluster: Cluster): void {
  applyShutdownLocks(cluster);
  applyLocations(cluster);
  for (const resource of cluster.resources) leavesOf(resource).forEach((leaf) => addStickiness(cluster, leaf));
  const leaves = new Map(cluster.resources.map((resource) => [resource, leavesOf(resource)]));
  for (const node of cluster.nodes) {
    const failing = countsFailures(node);
    for (const [resource, those] of leaves) {
      if (failing) for (const leaf of those) banByThreshold(cluster, leaf, node);
      if (resource.exclusiveDiscovery) restrictDiscovery(resource, node);
    }
  }
}

/** Where it runs alone it would rather stay. */
function addStickiness(cluster: Cluster, leaf: Resource): void {
  const { stickiness } = leaf.settings;
  const [node, other] = leaf.runningOn;
  if (!leaf.managed || stickiness < 1 || node === undefined || other !== undefined) return;
  if (!cluster.options.symmetricCluster && !leaf.scores.has(node.index)) return;
  addNodeScore(cluster, leaf, node.index, { source: "stickiness", id: "resource-stickiness", score: stickiness, text: `it runs there` });
}

/** Too many failures: the leaf is banned, or the whole clone when its instances are alike. */
function banByThreshold(cluster: Cluster, leaf: Resource, node: Node): void {
  if (findClear(leaf, node)) return;
  const text = thresholdReached(cluster, leaf, node);
  if (text !== null) addNodeScore(cluster, bannedWhole(leaf), node.index, ban("failcount", text, "migration-threshold"));
}

/** Null while it has not failed there too often; else in words. */
export function thresholdReached(cluster: Cluster, leaf: Resource, node: Node): string | null {
  const { migrationThreshold } = leaf.settings;
  if (migrationThreshold === 0 || leaf.failureIgnored) return null;
  const count = countWithFillers(cluster, leaf, node);
  if (count === 0 || count < migrationThreshold) return null;
  const failure = leaf.failures.get(node.index);
  const text = `it failed there ${count >= INFINITY ? "for good" : `${count} times`}, migration-threshold is ${migrationThreshold >= INFINITY ? "INFINITY" : migrationThreshold}`;
  return failure === undefined ? text : `${text} (${failure})`;
}

/** What fails inside of a container is mended by restarting that, so it counts there. */
function countWithFillers(cluster: Cluster, leaf: Resource, node: Node): number {
  if (guestOf(leaf)?.inBundle === true) return effectiveFailCount(cluster, leaf, node).count;
  return leaf.fillers.reduce((sum, filler) => addScores(sum, effectiveFailCount(cluster, filler, node).count), effectiveFailCount(cluster, leaf, node).count);
}

function findClear(leaf: Resource, node: Node): boolean {
  return findAction(leaf, "clear_failcount", node) !== null;
}

function restrictDiscovery(resource: Resource, node: Node): void {
  if (resource.scores.has(node.index) && resource.scores.discovery(node.index) !== DISCOVERY.exclusive) {
    resource.scores.set(node.index, -INFINITY);
    resource.terms.push({ node: node.index, ...ban("location", "resource-discovery is exclusive to other nodes") });
  }
  for (const child of resource.kind === "bundle" ? placedParts(resource) : resource.children) restrictDiscovery(child, node);
}

/** Colocations and bans that groups, bundles, containers and connections bring with them. */
export function addInternalColocations(cluster: Cluster, resource: Resource): void {
  if (resource.kind === "bundle") colocateReplicas(cluster, resource);
  if (resource.kind === "group" && resource.group?.colocated === true) {
    resource.children.forEach((member, position) => {
      const previous = resource.children[position - 1];
      if (previous === undefined) return;
      addColocation(cluster, {
        id: resource.id, score: INFINITY, dependent: member, primary: previous, dependentRole: "Unknown", primaryRole: "Unknown",
        attribute: "#uname", influence: member.settings.critical,
      });
    });
  }
  if (resource.kind === "primitive") addContainerCriteria(cluster, resource);
  for (const child of resource.children) addInternalColocations(cluster, child);
}

/** A connection would like to be where its container is, but can speak to it from elsewhere; an address cannot be elsewhere. */
const CONNECTION_SCORE = 10_000;

function colocateReplicas(cluster: Cluster, bundle: Resource): void {
  const colocate = (dependent: Resource | null, primary: Resource, score: number): void => {
    if (dependent === null || !dependent.managed) return;
    addColocation(cluster, {
      id: bundle.id, score, dependent, primary, dependentRole: "Unknown", primaryRole: "Unknown", attribute: "#uname", influence: true,
    });
  };
  for (const { container, address, connection } of bundle.bundle?.replicas ?? []) {
    colocate(connection, container, CONNECTION_SCORE);
    colocate(address, container, INFINITY);
  }
}
