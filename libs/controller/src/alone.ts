/**
 * A node without connected quorum acts alone: it decides with its last committed CIB as if `have-quorum` were 0, and
 * performs only its own stops and demotes. Source: ARCHITECTURE D6. Starting daemons is no loss of quorum: a node that
 * never had it waits `graceMs` before it touches what it found running (invariant 8).
 */
import type { Cib } from "@quorate/cib";
import type { MonotonicMs, NodeName, SessionId } from "@quorate/core";
import type { OperationResult } from "@quorate/execution";
import type { Decision } from "@quorate/scheduler";
import { Walk, type WalkEffect, restrictToNode } from "@quorate/transition";
import type { DcEffect, Time } from "./effects.ts";
import { isFailure } from "./history.ts";
import { actionIdOf, operationOf } from "./operation-of.ts";

export interface AloneConfig {
  readonly node: NodeName;
  readonly session: SessionId;
  readonly graceMs: number;
  /** Pause before what failed is tried again. */
  readonly retryMs: number;
}

export class Alone {
  readonly #config: AloneConfig;
  readonly #startedAtMs: MonotonicMs;
  #hadQuorum = false;
  #round = 0;
  #token: number | null = null;
  #walk: Walk | null = null;
  #settled = false;
  #notBeforeMs = 0;
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
  }

  /** Call at every tick while there is no connected quorum. */
  tick(cib: Cib, token: number, time: Time): boolean {
    const due = this.#hadQuorum || time.nowMs - this.#startedAtMs > this.#config.graceMs;
    if (!due || this.#settled || this.#token !== null || this.#walk !== null || time.nowMs < this.#notBeforeMs) return false;
    this.#token = token;
    const root = { ...cib.root, attributes: { ...cib.root.attributes, "have-quorum": "0" } };
    this.#effects.push({ kind: "log", level: "warn", message: "no connected quorum: acting alone on this node's resources", fields: {} });
    this.#effects.push({ kind: "schedule", token, cib: { ...cib, root }, wallMs: time.wallMs });
    return true;
  }

  onScheduled(token: number, decision: Decision, time: Time): void {
    if (token !== this.#token) return;
    this.#token = null;
    this.#round += 1;
    this.#walk = new Walk(restrictToNode(decision.graph, this.#config.node));
    this.#perform(this.#walk.begin(), time);
  }

  onResult(result: OperationResult, time: Time): void {
    const walk = this.#walk;
    if (walk === null) return;
    const id = actionIdOf(result.operation.transitionKey, this.#key());
    if (id === null) return;
    this.#perform(isFailure(result) ? walk.failed(id, `${result.status}, rc ${result.rc}`) : walk.succeeded(id), time);
  }

  #perform(effects: readonly WalkEffect[], time: Time): void {
    for (const effect of effects) {
      if (effect.kind === "ended") this.#finish(effect.outcome, time);
      else if (effect.action.task === "cancel") this.#perform(this.#walk?.succeeded(effect.action.id) ?? [], time); // the stop ends recurring operations itself
      else this.#effects.push({ kind: "executeLocal", operation: operationOf(effect.action, this.#key()) });
    }
  }

  #finish(outcome: "complete" | "aborted" | "failed", time: Time): void {
    this.#walk = null;
    this.#settled = outcome === "complete";
    this.#notBeforeMs = time.nowMs + this.#config.retryMs;
  }

  /** Own numbers: results of these walks are never taken for those of a DC's transition. */
  #key(): { transition: number; session: string } {
    return { transition: this.#round, session: `alone-${this.#config.session}` };
  }
}
