/**
 * One lane per resource: commands wait in the order they came, one run at a time, and none begins while processes of the
 * former live. Invariants: `running` holds at most one run per resource; runs begun are at most `parallelMax`.
 */
import type { MonotonicMs, ResourceId, WallMs } from "@quorate/core";
import type { Operation } from "./types.ts";

/** A command that waits for its turn. */
export interface Job {
  readonly operation: Operation;
  readonly acceptedAtMs: MonotonicMs;
  /** Dropped unstarted after this; null: waits as long as it takes. */
  readonly expiresAtMs: MonotonicMs | null;
}

/** What runs. `repeat`: a recurring monitor after its first run; nobody waits for its result. */
export interface Run {
  readonly callId: number;
  readonly operation: Operation;
  readonly repeat: boolean;
  readonly startedAtMs: WallMs;
  readonly startedNowMs: MonotonicMs;
  readonly queueMs: number;
  /** Was told to die: what it still answers does not count. */
  cancelled: boolean;
}

interface Lane {
  readonly waiting: { readonly ordinal: number; readonly job: Job }[];
  run: Run | null;
  /** Run whose processes outlive it. */
  blockedBy: number | null;
}

/** Commands that may wait for one resource; the DC walks a graph and seldom has more than two. */
const WAITING_MAX = 32;
const WAITING_TOTAL_MAX = 1_024;

export class Lanes {
  readonly #parallelMax: number;
  readonly #lanes = new Map<ResourceId, Lane>();
  #ordinal = 0;

  constructor(parallelMax: number) {
    this.#parallelMax = parallelMax;
  }

  isFull(resource: ResourceId): boolean {
    return (this.#lanes.get(resource)?.waiting.length ?? 0) >= WAITING_MAX || this.waiting().length >= WAITING_TOTAL_MAX;
  }

  /** Nothing runs, waits or lingers, anywhere. */
  isEmpty(): boolean {
    return this.#lanes.size === 0;
  }

  /** Nothing runs, waits or lingers for this resource. */
  isIdle(resource: ResourceId): boolean {
    return !this.#lanes.has(resource);
  }

  /** A run may begin; recurring monitors leave half of the places to commands, so that hung ones cannot keep a stop waiting. */
  hasPlace(repeat: boolean): boolean {
    const runs = this.runs();
    if (runs.length >= this.#parallelMax) return false;
    return !repeat || runs.filter((run) => run.repeat).length < Math.ceil(this.#parallelMax / 2);
  }

  add(job: Job): void {
    this.#ordinal += 1;
    this.#lane(job.operation.resource).waiting.push({ ordinal: this.#ordinal, job });
  }

  /** Takes the longest waiting command whose lane is free; null when there is none, or no place. */
  takeNext(): Job | null {
    if (!this.hasPlace(false)) return null;
    let first: Lane | null = null;
    for (const lane of this.#lanes.values()) {
      if (lane.run !== null || lane.blockedBy !== null || lane.waiting.length === 0) continue;
      if (first === null || lane.waiting[0]!.ordinal < first.waiting[0]!.ordinal) first = lane;
    }
    const job = first?.waiting.shift()?.job ?? null;
    if (job !== null) this.#tidy(job.operation.resource);
    return job;
  }

  begin(run: Run): void {
    this.#lane(run.operation.resource).run = run;
  }

  running(resource: ResourceId): Run | null {
    return this.#lanes.get(resource)?.run ?? null;
  }

  runs(): Run[] {
    return [...this.#lanes.values()].flatMap((lane) => lane.run ?? []);
  }

  run(callId: number): Run | null {
    return this.runs().find((run) => run.callId === callId) ?? null;
  }

  /** The run is over; with `lingering` its lane stays blocked until `release`. */
  end(run: Run, lingering: boolean): void {
    const lane = this.#lane(run.operation.resource);
    lane.run = null;
    if (lingering) lane.blockedBy = run.callId;
    this.#tidy(run.operation.resource);
  }

  /** Processes of a run that is over live on. */
  isBlocked(resource: ResourceId): boolean {
    return (this.#lanes.get(resource)?.blockedBy ?? null) !== null;
  }

  block(resource: ResourceId, callId: number): void {
    this.#lane(resource).blockedBy = callId;
  }

  /** The resource whose lane is free again; null when no lane was blocked by this run. */
  release(callId: number): ResourceId | null {
    for (const [resource, lane] of this.#lanes) {
      if (lane.blockedBy !== callId) continue;
      lane.blockedBy = null;
      this.#tidy(resource);
      return resource;
    }
    return null;
  }

  /** Commands that wait, oldest first. */
  waiting(): Operation[] {
    const all = [...this.#lanes.values()].flatMap((lane) => lane.waiting);
    return all.toSorted((a, b) => a.ordinal - b.ordinal).map(({ job }) => job.operation);
  }

  /** Takes waiting commands out, oldest first. */
  remove(which: (job: Job) => boolean): Job[] {
    const removed: { ordinal: number; job: Job }[] = [];
    for (const [resource, lane] of this.#lanes) {
      const gone = lane.waiting.filter(({ job }) => which(job));
      if (gone.length === 0) continue;
      removed.push(...gone);
      lane.waiting.splice(0, Infinity, ...lane.waiting.filter((entry) => !gone.includes(entry)));
      this.#tidy(resource);
    }
    return removed.toSorted((a, b) => a.ordinal - b.ordinal).map(({ job }) => job);
  }

  #lane(resource: ResourceId): Lane {
    let lane = this.#lanes.get(resource);
    if (lane === undefined) this.#lanes.set(resource, (lane = { waiting: [], run: null, blockedBy: null }));
    return lane;
  }

  #tidy(resource: ResourceId): void {
    const lane = this.#lanes.get(resource);
    if (lane !== undefined && lane.run === null && lane.blockedBy === null && lane.waiting.length === 0) this.#lanes.delete(resource);
  }
}
