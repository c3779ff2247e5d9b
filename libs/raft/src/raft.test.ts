/**
 * One member, driven by hand-written messages. The notation: steps are joined by "; ", inputs of one step by " + ".
 * Inputs of node a: `tick 3`, `campaign`, `dead b`, `transfer b`, `propose x y`, and messages from others, such as
 * `b: vote t3 last 2/1 force`, `b: append t2 prev 1/1 [2 2] commit 1 round 4`, `b: appendReply t2 yes 3 round 4`.
 * A Ready reads: `state TERM/VOTE/COMMIT`, `store [INDEX:TERM …]`, messages as `>b vote t3 last 2/1`, `apply [INDEX …]`,
 * `reject [x]`, `is ROLE tTERM of LEADER`; parts that are empty are left out.
 */
import type { NodeName } from "@quorate/core";
import { expect, test } from "vitest";
import { type Raft, createRaft } from "./raft.ts";
import type { Input, Message, RaftConfig, Ready } from "./types.ts";

const config: RaftConfig = {
  node: "a",
  voters: ["a", "b", "c"],
  electionTicks: 10,
  heartbeatTicks: 2,
  appendBytesMax: 1_000,
  inFlightMax: 4,
};

/** The way to lead: node a wins term 2 over an empty log of term 1. */
const LEADS = "campaign; b: preVoteReply t2 yes; b: voteReply t2 yes";

