/**
 * Random clusters, random faults, one seed each. Messages are lost, repeated, reordered and cut by partitions; a node
 * works on a Ready in three parts (store, send, apply) with others in between, and a crash before the first loses it.
 * After every event the properties of Raft paper figure 3 are checked against all that ever happened; at the end faults
 * heal and the cluster must go on. A failing test names its seed: run it with `-t "seed N"`.
 */
import { type NodeName, Prng, assert } from "@quorate/core";
import { expect, test } from "vitest";
import { type Raft, createRaft } from "./raft.ts";
import type { Entry, HardState, Input, Message, RaftConfig, Ready } from "./types.ts";

const ELECTION_TICKS = 6;
const IN_FLIGHT_NETWORK_MAX = 120;
/** Voters by seed: mostly the usual sizes, sometimes one where half is not a majority, or one that is its own. */
const SIZES = [3, 5, 3, 5, 3, 5, 2, 4, 1];
const seeds = Array.from({ length: 400 }, (_, seed) => seed);

test.each(seeds)("whatever fails, figure 3 holds, and the cluster goes on when it heals: seed %i", (seed) => {
  const world = new World(seed);
  for (let event = 0; event < 4_000; event += 1) world.disturb();
  world.healAndConverge();
});

// With clocks that run equally fast and without restarts, a leader that holds its lease is the only one.
test.each(seeds.slice(0, 150))("a held lease excludes another leader: seed %i", (seed) => {
  const world = new World(seed);
  for (let round = 0; round < 200; round += 1) {
    world.tickAll();
    world.checkLease();
    world.deliverSome();
    world.checkLease();
  }
});

test("the faults are strong enough to mean something", () => {
  const totals = { leaders: 0, committed: 0, replaced: 0 };
  for (const seed of seeds.slice(0, 60)) {
    const world = new World(seed);
    for (let event = 0; event < 4_000; event += 1) world.disturb();
    totals.leaders += world.leaders.size;
    totals.committed += world.committed.length;
    totals.replaced += world.replaced;
  }
  expect(totals.leaders).toBeGreaterThan(60 * 4);
  expect(totals.committed).toBeGreaterThan(60 * 20);
  expect(totals.replaced).toBeGreaterThan(60 * 5);
});

interface Disk {
  hardState: HardState;
  entries: Entry[];
}

interface Member {
  readonly config: RaftConfig;
  readonly disk: Disk;
  /** Null while crashed. */
  raft: Raft | null;
  inbox: Input[];
  /** Being worked on: what of it is done so far. */
  pending: { readonly ready: Ready; done: "nothing" | "stored" | "sent" } | null;
  applied: number;
}

class World {
  /** Winner of each term. */
  readonly leaders = new Map<number, NodeName>();
  /** What any node ever applied, by index. */
  readonly committed: Entry[] = [];
  /** Stored entries that were replaced by others. */
  replaced = 0;
  readonly #prng: Prng;
  readonly #members: Member[];
  readonly #names: readonly NodeName[];
  readonly #restartOneIn: number;
  readonly #contestOneIn: number;
  /** What stands before an entry and what it carries, by index and term: equal logs up to it (log matching). */
  readonly #entries = new Map<string, string>();
  /** Term in which each committed entry was first applied by somebody. */
  readonly #committedIn: number[] = [];
  #network: Message[] = [];
  #faulty = false;
  #side = new Map<NodeName, number>();
  #proposals = 0;
  #starts = 0;

  constructor(seed: number) {
    this.#prng = new Prng(seed * 7_919 + 1);
    this.#names = ["a", "b", "c", "d", "e"].slice(0, SIZES[seed % SIZES.length]);
    this.#restartOneIn = this.#any([8, 40, 200]);
    this.#contestOneIn = this.#any([40, 100, 10_000]);
    // With one entry in flight, entries of older terms reach a majority before those of the leader's own (figure 8).
    const limits = { appendBytesMax: 12, inFlightMax: this.#any([1, 1, 2, 5]) };
    this.#members = this.#names.map((node) => ({
      config: { node, voters: this.#names, electionTicks: ELECTION_TICKS, heartbeatTicks: 2, ...limits },
      disk: { hardState: { term: 0, votedFor: null, commit: 0 }, entries: [] },
      raft: null,
      inbox: [],
      pending: null,
      applied: 0,
    }));
    for (const member of this.#members) this.#start(member);
  }

