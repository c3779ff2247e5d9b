/** The state of the cluster as this node knows it, for displays. A projection: decides nothing. */
import { clusterOption, parseBoolean } from "@quorate/cib";
import type { Engine, FenceRecord as LedgerRecord, Replica } from "@quorate/controller";
import type { NodeName } from "@quorate/core";
import type { MembershipReport } from "@quorate/membership";
import { type ClusterState, type NodeState, type ResourceState, type ResourceTree, readState } from "@quorate/scheduler";
import { type ClusterStatus, FEATURE_LEVEL, type FenceRecord, type NodeStatus, type ResourceStatus } from "@quorate/wire";

const FENCING_SHOWN_MAX = 10;

export interface StatusSource {
  readonly engine: Engine;
  readonly cluster: string;
  readonly node: NodeName;
  readonly initialDeadTimeMs: number;
  readonly startedAtMs: number;
}

export function clusterStatus({ engine, cluster, node, initialDeadTimeMs, startedAtMs }: StatusSource, time: { nowMs: number; wallMs: number }): ClusterStatus {
  const { replica, report } = engine;
  const state = readState(replica.cib, time.wallMs);
  const leader = engine.raftStatus.leader;
  const haveQuorum = engine.connectedQuorum && leader !== null;
  const fences = replica.fences.toReversed().map(fenceRecord);
  const secondsLeft = Math.max(0, Math.round((initialDeadTimeMs - (time.nowMs - startedAtMs)) / 1000));
  return {
    cluster, stack: "NATS", node, atMs: time.wallMs,
    dc: haveQuorum && replica.view.dc === leader ? leader : null,
    haveQuorum,
    votes: { present: votesPresent(report), expected: replica.nodes.size, needed: Math.floor(replica.nodes.size / 2) + 1 },
    featureLevel: FEATURE_LEVEL,
    cibVersion: replica.cib.version,
    lastChange: replica.lastChange.atMs === 0 ? null : { atMs: replica.lastChange.atMs, by: replica.lastChange.by === "" ? null : replica.lastChange.by },
    options: statusOptions(replica),
    view: replica.view.id === 0 ? null : { id: replica.view.id, members: replica.view.members.map((member) => member.node) },
    nodes: [...state.nodes].sort((a, b) => (a.name < b.name ? -1 : 1)).map((item) => nodeStatus(item, { replica, report, state })),
    resources: state.tree.map((tree) => resourceStatus(tree, state)),
    failedOperations: state.failedOperations,
    failCounts: state.failCounts,
    fencingHistory: fences.filter(({ outcome }) => outcome !== "pending").slice(0, FENCING_SHOWN_MAX),
    pendingFencing: fences.filter(({ outcome }) => outcome === "pending"),
    warnings: warnings({ replica, engine, haveQuorum }),
    pendingNodes: engine.awaited.map((name) => ({ node: name, secondsLeft })),
  };
}

export function fenceRecord(record: LedgerRecord): FenceRecord {
  const { fenceId, target, action, gateway, device, outcome, reason, detail, startedAtMs, endedAtMs } = record;
  return { fenceId, target, action, gateway, device, outcome, reason, detail, startedAtMs, endedAtMs };
}

function votesPresent(report: MembershipReport | null): number {
  return report === null ? 1 : 1 + report.peers.filter(({ mutual, state }) => mutual && state === "alive").length;
}

function option(replica: Replica, names: readonly string[], fallback: string): string {
  for (const name of names) {
    const value = clusterOption(replica.cib, name);
    if (value !== null) return value;
  }
  return fallback;
}

function statusOptions(replica: Replica): ClusterStatus["options"] {
  const flag = (names: readonly string[], fallback: boolean): boolean => parseBoolean(option(replica, names, String(fallback))) ?? fallback;
  return {
    stonithEnabled: flag(["fencing-enabled", "stonith-enabled"], true),
    maintenanceMode: flag(["maintenance-mode"], false),
    symmetricCluster: flag(["symmetric-cluster"], true),
    noQuorumPolicy: option(replica, ["no-quorum-policy"], "stop"),
  };
}

