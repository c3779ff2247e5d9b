/**
 * The executor of one node: takes commands through the gate, runs them one at a time per resource, repeats monitors, and tells
 * the DC what came of it. Pure: `step` takes one input and returns effects to be performed in order (effect.ts).
 * Read next: gate.ts (whom it obeys), lanes.ts (what runs when), stored.ts (what outlives it). Source: ARCHITECTURE D4.
 */
import type { BootId, MonotonicMs, NodeName, SessionId } from "@quorate/core";
import type { ExecutorEffect, ExecutorInput, RunOutcome, StoredRecord, Time } from "./effect.ts";
import { Gate, type Refusal } from "./gate.ts";
import { History, changesState, isTask } from "./history.ts";
import { type Job, Lanes, type Run } from "./lanes.ts";
import { Recurring } from "./recurring.ts";
import { ReportWindow } from "./report-window.ts";
import { type FlightRecord, type Stored, flightRecord, gateRecord, landedRecord, lifeRecord, operationKey, readStored } from "./stored.ts";
import type { ExecutorReply, ExecutorRequest, Operation, OperationResult } from "./types.ts";

export interface ExecutorConfig {
  /** Runs at one time over all resources. Default 16. */
  readonly parallelMax: number;
  /** Silence of membership after which there is no quorum. Default 5000. */
  readonly membershipLossMs: number;
}

export interface ExecutorCoreOptions {
  readonly node: NodeName;
  readonly bootId: BootId;
  /** Of this life of the executor, chosen by the shell. */
  readonly session: SessionId;
  readonly config: ExecutorConfig;
  /** Everything the store holds. */
  readonly stored: Iterable<StoredRecord>;
}

export interface ExecutorCore {
  step(input: ExecutorInput, time: Time): ExecutorEffect[];
}

export function createExecutorCore(options: ExecutorCoreOptions): ExecutorCore {
  return new Core(options);
}

type Sequenced = Extract<ExecutorRequest, { sequence: number }>;

const ALONE: ReadonlySet<string> = new Set(["stop", "demote", "monitor"]);
const CLOSERS_MAX = 8;

class Core implements ExecutorCore {
  readonly #node: NodeName;
  readonly #bootId: BootId;
  readonly #life: SessionId;
  readonly #stored: Stored;
  readonly #gate: Gate;
  readonly #history: History;
  readonly #lanes: Lanes;
  readonly #recurring = new Recurring();
  readonly #reports = new ReportWindow();
  /** Runs of a former life that are not known to have ended, by call id. */
  readonly #leftovers = new Map<number, FlightRecord>();
  /** Who waits for the node to be idle after `close`. */
  #closers: number[] = [];
  #lastCallId: number;
  #restoredAtMs: MonotonicMs = 0;
  #effects: ExecutorEffect[] = [];

  constructor({ node, bootId, session, config, stored }: ExecutorCoreOptions) {
    this.#node = node;
    this.#bootId = bootId;
    this.#life = session;
    this.#stored = readStored(stored);
    const sameBoot = this.#stored.bootId === bootId;
    this.#gate = new Gate({ record: this.#stored.gate, life: session, membershipLossMs: config.membershipLossMs });
    this.#history = new History(sameBoot ? this.#stored.history : []);
    this.#lanes = new Lanes(config.parallelMax);
    this.#lastCallId = Math.max(0, ...[...this.#stored.history, ...this.#stored.flights].map(({ callId }) => callId));
  }

  step(input: ExecutorInput, time: Time): ExecutorEffect[] {
    this.#take(input, time);
    this.#startWhatMay(time);
    this.#report(time);
    this.#answerClosers();
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #take(input: ExecutorInput, time: Time): void {
    switch (input.kind) {
      case "restored":
        return this.#restore(time);
      case "request":
        return this.#request(input, time);
      case "spawned":
        return this.#spawned(input);
      case "ended":
        return this.#ended(input, time);
      case "gone":
        return this.#gone(input.callId);
      case "quorum":
        return this.#gate.quorum(input.connected, time.nowMs);
      case "tick":
        return this.#expire(time);
    }
  }

