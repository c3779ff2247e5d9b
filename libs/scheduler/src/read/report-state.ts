/** The known state as others see it: plain values, in a fixed order. */
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { cloneOf, displayId, isActive, leavesOf } from "../model/resource.ts";
import type { ClusterState, FailCount, NodeState, ResourceState, ResourceTree, Role } from "../types.ts";
import { effectiveFailCount } from "./fail-counts.ts";

const PENDING_NAMES: Readonly<Record<string, string>> = {
  start: "Starting", stop: "Stopping", promote: "Promoting", demote: "Demoting", migrate_to: "Migrating", migrate_from: "Migrating", monitor: "Monitoring",
};

export function reportState(cluster: Cluster): ClusterState {
  const shown = cluster.resources.filter((resource) => !resource.orphan || isActive(resource));
  const leaves = shown.flatMap(leavesOf).filter(isShown);
  return {
    haveQuorum: cluster.haveQuorum,
    options: Object.fromEntries([...cluster.optionValues].toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))),
    nodes: cluster.nodes.filter((node) => node.kind !== "ping").map(reportNode),
    resources: leaves.map(reportResource),
    tree: shown.map(reportTree),
    failedOperations: [...cluster.failedOperations],
    failCounts: cluster.nodes.flatMap((node) => leaves.flatMap((resource) => reportFailCount(cluster, resource, node))),
  };
}

/** Of what is not wanted any more only what still runs; but a clone of none shows that it is there. */
function isShown(leaf: Resource): boolean {
  return !leaf.orphan || isActive(leaf) || (leaf.instance === 0 && leaf.parent?.clone?.max === 0);
}

function reportNode(node: Node): NodeState {
  return {
    name: node.name, kind: node.kind === "ping" ? "member" : node.kind, online: node.online, unclean: node.unclean, pending: node.pending,
    standby: node.standby, standbyOnFail: node.standbyOnFail, maintenance: node.maintenance, shutdown: node.shutdown, health: node.health,
    attributes: Object.fromEntries([...node.attributes].filter(([name]) => !AUTOMATIC.has(name)).toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))),
  };
}

const AUTOMATIC: ReadonlySet<string> = new Set(["#uname", "#id", "#is_dc", "#kind", "#cluster-name", "#site-name"]);

function reportResource(resource: Resource): ResourceState {
  return {
    id: resource.id, configId: resource.configId, parent: resource.parent?.id ?? null, agent: resource.agent, role: shownRole(resource),
    runningOn: resource.runningOn.map((node) => node.name), anonymous: !resource.unique, orphan: resource.orphan, managed: resource.managed, blocked: resource.blocked,
    failed: resource.failed, disabled: resource.meta.get("target-role")?.toLowerCase() === "stopped",
    pendingTask: resource.pending === null ? null : (PENDING_NAMES[resource.pending.task] ?? null),
  };
}

/** What can be promoted and is only started is shown as unpromoted. */
function shownRole(resource: Resource): Role {
  return resource.role === "Started" && cloneOf(resource)?.clone?.promotable === true ? "Unpromoted" : resource.role;
}

function reportTree(resource: Resource): ResourceTree {
  return { id: resource.id, kind: resource.kind, promotable: resource.clone?.promotable ?? false, children: resource.children.map(reportTree) };
}

function reportFailCount(cluster: Cluster, resource: Resource, node: Node): FailCount[] {
  const { count, last } = effectiveFailCount(cluster, resource, node);
  if (count === 0) return [];
  return [{
    node: node.name, resource: displayId(resource), count, migrationThreshold: resource.settings.migrationThreshold,
    lastFailureMs: last === 0 ? null : last * 1000,
  }];
}
