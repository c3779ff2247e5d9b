/**
 * One transition under way: the walk, and what each of its actions became.
 * Holds no policy: it turns actions into commands, fencings and proposals, and results back into steps of the walk.
 */
import { attribute } from "@quorate/cib";
import { type NodeName, assert } from "@quorate/core";
import type { OperationResult } from "@quorate/execution";
import { type Action, type Graph, Walk, type WalkEffect } from "@quorate/transition";
import type { Command } from "./command.ts";
import type { DcEffect, Time } from "./effects.ts";
import type { CommandBody } from "./executor-link.ts";
import { isFailure } from "./history.ts";
import { actionIdOf, operationOf } from "./operation-of.ts";
import type { Replica } from "./replica.ts";
import { nodeState, transientAttributes } from "./status-section.ts";

/** What the run needs done; the DC knows how. */
export interface RunPorts {
  command(node: NodeName, tag: string, body: CommandBody): void;
  fence(action: Action): void;
  emit(effect: DcEffect): void;
}

export interface RunEnd {
  readonly outcome: "complete" | "aborted" | "failed";
  readonly detail: string;
}

export class TransitionRun {
  readonly transition: number;
  readonly trigger: string;
  readonly #walk: Walk;
  readonly #session: string;
  readonly #replica: Replica;
  readonly #ports: RunPorts;
  /** Proposals that stand for an action: request id -> action id. */
  readonly #proposals = new Map<string, number>();
  #end: RunEnd | null = null;
  #aborting = false;

  constructor(options: { transition: number; trigger: string; graph: Graph; session: string; replica: Replica; ports: RunPorts }) {
    this.transition = options.transition;
    this.trigger = options.trigger;
    this.#walk = new Walk(options.graph);
    this.#session = options.session;
    this.#replica = options.replica;
    this.#ports = options.ports;
  }

  get end(): RunEnd | null {
    return this.#end;
  }

  get aborting(): boolean {
    return this.#aborting;
  }

  begin(time: Time): void {
    this.#perform(this.#walk.begin(), time);
  }

  abort(detail: string, time: Time): void {
    this.#aborting = true;
    this.#perform(this.#walk.abort(detail), time);
  }

  /** True when the result belongs to this transition (and so is no surprise). */
  onResult(result: OperationResult, time: Time): boolean {
    const id = actionIdOf(result.operation.transitionKey, { transition: this.transition, session: this.#session });
    if (id === null || !this.#walk.inFlight().some((action) => action.id === id)) return false;
    if (result.status === "cancelled" || isFailure(result)) this.actionFailed(id, `${result.status}, rc ${result.rc}`, time);
    else this.actionSucceeded(id, time);
    return true;
  }

  actionSucceeded(id: number, time: Time): void {
    this.#perform(this.#walk.succeeded(id), time);
  }

  actionFailed(id: number, detail: string, time: Time): void {
    this.#perform(this.#walk.failed(id, detail), time);
  }

  /** A command was taken: cancel and forget are done with that; operations answer later. */
  onTaken(tag: string, time: Time): void {
    const id = this.#actionOfTag(tag);
    const action = id === null ? undefined : this.#walk.graph.actions[id];
    if (action !== undefined && (action.task === "cancel" || action.task === "delete")) this.#afterTaken(action, time);
  }

  onRefused(tag: string, detail: string, time: Time): void {
    const id = this.#actionOfTag(tag);
    if (id !== null) this.actionFailed(id, detail, time);
  }

  onProposalApplied(requestId: string, time: Time): void {
    const id = this.#proposals.get(requestId);
    if (id === undefined) return;
    this.#proposals.delete(requestId);
    if (![...this.#proposals.values()].includes(id)) this.actionSucceeded(id, time);
  }

  /** The node is out of the view: nothing it was doing will be heard of. */
  onNodeGone(node: NodeName, time: Time): void {
    for (const action of this.#walk.inFlight()) {
      if (action.kind === "rsc" && action.node === node) this.actionFailed(action.id, `${node} is out of the view`, time);
    }
  }

  #perform(effects: readonly WalkEffect[], time: Time): void {
    for (const effect of effects) {
      if (effect.kind === "ended") this.#end = { outcome: effect.outcome, detail: effect.detail };
      else this.#start(effect.action, time);
    }
  }

  #start(action: Action, time: Time): void {
    switch (action.kind) {
      case "rsc":
        this.#startOperation(action);
        return;
      case "fence":
        this.#ports.fence(action);
        return;
      case "cluster":
        this.#startClusterAction(action, time);
        return;
      case "pseudo":
        return;
    }
  }

  #startOperation(action: Action): void {
    assert(action.node !== null && action.resource !== null, `action ${action.key} has no node or resource`);
    const tag = `${this.transition}/${action.id}`;
    if (action.task === "cancel") {
      const task = action.meta["operation"] ?? "monitor";
      const intervalMs = action.intervalMs > 0 ? action.intervalMs : Number(action.meta["interval"] ?? "0");
      this.#ports.command(action.node, tag, { kind: "cancel", resource: action.resource, task, intervalMs });
    } else if (action.task === "delete") {
      this.#ports.command(action.node, tag, { kind: "forget", resource: action.resource });
    } else {
      const operation = operationOf(action, { transition: this.transition, session: this.#session });
      this.#ports.command(action.node, tag, { kind: "execute", budgetMs: Math.max(action.timeoutMs, 1_000), operation });
    }
  }

  #afterTaken(action: Action, time: Time): void {
    if (action.task === "cancel") {
      this.actionSucceeded(action.id, time);
      return;
    }
    this.#propose(action, { kind: "cleanup", atMs: time.wallMs, requestId: `${this.#session}/${this.transition}/${action.id}`, resource: action.resource!, node: action.node, by: "the DC" });
  }

  /** Actions the DC does itself. Clearing a fail count removes its transient attributes; others need nothing here. */
  #startClusterAction(action: Action, time: Time): void {
    const names = action.task === "clear_failcount" && action.node !== null && action.resource !== null ? this.#failureAttributes(action.node, action.resource) : [];
    if (names.length === 0) {
      this.actionSucceeded(action.id, time);
      return;
    }
    names.forEach((name, ordinal) => {
      this.#propose(action, { kind: "attribute", atMs: time.wallMs, requestId: `${this.#session}/${this.transition}/${action.id}/${ordinal}`, node: action.node!, name, value: null });
    });
  }

  #failureAttributes(node: NodeName, resource: string): string[] {
    const state = nodeState(this.#replica.cib, node);
    if (state === null || attribute(state, "uname") === null) return [];
    return [...transientAttributes(state).keys()].filter((name) => name.startsWith(`fail-count-${resource}#`) || name.startsWith(`last-failure-${resource}#`));
  }

  #propose(action: Action, command: Command & { readonly requestId: string }): void {
    this.#proposals.set(command.requestId, action.id);
    this.#ports.emit({ kind: "propose", command });
  }

  #actionOfTag(tag: string): number | null {
    const [transition, id] = tag.split("/");
    return Number(transition) === this.transition && id !== undefined ? Number(id) : null;
  }
}
