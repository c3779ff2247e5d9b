/**
 * Whole clusters on a network that delivers at once and in order unless told otherwise. Commands, joined by "; ":
 * `campaign a` · `tick 5` (every node, one after the other, all messages delivered between) · `tick a 5` · `propose a x`
 * `dead b a` (b is told that a is dead) · `transfer a b` · `cut a` (from everybody) · `cut a-b` (between the two)
 * `mute a-b` (from a to b only) · `lose 4` (every append that carries an entry of term 4) · `heal` · `crash a` (keeps its disk) · `start a`. After each, messages run until none is left.
 * A state reads, for each node in order, `NAME ROLE tTERM COMMIT/LENGTH` with ROLE `-` for a follower that knows no
 * leader, `>x` for a follower of x, `P`, `C`, `L`, and `down`.
 */
import { assert } from "@quorate/core";
import { describe, expect, test } from "vitest";
import { type Raft, createRaft } from "./raft.ts";
import type { Entry, HardState, Input, Message } from "./types.ts";

describe("elections", () => {
  test.each([
    { name: "the node that campaigns leads", script: "campaign a", want: "a L t1 1/1 | b >a t1 1/1 | c >a t1 1/1" },
    { name: "without a leader one comes up by time-out", script: "tick 40", leaders: 1 },
    { name: "a leader stays while nobody fails", script: "campaign b; tick 200", want: "a >b t1 1/1 | b L t1 1/1 | c >b t1 1/1" },
    { name: "a minority elects nobody, and its term stays", script: "campaign a; cut c; tick 200; campaign c", want: "a L t1 1/1 | b >a t1 1/1 | c P t1 1/1" },
    { name: "a leader that is cut off steps down, the others elect one", script: "campaign a; cut a; tick a 10", want: "a - t1 1/1 | b >a t1 1/1 | c >a t1 1/1" },
    { name: "a node with an old log cannot win, and disturbs nobody", script: "campaign a; cut c; propose a x; heal; campaign c", want: "a L t1 2/2 | b >a t1 2/2 | c P t1 1/1" },
  ])("$name", ({ script, want, leaders }) => {
    const cluster = startCluster("abc");
    cluster.run(script);
    if (want !== undefined) expect(cluster.state()).toBe(want);
    if (leaders !== undefined) expect(cluster.state().match(/ L /g)).toHaveLength(leaders);
  });

  test("a node that comes back from a partition does not disturb (pre-vote)", () => {
    const cluster = startCluster("abc");
    cluster.run("campaign a; cut c; tick 100; propose a x; heal; tick 4");
    expect(cluster.state()).toBe("a L t1 2/2 | b >a t1 2/2 | c >a t1 2/2");
  });

  test("a node that hears nobody but is heard does not disturb (lease)", () => {
    const cluster = startCluster("abc");
    cluster.run("campaign a; mute a-c; mute b-c; tick 100");
    expect(cluster.state()).toBe("a L t1 1/1 | b >a t1 1/1 | c P t1 1/1");
  });

  test("a node with a newer term and an older log is not shut out", () => {
    const cluster = startCluster("abc", { c: { log: "", term: 9 } });
    cluster.run("cut c; campaign a; heal; tick 100; propose a x; propose b x; propose c x; tick 2");
    const states = cluster.state().split(" | ");
    expect(states.filter((state) => / L /.test(state))).toHaveLength(1);
    for (const state of states) expect(state).toMatch(/ t1\d 3\/3$/);
  });

  test("a leader that is heard by all but hears nobody steps down and another follows", () => {
    const cluster = startCluster("abc");
    cluster.run("campaign a; mute b-a; mute c-a; tick 60");
    expect(cluster.state()).toMatch(/^a (-|P|>.) .* L /);
  });

  test("peerDead: followers that are told elect at once, without waiting for the lease", () => {
    const cluster = startCluster("abc");
    cluster.run("campaign a; crash a; campaign b");
    expect(cluster.state(), "the lease refuses").toBe("a down | b P t1 1/1 | c >a t1 1/1");
    cluster.run("dead b a; dead c a; campaign b");
    expect(cluster.state()).toBe("a down | b L t2 2/2 | c >b t2 2/2");
  });

  test("peerDead by error: the old leader finds its place as soon as it hears the new one", () => {
    const cluster = startCluster("abc");
    cluster.run("campaign a; cut a; dead b a; dead c a; campaign c; propose a lost; heal; tick 2; propose c x");
    expect(cluster.state()).toBe("a >c t2 3/3 | b >c t2 3/3 | c L t2 3/3");
  });

  test("two voters: either one alone decides nothing", () => {
    const cluster = startCluster("ab");
    cluster.run("campaign a; propose a x; crash b; propose a y; tick 20; campaign a");
    expect(cluster.state()).toBe("a P t1 2/3 | b down");
    cluster.run("start b; campaign a");
    expect(cluster.state()).toBe("a L t2 4/4 | b >a t2 4/4");
  });
});

