/** Nodes in a status. */
import type { NodeStatusProto } from "./gen/quorate/policy/v1/status.ts";
import type { NodeLinkStatus, NodeStatus } from "./status.ts";
import { count32, fieldsOf, mapFromProto, mapToProto, optionalMilliseconds, text } from "./wire-field.ts";

const at = fieldsOf("NodeStatus");
const inLink = fieldsOf("NodeLink");

export function nodeStatusToProto(node: NodeStatus): NodeStatusProto {
  return {
    name: text(node.name, at("name")),
    online: node.online,
    standby: node.standby,
    standbyOnFail: node.standbyOnFail,
    maintenance: node.maintenance,
    pending: node.pending,
    unclean: node.unclean,
    shutdown: node.shutdown,
    state: node.state,
    bootId: node.bootId,
    links: node.links.map(linkToProto),
    resourceCount: count32(node.resourceCount, at("resource_count")),
    attributes: mapToProto(node.attributes),
  };
}

export function nodeStatusFromProto(proto: NodeStatusProto): NodeStatus {
  return {
    name: text(proto.name, at("name")),
    online: proto.online,
    standby: proto.standby,
    standbyOnFail: proto.standbyOnFail,
    maintenance: proto.maintenance,
    pending: proto.pending,
    unclean: proto.unclean,
    shutdown: proto.shutdown,
    state: proto.state,
    bootId: proto.bootId ?? null,
    links: proto.links.map(({ name, up, silentMs }) => ({ name: text(name, inLink("name")), up, silentMs: silentMs ?? null })),
    resourceCount: proto.resourceCount,
    attributes: mapFromProto(proto.attributes),
  };
}

function linkToProto({ name, up, silentMs }: NodeLinkStatus): NodeLinkStatus {
  return { name: text(name, inLink("name")), up, silentMs: optionalMilliseconds(silentMs, inLink("silent_ms")) };
}
