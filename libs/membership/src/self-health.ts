/**
 * Whether this process itself ran late. A process that was stopped, swapped out or starved sees silence that nobody kept: it
 * must distrust itself before it suspects others. Source: ARCHITECTURE D3; Dadgar et al., "Lifeguard: Local Health Awareness" (2018).
 *
 * Two measures, both only from the gaps between ticks:
 * - a gap counts as silence for at most one tick and one beat, because in between nobody listened (the rest is `pausedMs`);
 * - lateness makes `graceMs`, by which every deadline is later. It is at most the dead time and goes down while ticks are on time.
 * So even a process that is late for ever notices silence in the end: after `deadTimeMs` of gaps that each count for one beat.
 */
import type { MonotonicMs } from "@quorate/core";

export interface SelfHealthConfig {
  /** Time between ticks as the host means it. */
  readonly tickMs: number;
  readonly beatIntervalMs: number;
  readonly deadTimeMs: number;
}

/** A tick is late when it comes after more than this many of its intervals. */
const LATE_TICKS = 2;
/** Part of the passing time by which grace goes down while ticks are on time. */
const GRACE_DECAY = 0.5;

export class SelfHealth {
  readonly #config: SelfHealthConfig;
  #lastTickMs: MonotonicMs | null = null;
  #graceMs = 0;

  constructor(config: SelfHealthConfig) {
    this.#config = config;
  }

  /** By how much every deadline is later now. */
  get graceMs(): number {
    return this.#graceMs;
  }

  /** Returns the part of the gap before this tick that must not count as anybody's silence. */
  tick(nowMs: MonotonicMs): number {
    const { tickMs, beatIntervalMs, deadTimeMs } = this.#config;
    const gapMs = nowMs - (this.#lastTickMs ?? nowMs);
    this.#lastTickMs = nowMs;
    this.#graceMs = gapMs > LATE_TICKS * tickMs
      ? Math.min(this.#graceMs + gapMs - tickMs, deadTimeMs)
      : Math.max(this.#graceMs - GRACE_DECAY * gapMs, 0);
    return Math.max(gapMs - tickMs - beatIntervalMs, 0);
  }
}