function nodeStatus(node: NodeState, { replica, report, state }: { replica: Replica; report: MembershipReport | null; state: ClusterState }): NodeStatus {
  const peer = report?.peers.find((other) => other.node === node.name);
  const { name, online, standby, standbyOnFail, maintenance, pending, unclean, shutdown, attributes } = node;
  return {
    name, online, standby, standbyOnFail, maintenance, pending, unclean, shutdown, attributes,
    state: stateWords(node),
    bootId: replica.nodes.get(name)?.bootId ?? null,
    links: (peer?.links ?? []).map(({ link, up, silentMs }) => ({ name: link, up, silentMs })),
    resourceCount: state.resources.filter(({ runningOn }) => runningOn.includes(name)).length,
  };
}

/** In the order and words that crm_mon users know. */
function stateWords(node: NodeState): string {
  if (node.unclean) return node.online ? "UNCLEAN (online)" : node.pending ? "UNCLEAN (pending)" : "UNCLEAN (offline)";
  if (node.pending) return "pending";
  if (node.standbyOnFail && node.online) return "standby (on-fail)";
  if (node.standby) return node.online ? "standby" : "OFFLINE (standby)";
  if (node.maintenance) return node.online ? "maintenance" : "OFFLINE (maintenance)";
  return node.online ? "online" : "OFFLINE";
}

function resourceStatus(tree: ResourceTree, state: ClusterState): ResourceStatus {
  const own = state.resources.find(({ id }) => id === tree.id);
  const children = tree.children.map((inner) => resourceStatus(inner, state));
  if (own !== undefined && tree.kind === "primitive") return primitiveStatus(own);
  const nodes = [...new Set(children.flatMap((inner) => inner.nodes))].sort();
  const roles = children.map(({ role }) => role);
  const any = (flag: "failed" | "blocked" | "orphan"): boolean => children.some((inner) => inner[flag]);
  const all = (flag: "unmanaged" | "disabled"): boolean => children.length > 0 && children.every((inner) => inner[flag]);
  return {
    id: tree.id, kind: tree.kind, promotable: tree.promotable, agent: null, role: highestRole(roles), nodes,
    failed: any("failed"), blocked: any("blocked"), unmanaged: all("unmanaged"), disabled: all("disabled"), orphan: any("orphan"), pendingTask: null, children,
  };
}

function primitiveStatus(own: ResourceState): ResourceStatus {
  return {
    id: own.id, kind: "primitive", promotable: false, agent: own.agent, role: own.role, nodes: [...own.runningOn].sort(), failed: own.failed, blocked: own.blocked,
    unmanaged: !own.managed, disabled: own.disabled, orphan: own.orphan, pendingTask: own.pendingTask, children: [],
  };
}

function highestRole(roles: readonly ResourceStatus["role"][]): ResourceStatus["role"] {
  const order: readonly ResourceStatus["role"][] = ["Promoted", "Unpromoted", "Started", "Stopped"];
  return order.find((role) => roles.includes(role)) ?? "Unknown";
}

function warnings({ replica, engine, haveQuorum }: { replica: Replica; engine: Engine; haveQuorum: boolean }): string[] {
  const found: string[] = [];
  if (engine.bootstrapWhy !== "") found.push(engine.bootstrapWhy);
  if (!haveQuorum) found.push("This node has NO QUORUM: it starts nothing, and decides alone what to stop");
  if (!statusOptions(replica).stonithEnabled) found.push("FENCING IS DISABLED: resources of a lost node start elsewhere while it may still run them. Data can be lost");
  if (engine.awaited.length > 0) found.push(`Nothing is started yet: waiting for ${engine.awaited.join(", ")} (cold start)`);
  return found;
}
