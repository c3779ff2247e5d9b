/** From what this node knows of its peers to what it tells the services beside it: who suspects whom, and is there quorum. Pure. */
import type { MonotonicMs, NodeName } from "@quorate/core";
import type { Peer } from "./peer.ts";
import type { MembershipReport, PeerReport } from "./types.ts";

export interface ReportInput {
  readonly node: NodeName;
  readonly voters: readonly NodeName[];
  /** Sorted by name. */
  readonly peers: readonly Peer[];
  readonly nowMs: MonotonicMs;
}

/** A peer is mutual when it is heard and says that it hears us. */
export function isMutual(peer: Peer, self: NodeName): boolean {
  return peer.heard && (peer.latest?.hears.includes(self) ?? false);
}

export function reportPeers(input: ReportInput): Pick<MembershipReport, "connectedQuorum" | "peers"> {
  const mutual = input.peers.filter((peer) => isMutual(peer, input.node)).length;
  const own = input.voters.includes(input.node) ? 1 : 0;
  return { connectedQuorum: isMajority(own + mutual, input), peers: input.peers.map((peer) => reportPeer(peer, input)) };
}

function reportPeer(peer: Peer, input: ReportInput): PeerReport {
  const suspectedBy = witnesses(peer, input);
  return {
    node: peer.node,
    state: stateOf(peer),
    bootId: peer.bootId,
    session: peer.session,
    suspectedBy,
    majoritySuspects: isMajority(suspectedBy.length, input),
    mutual: isMutual(peer, input.node),
    progress: peer.latest?.progress ?? null,
    links: peer.linkReports(input.nowMs),
  };
}

/** This node by what it hears itself, others by their latest beat while it is of now. Sorted. */
function witnesses(suspect: Peer, { node, voters, peers }: ReportInput): NodeName[] {
  const found = peers.filter((peer) => peer !== suspect && peer.testifies && peer.latest?.suspects.includes(suspect.node)).map((peer) => peer.node);
  if (suspect.suspected && voters.includes(node)) found.push(node);
  return found.sort();
}

function isMajority(count: number, { voters }: ReportInput): boolean {
  return count > voters.length / 2;
}

function stateOf(peer: Peer): PeerReport["state"] {
  if (peer.suspected) return "suspected";
  if (!peer.heard) return "pending";
  return peer.latest?.state === "leaving" ? "leaving" : "alive";
}