describe("replication", () => {
  test("Raft paper figure 7: every follower's log becomes the leader's, whatever it held", () => {
    const logs = { a: "1 1 1 4 4 5 5 6 6", b: "1 1 1 4", c: "1 1 1 4 4 5 5 6 6 6 6", d: "1 1 1 4 4 5 5 6 6 6 7 7", e: "1 1 1 4 4 4 4", f: "1 1 1 2 2 2 3 3 3 3 3" };
    const cluster = startCluster("labcdef", { l: { log: "1 1 1 4 4 5 5 6 6 6", term: 7 }, ...mapValues(logs, (log) => ({ log })) });
    cluster.run("campaign l");
    expect(cluster.state()).toMatch(/^l L t8 11\/11 /);
    for (const node of "labcdef") expect(cluster.log(node)).toBe("1 1 1 4 4 5 5 6 6 6 8");
    expect(cluster.state().match(/t8 11\/11/g)).toHaveLength(7);
  });

  test("where a long foreign log parts from the leader's is found in a few questions", () => {
    const shared = "1 ".repeat(5);
    const cluster = startCluster("abc", {
      a: { log: `${shared}${"2 ".repeat(100)}${"5 ".repeat(100)}`.trim() },
      b: { log: `${shared}${"2 ".repeat(100)}${"5 ".repeat(100)}`.trim() },
      c: { log: `${shared}${"3 ".repeat(150)}${"4 ".repeat(150)}`.trim() },
    });
    cluster.run("campaign a");
    expect(cluster.log("c")).toBe(cluster.log("a"));
    expect(cluster.refusals()).toBeLessThanOrEqual(9);
  });

  test("Raft paper figure 8 (c, d): an old entry on a majority is not committed, and may be replaced", () => {
    const stored = { a: { log: "1 2", term: 3 }, b: { log: "1 2" }, c: { log: "1" }, d: { log: "1" }, e: { log: "1 3" } };
    const cluster = startCluster("abcde", stored, 1);
    cluster.run("cut d; cut e; lose 4; campaign a; tick 2");
    expect(cluster.state()).toMatch(/^a L t4 0\/3 \| b >a t4 0\/2 \| c >a t4 0\/2 \| d .* 0\/1 \| e .* 0\/2$/);
    cluster.run("crash a; heal; dead b a; dead c a; campaign e; campaign e; tick 4; start a; tick 4");
    for (const node of "abcde") expect(cluster.log(node)).toBe("1 3 5");
  });

  test("Raft paper figure 8 (e): once an entry of the leader's term is on a majority, no other log can win", () => {
    const cluster = startCluster("abcde", { a: { log: "1 2", term: 3 }, b: { log: "1 2" }, c: { log: "1" }, d: { log: "1" }, e: { log: "1 3" } });
    cluster.run("cut e; cut d; campaign a");
    expect(cluster.state()).toMatch(/^a L t4 3\/3 \| b >a t4 3\/3 \| c >a t4 3\/3 /);
    cluster.run("crash a; heal; dead b a; dead c a; campaign e; campaign d");
    expect(cluster.state()).not.toContain(" L ");
    cluster.run("campaign c; tick 4");
    for (const node of "bcde") expect(cluster.log(node)).toBe("1 2 4 5");
  });

  test("what a leader took alone is replaced by what the majority committed", () => {
    const cluster = startCluster("abc");
    cluster.run("campaign a; cut a; propose a lost; propose a lost; dead b a; dead c a; campaign b; propose b x; heal; tick 10");
    expect(cluster.state()).toBe("a >b t2 3/3 | b L t2 3/3 | c >b t2 3/3");
    expect(cluster.log("a")).toBe("1 2 2");
  });

  test("a restarted node gets its committed entries again, then what it missed", () => {
    const cluster = startCluster("abc");
    cluster.run("campaign a; propose a x; crash c; propose a y; start c");
    expect(cluster.applied("c")).toEqual(["", "x"]);
    cluster.run("tick 4");
    expect(cluster.applied("c")).toEqual(["", "x", "y"]);
  });

  test("the whole cluster restarts from disk with everything that was committed", () => {
    const cluster = startCluster("abc");
    cluster.run("campaign a; propose a x; propose a y; crash a; crash b; crash c; start a; start b; start c; campaign c");
    for (const node of "abc") expect(cluster.applied(node)).toEqual(["", "x", "y", ""]);
  });
});

describe("leader transfer", () => {
  test.each([
    { name: "to a node that is up to date", script: "transfer a c", want: "a >c t2 2/2 | b >c t2 2/2 | c L t2 2/2" },
    { name: "to a node that lags: it catches up first", script: "cut c; propose a x; propose a y; transfer a c; heal; tick 2", want: "a >c t2 4/4 | b >c t2 4/4 | c L t2 4/4" },
    { name: "to a node that is down: given up, and proposals are taken again", script: "crash c; transfer a c; propose a no; tick 10; propose a x", want: "a L t1 2/2 | b >a t1 2/2 | c down" },
    { name: "changed on the way: the last word counts", script: "crash c; transfer a c; transfer a b", want: "a >b t2 2/2 | b L t2 2/2 | c down" },
  ])("$name", ({ script, want }) => {
    const cluster = startCluster("abc");
    cluster.run(`campaign a; ${script}`);
    expect(cluster.state()).toBe(want);
  });
});