const cases = [
  // Campaigns.
  { name: "a campaign asks first whether it would win; the term stays", given: "log 1 1", last: "campaign", want: ">b preVote t2 last 2/1 >c preVote t2 last 2/1 is preCandidate t1 of nobody" },
  { name: "with a majority of pre-votes the vote for itself is stored and others are asked", given: "log 1; campaign", last: "c: preVoteReply t2 yes", want: "state 2/a/0 >b vote t2 last 1/1 >c vote t2 last 1/1 is candidate t2 of nobody" },
  { name: "with a majority of votes it leads and replicates an empty entry", given: "log 1; campaign; c: preVoteReply t2 yes", last: "b: voteReply t2 yes", want: "store [2:2] >b append t2 prev 1/1 [2] commit 0 round 0 >c append t2 prev 1/1 [2] commit 0 round 0 is leader t2 of a" },
  { name: "one voter may say yes as often as it likes", given: "voters 5; campaign; b: preVoteReply t2 yes", last: "b: preVoteReply t2 yes", want: "" },
  { name: "a majority of refusals ends a pre-campaign", given: "campaign; b: preVoteReply t1 no", last: "c: preVoteReply t1 no", want: "is follower t1 of nobody" },
  { name: "a majority of refusals ends a campaign", given: "campaign; b: preVoteReply t2 yes; b: voteReply t2 no", last: "c: voteReply t2 no", want: "is follower t2 of nobody" },
  { name: "a late pre-vote of an older campaign does not count", given: "term 5; campaign", last: "b: preVoteReply t5 yes", want: "" },
  { name: "a late pre-vote does not count as a vote", given: "campaign; b: preVoteReply t2 yes", last: "c: preVoteReply t2 yes", want: "" },
  { name: "a vote does not count before the campaign", given: "campaign", last: "b: voteReply t1 yes", want: "" },
  { name: "a refusal of a newer term ends the campaign and is adopted", given: "campaign", last: "b: preVoteReply t7 no", want: "state 7/-/0 is follower t7 of nobody" },
  { name: "a candidate that is asked to campaign waits for its votes", given: "campaign; b: preVoteReply t2 yes", last: "campaign", want: "" },
  { name: "a leader that is asked to campaign goes on leading", given: LEADS, last: "campaign", want: "" },
  { name: "a candidate yields to the leader of its term", given: "campaign; b: preVoteReply t2 yes", last: "c: append t2 prev 0/0 [2] commit 0 round 0", want: "store [1:2] >c appendReply t2 yes 1 round 0 is follower t2 of c" },
  { name: "a pre-candidate yields to the leader of its term", given: "campaign", last: "c: append t1 prev 0/0 [] commit 0 round 3", want: ">c appendReply t1 yes 0 round 3 is follower t1 of c" },

  // A single voter.
  { name: "a single voter leads, stores, and only then applies, all in one step", given: "voters 1; log 1", last: "campaign", want: "state 2/a/2 store [2:2] apply [1 2] is leader t2 of a" },
  { name: "a single voter commits in the step of the proposal", given: "voters 1; campaign", last: "propose x y", want: "state 2/a/3 store [2:2 3:2] apply [2 3]" },
  { name: "a single voter keeps its lease", given: "voters 1; campaign; tick 25", last: "propose x", want: "state 2/a/2 store [2:2] apply [2]" },

  // Votes given.
  { name: "a vote is stored and given once per term", given: "b: vote t2 last 0/0", last: "c: vote t2 last 0/0", want: ">c voteReply t2 no" },
  { name: "a vote is repeated to the same candidate", given: "b: vote t2 last 0/0", last: "b: vote t2 last 0/0", want: ">b voteReply t2 yes" },
  { name: "the first vote of a term", given: "", last: "b: vote t2 last 0/0", want: "state 2/b/0 >b voteReply t2 yes is follower t2 of nobody" },
  { name: "a vote given before a restart binds", given: "term 2 vote b", last: "c: vote t2 last 9/2", want: ">c voteReply t2 no" },
  { name: "no vote for a log with an older last term", given: "log 1 2", last: "b: vote t3 last 9/1", want: "state 3/-/0 >b voteReply t3 no is follower t3 of nobody" },
  { name: "no vote for a shorter log", given: "log 1 1", last: "b: vote t3 last 1/1", want: "state 3/-/0 >b voteReply t3 no is follower t3 of nobody" },
  { name: "a vote in a term that is stored already is stored too", given: "log 1; b: vote t3 last 0/0", last: "c: vote t3 last 1/1", want: "state 3/c/0 >c voteReply t3 yes" },
  { name: "no vote in a term whose leader is known", given: "b: append t2 prev 0/0 [] commit 0 round 0; tick 9", last: "c: vote t2 last 9/9", want: ">c voteReply t2 no" },

  // Pre-votes and terms, as in etcd.
  { name: "a pre-vote changes no term and binds to nobody", given: "b: preVote t4 last 0/0", last: "c: preVote t4 last 0/0", want: ">c preVoteReply t4 yes" },
  { name: "a refused pre-vote is answered with this node's term", given: "log 3", last: "b: preVote t9 last 9/2", want: ">b preVoteReply t3 no" },
  { name: "a pre-vote of an older term is answered with the newer one", given: "term 6", last: "b: preVote t4 last 9/5", want: ">b preVoteReply t6 no" },
  { name: "a vote of an older term is answered with the newer one", given: "term 6", last: "b: vote t4 last 9/5", want: ">b voteReply t6 no" },
  { name: "a leader of an older term is answered with the newer one", given: "term 6", last: "b: append t4 prev 0/0 [4] commit 1 round 7", want: ">b appendReply t6 no 0 round 7" },
  { name: "a leader gives a newer leader its place", given: LEADS, last: "c: append t3 prev 0/0 [3] commit 0 round 0", want: "state 3/-/0 store [1:3] >c appendReply t3 yes 1 round 0 is follower t3 of c" },
  { name: "a leader that learns of a newer term steps down", given: LEADS, last: "c: appendReply t3 no 0 round 0", want: "state 3/-/0 is follower t3 of nobody" },
  { name: "answers of older terms are dropped", given: LEADS, last: "b: appendReply t1 yes 1 round 0 + c: voteReply t1 yes + c: preVoteReply t1 no + c: timeoutNow t1", want: "" },

  // The lease.
  { name: "pre-votes are not answered while the leader was heard", given: "b: append t2 prev 0/0 [] commit 0 round 0; tick 9", last: "c: preVote t3 last 9/9", want: "" },
  { name: "votes are not answered while the leader was heard, and the term stays", given: "b: append t2 prev 0/0 [] commit 0 round 0; tick 9", last: "c: vote t3 last 9/9", want: "" },
  { name: "the lease ends after electionTicks", given: "b: append t2 prev 0/0 [] commit 0 round 0; tick 10", last: "c: preVote t3 last 9/9", want: ">c preVoteReply t3 yes" },
  { name: "every message of the leader renews the lease", given: "b: append t2 prev 0/0 [] commit 0 round 0; tick 9; b: append t2 prev 0/0 [] commit 0 round 9; tick 9", last: "c: preVote t3 last 9/9", want: "" },
  { name: "a refused append renews the lease too", given: "b: append t2 prev 0/0 [] commit 0 round 0; tick 9; b: append t2 prev 5/2 [] commit 0 round 9; tick 9", last: "c: preVote t3 last 9/9", want: "" },
  { name: "a forced vote overrides the lease", given: "b: append t2 prev 0/0 [] commit 0 round 0", last: "c: vote t3 last 9/9 force", want: "state 3/c/0 >c voteReply t3 yes is follower t3 of nobody" },
  { name: "peerDead of the leader ends the lease at once", given: "b: append t2 prev 0/0 [] commit 0 round 0; dead b", last: "c: preVote t3 last 9/9 + c: vote t3 last 9/9", want: "state 3/c/0 >c preVoteReply t3 yes >c voteReply t3 yes is follower t3 of nobody" },
  { name: "peerDead of another node does not", given: "b: append t2 prev 0/0 [] commit 0 round 0; dead c", last: "c: preVote t3 last 9/9", want: "" },
  { name: "a leader heard after it was declared dead has its lease again", given: "b: append t2 prev 0/0 [] commit 0 round 0; dead b; b: append t2 prev 0/0 [] commit 0 round 2", last: "c: preVote t3 last 9/9", want: "" },
  { name: "a leader stands by itself", given: LEADS, last: "c: vote t3 last 9/9 + c: preVote t3 last 9/9", want: "" },
  { name: "a node that only waits for a leader refuses nobody", given: "term 2", last: "c: preVote t3 last 9/9", want: ">c preVoteReply t3 yes" },

  // A follower's log.
  { name: "what is stored and what is committed comes in one Ready", given: "log 1 1", last: "b: append t2 prev 2/1 [2 2] commit 3 round 5", want: "state 2/-/3 store [3:2 4:2] >b appendReply t2 yes 4 round 5 apply [1 2 3] is follower t2 of b" },
  { name: "the commit does not pass what the message proves", given: "log 1 1 1", last: "b: append t2 prev 1/1 [1] commit 3 round 0", want: "state 2/-/2 >b appendReply t2 yes 2 round 0 apply [1 2] is follower t2 of b" },
  { name: "a refusal hints past a whole term", given: "log 1 1 2 2 2; b: append t4 prev 0/0 [] commit 0 round 0", last: "b: append t4 prev 5/1 [4] commit 0 round 1", want: ">b appendReply t4 no 2 round 1" },
  { name: "a repeated append is answered and changes nothing", given: "b: append t1 prev 0/0 [1 1] commit 2 round 0", last: "b: append t1 prev 0/0 [1 1] commit 2 round 0", want: ">b appendReply t1 yes 2 round 0" },
  { name: "two messages of one step: the later log is what is stored", given: "", last: "b: append t1 prev 0/0 [1 1 1] commit 0 round 0 + c: append t2 prev 1/1 [2] commit 1 round 0", want: "state 2/-/1 store [1:1 2:2] >b appendReply t1 yes 3 round 0 >c appendReply t2 yes 2 round 0 apply [1] is follower t2 of c" },

  // A leader's log.
  { name: "proposals of one step leave in one message", given: `${LEADS}; b: appendReply t2 yes 1 round 0`, last: "propose x + propose y", want: "store [2:2 3:2] >b append t2 prev 1/2 [2 2] commit 1 round 0" },
  { name: "a majority commits; followers are told at once", given: `${LEADS}; propose x; b: appendReply t2 yes 1 round 0`, last: "b: appendReply t2 yes 2 round 0", want: "state 2/a/2 >b append t2 prev 2/2 [] commit 2 round 0 apply [2]" },
  { name: "figure 8: entries of older terms do not commit by counting", given: "voters 5; term 3 log 1 2; campaign; b: preVoteReply t4 yes; c: preVoteReply t4 yes; b: voteReply t4 yes; c: voteReply t4 yes; b: appendReply t4 yes 2 round 0", last: "c: appendReply t4 yes 2 round 0", want: ">c append t4 prev 2/2 [4] commit 0 round 0" },
  { name: "figure 8: they commit with one of the leader's term", given: "voters 5; term 3 log 1 2; campaign; b: preVoteReply t4 yes; c: preVoteReply t4 yes; b: voteReply t4 yes; c: voteReply t4 yes; b: appendReply t4 yes 3 round 0", last: "c: appendReply t4 yes 3 round 0", want: "state 4/a/3 >b append t4 prev 3/4 [] commit 3 round 0 >c append t4 prev 3/4 [] commit 3 round 0 apply [1 2 3]" },
  { name: "the window bounds what is in flight", given: `${LEADS}; b: appendReply t2 yes 1 round 0; propose p q r`, last: "propose s t", want: "store [5:2 6:2] >b append t2 prev 4/2 [2] commit 1 round 0" },
  { name: "an acknowledgement opens the window", given: `${LEADS}; b: appendReply t2 yes 1 round 0; propose p q r s t`, last: "b: appendReply t2 yes 3 round 0", want: "state 2/a/3 >b append t2 prev 5/2 [2] commit 3 round 0 apply [2 3]" },
  { name: "a refusal leads back to its hint, with one message until it is answered", given: "log 1 1 1 1; campaign; b: preVoteReply t2 yes; b: voteReply t2 yes; b: appendReply t2 no 1 round 0", last: "propose x", want: "store [6:2]" },
  { name: "entries follow the hint", given: "log 1 1 1 1; campaign; b: preVoteReply t2 yes; b: voteReply t2 yes", last: "b: appendReply t2 no 1 round 0", want: ">b append t2 prev 1/1 [1 1 1 2] commit 0 round 0" },
  { name: "a repeated refusal is ignored", given: "log 1 1 1 1; campaign; b: preVoteReply t2 yes; b: voteReply t2 yes; b: appendReply t2 no 1 round 0", last: "b: appendReply t2 no 1 round 0", want: "" },
  { name: "a refusal older than an acknowledgement is ignored", given: `${LEADS}; b: appendReply t2 yes 1 round 0`, last: "b: appendReply t2 no 0 round 0", want: "" },
  { name: "an acknowledgement of what was never sent is ignored", given: LEADS, last: "b: appendReply t2 yes 9 round 0", want: "" },
  { name: "heartbeats go out every heartbeatTicks and ask a silent node where it is", given: `${LEADS}; b: appendReply t2 yes 1 round 0; tick 1`, last: "tick 1", want: ">b append t2 prev 1/2 [] commit 1 round 2 >c append t2 prev 0/0 [] commit 1 round 2" },
  { name: "a heartbeat's refusal shows a lost message", given: `${LEADS}; b: appendReply t2 yes 1 round 0; propose x; tick 2`, last: "b: appendReply t2 no 1 round 2", want: ">b append t2 prev 1/2 [2] commit 1 round 2" },
  { name: "a follower takes no proposals", given: "b: append t2 prev 0/0 [] commit 0 round 0", last: "propose x y", want: "reject [x y]" },

  // Strangers.
  { name: "a node that does not vote is ignored", given: "", last: "z: vote t9 last 9/9 force + z: append t9 prev 0/0 [9] commit 1 round 0 + z: timeoutNow t9", want: "" },
  { name: "a stranger's acknowledgement is ignored", given: LEADS, last: "z: appendReply t2 yes 1 round 0", want: "" },

  // Leader transfer.
  { name: "a target that is up to date takes over at once; proposals are refused", given: `${LEADS}; b: appendReply t2 yes 1 round 0`, last: "transfer b + propose x", want: ">b timeoutNow t2 reject [x]" },
  { name: "a target that lags catches up first", given: `${LEADS}; transfer b`, last: "b: appendReply t2 yes 1 round 0", want: "state 2/a/1 >b append t2 prev 1/2 [] commit 1 round 0 >b timeoutNow t2 apply [1]" },
  { name: "heartbeats repeat timeoutNow", given: `${LEADS}; b: appendReply t2 yes 1 round 0; transfer b; tick 1`, last: "tick 1", want: ">b append t2 prev 1/2 [] commit 1 round 2 >c append t2 prev 0/0 [] commit 1 round 2 >b timeoutNow t2" },
  { name: "a transfer is given up after electionTicks", given: `${LEADS}; transfer b; tick 9; b: appendReply t2 yes 1 round 9 + tick 1; propose x`, last: "b: appendReply t2 yes 2 round 10", want: "state 2/a/2 >b append t2 prev 2/2 [] commit 2 round 10 apply [2]" },
  { name: "no transfer to itself, to a stranger, or by a follower", given: LEADS, last: "transfer a + transfer z + propose x", want: "store [2:2]" },
  { name: "timeoutNow: a vote without pre-vote, against all leases", given: "b: append t2 prev 0/0 [2] commit 1 round 0", last: "b: timeoutNow t2", want: "state 3/a/1 >b vote t3 last 1/2 force >c vote t3 last 1/2 force is candidate t3 of nobody" },
  { name: "a repeated timeoutNow changes nothing", given: "b: append t2 prev 0/0 [2] commit 1 round 0; b: timeoutNow t2", last: "b: timeoutNow t2", want: "" },
];

