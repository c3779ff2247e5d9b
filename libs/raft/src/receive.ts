/**
 * Messages from other members: who may speak, whose term rules, and who handles it.
 * Terms (Raft paper 5.1, etcd-io/raft `Step`):
 * - newer: adopted, but not from a pre-vote or its grant (they speak of a term that is not in use yet), and not from a
 *   (pre-)vote while a leader's lease holds: that is not even answered.
 * - older: a request is answered with this node's term, so that its sender catches up; an answer is dropped.
 */
import { answerVote, inLease, receiveVote, receiveVoteReply } from "./election.ts";
import { answerAppend, receiveAppend, receiveTimeoutNow } from "./follower.ts";
import { receiveAppendReply } from "./leader.ts";
import { type RaftState, follow } from "./state.ts";
import type { Message } from "./types.ts";

/** A message for another node or from one that does not vote changes nothing. */
export function receive(state: RaftState, message: Message): void {
  if (message.to !== state.config.node || !state.peers.includes(message.from)) return;
  if (message.term < state.term) answerOlder(state, message);
  else if (message.term === state.term || meetNewer(state, message)) handle(state, message);
}

/** False when the message must be ignored. */
function meetNewer(state: RaftState, message: Message): boolean {
  const asksVote = message.kind === "preVote" || message.kind === "vote";
  if (asksVote && !message.force && inLease(state)) return false;
  if (message.kind === "preVote" || (message.kind === "preVoteReply" && message.granted)) return true;
  follow(state, message.term, message.kind === "append" ? message.from : null);
  return true;
}

function answerOlder(state: RaftState, message: Message): void {
  switch (message.kind) {
    case "append":
      return answerAppend(state, message, { accepted: false, index: 0 });
    case "preVote":
    case "vote":
      return answerVote(state, message, false);
    case "preVoteReply":
    case "voteReply":
    case "appendReply":
    case "timeoutNow":
      return;
  }
}

function handle(state: RaftState, message: Message): void {
  switch (message.kind) {
    case "preVote":
    case "vote":
      return receiveVote(state, message);
    case "preVoteReply":
    case "voteReply":
      return receiveVoteReply(state, message);
    case "append":
      return receiveAppend(state, message);
    case "appendReply":
      if (state.standing.role === "leader") receiveAppendReply(state, state.standing, message);
      return;
    case "timeoutNow":
      return receiveTimeoutNow(state);
  }
}
