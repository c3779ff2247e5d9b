import { expect, test } from "vitest";
import { daemonDownBeat } from "./daemon-down.ts";
import { createMembership } from "./membership.ts";
import type { Beat, MembershipConfig, MembershipEffect, MembershipInput, MembershipReport } from "./types.ts";

const LINKS = { u: "udp:lan", n: "nats" } as const;
const CONFIG: MembershipConfig = { node: "a", voters: ["a", "b", "c", "d", "e"], clusterId: "t", links: [LINKS.u, LINKS.n], beatIntervalMs: 100, deadTimeMs: 600 };
const TICK_MS = 25;

/** One detector (node a, session A1) with a tick each 25 ms, and beats made by hand. */
class Bench {
  readonly #membership = createMembership(CONFIG, { bootId: "boot-a", session: "A1" }, 0);
  readonly #sequences = new Map<string, number>();
  nowMs = 0;
  readonly effects: { atMs: number; effect: MembershipEffect }[] = [];

  feed(input: MembershipInput): readonly MembershipEffect[] {
    const effects = this.#membership.step(input);
    this.effects.push(...effects.map((effect) => ({ atMs: this.nowMs, effect })));
    return effects;
  }

  until(atMs: number): void {
    for (; this.nowMs < atMs; this.nowMs += TICK_MS) this.feed({ kind: "tick", nowMs: this.nowMs });
  }