  /** One random event. */
  disturb(): void {
    this.#faulty = true;
    if (this.#prng.below(this.#contestOneIn) === 0) this.#contest();
    const member = this.#any(this.#members);
    const dice = this.#prng.below(1_000);
    if (dice < 140) this.#give(member, { kind: "tick" });
    else if (dice < 520) this.#deliverOne();
    else if (dice < 760) this.#finish(member);
    else if (dice < 900) this.#work(member);
    else if (dice < 915) this.#loseOne();
    else if (dice < 930) this.#repeatOne();
    else if (dice < 955) this.#propose(this.#any(this.#proposers()));
    else if (dice < 962) this.#crash(member);
    else if (dice < 982) this.#startAnyCrashed();
    else if (dice < 985) this.#partition();
    else if (dice < 991) this.#side.clear();
    else if (dice < 994) this.#give(member, { kind: "peerDead", node: this.#any(this.#names) });
    else if (dice < 998) this.#give(member, { kind: "campaign" });
    else this.#give(member, { kind: "transfer", to: this.#any(this.#names) });
  }

  tickAll(): void {
    for (const member of this.#members) this.#giveAndFinish(member, { kind: "tick" });
    if (this.#prng.below(4) === 0) this.#propose(this.#any(this.#members));
    if (this.#prng.below(40) === 0) this.#partition();
    if (this.#prng.below(30) === 0) this.#side.clear();
  }

  deliverSome(): void {
    for (let count = this.#prng.below(4 * this.#members.length); count > 0; count -= 1) {
      this.#deliverOne();
      for (const member of this.#members) this.#finish(member);
    }
    while (this.#network.length > IN_FLIGHT_NETWORK_MAX) this.#loseOne();
  }

  checkLease(): void {
    const statuses = this.#members.flatMap(({ raft }) => (raft === null ? [] : [raft.status()]));
    const newest = Math.max(...statuses.filter(({ role }) => role === "leader").map(({ term }) => term));
    for (const { leaseHeld, term } of statuses) {
      assert(!leaseHeld || term >= newest, `the lease of term ${term} is held beside a leader of ${newest}`);
    }
  }

  healAndConverge(): void {
    this.#faulty = false;
    this.#side.clear();
    for (const member of this.#members) if (member.raft === null) this.#start(member);
    for (let tick = 0; tick < 12 * ELECTION_TICKS; tick += 1) this.#quietRound();
    const leaders = this.#members.filter(({ raft }) => raft?.status().role === "leader");
    expect(leaders, "one leader after healing").toHaveLength(1);
    const before = this.committed.length;
    for (const leader of leaders) this.#propose(leader);
    for (let tick = 0; tick < ELECTION_TICKS; tick += 1) this.#quietRound();
    expect(this.committed.length, "proposals commit after healing").toBeGreaterThan(before);
    for (const { applied, raft, config } of this.#members) {
      expect(applied, `${config.node} applied everything`).toBe(this.committed.length);
      expect(raft?.lastIndex(), `${config.node} holds nothing else`).toBe(this.committed.length);
    }
  }

  #quietRound(): void {
    for (const member of this.#members) this.#giveAndFinish(member, { kind: "tick" });
    for (let count = 0; this.#network.length > 0; count += 1) {
      assert(count < 10_000, "messages never end");
      const message = this.#network.shift();
      const member = this.#members.find(({ config }) => config.node === message?.to);
      if (message !== undefined && member !== undefined) this.#giveAndFinish(member, { kind: "message", message });
    }
  }

  #start(member: Member): void {
    const { config, disk } = member;
    this.#starts += 1;
    member.raft = createRaft(config, { hardState: disk.hardState, entries: disk.entries }, this.#prng.below(2 ** 31) + this.#starts);
    member.applied = 0;
    member.pending = { ready: member.raft.step([]), done: "nothing" };
  }

  #startAnyCrashed(): void {
    const crashed = this.#members.filter(({ raft }) => raft === null);
    if (crashed.length > 0) this.#start(this.#any(crashed));
  }

  /** No lease holds, and one or two nodes campaign: leaders change often, in the middle of what they were doing. */
  #contest(): void {
    for (const member of this.#members) {
      for (const node of this.#names) this.#give(member, { kind: "peerDead", node });
    }
    for (let count = this.#prng.below(2); count >= 0; count -= 1) this.#give(this.#any(this.#members), { kind: "campaign" });
  }

  /** What was said must be remembered: right after it was said is the worst moment to lose memory. */
  #restart(member: Member): void {
    this.#crash(member);
    this.#start(member);
  }

  #crash(member: Member): void {
    member.raft = null;
    member.inbox = [];
    member.pending = null;
  }

  #give(member: Member, input: Input): void {
    if (member.raft !== null) member.inbox.push(input);
  }

  #giveAndFinish(member: Member, input: Input): void {
    this.#give(member, input);
    this.#finish(member);
  }

  #finish(member: Member): void {
    while (member.raft !== null && (member.pending !== null || member.inbox.length > 0)) this.#work(member);
  }

  /** Does the next part of a Ready, or takes the next step with all that came in meanwhile. */
  #work(member: Member): void {
    const { raft, pending } = member;
    if (raft === null) return;
    if (pending === null) {
      if (member.inbox.length === 0) return;
      const ready = raft.step(member.inbox);
      member.inbox = [];
      member.pending = { ready, done: "nothing" };
      this.#checkLeader(member, raft);
    } else if (pending.done === "nothing") {
      this.#store(member.disk, pending.ready);
      pending.done = "stored";
    } else if (pending.done === "stored") {
      this.#network.push(...pending.ready.messages);
      pending.done = "sent";
      while (this.#network.length > IN_FLIGHT_NETWORK_MAX) this.#loseOne();
      if (this.#faulty && this.#prng.below(this.#restartOneIn) === 0) this.#restart(member);
    } else {
      for (const entry of pending.ready.committed) this.#apply(member, entry);
      member.pending = null;
    }
  }

  #store(disk: Disk, { hardState, append }: Ready): void {
    const first = append[0];
    if (first !== undefined) {
      this.replaced += Math.max(0, disk.entries.length - first.index + 1);
      disk.entries = [...disk.entries.slice(0, first.index - 1), ...append];
      for (const entry of append) this.#checkEntry(disk, entry);
    }
    if (hardState !== null) {
      assert(hardState.term >= disk.hardState.term && hardState.commit >= disk.hardState.commit, "hard state goes back");
      disk.hardState = hardState;
    }
  }

  /** Election safety, and leader completeness: what was committed in an older term is in the new leader's log. */
  #checkLeader({ config }: Member, raft: Raft): void {
    const { role, term } = raft.status();
    if (role !== "leader") return;
    const known = this.leaders.get(term);
    assert(known === undefined || known === config.node, `${known} and ${config.node} lead term ${term}`);
    if (known !== undefined) return;
    this.leaders.set(term, config.node);
    for (const [offset, entry] of this.committed.entries()) {
      if ((this.#committedIn[offset] ?? 0) >= term) continue;
      assert(raft.entry(entry.index)?.term === entry.term, `leader of term ${term} lacks committed entry ${entry.index}`);
    }
  }

  /** Log matching: an entry of one index and term has the same data and the same entry before it in every log. */
  #checkEntry(disk: Disk, entry: Entry): void {
    const before = entry.index === 1 ? 0 : disk.entries[entry.index - 2]?.term;
    assert(before !== undefined && disk.entries[entry.index - 1] === entry, `stored log has a gap at ${entry.index}`);
    const key = `${entry.index}/${entry.term}`;
    const value = `${before} ${entry.data.join(",")}`;
    const known = this.#entries.get(key);
    assert((known ?? value) === value, `entry ${key} is "${known}" in one log and "${value}" in another`);
    this.#entries.set(key, value);
  }

  /** State machine safety, in order and without gap; and what is applied for the first time is on a majority of disks. */
  #apply(member: Member, entry: Entry): void {
    const { node } = member.config;
    assert(entry.index === member.applied + 1, `${node} applies ${entry.index} after ${member.applied}`);
    member.applied = entry.index;
    const known = this.committed[entry.index - 1];
    if (known !== undefined) {
      const same = entry.term === known.term && entry.data.join() === known.data.join();
      assert(same, `${node} applies another entry ${entry.index} than was applied before`);
      return;
    }
    const holders = this.#members.filter(({ disk }) => disk.entries[entry.index - 1]?.term === entry.term).length;
    assert(2 * holders > this.#members.length, `${node} applies ${entry.index}, stored by ${holders} only`);
    this.committed.push(entry);
    this.#committedIn.push(member.raft?.status().term ?? 0);
  }

  /** One to three entries with data never seen before. */
  #propose(member: Member): void {
    const data = Array.from({ length: 1 + this.#prng.below(3) }, () => {
      this.#proposals += 1;
      return Uint8Array.of(this.#proposals >> 8, this.#proposals & 255, 1, 1, 1);
    });
    this.#give(member, { kind: "propose", data });
  }

  /** Nodes that believe they lead (there may be several), or all. */
  #proposers(): readonly Member[] {
    const leading = this.#members.filter(({ raft }) => raft?.status().role === "leader");
    return leading.length > 0 ? leading : this.#members;
  }

  #deliverOne(): void {
    const message = this.#takeMessage();
    if (message === null || this.#side.get(message.from) !== this.#side.get(message.to)) return;
    const member = this.#members.find(({ config }) => config.node === message.to);
    if (member !== undefined) this.#give(member, { kind: "message", message });
  }

  #loseOne(): void {
    this.#takeMessage();
  }

  #repeatOne(): void {
    if (this.#network.length > 0) this.#network.push(this.#any(this.#network));
  }

  /** Mostly in order of sending, sometimes any. */
  #takeMessage(): Message | null {
    if (this.#network.length === 0) return null;
    const at = this.#prng.below(this.#prng.below(4) === 0 ? this.#network.length : Math.min(3, this.#network.length));
    return this.#network.splice(at, 1)[0] ?? null;
  }

  #partition(): void {
    this.#side = new Map(this.#names.map((name) => [name, this.#prng.below(2)]));
  }

  #any<T>(list: readonly T[]): T {
    const one = list[this.#prng.below(list.length)];
    assert(one !== undefined, "chosen from an empty list");
    return one;
  }
}
