/**
 * The state of one member, and the two things that every part does with it: follow, and restart the election timer.
 * What only makes sense in one role lives in `standing`, so that it ends with the role.
 */
import { type NodeName, type Prng, assert } from "@quorate/core";
import type { RaftLog } from "./log.ts";
import type { Progress } from "./progress.ts";
import type { Message, RaftConfig } from "./types.ts";

export interface Following {
  readonly role: "follower";
  readonly leader: NodeName | null;
  /** The leader was heard and not declared dead since. */
  trusted: boolean;
}

export interface Campaigning {
  readonly role: "preCandidate" | "candidate";
  readonly votes: Map<NodeName, boolean>;
}

export interface Leading {
  readonly role: "leader";
  /** Ticks since this term's election was won; sent as `round`. */
  ticks: number;
  heartbeatDue: boolean;
  readonly followers: ReadonlyMap<NodeName, Progress>;
  transfer: Transfer | null;
}

export interface Transfer {
  readonly to: NodeName;
  /** In ticks of the leader's term: given up from here on. */
  readonly endTick: number;
  /** `timeoutNow` was sent; heartbeats repeat it. */
  told: boolean;
}

export interface RaftState {
  readonly config: RaftConfig;
  /** Voters but this node, in the order of the configuration. */
  readonly peers: readonly NodeName[];
  /** Voters that make a majority, this node counted. */
  readonly quorum: number;
  readonly prng: Prng;
  readonly log: RaftLog;
  term: number;
  votedFor: NodeName | null;
  standing: Following | Campaigning | Leading;
  /** Not leading: ticks since the leader was heard, a vote given or a campaign begun. */
  elapsedTicks: number;
  /** Not leading: `elapsedTicks` at which this node campaigns. */
  timeoutTicks: number;
  /** Effects since the last Ready. */
  messages: Message[];
  rejected: Uint8Array[];
}

export function currentLeader(state: RaftState): NodeName | null {
  const { standing } = state;
  if (standing.role === "leader") return state.config.node;
  return standing.role === "follower" ? standing.leader : null;
}

/** Follows `leader` in `term`, or waits for one. The vote of a term lasts as long as the term. */
export function follow(state: RaftState, term: number, leader: NodeName | null): void {
  assert(term >= state.term, `term would go back from ${state.term} to ${term}`);
  if (term > state.term) {
    state.term = term;
    state.votedFor = null;
  }
  state.standing = { role: "follower", leader, trusted: leader !== null };
  restartElectionTimer(state);
}

export function restartElectionTimer(state: RaftState): void {
  const { electionTicks } = state.config;
  state.elapsedTicks = 0;
  state.timeoutTicks = electionTicks + state.prng.below(electionTicks);
}
