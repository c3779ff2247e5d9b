/** What travels on `quorate.<cluster>.raft.<node>`: consensus, the greeting of nodes that start, and proposals on their way to the leader. */
import type { NodeName } from "@quorate/core";
import type { Message } from "@quorate/raft";
import { RaftPacketProto, type HelloProto } from "./gen/quorate/raft/v1/packet.ts";
import { messageFromProto, messageToProto } from "./raft-message.ts";
import { decodeWire, encodeWire, fieldsOf, invalid, mapFromProto, mapToProto, present, text } from "./wire-field.ts";

/** What a node says of itself until its consensus group runs (ARCHITECTURE D1, bootstrap). */
export interface Hello {
  readonly node: NodeName;
  /** Random identity of the store, made when it was created. */
  readonly storeId: string;
  /** The store belongs to a cluster that has started. */
  readonly initialised: boolean;
  /** Hash of the configured node list and of what else must be equal on all nodes. */
  readonly configHash: string;
  readonly clusterUuid: string | null;
  /** Voters and their store ids when the cluster started; null while this node does not know it. */
  readonly roster: Readonly<Record<NodeName, string>> | null;
}

/** `clusterId`: UUID of the cluster, or its configured name while it has none; a packet of another cluster is dropped. */
export type RaftPacket = { readonly clusterId: string } & (
  | { readonly kind: "raft"; readonly message: Message }
  | { readonly kind: "hello"; readonly hello: Hello }
  /** Encoded commands; at least one. */
  | { readonly kind: "propose"; readonly from: NodeName; readonly data: readonly Uint8Array[] }
);

const inPacket = fieldsOf("RaftPacket");
const inHello = fieldsOf("Hello");
const inPropose = fieldsOf("ForwardedProposal");

export function encodeRaftPacket(packet: RaftPacket): Uint8Array {
  return encodeWire("RaftPacket", RaftPacketProto, raftPacketToProto(packet));
}

export function decodeRaftPacket(bytes: Uint8Array): RaftPacket {
  return raftPacketFromProto(decodeWire("RaftPacket", RaftPacketProto, bytes));
}

export function raftPacketToProto(packet: RaftPacket): RaftPacketProto {
  return { clusterId: text(packet.clusterId, inPacket("cluster_id")), body: bodyToProto(packet) };
}

function bodyToProto(packet: RaftPacket): NonNullable<RaftPacketProto["body"]> {
  switch (packet.kind) {
    case "raft":
      return { $case: "message", value: messageToProto(packet.message) };
    case "hello":
      return { $case: "hello", value: helloToProto(packet.hello) };
    case "propose":
      return { $case: "propose", value: { from: text(packet.from, inPropose("from")), data: someData(packet.data) } };
  }
}

export function raftPacketFromProto(proto: RaftPacketProto): RaftPacket {
  const clusterId = text(proto.clusterId, inPacket("cluster_id"));
  const body = present(proto.body, inPacket("body"));
  switch (body.$case) {
    case "message":
      return { clusterId, kind: "raft", message: messageFromProto(body.value) };
    case "hello":
      return { clusterId, kind: "hello", hello: helloFromProto(body.value) };
    case "propose": {
      const data = someData(body.value.data).map((item) => new Uint8Array(item));
      return { clusterId, kind: "propose", from: text(body.value.from, inPropose("from")), data };
    }
  }
}

function someData(data: readonly Uint8Array[]): readonly Uint8Array[] {
  if (data.length === 0) throw invalid(inPropose("data"), "is empty");
  return data;
}

function helloToProto(hello: Hello): HelloProto {
  return {
    node: text(hello.node, inHello("node")),
    storeId: text(hello.storeId, inHello("store_id")),
    initialised: hello.initialised,
    configHash: text(hello.configHash, inHello("config_hash")),
    clusterUuid: hello.clusterUuid,
    roster: hello.roster === null ? null : { storeIds: mapToProto(hello.roster) },
  };
}

function helloFromProto(proto: HelloProto): Hello {
  return {
    node: text(proto.node, inHello("node")),
    storeId: text(proto.storeId, inHello("store_id")),
    initialised: proto.initialised,
    configHash: text(proto.configHash, inHello("config_hash")),
    clusterUuid: proto.clusterUuid ?? null,
    roster: proto.roster === null ? null : mapFromProto(proto.roster.storeIds),
  };
}
