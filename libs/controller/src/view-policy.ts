/**
 * Who should be in the view, by what this DC knows now. Pure; called at every step of the DC.
 * Source: ARCHITECTURE D3 (removal needs suspicion by a majority of voters), D4 (silence to a claim), D5 (boot ids, cold start).
 */
import type { MonotonicMs, NodeName } from "@quorate/core";
import type { MembershipReport, PeerReport } from "@quorate/membership";
import type { LostNode, ViewMember } from "./command.ts";
import type { Replica } from "./replica.ts";

export interface ViewRules {
  readonly commandDeadTimeMs: number;
  /** A part of a node must have shown progress within this time for the node to be admitted. */
  readonly admitProgressMs: number;
  readonly initialDeadTimeMs: number;
}

export interface ViewInput {
  readonly replica: Replica;
  readonly report: MembershipReport;
  readonly nowMs: MonotonicMs;
  /** Since when this node listens: the start of its policy-engine or of its membership process, whichever was later. */
  readonly startedAtMs: MonotonicMs;
  /** The committed view is one that this DC made: its members were heard and claimed by it. */
  readonly ownView: boolean;
  /** Nodes whose executor did not answer a claim or command in time, with the words for it. */
  readonly uncommandable: ReadonlyMap<NodeName, string>;
  /** Nodes that are heard although their fencing succeeded. */
  readonly contradicted?: ReadonlySet<NodeName>;
  readonly rules: ViewRules;
}

export interface ViewProposal {
  readonly members: readonly ViewMember[];
  readonly gone: readonly LostNode[];
  /** Configured nodes that were not seen since the cold start: nothing is scheduled while there are any. */
  readonly awaited: readonly NodeName[];
}

type Verdict =
  | { readonly kind: "member"; readonly member: ViewMember }
  | { readonly kind: "gone"; readonly gone: LostNode }
  | { readonly kind: "awaited" }
  | { readonly kind: "out" };

export function proposeView(input: ViewInput): ViewProposal {
  const members: ViewMember[] = [{ node: input.report.node, bootId: input.report.bootId }];
  const gone: LostNode[] = [];
  const awaited: NodeName[] = [];
  const peers = new Map(input.report.peers.map((peer) => [peer.node, peer]));
  for (const node of input.replica.nodes.keys()) {
    if (node === input.report.node) continue;
    const verdict = judge(input, node, peers.get(node));
    switch (verdict.kind) {
      case "member":
        members.push(verdict.member);
        break;
      case "gone":
        gone.push(verdict.gone);
        break;
      case "awaited":
        awaited.push(node);
        break;
      case "out":
        break;
    }
  }
  return { members: members.sort((a, b) => (a.node < b.node ? -1 : 1)), gone, awaited };
}

/** Whether the proposal differs from the committed view. */
export function viewDiffers(proposal: ViewProposal, replica: Replica, dc: NodeName): boolean {
  const now = replica.view.members;
  return replica.view.dc !== dc || proposal.gone.length > 0 || now.length !== proposal.members.length
    || proposal.members.some(({ node, bootId }, index) => now[index]?.node !== node || now[index]?.bootId !== bootId);
}

function judge(input: ViewInput, node: NodeName, peer: PeerReport | undefined): Verdict {
  const { replica, uncommandable } = input;
  const condition = replica.nodes.get(node)!.condition;
  const inView = replica.view.members.find((member) => member.node === node);
  if (peer === undefined || peer.state === "pending" || peer.bootId === null) {
    return inView !== undefined && input.ownView ? judgeUnheardMember(input, inView, peer) : judgeUnseen(input, node, inView);
  }
  if (replica.fencedBootIds.has(peer.bootId)) {
    if (inView?.bootId === peer.bootId) return lost(node, "it is being fenced");
    return condition === "fenced" && (input.contradicted?.has(node) ?? false) ? lost(node, "it is still heard although it was confirmed to be off") : { kind: "out" };
  }
  if (inView === undefined) return condition === "member" && peer.majoritySuspects ? lost(node, silence(peer)) : judgeCandidate(input, peer);
  if (peer.majoritySuspects) return lost(node, silence(peer));
  const silent = uncommandable.get(node);
  if (silent !== undefined) return lost(node, silent);
  if (peer.state === "leaving") return { kind: "member", member: inView };
  if (peer.bootId !== inView.bootId) return judgeCandidate(input, peer);
  const age = peer.progress?.executorAgeMs ?? null;
  if (peer.state === "alive" && age !== null && age > input.rules.commandDeadTimeMs) return lost(node, `its executor shows no progress for ${age} ms`);
  return { kind: "member", member: inView };
}

/**
 * A node that is not in the view in this life: admitted when heard both ways and ready to be commanded. Who was heard but cannot be
 * commanded is not waited for longer than who was never heard, or one broken executor would keep a whole cluster from starting.
 */
function judgeCandidate({ rules, replica, nowMs, startedAtMs }: ViewInput, peer: PeerReport): Verdict {
  const ready = (age: number | null | undefined): boolean => age !== null && age !== undefined && age <= rules.admitProgressMs;
  if (peer.state === "alive" && peer.mutual && ready(peer.progress?.executorAgeMs) && ready(peer.progress?.policyEngineAgeMs)) {
    return { kind: "member", member: { node: peer.node, bootId: peer.bootId! } };
  }
  const old = replica.view.members.find(({ node }) => node === peer.node);
  if (old !== undefined) return { kind: "member", member: old };
  const condition = replica.nodes.get(peer.node)!.condition;
  if (condition !== "pending" && condition !== "member") return { kind: "out" };
  const limitMs = rules.initialDeadTimeMs + rules.commandDeadTimeMs;
  return nowMs - startedAtMs < limitMs ? { kind: "awaited" } : lost(peer.node, `it was heard, but could not be commanded within ${limitMs} ms of the start (initial-dead-time and command-dead-time)`);
}

/** This node's membership process restarted: that it has not heard a member yet says nothing; only a majority can. */
function judgeUnheardMember({ uncommandable }: ViewInput, inView: ViewMember, peer: PeerReport | undefined): Verdict {
  if (peer !== undefined && peer.majoritySuspects) return lost(inView.node, silence(peer));
  const silent = uncommandable.get(inView.node);
  return silent === undefined ? { kind: "member", member: inView } : lost(inView.node, silent);
}

/** Not heard since this process started: awaited at a cold start, lost when the time for that is over. */
function judgeUnseen({ replica, nowMs, startedAtMs, rules }: ViewInput, node: NodeName, inView: ViewMember | undefined): Verdict {
  const condition = replica.nodes.get(node)!.condition;
  if (condition !== "pending" && condition !== "member" && inView === undefined) return { kind: "out" };
  if (nowMs - startedAtMs < rules.initialDeadTimeMs) return { kind: "awaited" };
  return lost(node, `not seen within ${rules.initialDeadTimeMs} ms of the start (initial-dead-time)`);
}

function lost(node: NodeName, reason: string): Verdict {
  return { kind: "gone", gone: { node, reason, how: "lost" } };
}

function silence(peer: PeerReport): string {
  const links = peer.links.map(({ link, silentMs }) => `${link} for ${silentMs === null ? "ever" : `${Math.round(silentMs)} ms`}`);
  return `silent on ${links.join(", ")}; suspected by ${peer.suspectedBy.join(", ")}`;
}
