/** What a follower does with its leader's messages. Source: Raft paper 5.3. */
import { assert } from "@quorate/core";
import { campaign } from "./election.ts";
import { type RaftState, follow } from "./state.ts";
import type { Message } from "./types.ts";

/** An append of this node's term: its sender is the leader of the term, whatever this node was up to. */
export function receiveAppend(state: RaftState, message: Extract<Message, { kind: "append" }>): void {
  const { standing, log } = state;
  const { from, prevIndex, prevTerm, entries, commit } = message;
  assert(standing.role !== "leader", `${from} and this node both lead term ${state.term}`);
  if (standing.role === "follower" && standing.leader === from) {
    standing.trusted = true;
    state.elapsedTicks = 0;
  } else {
    follow(state, state.term, from);
  }
  if (log.accept(prevIndex, prevTerm, entries)) {
    const known = prevIndex + entries.length;
    log.commitTo(Math.min(commit, known));
    answerAppend(state, message, { accepted: true, index: known });
  } else {
    answerAppend(state, message, { accepted: false, index: log.hintBelow(prevIndex, prevTerm) });
  }
}

export function answerAppend(
  state: RaftState,
  { from: to, round }: Extract<Message, { kind: "append" }>,
  { accepted, index }: { readonly accepted: boolean; readonly index: number },
): void {
  const { config, term } = state;
  state.messages.push({ kind: "appendReply", from: config.node, to, term, accepted, index, round });
}

/** The leader hands over: campaign without pre-vote and against all leases. */
export function receiveTimeoutNow(state: RaftState): void {
  if (state.standing.role === "follower") campaign(state, "vote", true);
}
