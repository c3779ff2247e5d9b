/**
 * One member of the consensus group: inputs in, effects out. Pure: no clock, no chance but the seed, no I/O.
 *
 * The caller's part, per `step`: (1) make `hardState` and `append` durable in one atomic batch, (2) send `messages`,
 * (3) apply `committed`, and only then call `step` again. `step([])` right after the start hands out what the store
 * said was committed; the state machine is rebuilt from that. A Ready whose `append` is empty and whose `hardState`
 * differs in `commit` alone needs no fsync: nothing rests on it. Messages may be lost, repeated, reordered and late.
 *
 * Why a leader may count itself for the commit before its entry is on disk: with more than one voter an index commits
 * only when others acknowledged it, so it was sent, so it was stored before (2) of an earlier step. With a single voter
 * `committed` may hold entries of the same Ready's `append`; they are applied in (3), after (1) stored them. Either way
 * nothing is applied or told to anybody before a majority has it on disk.
 *
 * Why inputs may be given in a batch: its messages leave after all of its state is stored, which is what the network
 * could have done by delay to messages of single steps.
 *
 * Safety: one leader per term (a vote is stored before it is told); logs that share an entry share all before it; a
 * committed entry is in every later leader's log; so members apply the same entries in the same order. Leases only
 * spare needless elections: they are lost in a restart, and none of this rests on them.
 * Sources: Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm"; Ongaro's thesis; etcd-io/raft.
 */
import { type LogIndex, Prng, assert } from "@quorate/core";
import { campaignOnRequest, distrust, tickElection } from "./election.ts";
import { beginTransfer, leaseHeld, propose, replicate, tickLeader } from "./leader.ts";
import { RaftLog } from "./log.ts";
import { receive } from "./receive.ts";
import { type RaftState, currentLeader, follow } from "./state.ts";
import type { Entry, Input, RaftConfig, RaftStatus, Ready, StoredState } from "./types.ts";

export interface Raft {
  /** Takes the inputs in order and gives the effects of all of them together. Cost: O(inputs + peers + entries moved). */
  step(inputs: readonly Input[]): Ready;
  status(): RaftStatus;
  /** Null for an index that the log does not hold. Entries above `status().commit` may still be replaced. */
  entry(index: LogIndex): Entry | null;
  lastIndex(): LogIndex;
}

/**
 * A member that starts, as a follower, from what its store holds. `seed` varies its election time-outs and must differ
 * between members. The caller bounds its proposals: a leader that is cut off takes them until check-quorum ends it.
 */
export function createRaft(config: RaftConfig, stored: StoredState, seed: number): Raft {
  checkConfig(config);
  const state = startState(config, stored, seed);
  let hardState = stored.hardState;
  let reported = statusOf(state);

  function takeReady(): Ready {
    const { term, votedFor, log, messages, rejected } = state;
    const { commit } = log;
    const changed = hardState.term !== term || hardState.votedFor !== votedFor || hardState.commit !== commit;
    if (changed) hardState = { term, votedFor, commit };
    const status = statusOf(state);
    const news = status.role !== reported.role || status.leader !== reported.leader || status.term !== reported.term;
    if (news) reported = status;
    state.messages = [];
    state.rejected = [];
    return {
      hardState: changed ? hardState : null,
      append: log.takeUnstored(),
      messages,
      committed: log.takeCommitted(),
      status: news ? status : null,
      rejected,
    };
  }

  return {
    step(inputs) {
      for (const input of inputs) take(state, input);
      if (state.standing.role === "leader") replicate(state, state.standing);
      return takeReady();
    },
    status: () => statusOf(state),
    entry: (index) => state.log.entry(index),
    lastIndex: () => state.log.lastIndex,
  };
}

function take(state: RaftState, input: Input): void {
  switch (input.kind) {
    case "tick":
      if (state.standing.role === "leader") tickLeader(state, state.standing);
      else tickElection(state);
      return;
    case "message":
      return receive(state, input.message);
    case "propose":
      return propose(state, input.data);
    case "peerDead":
      return distrust(state, input.node);
    case "campaign":
      return campaignOnRequest(state);
    case "transfer":
      return beginTransfer(state, input.to);
  }
}

function statusOf(state: RaftState): RaftStatus {
  const { standing, term, log } = state;
  return {
    role: standing.role,
    term,
    leader: currentLeader(state),
    commit: log.commit,
    leaseHeld: standing.role === "leader" && leaseHeld(state, standing),
  };
}

function startState(config: RaftConfig, { hardState, entries }: StoredState, seed: number): RaftState {
  const log = new RaftLog(entries, hardState.commit);
  assert(log.lastTerm <= hardState.term, `stored term ${hardState.term} is older than the log (${log.lastTerm})`);
  const state: RaftState = {
    config,
    peers: config.voters.filter((voter) => voter !== config.node),
    quorum: Math.floor(config.voters.length / 2) + 1,
    prng: new Prng(seed),
    log,
    term: hardState.term,
    votedFor: hardState.votedFor,
    standing: { role: "follower", leader: null, trusted: false },
    elapsedTicks: 0,
    timeoutTicks: 0,
    messages: [],
    rejected: [],
  };
  follow(state, hardState.term, null);
  return state;
}

function checkConfig(config: RaftConfig): void {
  const { node, voters, electionTicks, heartbeatTicks, appendBytesMax, inFlightMax } = config;
  assert(voters.includes(node), `${node} is not a voter`);
  assert(new Set(voters).size === voters.length, "a voter is named twice");
  assert(heartbeatTicks >= 1 && heartbeatTicks < electionTicks / 2, "heartbeatTicks must be in [1, electionTicks / 2)");
  assert(appendBytesMax >= 1 && inFlightMax >= 1, "appendBytesMax and inFlightMax must be at least 1");
}
