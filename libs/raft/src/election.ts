/**
 * Campaigns and votes. A campaign starts with a pre-vote, which changes no term anywhere: a node that could not win
 * disturbs nobody. Votes and pre-votes are refused under the lease of a living leader (see `inLease`).
 * Sources: Raft paper 5.2 and 5.4.1, Ongaro's thesis 4.2.3 and 9.6, etcd-io/raft.
 */
import type { NodeName } from "@quorate/core";
import { lead } from "./leader.ts";
import { type RaftState, currentLeader, follow, restartElectionTimer } from "./state.ts";
import type { Message } from "./types.ts";

/** Asks for votes, or first whether they would be given. `force` overrides leases: the leader itself asked for it. */
export function campaign(state: RaftState, kind: "preVote" | "vote", force: boolean): void {
  const { config, log } = state;
  if (kind === "vote") {
    state.term += 1;
    state.votedFor = config.node;
  }
  state.standing = { role: kind === "vote" ? "candidate" : "preCandidate", votes: new Map() };
  restartElectionTimer(state);
  const term = kind === "vote" ? state.term : state.term + 1;
  for (const to of state.peers) {
    const { lastIndex, lastTerm } = log;
    state.messages.push({ kind, from: config.node, to, term, lastIndex, lastTerm, force });
  }
  countVote(state, config.node, true);
}

/** `campaign` input: a leader, and a candidate that is waiting for its votes, have nothing to gain. */
export function campaignOnRequest(state: RaftState): void {
  const { role } = state.standing;
  if (role === "follower" || role === "preCandidate") campaign(state, "preVote", false);
}

/** One tick of a node that does not lead. */
export function tickElection(state: RaftState): void {
  state.elapsedTicks += 1;
  if (state.elapsedTicks >= state.timeoutTicks) campaign(state, "preVote", false);
}

/**
 * Whether this node stands by a leader it heard less than `electionTicks` ago and that is not declared dead. A leader
 * stands by itself: it gives up by check-quorum or when it meets a newer term in use.
 */
export function inLease(state: RaftState): boolean {
  const { standing } = state;
  if (standing.role === "leader") return true;
  if (standing.role !== "follower" || standing.leader === null) return false;
  return standing.trusted && state.elapsedTicks < state.config.electionTicks;
}

/** `peerDead` input: the lease of a dead leader ends now. Hearing it again restores the lease. */
export function distrust(state: RaftState, node: NodeName): void {
  const { standing } = state;
  if (standing.role === "follower" && standing.leader === node) standing.trusted = false;
}

/**
 * Answers a (pre-)vote whose term is this node's (a pre-vote's may be newer). Granting repeats for the same candidate,
 * as its answer may have been lost. A refusal carries this node's term, a grant that of the request.
 */
export function receiveVote(state: RaftState, message: Extract<Message, { kind: "preVote" | "vote" }>): void {
  const { kind, from, term } = message;
  const free =
    state.votedFor === from ||
    (state.votedFor === null && currentLeader(state) === null) ||
    (kind === "preVote" && term > state.term);
  const granted = free && state.log.isCoveredBy(message);
  if (granted && kind === "vote") {
    state.votedFor = from;
    state.elapsedTicks = 0;
  }
  answerVote(state, message, granted);
}

export function answerVote(
  state: RaftState,
  request: Extract<Message, { kind: "preVote" | "vote" }>,
  granted: boolean,
): void {
  const kind = request.kind === "vote" ? "voteReply" : "preVoteReply";
  const term = granted ? request.term : state.term;
  state.messages.push({ kind, from: state.config.node, to: request.from, term, granted });
}

/** A grant counts for the campaign it was asked for only: a pre-vote asks for the next term, a vote for this one. */
export function receiveVoteReply(
  state: RaftState,
  { kind, from, term, granted }: Extract<Message, { kind: "preVoteReply" | "voteReply" }>,
): void {
  const { role } = state.standing;
  if (kind === "voteReply" && role === "candidate") countVote(state, from, granted);
  if (kind === "preVoteReply" && role === "preCandidate" && (!granted || term === state.term + 1)) {
    countVote(state, from, granted);
  }
}

function countVote(state: RaftState, from: NodeName, granted: boolean): void {
  const { standing, quorum, config } = state;
  if (standing.role !== "preCandidate" && standing.role !== "candidate") return;
  if (standing.votes.has(from)) return;
  standing.votes.set(from, granted);
  const votes = [...standing.votes.values()];
  const grants = votes.filter((vote) => vote).length;
  if (grants >= quorum) {
    if (standing.role === "candidate") lead(state);
    else campaign(state, "vote", false);
  } else if (votes.length - grants > config.voters.length - quorum) {
    follow(state, state.term, null);
  }
}
