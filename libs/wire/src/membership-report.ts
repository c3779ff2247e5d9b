/** Reports: what a membership service says to the other services of its node, and what they tell it. */
import type { MembershipReport, PeerReport } from "@quorate/membership";
import { MembershipReportProto, PeerStateProto, type PeerReportProto } from "./gen/quorate/membership/v1/membership.ts";
import { PartProto } from "./gen/quorate/membership/v1/membership_service.ts";
import { progressFromProto, progressToProto } from "./beat.ts";
import {
  count, decodeWire, encodeWire, enumTable, fieldsOf, optionalMilliseconds, present, text,
} from "./wire-field.ts";
import type { EnumTable } from "./wire-field.ts";

/** A part of the node whose progress membership watches. */
export type Part = "policyEngine" | "executor";

const at = fieldsOf("MembershipReport");
const inPeer = fieldsOf("PeerReport");
const inLink = fieldsOf("LinkReport");

const states: EnumTable<PeerReport["state"], PeerStateProto> = enumTable({
  pending: PeerStateProto.PENDING,
  alive: PeerStateProto.ALIVE,
  suspected: PeerStateProto.SUSPECTED,
  leaving: PeerStateProto.LEAVING,
});

const parts: EnumTable<Part, PartProto> = enumTable({ policyEngine: PartProto.POLICY_ENGINE, executor: PartProto.EXECUTOR });

/** For `ReportProgressRequest.part`. */
export function partToProto(part: Part): PartProto {
  return parts.toProto(part, { message: "ReportProgressRequest", field: "part" });
}

export function partFromProto(part: PartProto): Part {
  return parts.fromProto(part, { message: "ReportProgressRequest", field: "part" });
}

export function encodeMembershipReport(report: MembershipReport): Uint8Array {
  return encodeWire("MembershipReport", MembershipReportProto, membershipReportToProto(report));
}

export function decodeMembershipReport(bytes: Uint8Array): MembershipReport {
  return membershipReportFromProto(decodeWire("MembershipReport", MembershipReportProto, bytes));
}

export function membershipReportToProto(report: MembershipReport): MembershipReportProto {
  return {
    node: text(report.node, at("node")),
    bootId: text(report.bootId, at("boot_id")),
    session: text(report.session, at("session")),
    sequence: count(report.sequence, at("sequence")),
    connectedQuorum: report.connectedQuorum,
    peers: report.peers.map(peerToProto),
  };
}

export function membershipReportFromProto(proto: MembershipReportProto | null | undefined): MembershipReport {
  const { node, bootId, session, sequence, connectedQuorum, peers } = present(proto, at(""));
  return {
    node: text(node, at("node")),
    bootId: text(bootId, at("boot_id")),
    session: text(session, at("session")),
    sequence,
    connectedQuorum,
    peers: peers.map(peerFromProto),
  };
}

function peerToProto(peer: PeerReport): PeerReportProto {
  return {
    node: text(peer.node, inPeer("node")),
    state: states.toProto(peer.state, inPeer("state")),
    bootId: peer.bootId,
    session: peer.session,
    suspectedBy: peer.suspectedBy,
    majoritySuspects: peer.majoritySuspects,
    mutual: peer.mutual,
    progress: peer.progress === null ? null : progressToProto(peer.progress),
    links: peer.links.map(({ link, silentMs, up }) => ({
      link: text(link, inLink("link")),
      silentMs: optionalMilliseconds(silentMs, inLink("silent_ms")),
      up,
    })),
  };
}

function peerFromProto(proto: PeerReportProto): PeerReport {
  return {
    node: text(proto.node, inPeer("node")),
    state: states.fromProto(proto.state, inPeer("state")),
    bootId: proto.bootId ?? null,
    session: proto.session ?? null,
    suspectedBy: proto.suspectedBy,
    majoritySuspects: proto.majoritySuspects,
    mutual: proto.mutual,
    progress: proto.progress === null ? null : progressFromProto(proto.progress),
    links: proto.links.map(({ link, silentMs, up }) => ({ link: text(link, inLink("link")), silentMs: silentMs ?? null, up })),
  };
}
