/**
 * Why a resource is where it is, or is not where it was expected: its state, what is decided about it and the arithmetic behind it, what
 * is in the way, and the smallest single change that would make it run on a named node. Pure: everything comes from the CIB and the time.
 */
import type { Cib } from "@quorate/cib";
import { type Result, err, ok } from "@quorate/core";
import { schedule } from "../schedule.ts";
import type { Assignment, ClusterState, Decision, FailCount, FailedOperation, FencingDecision, SummaryAction } from "../types.ts";
import { plainId } from "./changes.ts";
import { obstaclesOf } from "./obstacles.ts";
import { type Relations, relationsOf } from "./relations.ts";
import { type WhatIf, comesToRun, findChanges, runs } from "./what-if.ts";

export interface WhyQuestion {
  /** A group or clone stands for all it holds. */
  readonly resource: string;
  /** Null: wherever it is. */
  readonly node: string | null;
  /** Bound of the search for a change; 0: do not search. */
  readonly trialsMax?: number;
}

export interface ResourceExplanation {
  readonly resource: string;
  readonly kind: string;
  readonly node: string | null;
  /** Primitives and instances that it holds, with where they run now. */
  readonly now: readonly { readonly resource: string; readonly role: string; readonly nodes: readonly string[]; readonly failed: boolean }[];
  /** Nodes that are lost and not known to be off. */
  readonly lost: readonly string[];
  /** `there`: it runs as asked. `coming`: the decision brings it there. `no`: neither. */
  readonly answer: "there" | "coming" | "no";
  readonly plan: readonly SummaryAction[];
  readonly fencing: readonly FencingDecision[];
  /** Where each is put, with the candidates best first and the terms of their scores. */
  readonly assignments: readonly Assignment[];
  readonly obstacles: readonly string[];
  readonly failures: readonly FailedOperation[];
  readonly failCounts: readonly FailCount[];
  /** Null: nothing needs to be changed, or no search was asked for. */
  readonly change: WhatIf | null;
  readonly warnings: readonly string[];
}

/** The error names the resource or node that does not exist. */
export function explainResource(cib: Cib, nowMs: number, { resource, node, trialsMax }: WhyQuestion): Result<ResourceExplanation, string> {
  const decision = schedule(cib, nowMs);
  if (node !== null && !decision.state.nodes.some(({ name }) => name === node)) return err(`the CIB has no node ${node}`);
  const relations = relationsOf(cib, resource);
  if (relations === null) return explainOrphan(decision, resource);
  const context = { cib, decision, relations, node };
  const answer = runs(decision.state, context) && staysThere(decision, relations) ? "there" : comesToRun(cib, decision, { context, nowMs }) ? "coming" : "no";
  const inIt = (id: string): boolean => relations.primitives.includes(plainId(id));
  const tied = new Set(relations.tied.flatMap(({ primitives }) => primitives));
  return ok({
    resource, kind: relations.kind, node, answer,
    now: nowOf(decision.state, relations),
    lost: lostNodes(decision.state),
    plan: decision.actions.filter((action) => inIt(action.resource)),
    fencing: decision.fencing,
    assignments: decision.assignments.filter((one) => inIt(one.resource)),
    obstacles: answer === "there" ? [] : obstaclesOf(context),
    failures: decision.state.failedOperations.filter((one) => inIt(one.resource) || tied.has(plainId(one.resource))),
    failCounts: decision.state.failCounts.filter((one) => inIt(one.resource)),
    change: answer === "no" && trialsMax !== 0 ? findChanges(context, nowMs, trialsMax) : null,
    warnings: decision.warnings,
  });
}

function lostNodes({ nodes }: ClusterState): string[] {
  return nodes.filter(({ unclean }) => unclean).map(({ name }) => name);
}

function nowOf(state: ClusterState, { primitives }: Relations): ResourceExplanation["now"] {
  return state.resources.filter(({ configId, orphan }) => primitives.includes(configId) && !orphan)
    .map(({ id, role, runningOn, failed }) => ({ resource: id, role, nodes: runningOn, failed }));
}

/** What is to leave is not there for long. */
function staysThere({ actions }: Decision, { primitives }: Relations): boolean {
  return actions.every(({ resource, task, blocked }) => !primitives.includes(plainId(resource)) || blocked || !["Stop", "Move", "Migrate", "Recover"].includes(task));
}

/** Not configured any more, but it may still run. */
function explainOrphan({ state, actions, fencing, warnings, assignments }: Decision, resource: string): Result<ResourceExplanation, string> {
  const left = state.resources.filter(({ id, configId, orphan }) => orphan && (id === resource || configId === resource));
  if (left.length === 0) return err(`the CIB has no resource ${resource}`);
  return ok({
    resource, kind: "primitive", node: null, answer: "no", lost: lostNodes(state), now: left.map(({ id, role, runningOn, failed }) => ({ resource: id, role, nodes: runningOn, failed })),
    plan: actions.filter((one) => plainId(one.resource) === resource), fencing, assignments: assignments.filter((one) => plainId(one.resource) === resource),
    obstacles: [`${resource} is not configured any more: it is only left over`], failures: [], failCounts: [], change: null, warnings,
  });
}