test.each(cases)("$name", ({ given, last, want }) => expect(runScript(given, last)).toBe(want));

test("the first step after a restart hands out what was committed", () => {
  const { raft } = startFrom("term 2 vote b commit 2 log 1 1 2");
  expect(render(raft.step([]))).toBe("apply [1 2]");
  expect(render(raft.step([]))).toBe("");
  expect(raft.status()).toEqual({ role: "follower", term: 2, leader: null, commit: 2, leaseHeld: false });
  expect([raft.lastIndex(), raft.entry(3)?.term, raft.entry(4), raft.entry(0)]).toEqual([3, 2, null, null]);
});

test("time-outs are drawn from [electionTicks, 2 * electionTicks), and all of them", () => {
  const drawn = Array.from({ length: 300 }, (_, seed) => {
    const raft = createRaft(config, { hardState: { term: 0, votedFor: null, commit: 0 }, entries: [] }, seed);
    return ticksUntil(raft, "preCandidate");
  });
  expect([...new Set(drawn)].sort((x, y) => x - y)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
});

test("who gave a vote waits a whole time-out for the winner", () => {
  const { raft } = startFrom("log 1 1", "b: vote t3 last 0/0; tick 9; c: vote t3 last 2/1");
  for (let tick = 0; tick < 9; tick += 1) raft.step(inputsOf("tick 1"));
  expect(raft.status()).toMatchObject({ role: "follower", term: 3 });
});

test("check-quorum: a leader that no majority answers steps down after electionTicks", () => {
  const { raft } = startFrom("", LEADS);
  expect(raft.status()).toMatchObject({ role: "leader", leaseHeld: false });
  expect(ticksUntil(raft, "follower")).toBe(10);
});

test("check-quorum counts from when the answered message was sent, and answers that are no acknowledgement count", () => {
  const { raft } = startFrom("", `${LEADS}; tick 6; b: appendReply t2 no 0 round 4`);
  expect(raft.status()).toMatchObject({ role: "leader", leaseHeld: true });
  expect(ticksUntil(raft, "follower")).toBe(8);
  expect(raft.status()).toMatchObject({ role: "follower", term: 2, leader: null });
});

test("check-quorum: with 5 voters one answer is not enough", () => {
  const { raft } = startFrom("voters 5", "campaign; b: preVoteReply t2 yes; c: preVoteReply t2 yes; b: voteReply t2 yes; c: voteReply t2 yes");
  for (let tick = 1; tick < 10; tick += 1) raft.step(inputsOf(`tick 1 + b: appendReply t2 yes 1 round ${tick}`));
  expect(raft.status()).toMatchObject({ role: "leader", leaseHeld: false });
  raft.step(inputsOf("tick 1"));
  expect(raft.status().role).toBe("follower");
});

test("a large log is sent in messages of at most appendBytesMax", () => {
  const raft = createRaft({ ...config, voters: ["a", "b"], appendBytesMax: 25, inFlightMax: 100 }, { hardState: { term: 1, votedFor: null, commit: 0 }, entries: [] }, 1);
  for (const input of inputsOf("campaign + b: preVoteReply t2 yes + b: voteReply t2 yes")) raft.step([input]);
  raft.step(inputsOf("b: appendReply t2 yes 1 round 0"));
  const { messages } = raft.step([{ kind: "propose", data: [10, 10, 10, 40, 5].map((size) => new Uint8Array(size)) }]);
  expect(messages.map((message) => (message.kind === "append" ? message.entries.map((entry) => entry.data.length) : message))).toEqual([[10, 10], [10], [40], [5]]);
});

test.each([
  { name: "a node that does not vote", change: { node: "z" } },
  { name: "a voter named twice", change: { voters: ["a", "b", "b"] } },
  { name: "heartbeats slower than half an election time-out", change: { heartbeatTicks: 5 } },
  { name: "no room for an entry", change: { inFlightMax: 0 } },
])("a configuration with $name is refused", ({ change }) => {
  const stored = { hardState: { term: 0, votedFor: null, commit: 0 }, entries: [] };
  expect(() => createRaft({ ...config, ...change }, stored, 1)).toThrow();
});

test("two leaders in one term are a broken cluster: it stops", () => {
  const { raft } = startFrom("", LEADS);
  expect(() => raft.step(inputsOf("b: append t2 prev 0/0 [2] commit 1 round 0"))).toThrow("both lead term 2");
});

/** Trace of the step `last` after the start and the steps of `given`. The first words of `given` may set the store. */
function runScript(given: string, last: string): string {
  const [...steps] = given.split("; ").filter((step) => step !== "");
  const start: string[] = [];
  while (steps[0] !== undefined && /^(voters|term|log|commit) /.test(steps[0])) start.push(steps.shift() ?? "");
  const { raft } = startFrom(start.join(" "), steps.join("; "));
  return render(raft.step(inputsOf(last)));
}

/** Starts node a from a store such as "voters 5 term 3 vote b commit 1 log 1 1 3", and runs `steps`. The term is 1 or the log's if not said. */
function startFrom(store: string, steps = ""): { raft: Raft } {
  const number = (word: string, otherwise: number): number => Number(new RegExp(`\\b${word} (\\d+)`).exec(store)?.[1] ?? otherwise);
  const terms = (/\blog ([\d ]+)/.exec(store)?.[1] ?? "").split(" ").filter((term) => term !== "").map(Number);
  const voters = ["a", "b", "c", "d", "e"].slice(0, number("voters", 3));
  const hardState = {
    term: number("term", terms.at(-1) ?? 1),
    votedFor: /\bvote (\w)/.exec(store)?.[1] ?? null,
    commit: number("commit", 0),
  };
  const entries = terms.map((term, offset) => ({ index: offset + 1, term, data: Uint8Array.of(offset) }));
  const raft = createRaft({ ...config, voters }, { hardState, entries }, 7);
  for (const step of steps.split("; ").filter((text) => text !== "")) raft.step(inputsOf(step));
  return { raft };
}

function ticksUntil(raft: Raft, role: string): number {
  for (let ticks = 1; ticks <= 100; ticks += 1) {
    raft.step([{ kind: "tick" }]);
    if (raft.status().role === role) return ticks;
  }
  throw new Error(`never ${role}`);
}

function inputsOf(step: string): Input[] {
  return step.split(" + ").flatMap((text): Input[] => {
    const [word = "", ...rest] = text.split(" ");
    switch (word) {
      case "":
        return [];
      case "tick":
        return Array.from({ length: Number(rest[0]) }, () => ({ kind: "tick" }));
      case "campaign":
        return [{ kind: "campaign" }];
      case "dead":
        return [{ kind: "peerDead", node: rest[0] ?? "" }];
      case "transfer":
        return [{ kind: "transfer", to: rest[0] ?? "" }];
      case "propose":
        return [{ kind: "propose", data: rest.map((one) => new TextEncoder().encode(one)) }];
      default:
        return [{ kind: "message", message: messageOf(word.slice(0, -1), rest) }];
    }
  });
}

function messageOf(from: NodeName, words: readonly string[]): Message {
  const text = words.join(" ");
  const field = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? "";
  const pair = (word: string): [number, number] => [Number(field(new RegExp(`${word} (\\d+)/`))), Number(field(new RegExp(`${word} \\d+/(\\d+)`)))];
  const head = { from, to: "a", term: Number(field(/ t(\d+)/)) };
  const kind = words[0] as Message["kind"];
  const round = Number(field(/round (\d+)/));
  switch (kind) {
    case "preVote":
    case "vote": {
      const [lastIndex, lastTerm] = pair("last");
      return { ...head, kind, lastIndex, lastTerm, force: text.endsWith("force") };
    }
    case "preVoteReply":
    case "voteReply":
      return { ...head, kind, granted: text.endsWith("yes") };
    case "append": {
      const [prevIndex, prevTerm] = pair("prev");
      const terms = field(/\[([\d ]*)\]/).split(" ").filter((term) => term !== "").map(Number);
      const entries = terms.map((term, offset) => ({ index: prevIndex + 1 + offset, term, data: Uint8Array.of(1) }));
      return { ...head, kind, prevIndex, prevTerm, entries, commit: Number(field(/commit (\d+)/)), round };
    }
    case "appendReply":
      return { ...head, kind, accepted: text.includes(" yes "), index: Number(field(/(?:yes|no) (\d+)/)), round };
    case "timeoutNow":
      return { ...head, kind };
  }
}

function render({ hardState, append, messages, committed, status, rejected }: Ready): string {
  return [
    hardState === null ? "" : `state ${hardState.term}/${hardState.votedFor ?? "-"}/${hardState.commit}`,
    append.length === 0 ? "" : `store [${append.map((entry) => `${entry.index}:${entry.term}`).join(" ")}]`,
    ...messages.map(renderMessage),
    committed.length === 0 ? "" : `apply [${committed.map((entry) => entry.index).join(" ")}]`,
    rejected.length === 0 ? "" : `reject [${rejected.map((one) => new TextDecoder().decode(one)).join(" ")}]`,
    status === null ? "" : `is ${status.role} t${status.term} of ${status.leader ?? "nobody"}`,
  ].filter((part) => part !== "").join(" ");
}

function renderMessage(message: Message): string {
  const head = `>${message.to} ${message.kind} t${message.term}`;
  switch (message.kind) {
    case "preVote":
    case "vote":
      return `${head} last ${message.lastIndex}/${message.lastTerm}${message.force ? " force" : ""}`;
    case "preVoteReply":
    case "voteReply":
      return `${head} ${message.granted ? "yes" : "no"}`;
    case "append":
      return `${head} prev ${message.prevIndex}/${message.prevTerm} [${message.entries.map((entry) => entry.term).join(" ")}] commit ${message.commit} round ${message.round}`;
    case "appendReply":
      return `${head} ${message.accepted ? "yes" : "no"} ${message.index} round ${message.round}`;
    case "timeoutNow":
      return head;
  }
}
