/**
 * Finds the smallest single change that would make a resource run, on a named node or anywhere: possible changes are tried one after the
 * other, each by deciding anew and carrying the decision out in mind. Pure, bounded, and always in the same order.
 */
import type { Cib } from "@quorate/cib";
import { readState, schedule } from "../schedule.ts";
import { simulateGraph } from "../simulate.ts";
import type { ClusterState, Decision, ResourceTree } from "../types.ts";
import { type ChangeContext, plainId, possibleChanges } from "./changes.ts";

export interface FoundChange {
  /** What to do, in words. */
  readonly text: string;
  /** The command that does it; null when no command does. */
  readonly command: string | null;
  /** Resources of other groups and clones that would then be put elsewhere than they will be without the change. */
  readonly alsoMoves: readonly { readonly resource: string; readonly from: string | null; readonly to: string | null }[];
}

export interface WhatIf {
  /** Smallest first; empty when no single change was found. */
  readonly found: readonly FoundChange[];
  readonly tried: number;
  /** There were more to try than the bound lets. */
  readonly more: boolean;
}

/** Trials: each is a decision, which takes a quarter of a second in the largest clusters. */
export const TRIALS_MAX = 60;
/** One answer and two more to choose from. */
const FOUND_MAX = 3;
/** Transitions that may pass until it runs. */
const TRANSITIONS_MAX = 3;

export function findChanges(context: ChangeContext, nowMs: number, trialsMax: number = TRIALS_MAX): WhatIf {
  const changes = possibleChanges(context);
  const found: FoundChange[] = [];
  let tried = 0;
  for (const { text, command, edit } of changes) {
    if (tried >= trialsMax || found.length >= FOUND_MAX) break;
    tried += 1;
    const changed = edit(context.cib);
    const decision = schedule(changed, nowMs);
    if (isPlaced(decision, context) && comesToRun(changed, decision, { context, nowMs })) found.push({ text, command, alsoMoves: otherMoves(decision, context) });
  }
  return { found, tried, more: tried < changes.length && found.length === 0 };
}

/** Whether the decision wants it there; cheap, and enough to rule most changes out. */
function isPlaced({ assignments }: Decision, { relations, node }: ChangeContext): boolean {
  return assignments.some(({ resource, to }) => relations.primitives.includes(plainId(resource)) && to !== null && (node === null || to === node));
}

/** What is wanted may still wait for something that will never happen: only when it runs at the end it counts. */
export function comesToRun(cib: Cib, decision: Decision, { context, nowMs }: { readonly context: ChangeContext; readonly nowMs: number }): boolean {
  let [at, next] = [cib, decision];
  for (let transition = 0; transition < TRANSITIONS_MAX; transition += 1) {
    at = simulateGraph(at, next, nowMs).after;
    if (runs(readState(at, nowMs), context)) return true;
    if (next.graph.actions.length === 0) return false;
    next = schedule(at, nowMs);
  }
  return false;
}

/** All of a group on the node, or one instance of a clone. */
export function runs(state: ClusterState, { relations, node }: Pick<ChangeContext, "relations" | "node">): boolean {
  const places = new Map(state.resources.map(({ id, runningOn, failed }) => [id, failed ? [] : runningOn]));
  const runsWhole = (tree: ResourceTree): boolean => {
    if (tree.kind === "primitive") {
      const at = places.get(tree.id) ?? [];
      return node === null ? at.length > 0 : at.includes(node);
    }
    return tree.kind === "group" ? tree.children.every(runsWhole) : tree.children.some(runsWhole);
  };
  return treesOf(state.tree, relations.id).some(runsWhole);
}

/** The parts of the tree that the configured id stands for: one, or all instances of a member of a clone. */
function treesOf(trees: readonly ResourceTree[], id: string): ResourceTree[] {
  return trees.flatMap((tree) => (plainId(tree.id) === id ? [tree] : treesOf(tree.children, id)));
}

function otherMoves(decision: Decision, { decision: before, relations }: ChangeContext): FoundChange["alsoMoves"] {
  const old = new Map(before.assignments.map(({ resource, to }) => [resource, to]));
  return decision.assignments.flatMap(({ resource, to }) => {
    const from = old.get(resource);
    const other = !relations.family.has(plainId(resource)) && !resource.startsWith("what-if-");
    return other && from !== undefined && from !== to ? [{ resource, from, to }] : [];
  });
}
