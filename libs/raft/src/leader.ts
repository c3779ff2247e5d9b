/**
 * What a leader does: takes proposals, sends the log, counts acknowledgements, keeps its lease, hands over.
 * Inputs only note what changed; `replicate` runs once at the end of a step and sends each follower what it lacks, so
 * that a batch of proposals leaves in as few messages as its size allows. The cost of a step does not depend on the
 * length of the log.
 * Sources: Raft paper 5.3 and 5.4.2, Ongaro's thesis 3.10 and 6.2, etcd-io/raft.
 */
import { type LogIndex, type NodeName, assert } from "@quorate/core";
import { type Progress, accepted, beginProgress, refused, sendable, sent } from "./progress.ts";
import { type Leading, type RaftState, follow } from "./state.ts";
import type { Entry, Message } from "./types.ts";

/** The election is won: an empty entry of the new term is appended, as entries of older terms commit only with it. */
export function lead(state: RaftState): void {
  const { log, config } = state;
  const never = -config.electionTicks;
  const followers = new Map(state.peers.map((peer) => [peer, beginProgress(log.lastIndex, never)]));
  state.standing = { role: "leader", ticks: 0, heartbeatDue: false, followers, transfer: null };
  log.append(state.term, new Uint8Array(0));
}

/** Proposals are refused while leadership is handed over: the target must catch up with an end that stands still. */
export function propose(state: RaftState, data: readonly Uint8Array[]): void {
  const { standing } = state;
  if (standing.role !== "leader" || standing.transfer !== null) {
    for (const one of data) state.rejected.push(one);
    return;
  }
  for (const one of data) {
    assert(one.length > 0, "a proposal is empty: that is the mark of a new leader's first entry");
    state.log.append(state.term, one);
  }
}

/** Begins to hand over to `to`; replaces a transfer to another node. Anything but a peer of a leader is ignored. */
export function beginTransfer(state: RaftState, to: NodeName): void {
  const { standing, config } = state;
  if (standing.role !== "leader" || !state.peers.includes(to) || standing.transfer?.to === to) return;
  standing.transfer = { to, endTick: standing.ticks + config.electionTicks, told: false };
}

/** One tick of a leader: heartbeats, end of a transfer, check-quorum (from the first full election time-out on). */
export function tickLeader(state: RaftState, standing: Leading): void {
  const { electionTicks, heartbeatTicks } = state.config;
  standing.ticks += 1;
  if (standing.ticks % heartbeatTicks === 0) standing.heartbeatDue = true;
  if (standing.transfer !== null && standing.ticks >= standing.transfer.endTick) standing.transfer = null;
  if (standing.ticks >= electionTicks && !leaseHeld(state, standing)) follow(state, state.term, null);
}

/** Whether a majority answered something that was sent less than `electionTicks` ago. */
export function leaseHeld(state: RaftState, standing: Leading): boolean {
  const answered = [standing.ticks];
  for (const progress of standing.followers.values()) answered.push(progress.answeredTick);
  return standing.ticks - reachedByMajority(answered, state.quorum) < state.config.electionTicks;
}

/** Any answer in this term, a refusal too, proves that the follower stood by this leader when it was asked. */
export function receiveAppendReply(
  state: RaftState,
  standing: Leading,
  message: Extract<Message, { kind: "appendReply" }>,
): void {
  const progress = standing.followers.get(message.from);
  if (progress === undefined || message.index > state.log.lastIndex || message.round > standing.ticks) return;
  progress.answeredTick = Math.max(progress.answeredTick, message.round);
  if (message.accepted) accepted(progress, message.index);
  else refused(progress, message.index);
}

/** End of a step: commits what a majority holds, then sends each follower what it lacks. */
export function replicate(state: RaftState, standing: Leading): void {
  advanceCommit(state, standing);
  for (const [to, progress] of standing.followers) {
    const toldByEntries = sendEntries(state, standing, to, progress);
    const commitNews = progress.state === "replicate" && progress.commitTold < state.log.commit;
    if (!toldByEntries && (standing.heartbeatDue || commitNews)) sendAppend(state, standing, to, progress, []);
  }
  sendTimeoutNow(state, standing);
  standing.heartbeatDue = false;
}

/**
 * Only an entry of this term commits by counting; older ones commit with it (Raft paper figure 8). The leader counts
 * itself at once: see the argument in raft.ts.
 */
function advanceCommit(state: RaftState, standing: Leading): void {
  const { log } = state;
  const matches = [log.lastIndex];
  for (const progress of standing.followers.values()) matches.push(progress.match);
  const index = reachedByMajority(matches, state.quorum);
  if (index > log.commit && log.termAt(index) === state.term) log.commitTo(index);
}

/** Sends until the window is full or nothing is left. True when anything was sent. */
function sendEntries(state: RaftState, standing: Leading, to: NodeName, progress: Progress): boolean {
  const { log, config } = state;
  let any = false;
  for (;;) {
    const countMax = sendable(progress, config.inFlightMax);
    if (countMax === 0 || progress.next > log.lastIndex) return any;
    sendAppend(state, standing, to, progress, log.read(progress.next, { countMax, bytesMax: config.appendBytesMax }));
    any = true;
  }
}

function sendAppend(
  state: RaftState,
  standing: Leading,
  to: NodeName,
  progress: Progress,
  entries: readonly Entry[],
): void {
  const { config, term, log } = state;
  const prevIndex = progress.next - 1;
  const prevTerm = log.termAt(prevIndex);
  assert(prevTerm !== null, `${to} would be sent entries beyond the end of the log (${prevIndex})`);
  const { commit } = log;
  const round = standing.ticks;
  state.messages.push({ kind: "append", from: config.node, to, term, prevIndex, prevTerm, entries, commit, round });
  sent(progress, entries.length, commit);
}

/** Tells the target of a transfer, once it holds the whole log, to take over. */
function sendTimeoutNow(state: RaftState, { transfer, followers, heartbeatDue }: Leading): void {
  if (transfer === null || (transfer.told && !heartbeatDue)) return;
  if (followers.get(transfer.to)?.match !== state.log.lastIndex) return;
  transfer.told = true;
  state.messages.push({ kind: "timeoutNow", from: state.config.node, to: transfer.to, term: state.term });
}

/** The greatest value that `quorum` of the values reach. */
function reachedByMajority(values: number[], quorum: number): LogIndex {
  values.sort((a, b) => b - a);
  return values[quorum - 1] ?? 0;
}
