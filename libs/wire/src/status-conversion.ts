/** ClusterStatus to and from the wire. What a newer server says in values unknown here is shown as unknown: status must always be readable. */
import { StatusResponseProto } from "./gen/quorate/policy/v1/policy_service.ts";
import type { ClusterStatusProto } from "./gen/quorate/policy/v1/status.ts";
import { cibVersionFromProto, cibVersionToProto } from "./cib-operation.ts";
import { fenceRecordFromProto, fenceRecordToProto } from "./fence-record.ts";
import { nodeStatusFromProto, nodeStatusToProto } from "./status-node.ts";
import {
  failCountFromProto, failCountToProto, failedOperationFromProto, failedOperationToProto, resourceStatusFromProto,
  resourceStatusToProto,
} from "./status-resource.ts";
import type { ClusterStatus, LastChange, PendingNode, ViewStatus, VoteStatus } from "./status.ts";
import { count, count32, decodeWire, encodeWire, fieldsOf, milliseconds, present, text } from "./wire-field.ts";

const at = fieldsOf("ClusterStatus");
const inVotes = fieldsOf("Votes");
const inView = fieldsOf("StatusView");
const inPending = fieldsOf("PendingNode");

export function encodeClusterStatus(status: ClusterStatus): Uint8Array {
  return encodeWire("StatusResponse", StatusResponseProto, { status: clusterStatusToProto(status) });
}

export function decodeClusterStatus(bytes: Uint8Array): ClusterStatus {
  return clusterStatusFromProto(decodeWire("StatusResponse", StatusResponseProto, bytes).status);
}

export function clusterStatusToProto(status: ClusterStatus): ClusterStatusProto {
  return {
    cluster: text(status.cluster, at("cluster")),
    stack: status.stack,
    node: text(status.node, at("node")),
    atMs: milliseconds(status.atMs, at("at_ms")),
    dc: status.dc,
    haveQuorum: status.haveQuorum,
    votes: votesToProto(status.votes),
    featureLevel: count32(status.featureLevel, at("feature_level")),
    cibVersion: cibVersionToProto(status.cibVersion),
    lastChange: lastChangeToProto(status.lastChange),
    options: status.options,
    view: viewToProto(status.view),
    nodes: status.nodes.map(nodeStatusToProto),
    resources: status.resources.map(resourceStatusToProto),
    failedOperations: status.failedOperations.map(failedOperationToProto),
    failCounts: status.failCounts.map(failCountToProto),
    fencingHistory: status.fencingHistory.map(fenceRecordToProto),
    pendingFencing: status.pendingFencing.map(fenceRecordToProto),
    warnings: status.warnings,
    pendingNodes: status.pendingNodes.map(pendingNodeToProto),
  };
}

export function clusterStatusFromProto(proto: ClusterStatusProto | null | undefined): ClusterStatus {
  const given = present(proto, at(""));
  const { present: votesPresent, expected, needed } = present(given.votes, at("votes"));
  const { stonithEnabled, maintenanceMode, symmetricCluster, noQuorumPolicy } = present(given.options, at("options"));
  return {
    cluster: text(given.cluster, at("cluster")),
    stack: given.stack,
    node: text(given.node, at("node")),
    atMs: given.atMs,
    dc: given.dc ?? null,
    haveQuorum: given.haveQuorum,
    votes: { present: votesPresent, expected, needed },
    featureLevel: given.featureLevel,
    cibVersion: cibVersionFromProto(present(given.cibVersion, at("cib_version"))),
    lastChange: given.lastChange === null ? null : { atMs: given.lastChange.atMs, by: given.lastChange.by ?? null },
    options: { stonithEnabled, maintenanceMode, symmetricCluster, noQuorumPolicy },
    view: given.view === null ? null : { id: given.view.id, members: given.view.members },
    nodes: given.nodes.map(nodeStatusFromProto),
    resources: given.resources.map(resourceStatusFromProto),
    failedOperations: given.failedOperations.map(failedOperationFromProto),
    failCounts: given.failCounts.map(failCountFromProto),
    fencingHistory: given.fencingHistory.map(fenceRecordFromProto),
    pendingFencing: given.pendingFencing.map(fenceRecordFromProto),
    warnings: given.warnings,
    pendingNodes: given.pendingNodes.map(({ node, secondsLeft }) => ({ node: text(node, inPending("node")), secondsLeft })),
  };
}

function votesToProto(votes: VoteStatus): VoteStatus {
  return {
    present: count32(votes.present, inVotes("present")),
    expected: count32(votes.expected, inVotes("expected")),
    needed: count32(votes.needed, inVotes("needed")),
  };
}

function lastChangeToProto(change: LastChange | null): LastChange | null {
  return change === null ? null : { atMs: milliseconds(change.atMs, { message: "LastChange", field: "at_ms" }), by: change.by };
}

function viewToProto(view: ViewStatus | null): ViewStatus | null {
  return view === null ? null : { id: count(view.id, inView("id")), members: view.members };
}

/** Seconds are rounded up: a node that is waited for never shows 0. */
function pendingNodeToProto({ node, secondsLeft }: PendingNode): PendingNode {
  return { node: text(node, inPending("node")), secondsLeft: count32(Math.ceil(secondsLeft), inPending("seconds_left")) };
}
