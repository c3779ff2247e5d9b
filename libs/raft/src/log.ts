/**
 * The log of one member: what it holds, how far it is committed, and what was handed out to be stored or applied.
 * Indexes count from 1; index 0 stands for "before the first entry" and has term 0.
 * Invariants: no gap; `commit` <= `lastIndex`; a committed entry is never replaced; terms never decrease.
 * All access is by index: where an entry lies in memory is known here only.
 */
import { type LogIndex, assert } from "@quorate/core";
import type { Entry } from "./types.ts";

export class RaftLog {
  readonly #entries: Entry[];
  #commit: LogIndex;
  /** Entries up to here were handed out by `takeUnstored`, or came from the store. */
  #stored: LogIndex;
  /** Entries up to here were handed out by `takeCommitted`. */
  #applied: LogIndex = 0;

  /** `commit` is what the store said: those entries are handed out again by the first `takeCommitted`. */
  constructor(entries: readonly Entry[], commit: LogIndex) {
    this.#entries = [...entries];
    this.#stored = entries.length;
    this.#commit = commit;
    let term = 0;
    for (const [offset, entry] of entries.entries()) {
      assert(entry.index === offset + 1 && entry.term >= term, `stored log is broken at index ${entry.index}`);
      term = entry.term;
    }
    assert(commit <= entries.length, `stored commit ${commit} is beyond the stored log (${entries.length})`);
  }

  get lastIndex(): LogIndex {
    return this.#entries.length;
  }

  get lastTerm(): number {
    return this.#entries.at(-1)?.term ?? 0;
  }

  get commit(): LogIndex {
    return this.#commit;
  }

  /** Null for an index that the log does not hold. */
  entry(index: LogIndex): Entry | null {
    return this.#entries[index - 1] ?? null;
  }

  /** Null for an index beyond the end. */
  termAt(index: LogIndex): number | null {
    return index === 0 ? 0 : (this.entry(index)?.term ?? null);
  }

  /** Whether a log that ends at (`lastIndex`, `lastTerm`) holds at least what this one does (Raft paper 5.4.1). */
  isCoveredBy(last: { readonly lastIndex: LogIndex; readonly lastTerm: number }): boolean {
    return last.lastTerm > this.lastTerm || (last.lastTerm === this.lastTerm && last.lastIndex >= this.lastIndex);
  }

  /** A leader's own entry. */
  append(term: number, data: Uint8Array): void {
    this.#entries.push({ index: this.lastIndex + 1, term, data });
  }

  /**
   * Takes what a leader sent after (`prevIndex`, `prevTerm`). False, and nothing changed, when this log does not hold
   * that entry. Entries it holds already stay; from the first that differs on, the rest is replaced. An older, shorter
   * message therefore never shortens the log.
   */
  accept(prevIndex: LogIndex, prevTerm: number, entries: readonly Entry[]): boolean {
    if (this.termAt(prevIndex) !== prevTerm) return false;
    for (const [offset, entry] of entries.entries()) {
      assert(entry.index === prevIndex + 1 + offset, `append has a gap at index ${entry.index}`);
      const held = this.termAt(entry.index);
      if (held === entry.term) continue;
      if (held !== null) this.#truncateFrom(entry.index);
      this.#entries.push(entry);
    }
    return true;
  }

  /**
   * Where a leader should go on after `accept` refused (`prevIndex`, `prevTerm`): the last index below it whose term is
   * not newer than `prevTerm`. Whole terms that the leader cannot share are passed over in one answer.
   */
  hintBelow(prevIndex: LogIndex, prevTerm: number): LogIndex {
    let index = Math.min(prevIndex - 1, this.lastIndex);
    while (index > this.#commit && (this.entry(index)?.term ?? 0) > prevTerm) index -= 1;
    return index;
  }

  /** Never goes back. */
  commitTo(index: LogIndex): void {
    assert(index <= this.lastIndex, `commit ${index} is beyond the log (${this.lastIndex})`);
    this.#commit = Math.max(this.#commit, index);
  }

  /** Entries from `from` on: at most `countMax`, at most `bytesMax` of data, but one at least if there is any. */
  read(from: LogIndex, limits: { readonly countMax: number; readonly bytesMax: number }): readonly Entry[] {
    const end = Math.min(this.lastIndex, from - 1 + limits.countMax);
    const read: Entry[] = [];
    let bytes = 0;
    for (let index = from; index <= end; index += 1) {
      const entry = this.entry(index);
      assert(entry !== null, `log has a gap at index ${index}`);
      bytes += entry.data.length;
      if (bytes > limits.bytesMax && read.length > 0) break;
      read.push(entry);
    }
    return read;
  }

  /** What must be stored since the last call; it replaces the stored log from its first index on. */
  takeUnstored(): readonly Entry[] {
    const taken = this.#entries.slice(this.#stored);
    this.#stored = this.lastIndex;
    return taken;
  }

  /** What was committed since the last call. */
  takeCommitted(): readonly Entry[] {
    const taken = this.#entries.slice(this.#applied, this.#commit);
    this.#applied = this.#commit;
    return taken;
  }

  #truncateFrom(index: LogIndex): void {
    assert(index > this.#commit, `entry ${index} is committed (${this.#commit}) and would be replaced`);
    this.#entries.length = index - 1;
    this.#stored = Math.min(this.#stored, index - 1);
  }
}