  /** After a reboot nothing runs, so what was known is void; the authority is not. Else what ran goes on, and is watched again. */
  #restore(time: Time): void {
    if (this.#stored.bootId !== this.#bootId) {
      this.#persist([lifeRecord(this.#bootId), ...this.#stored.volatileKeys.map((key) => ({ key, value: null }))]);
      return;
    }
    this.#restoredAtMs = time.nowMs;
    for (const flight of this.#stored.flights) {
      this.#leftovers.set(flight.callId, flight);
      this.#lanes.block(flight.operation.resource, flight.callId);
      const { callId, session, operation, pid, startTime } = flight;
      this.#effects.push({ kind: "reap", callId, session, operation, pid, startTime });
    }
    for (const { operation } of this.#history.all()) if (operation.intervalMs > 0) this.#recurring.set(operation, time.nowMs);
  }

  #request({ token, from, request }: Extract<ExecutorInput, { kind: "request" }>, time: Time): void {
    const reply = this.#answer(request, { token, from }, time);
    if (reply !== null) this.#effects.push({ kind: "reply", token, reply });
  }

  /** Null when the answer comes later. */
  #answer(request: ExecutorRequest, { token, from }: { token: number; from: "bus" | "local" }, time: Time): ExecutorReply | null {
    switch (request.kind) {
      case "claim":
        return this.#claim(request);
      case "executeLocal":
        return this.#executeLocal(request.operation, from, time);
      case "acknowledge":
      case "close": {
        const refusal = this.#gate.check(request);
        if (refusal !== null) return this.#refused(refusal);
        if (request.kind === "close") return this.#close(token, time);
        this.#reports.acknowledge(request.reportSequence);
        return this.#accepted();
      }
      case "execute":
      case "cancel":
      case "forget":
        return this.#command(request, time);
    }
  }

  #claim({ authority, dc }: Extract<ExecutorRequest, { kind: "claim" }>): ExecutorReply {
    const { record, session } = this.#gate;
    const refusal = this.#gate.claim(authority, dc);
    if (refusal !== null) return this.#refused(refusal);
    if (JSON.stringify(record) !== JSON.stringify(this.#gate.record)) this.#persist([gateRecord(this.#gate.record)]);
    this.#reports.restart(session !== this.#gate.session);
    if (record.closed) this.#dismissClosers();
    const running = this.#lanes.runs().filter((run) => !run.repeat && !run.cancelled).map(({ operation }) => operation);
    const leftover = [...this.#leftovers.values()].map(({ operation }) => operation).filter(({ intervalMs }) => intervalMs === 0);
    return {
      kind: "claimed",
      node: this.#node,
      bootId: this.#bootId,
      session: this.#gate.session,
      authority: this.#gate.record.authority,
      history: this.#history.all(),
      inFlight: [...leftover, ...running, ...this.#lanes.waiting()],
    };
  }

  #command(request: Sequenced, time: Time): ExecutorReply {
    const refusal = this.#gate.check(request);
    if (refusal !== null) return this.#refused(refusal);
    const place = this.#gate.order(request.sequence);
    if (place === "taken") return this.#accepted();
    if (place !== "next") return this.#refused(place);
    if (this.#gate.record.closed) return this.#refused({ reason: "closed", message: "this node is leaving" });
    if (!this.#gate.hasQuorum(time.nowMs)) return this.#refused({ reason: "no-quorum", message: "this node has no connected quorum" });
    if (request.kind === "execute" && this.#lanes.isFull(request.operation.resource)) return this.#refused(overload(request.operation));
    this.#gate.take();
    if (request.kind === "execute") this.#submit(request.operation, time.nowMs + request.budgetMs, time);
    if (request.kind === "cancel") this.#cancel((operation) => operationKey(operation) === operationKey(request), time);
    if (request.kind === "forget") this.#forget(request.resource, time);
    return this.#accepted();
  }

  #executeLocal(operation: Operation, from: "bus" | "local", time: Time): ExecutorReply {
    if (from !== "local") return this.#refused({ reason: "invalid", message: "local operations come over the node's own socket only" });
    if (this.#gate.record.closed) return this.#refused({ reason: "closed", message: "this node is leaving" });
    if (this.#gate.hasQuorum(time.nowMs)) return this.#refused({ reason: "invalid", message: "with connected quorum only the DC commands" });
    if (!ALONE.has(operation.task)) return this.#refused({ reason: "no-quorum", message: `${operation.task} needs connected quorum` });
    if (this.#lanes.isFull(operation.resource)) return this.#refused(overload(operation));
    this.#submit(operation, null, time);
    return this.#accepted();
  }

  /** An operation that is known by its transition key is never run twice: a DC that starts over may send it again. */
  #submit(operation: Operation, expiresAtMs: number | null, time: Time): void {
    const same = ({ transitionKey, resource, task }: Operation): boolean =>
      transitionKey === operation.transitionKey && resource === operation.resource && task === operation.task;
    if (this.#lanes.waiting().some(same) || this.#lanes.runs().some((run) => same(run.operation) && !run.cancelled)) return;
    if ([...this.#leftovers.values()].some((flight) => same(flight.operation))) return;
    const last = this.#history.last(operation);
    if (last !== null && same(last.operation)) return this.#tellAgain(last);
    const flaw = flawOf(operation);
    if (flaw !== null) return this.#decline(operation, flaw, time);
    this.#recurring.remove((other) => operationKey(other) === operationKey(operation));
    if (changesState(operation.task)) this.#killMonitor(operation.resource, () => true);
    else if (operation.intervalMs > 0) this.#killMonitor(operation.resource, (other) => operationKey(other) === operationKey(operation));
    this.#lanes.add({ operation, acceptedAtMs: time.nowMs, expiresAtMs });
  }

  /** What can never be run ends as an error: its command was taken, for one that is refused for good would keep all later ones waiting. */
  #decline(operation: Operation, flaw: string, time: Time): void {
    const times = { startedAtMs: time.wallMs, rcChangedAtMs: time.wallMs, execMs: 0, queueMs: 0 };
    const result: OperationResult = { operation, callId: this.#nextCallId(), status: "error", rc: 1, exitReason: flaw, ...times };
    if (operation.intervalMs === 0) this.#persist(this.#history.put(result)); // what recurs in the history is begun again after a restart
    this.#reports.add(result);
    this.#effects.push({ kind: "result", result });
  }

  #tellAgain(result: OperationResult): void {
    const { transitionKey, resource } = result.operation;
    if (!this.#reports.has(transitionKey, resource)) this.#reports.add(result);
    this.#effects.push({ kind: "result", result });
  }

  /** Ends recurring operations: registered, waiting for their first run, or running now. */
  #cancel(which: (operation: Operation) => boolean, time: Time): void {
    const recurs = (operation: Operation): boolean => operation.intervalMs > 0 && which(operation);
    this.#recurring.remove(recurs);
    for (const job of this.#lanes.remove(({ operation }) => recurs(operation))) this.#drop(job, "cancelled before it began", time);
    for (const run of this.#lanes.runs()) if (recurs(run.operation)) this.#kill(run);
    this.#persist(this.#history.forget(recurs));
  }

  #forget(resource: string, time: Time): void {
    this.#cancel((operation) => operation.resource === resource, time);
    this.#persist(this.#history.forget((operation) => operation.resource === resource));
  }

  #close(token: number, time: Time): null {
    if (!this.#gate.record.closed) {
      this.#gate.close();
      this.#persist([gateRecord(this.#gate.record)]);
    }
    this.#cancel(() => true, time);
    for (const job of this.#lanes.remove(() => true)) this.#drop(job, "this node is leaving", time);
    this.#closers = [...this.#closers, token].slice(-CLOSERS_MAX);
    return null;
  }

  #answerClosers(): void {
    if (!this.#lanes.isEmpty()) return;
    for (const token of this.#closers) this.#effects.push({ kind: "reply", token, reply: this.#accepted() });
    this.#closers = [];
  }

  #dismissClosers(): void {
    const reply = this.#refused({ reason: "stale-authority", message: "a newer authority opened the gate again" });
    for (const token of this.#closers) this.#effects.push({ kind: "reply", token, reply });
    this.#closers = [];
  }

  #spawned({ callId, pid, startTime }: Extract<ExecutorInput, { kind: "spawned" }>): void {
    const run = this.#lanes.run(callId);
    if (run !== null && !run.repeat) this.#persist([flightRecord({ ...this.#flight(run), pid, startTime })]);
  }

  #ended({ callId, outcome, lingering }: Extract<ExecutorInput, { kind: "ended" }>, time: Time): void {
    const run = this.#lanes.run(callId);
    if (run === null) return;
    this.#lanes.end(run, lingering);
    const result = this.#resultOf(run, outcome, time);
    if (run.repeat) return this.#repeated(run, result, time);
    const landed = lingering ? [] : [landedRecord(run.operation.resource)];
    this.#persist([...this.#history.put(result), ...landed]);
    this.#reports.add(result);
    this.#effects.push({ kind: "result", result });
    if (run.operation.intervalMs > 0 && !run.cancelled) this.#recurring.set(run.operation, time.nowMs + run.operation.intervalMs);
  }

  /** A monitor that came again: only news is kept and reported. */
  #repeated(run: Run, result: OperationResult, time: Time): void {
    const wanted = this.#recurring.has(run.operation);
    this.#recurring.putOff(run.operation, time.nowMs + run.operation.intervalMs);
    if (!wanted || run.cancelled) return;
    const last = this.#history.last(run.operation);
    this.#effects.push({ kind: "result", result });
    if (last !== null && last.rc === result.rc && last.status === result.status) return;
    this.#persist(this.#history.put(result));
    this.#reports.add(result);
  }

  #resultOf(run: Run, outcome: RunOutcome, time: Time): OperationResult {
    const status = run.cancelled ? "cancelled" : outcome.status;
    const rc = status === "done" ? outcome.rc : 1;
    const last = run.operation.intervalMs > 0 ? this.#history.last(run.operation) : null;
    const unchanged = last !== null && last.rc === rc && last.status === status;
    return {
      operation: run.operation,
      callId: run.callId,
      status,
      rc,
      exitReason: outcome.exitReason.slice(0, 512),
      startedAtMs: run.startedAtMs,
      rcChangedAtMs: unchanged ? last.rcChangedAtMs : run.startedAtMs,
      execMs: Math.max(0, Math.round(time.nowMs - run.startedNowMs)),
      queueMs: run.queueMs,
    };
  }

  #gone(callId: number): void {
    const resource = this.#lanes.release(callId);
    if (resource === null) return;
    const landed = landedRecord(resource);
    const flight = this.#leftovers.get(callId);
    this.#leftovers.delete(callId);
    const lost = flight === undefined ? [] : this.#lose(flight);
    this.#persist([...lost, landed]);
  }

  /** Says what became of a run that nobody can tell of any more; the records to keep. */
  #lose({ callId, operation, startedAtMs, queueMs }: FlightRecord): readonly StoredRecord[] {
    if (operation.intervalMs > 0 || this.#history.last(operation)?.callId === callId) return [];
    // What looked only, changed nothing, and can simply be asked again; what acted left the resource in an unknown state.
    const status = changesState(operation.task) ? "lost" : "cancelled";
    const times = { startedAtMs, rcChangedAtMs: startedAtMs, execMs: 0, queueMs };
    const result: OperationResult = { operation, callId, status, rc: 1, exitReason: "the executor ended while it ran", ...times };
    this.#reports.add(result);
    this.#effects.push({ kind: "result", result });
    return this.#history.put(result);
  }

  #expire(time: Time): void {
    const late = this.#lanes.remove(({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs <= time.nowMs);
    for (const job of late) this.#drop(job, "its time was over before it could begin", time);
    // Nobody waits for ever for what hangs on a dead disk: its resource stays blocked, but the DC may go on, to the fencing of this node.
    for (const flight of this.#leftovers.values()) {
      if (time.nowMs - this.#restoredAtMs < flight.operation.timeoutMs) continue;
      this.#leftovers.delete(flight.callId);
      this.#persist(this.#lose(flight));
    }
  }

  #startWhatMay(time: Time): void {
    for (let job = this.#lanes.takeNext(); job !== null; job = this.#lanes.takeNext()) {
      const { operation } = job;
      if (job.expiresAtMs !== null && job.expiresAtMs <= time.nowMs) this.#drop(job, "its time was over before it could begin", time);
      else if (!ALONE.has(operation.task) && !this.#gate.hasQuorum(time.nowMs)) this.#drop(job, "connected quorum was lost before it could begin", time);
      else this.#begin(operation, { repeat: false, queueMs: Math.max(0, Math.round(time.nowMs - job.acceptedAtMs)) }, time);
    }
    for (const operation of this.#recurring.due(time.nowMs)) {
      if (!this.#lanes.hasPlace(true)) return;
      if (this.#lanes.isIdle(operation.resource)) this.#begin(operation, { repeat: true, queueMs: 0 }, time);
    }
  }

  /** Written down first, so that a run is never forgotten, then begun. */
  #begin(operation: Operation, { repeat, queueMs }: { repeat: boolean; queueMs: number }, time: Time): void {
    const callId = this.#nextCallId();
    const run: Run = { callId, operation, repeat, startedAtMs: time.wallMs, startedNowMs: time.nowMs, queueMs, cancelled: false };
    const active = this.#history.isStarted(operation.resource);
    const ended = changesState(operation.task) ? this.#history.forgetRecurring(operation.resource) : [];
    if (changesState(operation.task)) this.#recurring.remove((other) => other.resource === operation.resource);
    this.#lanes.begin(run);
    this.#persist([flightRecord(this.#flight(run)), ...ended]);
    this.#effects.push({ kind: "spawn", callId, session: this.#life, authority: this.#gate.record.authority, operation, active });
  }

  /**
   * A command that never began; whoever waits for it is told so. One that could not change its resource because processes of a former run do
   * not end has failed: cancelled, it would be ordered again and again, and a node with a dead disk never be fenced.
   */
  #drop({ operation, acceptedAtMs }: Job, why: string, time: Time): void {
    const queueMs = Math.max(0, Math.round(time.nowMs - acceptedAtMs));
    const times = { startedAtMs: time.wallMs, rcChangedAtMs: time.wallMs, execMs: 0, queueMs };
    const hung = changesState(operation.task) && this.#lanes.isBlocked(operation.resource);
    const outcome = hung ? { status: "timeout", exitReason: "processes of a former run of this resource do not end" } as const : { status: "cancelled", exitReason: why } as const;
    const result: OperationResult = { operation, callId: this.#nextCallId(), rc: 1, ...outcome, ...times };
    this.#persist(this.#history.put(result));
    this.#reports.add(result);
    this.#effects.push({ kind: "result", result });
  }

  /** A monitor in the way of a command is not waited for: it may hang with what it looks at. */
  #killMonitor(resource: string, which: (operation: Operation) => boolean): void {
    const run = this.#lanes.running(resource);
    if (run !== null && run.operation.intervalMs > 0 && which(run.operation)) this.#kill(run);
  }

  #kill(run: Run): void {
    if (run.cancelled) return;
    run.cancelled = true;
    this.#effects.push({ kind: "kill", callId: run.callId });
  }

  #report({ nowMs }: Time): void {
    const { dc } = this.#gate;
    const batch = dc === null ? null : this.#reports.due(nowMs);
    if (dc === null || batch === null) return;
    const { session, record } = this.#gate;
    this.#effects.push({ kind: "report", to: dc, report: { node: this.#node, bootId: this.#bootId, session, authority: record.authority, ...batch } });
  }

  #flight({ callId, operation, startedAtMs, queueMs }: Run): FlightRecord {
    return { callId, session: this.#life, operation, pid: null, startTime: null, startedAtMs, queueMs };
  }

  #nextCallId(): number {
    this.#lastCallId += 1;
    return this.#lastCallId;
  }

  #persist(records: readonly StoredRecord[]): void {
    if (records.length > 0) this.#effects.push({ kind: "persist", records });
  }

  #accepted(): ExecutorReply {
    return { kind: "accepted", sequence: this.#gate.taken };
  }

  #refused({ reason, message }: Refusal): ExecutorReply {
    const { record, session, taken } = this.#gate;
    return { kind: "refused", reason, authority: record.authority, session, expected: taken + 1, message };
  }
}

function flawOf({ task, intervalMs, timeoutMs }: Operation): string | null {
  if (!isTask(task)) return `no such task: ${task}`;
  if (intervalMs > 0 && task !== "monitor") return `${task} cannot recur`;
  return timeoutMs > 0 ? null : "an operation needs a time-out";
}

function overload({ resource }: Operation): Refusal {
  return { reason: "overloaded", message: `too many operations wait for ${resource}` };
}