interface Cluster {
  run(script: string): void;
  state(): string;
  log(node: string): string;
  applied(node: string): string[];
  /** Refused appends of the current term so far. */
  refusals(): number;
}

interface Disk {
  hardState: HardState;
  entries: readonly Entry[];
}

/** `stored` gives terms of the log and the term, which is the log's last if not said; 0 and empty for others. */
function startCluster(names: string, stored: Record<string, { log?: string; term?: number }> = {}, inFlightMax = 200): Cluster {
  const voters = names.split("");
  const disks = new Map<string, Disk>();
  const rafts = new Map<string, Raft>();
  const applied = new Map<string, string[]>();
  const cuts = new Set<string>();
  const network: Message[] = [];
  let lostTerm = 0;
  let refusals = 0;

  for (const node of voters) {
    const { log = "", term } = stored[node] ?? {};
    const terms = log.split(" ").filter((word) => word !== "").map(Number);
    const entries = terms.map((one, offset) => ({ index: offset + 1, term: one, data: Uint8Array.of(64 + one) }));
    disks.set(node, { hardState: { term: term ?? terms.at(-1) ?? 0, votedFor: null, commit: 0 }, entries });
    start(node);
  }

  function start(node: string): void {
    const config = { node, voters, electionTicks: 10, heartbeatTicks: 2, appendBytesMax: 1_000, inFlightMax };
    rafts.set(node, createRaft(config, disks.get(node)!, voters.indexOf(node) + 1));
    applied.set(node, []);
    step(node, []);
  }

  function step(node: string, inputs: readonly Input[]): void {
    const ready = rafts.get(node)?.step(inputs);
    if (ready === undefined) return;
    const disk = disks.get(node)!;
    if (ready.hardState !== null) disk.hardState = ready.hardState;
    const first = ready.append[0];
    if (first !== undefined) disk.entries = [...disk.entries.slice(0, first.index - 1), ...ready.append];
    network.push(...ready.messages);
    for (const entry of ready.committed) applied.get(node)!.push(new TextDecoder().decode(entry.data));
    refusals += ready.messages.filter((message) => message.kind === "appendReply" && !message.accepted).length;
  }

  function deliverAll(): void {
    for (let count = 0; network.length > 0; count += 1) {
      assert(count < 100_000, "messages never end");
      const message = network.shift()!;
      const lost = message.kind === "append" && message.entries.some((entry) => entry.term === lostTerm);
      if (!lost && !cuts.has(message.from + message.to)) step(message.to, [{ kind: "message", message }]);
    }
  }

  function command(text: string): void {
    const [word, node = "", other = ""] = text.split(" ");
    if (word === "campaign") step(node, [{ kind: "campaign" }]);
    else if (word === "propose") step(node, [{ kind: "propose", data: [new TextEncoder().encode(other)] }]);
    else if (word === "dead") step(node, [{ kind: "peerDead", node: other }]);
    else if (word === "transfer") step(node, [{ kind: "transfer", to: other }]);
    else if (word === "mute") cuts.add(node.replace("-", ""));
    else if (word === "lose") lostTerm = Number(node);
    else if (word === "heal") heal();
    else if (word === "crash") rafts.delete(node);
    else if (word === "start") start(node);
    else if (word === "tick") tick(other === "" ? voters : [node], Number(other === "" ? node : other));
    else if (word === "cut") cut(node);
    else throw new Error(`unknown command ${text}`);
    deliverAll();
  }

  function tick(nodes: readonly string[], count: number): void {
    for (let done = 0; done < count; done += 1) {
      for (const node of nodes) {
        step(node, [{ kind: "tick" }]);
        deliverAll();
      }
    }
  }

  function cut(between: string): void {
    const [one = "", ...others] = between.split("-");
    for (const other of others.length > 0 ? others : voters) cuts.add(one + other).add(other + one);
  }

  function heal(): void {
    cuts.clear();
    lostTerm = 0;
  }

  function stateOf(node: string): string {
    const raft = rafts.get(node);
    if (raft === undefined) return `${node} down`;
    const { role, term, leader, commit } = raft.status();
    const sign = { leader: "L", candidate: "C", preCandidate: "P", follower: leader === null ? "-" : `>${leader}` }[role];
    return `${node} ${sign} t${term} ${commit}/${raft.lastIndex()}`;
  }

  return {
    run: (script) => script.split("; ").forEach(command),
    state: () => voters.map(stateOf).join(" | "),
    log: (node) => disks.get(node)!.entries.map((entry) => entry.term).join(" "),
    applied: (node) => applied.get(node)!,
    refusals: () => refusals,
  };
}

function mapValues<A, B>(record: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