  beat(from: string, options: Partial<Beat> = {}): Beat {
    const session = options.session ?? `${from.toUpperCase()}1`;
    const sequence = options.sequence ?? (this.#sequences.get(session) ?? 0) + 1;
    this.#sequences.set(session, sequence);
    const others = CONFIG.voters.filter((voter) => voter !== from);
    return {
      clusterId: "t", from, bootId: `boot-${from}`, session, sequence, link: LINKS.u, echoes: { a: "A1" }, hears: others, suspects: [],
      progress: { policyEngineAgeMs: null, executorAgeMs: null }, state: "up", ...options,
    };
  }

  receive(beat: Beat, link: string = beat.link): readonly MembershipEffect[] {
    return this.feed({ kind: "beat", nowMs: this.nowMs, link, beat });
  }

  report(): MembershipReport {
    return this.#membership.report(this.nowMs);
  }

  sent(): readonly Beat[] {
    return this.effects.flatMap(({ effect }) => (effect.kind === "sendBeat" ? [effect.beat] : []));
  }

  reports(): readonly MembershipReport[] {
    return this.effects.flatMap(({ effect }) => (effect.kind === "report" ? [effect.report] : []));
  }
}

/** `b+` mutual, `b~` heard but not mutual, `b.` pending, `b<` leaving, `b!` suspected by us, `b!ace` with the witnesses, `b!!` by a majority; Q quorum. */
function summary({ peers, connectedQuorum }: MembershipReport): string {
  const words = peers.map(({ node, state, mutual, suspectedBy, majoritySuspects }) => {
    const mark = { pending: ".", leaving: "<", suspected: "", alive: mutual ? "+" : "~" }[state];
    return `${node}${mark}${suspectedBy.length > 0 ? `${majoritySuspects ? "!!" : "!"}${suspectedBy.join("")}` : ""}`;
  });
  return [...words, ...(connectedQuorum ? ["Q"] : [])].join(" ");
}

/**
 * Words of a script: `@300` time goes on, with ticks; `bcd` a beat of each; `?` a summary; `seed:bc`; `pause:3000` no ticks for so long.
 * After a sender: `=B2` session, `#7` sequence, `/n` by NATS, `-cd` suspects c and d, `^` does not hear a, `x` does not echo a,
 * `<` leaving, `v` daemon-down, `%` another boot, `o` another cluster.
 */
function trace(script: string): string {
  const bench = new Bench();
  const seen: string[] = [];
  for (const word of script.split(" ").filter((each) => each !== "")) {
    if (word === "?") seen.push(summary(bench.report()));
    else if (word.startsWith("@")) bench.until(Number(word.slice(1)));
    else if (word.startsWith("pause:")) bench.nowMs += Number(word.slice(6));
    else if (word.startsWith("seed:")) bench.feed({ kind: "seed", nowMs: bench.nowMs, members: word.slice(5).split("") });
    else receiveAll(bench, word);
  }
  return seen.join(" | ");
}

function receiveAll(bench: Bench, word: string): void {
  const [, senders = "", rest = ""] = /^([b-ez]+)(.*)$/.exec(word) ?? [];
  const option = (pattern: RegExp): string | undefined => pattern.exec(rest)?.[1];
  const session = option(/=([A-Z]\d)/);
  const sequence = option(/#(\d+)/);
  const suspects = option(/-([a-e]+)/)?.split("") ?? [];
  for (const from of senders) {
    bench.receive(bench.beat(from, {
      ...(session === undefined ? {} : { session }), ...(sequence === undefined ? {} : { sequence: Number(sequence) }), suspects,
      hears: CONFIG.voters.filter((voter) => voter !== from && !suspects.includes(voter) && !(rest.includes("^") && voter === "a")),
      link: rest.includes("/n") ? LINKS.n : LINKS.u, ...(rest.includes("%") ? { bootId: `boot-${from}-2` } : {}),
      ...(rest.includes("o") ? { clusterId: "other" } : {}), ...(rest.includes("x") ? { echoes: { a: "A0" } } : {}), state: rest.includes("<") ? "leaving" : rest.includes("v") ? "daemon-down" : "up",
    }));
  }
}

test.each([
  { name: "nobody is suspected who was never heard", script: "@5000 ?", want: "b. c. d. e." },
  { name: "heard peers are mutual, three of five are quorum", script: "@100 b ? c ?", want: "b+ c. d. e. | b+ c+ d. e. Q" },
  { name: "suspected after the dead time, at the tick", script: "@100 bcde @600 cde @700 ? @725 ?", want: "b+ c+ d+ e+ Q | b!a c+ d+ e+ Q" },
  { name: "one link is enough to be alive", script: "@100 b b/n @600 b/n @1100 b/n @1600 ?", want: "b+ c. d. e." },
  { name: "a majority of voters suspects", script: "@100 bcde @650 cde-b @725 ?", want: "b!!acde c+ d+ e+ Q" },
  { name: "a minority does not", script: "@100 bcde @650 de c-b @725 ?", want: "b!ac c+ d+ e+ Q" },
  { name: "a majority may suspect whom we hear", script: "@100 b cde-b ?", want: "b+!!cde c+ d+ e+ Q" },
  { name: "who is suspected itself bears no witness", script: "@100 bcde c-b @600 bde @750 ?", want: "b+ c!a d+ e+ Q" },
  { name: "the latest beat counts, by whatever link it came", script: "@100 bcd c-b/n#5 ? c#4 ? c#6 ?", want: "b+!c c+ d+ e. Q | b+!c c+ d+ e. Q | b+ c+ d+ e. Q" },
  { name: "two of five die at once: the word of two others makes a majority", script: "@100 bcde @600 bc @700 ? @725 ? bc-de ?", want: "b+ c+ d+ e+ Q | b+ c+ d!a e!a Q | b+ c+ d!!abc e!!abc Q" },
  { name: "a beat ends suspicion", script: "@100 b @1000 ? b ?", want: "b!a c. d. e. | b+ c. d. e." },
  { name: "seeded peers are suspected when they stay silent", script: "@100 seed:abc @700 ? @725 ? b ?", want: "b. c. d. e. | b!a c!a d. e. | b+ c!a d. e." },
  { name: "a seed repeated does not begin the silence again", script: "@100 seed:b @400 seed:b @725 ?", want: "b!a c. d. e." },
  { name: "leaving is alive, and silence after it is silence", script: "@100 b b< ? @725 ?", want: "b< c. d. e. | b!a c. d. e." },
  { name: "one way: it does not hear our session: its beats do not count", script: "@100 bx @300 bx ? seed:b bx @950 bx ?", want: "b. c. d. e. | b!a c. d. e." },
  { name: "one way: it lost us: alive, not mutual, no quorum from it", script: "@100 bc ? b^-a ? ", want: "b+ c+ d. e. Q | b~ c+ d. e." },
  { name: "another cluster and a stranger are nothing", script: "@100 bo z ?", want: "b. c. d. e." },
])("$name", ({ script, want }) => expect(trace(script)).toBe(want));

test.each([
  { name: "the same packet again does not count", script: "@100 b#5 @600 b#5 @725 ?", want: "b!a c. d. e." },
  { name: "an older one does not count, on the other link it does once", script: "@100 b#5 @600 b#4 @650 b#5/n @725 ? @1200 b#5/n @1275 ?", want: "b+ c. d. e. | b!a c. d. e." },
  { name: "a new session is taken when it echoes us, with any sequence", script: "@100 b#50 @600 b=B2#1 @725 ?", want: "b+ c. d. e." },
  { name: "an earlier session never comes back", script: "@100 b#5 b=B2 @600 b#99 @725 ?", want: "b!a c. d. e." },
  { name: "a session that only taught, and was passed over, is out as well", script: "@100 b=B0x b=B1 @600 b=B0#9 @725 ?", want: "b!a c. d. e." },
  { name: "two processes of one name: the newer one counts", script: "@100 b b=B2 b @600 b ? @725 ?", want: "b+ c. d. e. | b!a c. d. e." },
])("replay: $name", ({ script, want }) => expect(trace(script)).toBe(want));

test.each([
  { name: "keeps a node from being suspected", script: "@100 b @600 bv=P1 @1100 bv=P1 @1675 ? @1725 ?", want: "b+ c. d. e. | b!a c. d. e." },
  { name: "for five seconds at most", script: `@100 b ${Array.from({ length: 60 }, (_, i) => `@${200 + i * 100} bv=P1`).join(" ")}`.replace("@5100 ", "@5075 ? @5125 ? "), want: "b+ c. d. e. | b!a c. d. e." },
  { name: "does not bring back who is suspected", script: "@100 b @725 bv=P1 ?", want: "b!a c. d. e." },
  { name: "is nothing from a node never heard, or of another boot", script: "@100 bv=P1 ? b @600 bv%=P2 @725 ?", want: "b. c. d. e. | b!a c. d. e." },
  { name: "must echo us", script: "@100 b @600 bvx=P1 @725 ?", want: "b!a c. d. e." },
  { name: "counts each packet once, in the next gap too", script: "@100 b @200 bv=P1#1 @300 b @700 bv=P1#1 @925 ?", want: "b!a c. d. e." },
  { name: "bears no witness: nobody there hears anything", script: "@100 b c-b @600 bcv=P1 @725 ?", want: "b+ c+ d. e. Q" },
  { name: "the process that comes back is taken at once", script: "@100 b @600 bv=P1 @800 b=B2 @1375 ?", want: "b+ c. d. e." },
])("daemon-down: $name", ({ script, want }) => expect(trace(script)).toBe(want));

test.each([
  { name: "3 s stopped, beats come 100 ms after the wake-up", script: "@100 bcde @125 pause:3000 @3225 ? bcde @3800 ?", want: "b+ c+ d+ e+ Q | b+ c+ d+ e+ Q" },
  { name: "a minute stopped", script: "@100 bcde @125 pause:60000 @60225 ? bcde @60800 ?", want: "b+ c+ d+ e+ Q | b+ c+ d+ e+ Q" },
  { name: "who died meanwhile is suspected, later by at most the dead time", script: "@100 bcde @125 pause:3000 @3225 cde @3750 cde @4200 cde ? @4350 ?", want: "b!a c+ d+ e+ Q | b!a c+ d+ e+ Q" },
  { name: "after a while on time there is no more patience", script: "@100 b @125 pause:3000 @3225 b @5000 b @5600 ? @5625 ?", want: "b+ c. d. e. | b!a c. d. e." },
])("paused process: $name", ({ script, want }) => expect(trace(script)).toBe(want));

test("a process that is late at every tick still notices the dead, within twice the dead time", () => {
  const bench = new Bench();
  bench.receive(bench.beat("b"));
  let atMs = 0;
  while (bench.report().peers[0]?.state === "alive" && atMs < 10_000) bench.feed({ kind: "tick", nowMs: (bench.nowMs = atMs += 60) });
  expect(atMs).toBeGreaterThan(600);
  expect(atMs).toBeLessThanOrEqual(1_260);
});

test("a round goes to every peer on every link each beat interval; one beat per link, the same for all", () => {
  const bench = new Bench();
  bench.until(1_000);
  const sent = bench.effects.flatMap(({ atMs, effect }) => (effect.kind === "sendBeat" ? [{ atMs, ...effect }] : []));
  const roundTimes = [...new Set(sent.map(({ atMs }) => atMs))];
  expect(roundTimes).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  for (const roundTime of roundTimes) {
    const round = sent.filter(({ atMs }) => atMs === roundTime);
    expect(round.map(({ to, link }) => `${to}/${link}`)).toEqual(["b/udp:lan", "c/udp:lan", "d/udp:lan", "e/udp:lan", "b/nats", "c/nats", "d/nats", "e/nats"]);
    expect(new Set(round.map(({ beat }) => beat)).size).toBe(2);
  }
  expect(bench.sent().map(({ sequence }) => sequence)).toEqual(bench.sent().map((_, index) => Math.floor(index / 8) + 1));
});

test("what changes is said at once: first contact, a peer heard, a peer suspected, leaving", () => {
  const bench = new Bench();
  bench.until(110);
  const said = (effects: readonly MembershipEffect[]): Partial<Beat> | null => {
    const [first] = effects.filter((effect) => effect.kind === "sendBeat");
    return first === undefined ? null : { echoes: first.beat.echoes, hears: first.beat.hears, suspects: first.beat.suspects, state: first.beat.state };
  };
  expect(said(bench.receive(bench.beat("b", { echoes: {} })))).toEqual({ echoes: { b: "B1" }, hears: [], suspects: [], state: "up" });
  expect(said(bench.receive(bench.beat("b", { echoes: {} })))).toBeNull();
  expect(said(bench.receive(bench.beat("b")))).toEqual({ echoes: { b: "B1" }, hears: ["b"], suspects: [], state: "up" });
  expect(said(bench.receive(bench.beat("b")))).toBeNull();
  bench.until(725);
  bench.nowMs = 730;
  expect(said(bench.feed({ kind: "tick", nowMs: 730 }))).toEqual({ echoes: { b: "B1" }, hears: [], suspects: ["b"], state: "up" });
  expect(said(bench.feed({ kind: "leave", nowMs: 740 }))).toEqual({ echoes: { b: "B1" }, hears: [], suspects: ["b"], state: "leaving" });
});

test("a peer that restarts finds out our session at once, though its old session was heard a moment ago", () => {
  const bench = new Bench();
  bench.until(125);
  bench.receive(bench.beat("b"));
  const echoes = (effects: readonly MembershipEffect[]): unknown => effects.find((effect) => effect.kind === "sendBeat")?.beat.echoes;
  expect(echoes(bench.receive(bench.beat("b", { session: "B2", echoes: {} })))).toEqual({ b: "B1" });
  expect(echoes(bench.receive(bench.beat("b", { session: "B2" })))).toEqual({ b: "B2" });
});

test("beats missed in a pause are not made up for", () => {
  const bench = new Bench();
  bench.until(125);
  bench.nowMs += 3_000;
  const before = bench.sent().length;
  bench.until(3_525);
  expect((bench.sent().length - before) / 8).toBe(4);
});

test("replayed sessions without an echo cannot displace a session that is heard, and do not make us talk without end", () => {
  const bench = new Bench();
  bench.until(100);
  bench.receive(bench.beat("b"));
  const before = bench.sent().length;
  for (let n = 0; n < 1_000; n += 1) bench.receive(bench.beat("b", { session: `R${n}`, echoes: {} }));
  expect((bench.sent().length - before) / 8).toBeLessThanOrEqual(8);
  bench.until(200);
  expect(bench.sent().at(-1)?.echoes).toEqual({ b: "B1" });
  bench.until(325); // B1 has been silent: now an unknown session may be a restart
  bench.receive(bench.beat("b", { session: "B2", echoes: {} }));
  expect(bench.sent().at(-1)?.echoes).toEqual({ b: "B2" });
});

test("reports: not before there is something to know, then at each change and at least each second", () => {
  const alone = new Bench();
  alone.until(3_000);
  const times = alone.effects.filter(({ effect }) => effect.kind === "report").map(({ atMs }) => atMs);
  expect(times[0]).toBe(600);
  for (const [index, atMs] of times.entries()) expect(atMs - (times[index - 1] ?? 600)).toBeLessThanOrEqual(1_000);

  const bench = new Bench();
  bench.until(50);
  for (const peer of "bcd") bench.receive(bench.beat(peer));
  expect(bench.reports()).toEqual([]);
  bench.receive(bench.beat("e"));
  expect(bench.reports().map(summary)).toEqual(["b+ c+ d+ e+ Q"]);
  bench.receive(bench.beat("e"));
  bench.receive(bench.beat("e", { progress: { policyEngineAgeMs: null, executorAgeMs: 40 } }));
  bench.receive(bench.beat("e", { progress: { policyEngineAgeMs: null, executorAgeMs: 140 } }));
  bench.receive(bench.beat("e", { session: "E2", bootId: "boot-e-2", suspects: ["b"] }));
  expect(bench.reports().slice(1).map((report) => `${report.peers[3]?.bootId} ${report.peers[3]?.progress?.executorAgeMs} ${report.peers[0]?.suspectedBy.join()}`))
    .toEqual(["boot-e 40 ", "boot-e-2 null e"]);
  expect(bench.reports().map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
});

test("links are reported each by itself", () => {
  const bench = new Bench();
  bench.until(100);
  bench.receive(bench.beat("b"));
  bench.receive(bench.beat("b", { link: LINKS.n }));
  bench.until(500);
  bench.receive(bench.beat("b"));
  bench.receive(bench.beat("b", { link: "udp:lan" }), "nats"); // on another way than it says
  bench.until(800);
  expect(bench.report().peers[0]?.links).toEqual([{ link: "udp:lan", silentMs: 300, up: true }, { link: "nats", silentMs: 700, up: false }]);
  expect(bench.reports().at(-1)?.peers[0]?.links[1]?.up).toBe(false);
  bench.receive(bench.beat("b", { link: LINKS.n }));
  expect(bench.reports().at(-1)?.peers[0]?.links[1]).toEqual({ link: "nats", silentMs: 0, up: true });
});

test("ages of progress are in the beats", () => {
  const bench = new Bench();
  bench.until(150);
  bench.feed({ kind: "progress", nowMs: 150, part: "executor" });
  bench.until(225);
  expect(bench.sent().at(-1)?.progress).toEqual({ policyEngineAgeMs: null, executorAgeMs: 50 });
});

test("the policy-engine can make a daemon-down beat from the last report", () => {
  const bench = new Bench();
  bench.until(100);
  bench.receive(bench.beat("b"));
  const beat = daemonDownBeat({ clusterId: "t", report: bench.report(), link: "nats", session: "P1", sequence: 1, progress: { policyEngineAgeMs: 0, executorAgeMs: null } });
  expect(beat).toMatchObject({ from: "a", bootId: "boot-a", session: "P1", echoes: { b: "B1" }, hears: [], suspects: [], state: "daemon-down" });
});
