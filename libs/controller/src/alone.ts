/**
 * A node without connected quorum acts alone: it decides with its last committed CIB as if `have-quorum` were 0, and
 * performs only its own stops and demotes. Source: ARCHITECTURE D6. Starting daemons is no loss of quorum: a node that
 * never had it waits `graceMs` before it touches what it found running (invariant 8). What its executor began before the loss and
 * ended after it no log will ever say: such results are seen directly and added to the document.
 */
import { type Cib, attribute, clusterOption } from "@quorate/cib";
import type { MonotonicMs, NodeName, ResourceId, SessionId } from "@quorate/core";
import type { OperationResult } from "@quorate/execution";
import type { Decision } from "@quorate/scheduler";
import { type Action, Walk, type WalkEffect, restrictToNode } from "@quorate/transition";
import type { DcEffect, Time } from "./effects.ts";
import { isFailure, recordResult } from "./history.ts";
import { actionIdOf, operationOf } from "./operation-of.ts";
import { changeNodeState, changeResourceHistory } from "./status-section.ts";

export interface AloneConfig {
  readonly node: NodeName;
  readonly session: SessionId;
  readonly graceMs: number;
  /** Pause before what failed is tried again. */
  readonly retryMs: number;
}

/** A request to the executor, or its result, may be lost, and refused while it has not heard of the loss itself: it is repeated until answered. */
const REPEAT_MS = 1_000;
/** Tasks after which a resource may be active where the document says it is not. */
const ACTIVATING: ReadonlySet<string> = new Set(["start", "promote", "migrate_to", "migrate_from"]);
/** Policies that leave alone what runs. A node alone can only stop, and `ignore` counts as `freeze` in a live cluster. */
const FREEZING: ReadonlySet<string> = new Set(["freeze", "ignore"]);

export class Alone {
  readonly #config: AloneConfig;
  readonly #startedAtMs: MonotonicMs;
  #hadQuorum = false;
  #round = 0;
  #token: number | null = null;
  #walk: Walk | null = null;
  #settled = false;
  #notBeforeMs = 0;
  #askedAtMs = 0;
  /** Something became active since the scheduler was asked. */
  #lookAgain = false;
  /** Last result per resource that made it active, committed or not. */
  readonly #activated = new Map<ResourceId, OperationResult>();
  #effects: DcEffect[] = [];

  constructor(config: AloneConfig, startedAtMs: MonotonicMs) {
    this.#config = config;
    this.#startedAtMs = startedAtMs;
  }

  drain(): readonly DcEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  onQuorum(connected: boolean): void {
    if (!connected) return;
    this.#hadQuorum = true;
    this.#token = null;
    this.#walk = null;
    this.#settled = false;
    this.#notBeforeMs = 0;
  }

  /** Call at every tick while there is no connected quorum. */
  tick(cib: Cib, token: number, time: Time): boolean {
    const due = this.#hadQuorum || time.nowMs - this.#startedAtMs > this.#config.graceMs;
    this.#repeat(time);
    if (!due || this.#settled || this.#token !== null || this.#walk !== null || time.nowMs < this.#notBeforeMs) return false;
    if (FREEZING.has(clusterOption(cib, "no-quorum-policy") ?? "stop")) {
      this.#settled = true;
      this.#effects.push({ kind: "log", level: "warn", message: "no connected quorum: this node's resources stay as they are (no-quorum-policy)", fields: {} });
      return false;
    }
    this.#token = token;
    this.#lookAgain = false;
    const known = this.#withActivated(cib);
    const root = { ...known.root, attributes: { ...known.root.attributes, "have-quorum": "0" } };
    this.#effects.push({ kind: "log", level: "warn", message: "no connected quorum: acting alone on this node's resources", fields: {} });
    this.#effects.push({ kind: "schedule", token, cib: { ...known, root }, wallMs: time.wallMs });
    return true;
  }

  onScheduled(token: number, decision: Decision, time: Time): void {
    if (token !== this.#token) return;
    this.#token = null;
    this.#round += 1;
    this.#walk = new Walk(restrictToNode(decision.graph, this.#config.node));
    this.#perform(this.#walk.begin(), time);
  }

  /** Asked again after a pause: what runs here must stop in the end. */
  onScheduleFailed(token: number, why: string, time: Time): void {
    if (token !== this.#token) return;
    this.#token = null;
    this.#notBeforeMs = time.nowMs + this.#config.retryMs;
    this.#effects.push({ kind: "log", level: "error", message: "the scheduler gave no decision for this node alone", fields: { why } });
  }

  /** Every result of this node's executor, with quorum and without. */
  onResult(result: OperationResult, time: Time): void {
    if (ACTIVATING.has(result.operation.task) && result.status !== "cancelled") {
      this.#activated.set(result.operation.resource, result);
      this.#settled = false;
      this.#lookAgain = true;
    }
    const walk = this.#walk;
    if (walk === null) return;
    const id = actionIdOf(result.operation.transitionKey, this.#key());
    if (id === null) return;
    this.#perform(result.status === "cancelled" || isFailure(result) ? walk.failed(id, `${result.status}, rc ${result.rc}`) : walk.succeeded(id), time);
  }

  /** An operation that the executor has already is not run twice by this: it knows it by its transition key, and answers again. */
  #repeat(time: Time): void {
    if (this.#walk === null || time.nowMs - this.#askedAtMs < REPEAT_MS) return;
    for (const action of this.#walk.inFlight()) this.#ask(action, time);
  }

  #withActivated(cib: Cib): Cib {
    if (this.#activated.size === 0) return cib;
    return changeNodeState(cib, this.#config.node, (state) => {
      let known = state;
      for (const [resource, result] of this.#activated) {
        known = changeResourceHistory(known, resource, (history) => {
          const newest = Math.max(0, ...(history?.children ?? []).map((op) => Number(attribute(op, "call-id") ?? "0")));
          return newest >= result.callId ? history : recordResult(history, result);
        });
      }
      return known;
    });
  }

  #perform(effects: readonly WalkEffect[], time: Time): void {
    for (const effect of effects) {
      if (effect.kind === "ended") this.#finish(effect.outcome, time);
      else if (effect.action.task === "cancel") this.#perform(this.#walk?.succeeded(effect.action.id) ?? [], time); // the stop ends recurring operations itself
      else this.#ask(effect.action, time);
    }
  }

  #ask(action: Action, time: Time): void {
    this.#askedAtMs = time.nowMs;
    this.#effects.push({ kind: "executeLocal", operation: operationOf(action, this.#key()) });
  }

  #finish(outcome: "complete" | "aborted" | "failed", time: Time): void {
    this.#walk = null;
    this.#settled = outcome === "complete" && !this.#lookAgain;
    this.#notBeforeMs = time.nowMs + this.#config.retryMs;
  }

  /** Own numbers: results of these walks are never taken for those of a DC's transition. */
  #key(): { transition: number; session: string } {
    return { transition: this.#round, session: `alone-${this.#config.session}` };
  }
}
