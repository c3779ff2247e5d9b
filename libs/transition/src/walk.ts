/**
 * Walks one transition graph: given what has finished, says what may start.
 * Pure. The DC reports each result and performs the returned effects in order; pseudo actions are passed through here.
 * Invariants: no action starts before everything in its `after` succeeded; at most `batchLimit` are in flight;
 * after the first failure of an action that may not fail, or after `abort`, nothing starts any more; `ended` comes
 * exactly once, when nothing is in flight. Source: Pacemaker Administration, "How transitions work".
 */
import type { Action, ActionId, Graph } from "./graph.ts";

export type WalkOutcome = "complete" | "aborted" | "failed";

export type WalkEffect =
  | { readonly kind: "start"; readonly action: Action }
  | { readonly kind: "ended"; readonly outcome: WalkOutcome; readonly detail: string };

/** Actions in flight when the graph names no limit of its own. */
export const BATCH_LIMIT_DEFAULT = 32;

type State = "waiting" | "inFlight" | "succeeded" | "failed";

export class Walk {
  readonly graph: Graph;
  readonly #batchLimit: number;
  readonly #state: State[];
  /** Per action: how many of its `after` have not succeeded yet. */
  readonly #missing: number[];
  readonly #followers: ActionId[][];
  /** Actions whose predecessors all succeeded, not started; kept in id order. */
  #ready: ActionId[] = [];
  #inFlight = 0;
  #succeeded = 0;
  #stopped: { readonly outcome: "aborted" | "failed"; readonly detail: string } | null = null;
  #ended = false;

  constructor(graph: Graph) {
    this.graph = graph;
    this.#batchLimit = graph.batchLimit > 0 ? graph.batchLimit : BATCH_LIMIT_DEFAULT;
    this.#state = graph.actions.map(() => "waiting");
    this.#missing = graph.actions.map((action) => action.after.length);
    this.#followers = graph.actions.map(() => []);
    for (const action of graph.actions) for (const before of action.after) this.#followers[before]!.push(action.id);
    this.#ready = graph.actions.filter((action) => action.after.length === 0).map(({ id }) => id);
  }

  /** Starts the walk; an empty graph ends at once. */
  begin(): readonly WalkEffect[] {
    return this.#advance();
  }

  /** Results may arrive twice or late (at-least-once bus): one for an action not in flight changes nothing. */
  succeeded(id: ActionId): readonly WalkEffect[] {
    if (this.#state[id] !== "inFlight") return [];
    this.#inFlight -= 1;
    this.#settle(id);
    return this.#advance();
  }

  failed(id: ActionId, detail: string): readonly WalkEffect[] {
    if (this.#state[id] !== "inFlight") return [];
    const action = this.graph.actions[id]!;
    this.#inFlight -= 1;
    if (action.canFail) {
      this.#settle(id);
    } else {
      this.#state[id] = "failed";
      this.#stopped ??= { outcome: "failed", detail: `${action.key} on ${action.node ?? "?"}: ${detail}` };
    }
    return this.#advance();
  }

  /** The world changed: start nothing more, end when what is in flight has answered. */
  abort(detail: string): readonly WalkEffect[] {
    this.#stopped ??= { outcome: "aborted", detail };
    return this.#advance();
  }

  get ended(): boolean {
    return this.#ended;
  }

  inFlight(): readonly Action[] {
    return this.graph.actions.filter(({ id }) => this.#state[id] === "inFlight");
  }

  #settle(id: ActionId): void {
    this.#state[id] = "succeeded";
    this.#succeeded += 1;
    for (const next of this.#followers[id]!) {
      this.#missing[next]! -= 1;
      if (this.#missing[next] === 0) this.#ready.push(next);
    }
    this.#ready.sort((a, b) => a - b);
  }

  #advance(): readonly WalkEffect[] {
    if (this.#ended) return [];
    const effects: WalkEffect[] = [];
    while (this.#stopped === null && this.#ready.length > 0 && this.#inFlight < this.#batchLimit) {
      const action = this.graph.actions[this.#ready.shift()!]!;
      if (action.kind === "pseudo") {
        this.#settle(action.id);
      } else {
        this.#state[action.id] = "inFlight";
        this.#inFlight += 1;
        effects.push({ kind: "start", action });
      }
    }
    if (this.#inFlight > 0) return effects;
    this.#ended = true;
    if (this.#stopped !== null) return [...effects, { kind: "ended", ...this.#stopped }];
    const left = this.graph.actions.length - this.#succeeded;
    if (left > 0) return [...effects, { kind: "ended", outcome: "failed", detail: `the graph has a cycle: ${left} actions can never start` }];
    return [...effects, { kind: "ended", outcome: "complete", detail: `${this.#succeeded} actions` }];
  }
}
