import { expect, test } from "vitest";
import { RaftLog } from "./log.ts";
import type { Entry } from "./types.ts";

const limits = { countMax: 100, bytesMax: 1_000 };

/** "1 1 2" reads: three entries from `first` on, of these terms; each carries one byte. */
function entriesOf(terms: string, first = 1): Entry[] {
  return terms
    .split(" ")
    .filter((term) => term !== "")
    .map((term, offset) => ({ index: first + offset, term: Number(term), data: Uint8Array.of(first + offset) }));
}

function termsOf(entries: readonly Entry[]): string {
  return entries.map((entry) => entry.term).join(" ");
}

test.each([
  { name: "an entry after the end is refused", log: "1 1", prev: "3/1", entries: "2", want: "refused", left: "1 1", store: "" },
  { name: "an entry after a different term is refused", log: "1 1", prev: "2/2", entries: "2", want: "refused", left: "1 1", store: "" },
  { name: "the first entry needs no entry before it", log: "", prev: "0/0", entries: "1 1", want: "taken", left: "1 1", store: "1 1" },
  { name: "the end is extended", log: "1 1", prev: "2/1", entries: "2 2", want: "taken", left: "1 1 2 2", store: "2 2" },
  { name: "a repeated message changes nothing", log: "1 1 2", prev: "1/1", entries: "1 2", want: "taken", left: "1 1 2", store: "" },
  { name: "an old, shorter message does not shorten the log", log: "1 1 2 2", prev: "1/1", entries: "1", want: "taken", left: "1 1 2 2", store: "" },
  { name: "from the first conflict on the rest is replaced", log: "1 1 2 2 2", prev: "1/1", entries: "1 3", want: "taken", left: "1 1 3", store: "3" },
  { name: "a conflict at the start replaces all", log: "2 2 2", prev: "0/0", entries: "3", want: "taken", left: "3", store: "3" },
])("accept: $name", ({ log: terms, prev, entries, want, left, store }) => {
  const log = new RaftLog(entriesOf(terms), 0);
  const [index = 0, term = 0] = prev.split("/").map(Number);
  expect(log.accept(index, term, entriesOf(entries, index + 1)) ? "taken" : "refused").toBe(want);
  expect(termsOf(log.read(1, limits))).toBe(left);
  expect(termsOf(log.takeUnstored())).toBe(store);
});

test("what replaced entries that were not stored yet is stored from the earliest change on", () => {
  const log = new RaftLog(entriesOf("1 1"), 0);
  log.accept(2, 1, entriesOf("2 2 2", 3));
  log.accept(3, 2, entriesOf("3", 4));
  expect(log.takeUnstored().map(({ index, term }) => `${index}/${term}`)).toEqual(["3/2", "4/3"]);
  log.accept(1, 1, entriesOf("4", 2));
  expect(log.takeUnstored().map(({ index, term }) => `${index}/${term}`)).toEqual(["2/4"]);
  expect(log.takeUnstored()).toEqual([]);
});

test.each([
  { name: "a short log is asked from its end", log: "1 1", commit: 0, prev: "9/1", want: 2 },
  { name: "a whole newer term is passed over", log: "1 1 4 4 4", commit: 0, prev: "5/3", want: 2 },
  { name: "terms up to the leader's may be shared", log: "1 2 3 4", commit: 0, prev: "4/3", want: 3 },
  { name: "never at or above what was refused", log: "1 1 1 1", commit: 0, prev: "3/2", want: 2 },
  { name: "never below the commit", log: "3 3 3 3", commit: 2, prev: "4/2", want: 2 },
])("hintBelow: $name", ({ log: terms, commit, prev, want }) => {
  const [index = 0, term = 0] = prev.split("/").map(Number);
  expect(new RaftLog(entriesOf(terms), commit).hintBelow(index, term)).toBe(want);
});

test.each([
  { last: "2/3", want: true },
  { last: "3/2", want: true },
  { last: "4/2", want: true },
  { last: "2/2", want: false },
  { last: "9/1", want: false },
])("isCoveredBy: a log that ends 1 1 2 is covered by $last: $want", ({ last, want }) => {
  const [lastIndex = 0, lastTerm = 0] = last.split("/").map(Number);
  expect(new RaftLog(entriesOf("1 1 2"), 0).isCoveredBy({ lastIndex, lastTerm })).toBe(want);
});

test("read is limited by count and by bytes, but gives one entry that is too large", () => {
  const log = new RaftLog(
    [30, 10, 10, 10].map((size, offset) => ({ index: offset + 1, term: 1, data: new Uint8Array(size) })),
    0,
  );
  const indexes = (from: number, countMax: number, bytesMax: number): number[] =>
    log.read(from, { countMax, bytesMax }).map((entry) => entry.index);
  expect(indexes(1, 9, 20)).toEqual([1]);
  expect(indexes(2, 9, 20)).toEqual([2, 3]);
  expect(indexes(2, 1, 99)).toEqual([2]);
  expect(indexes(1, 9, 99)).toEqual([1, 2, 3, 4]);
  expect(indexes(5, 9, 99)).toEqual([]);
});

test("committed entries are handed out once, from the first, and never replaced", () => {
  const log = new RaftLog(entriesOf("1 1 1"), 2);
  expect(termsOf(log.takeCommitted())).toBe("1 1");
  expect(log.takeCommitted()).toEqual([]);
  log.commitTo(3);
  log.commitTo(1);
  expect(log.takeCommitted().map((entry) => entry.index)).toEqual([3]);
  expect(() => log.accept(1, 1, entriesOf("2", 2))).toThrow("committed");
  expect(() => log.commitTo(4)).toThrow("beyond the log");
});

test.each([
  { name: "a gap", entries: [...entriesOf("1"), ...entriesOf("1", 3)], commit: 0 },
  { name: "a term that goes back", entries: entriesOf("2 1"), commit: 0 },
  { name: "a commit beyond the end", entries: entriesOf("1"), commit: 2 },
])("a stored log with $name is not accepted", ({ entries, commit }) => {
  expect(() => new RaftLog(entries, commit)).toThrow("stored");
});
