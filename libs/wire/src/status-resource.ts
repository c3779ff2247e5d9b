/** Resources in a status, and what failed on them. */
import {
  ResourceKindProto, ResourceRoleProto, type FailCountProto, type FailedOperationProto, type ResourceStatusProto,
} from "./gen/quorate/policy/v1/status.ts";
import { agentNameFromProto, agentNameToProto } from "./operation.ts";
import type { FailCountStatus, FailedOperationStatus, ResourceKind, ResourceRole, ResourceStatus } from "./status.ts";
import { count, enumTable, fieldsOf, milliseconds, optionalMilliseconds, signed32, text } from "./wire-field.ts";
import type { EnumTable } from "./wire-field.ts";

const at = fieldsOf("ResourceStatus");
const inFailed = fieldsOf("FailedOperation");
const inCount = fieldsOf("FailCount");

const kinds: EnumTable<ResourceKind, ResourceKindProto> = enumTable({
  primitive: ResourceKindProto.PRIMITIVE,
  group: ResourceKindProto.GROUP,
  clone: ResourceKindProto.CLONE,
  bundle: ResourceKindProto.BUNDLE,
  unknown: ResourceKindProto.UNSPECIFIED,
});

const roles: EnumTable<ResourceRole, ResourceRoleProto> = enumTable({
  Unknown: ResourceRoleProto.UNKNOWN,
  Stopped: ResourceRoleProto.STOPPED,
  Started: ResourceRoleProto.STARTED,
  Unpromoted: ResourceRoleProto.UNPROMOTED,
  Promoted: ResourceRoleProto.PROMOTED,
});

export function resourceStatusToProto(resource: ResourceStatus): ResourceStatusProto {
  return {
    id: text(resource.id, at("id")),
    kind: kinds.toProto(resource.kind, at("kind")),
    promotable: resource.promotable,
    agent: resource.agent === null ? null : agentNameToProto(resource.agent),
    role: roles.toProto(resource.role, at("role")),
    nodes: resource.nodes,
    failed: resource.failed,
    blocked: resource.blocked,
    unmanaged: resource.unmanaged,
    disabled: resource.disabled,
    orphan: resource.orphan,
    pendingTask: resource.pendingTask,
    children: resource.children.map(resourceStatusToProto),
  };
}

export function resourceStatusFromProto(proto: ResourceStatusProto): ResourceStatus {
  return {
    id: text(proto.id, at("id")),
    kind: kinds.fromProto(proto.kind, at("kind"), "unknown"),
    promotable: proto.promotable,
    agent: proto.agent === null ? null : agentNameFromProto(proto.agent),
    role: roles.fromProto(proto.role, at("role"), "Unknown"),
    nodes: proto.nodes,
    failed: proto.failed,
    blocked: proto.blocked,
    unmanaged: proto.unmanaged,
    disabled: proto.disabled,
    orphan: proto.orphan,
    pendingTask: proto.pendingTask ?? null,
    children: proto.children.map(resourceStatusFromProto),
  };
}

export function failedOperationToProto(failed: FailedOperationStatus): FailedOperationProto {
  return {
    node: text(failed.node, inFailed("node")),
    resource: text(failed.resource, inFailed("resource")),
    task: failed.task,
    intervalMs: milliseconds(failed.intervalMs, inFailed("interval_ms")),
    rc: signed32(failed.rc, inFailed("rc")),
    status: failed.status,
    exitReason: failed.exitReason,
    atMs: optionalMilliseconds(failed.atMs, inFailed("at_ms")),
    execMs: optionalMilliseconds(failed.execMs, inFailed("exec_ms")),
  };
}

export function failedOperationFromProto(proto: FailedOperationProto): FailedOperationStatus {
  const { task, intervalMs, rc, status, exitReason } = proto;
  return {
    node: text(proto.node, inFailed("node")),
    resource: text(proto.resource, inFailed("resource")),
    task,
    intervalMs,
    rc,
    status,
    exitReason,
    atMs: proto.atMs ?? null,
    execMs: proto.execMs ?? null,
  };
}

export function failCountToProto(failCount: FailCountStatus): FailCountProto {
  return {
    node: text(failCount.node, inCount("node")),
    resource: text(failCount.resource, inCount("resource")),
    count: count(failCount.count, inCount("count")),
    migrationThreshold: count(failCount.migrationThreshold, inCount("migration_threshold")),
    lastFailureMs: optionalMilliseconds(failCount.lastFailureMs, inCount("last_failure_ms")),
  };
}

export function failCountFromProto(proto: FailCountProto): FailCountStatus {
  return {
    node: text(proto.node, inCount("node")),
    resource: text(proto.resource, inCount("resource")),
    count: proto.count,
    migrationThreshold: proto.migrationThreshold,
    lastFailureMs: proto.lastFailureMs ?? null,
  };
}
