/** What is in the way of a resource, in words an administrator knows: facts of the cluster, of the resource, and of one node. Pure. */
import type { Cib } from "@quorate/cib";
import { scoreText } from "../model/score.ts";
import type { Candidate, Decision, FailedOperation } from "../types.ts";
import { ownMeta, plainId } from "./changes.ts";
import type { Relations } from "./relations.ts";

export interface ObstacleContext {
  readonly cib: Cib;
  readonly decision: Decision;
  readonly relations: Relations;
  /** Null: no node was asked about. */
  readonly node: string | null;
}

/** Most general first. Empty when nothing is in the way. */
export function obstaclesOf(context: ObstacleContext): string[] {
  return [...new Set([...clusterObstacles(context), ...resourceObstacles(context), ...fencingObstacles(context), ...placeObstacles(context), ...tiedObstacles(context), ...waitObstacles(context), ...looseness(context)])];
}

const NO_QUORUM: Readonly<Record<string, string>> = {
  stop: "no-quorum-policy is stop, so everything is stopped and nothing is started",
  freeze: "no-quorum-policy is freeze, so what runs goes on and nothing new is started",
  demote: "no-quorum-policy is demote, so nothing is promoted and nothing new is started",
  suicide: "no-quorum-policy is suicide, so these nodes fence themselves",
};

function clusterObstacles({ decision: { state, warnings } }: ObstacleContext): string[] {
  const { options } = state;
  const policy = options["no-quorum-policy"] ?? "stop";
  return [
    ...(state.haveQuorum || policy === "ignore" ? [] : [`The cluster has no quorum: not more than half of the nodes are there. Its ${NO_QUORUM[policy] ?? `no-quorum-policy is ${policy}`}`]),
    ...(isYes(options["maintenance-mode"]) ? ["The whole cluster is in maintenance (maintenance-mode=true): nothing is started, stopped or moved"] : []),
    ...(isYes(options["stop-all-resources"]) ? ["All resources are to be stopped (stop-all-resources=true)"] : []),
    ...warnings.filter((text) => text.includes("no fence device is configured")),
  ];
}

function resourceObstacles({ cib, decision: { state }, relations }: ObstacleContext): string[] {
  const lines: string[] = [];
  for (const id of [...relations.chain, ...relations.primitives.filter((one) => !relations.chain.includes(one))]) {
    const role = ownMeta(cib, id, "target-role");
    if (role !== null && /^stopped$/i.test(role)) lines.push(`${id} is disabled: its target-role is ${role}`);
    if (isNo(ownMeta(cib, id, "is-managed"))) lines.push(`${id} is not managed (is-managed=false): it is left as it is`);
    if (isYes(ownMeta(cib, id, "maintenance"))) lines.push(`${id} is in maintenance: it is left as it is`);
  }
  for (const own of state.resources.filter(({ configId }) => relations.primitives.includes(configId))) {
    if (own.disabled && !lines.some((line) => line.includes("target-role"))) lines.push(`${own.configId} is disabled: target-role is Stopped`);
    if (own.blocked) lines.push(blockedText(own.configId, state.failedOperations));
    else if (!own.managed && lines.length === 0 && !isYes(state.options["maintenance-mode"])) lines.push(`${own.configId} is not managed now: it is left as it is`);
    if (own.runningOn.length > 1) lines.push(`${own.configId} is active on more than one node: ${own.runningOn.join(", ")}`);
  }
  return lines;
}

function blockedText(id: string, failed: readonly FailedOperation[]): string {
  const failures = failed.filter(({ resource }) => plainId(resource) === id);
  const worst = failures.find(({ task }) => task === "stop") ?? failures[0];
  if (worst === undefined) return `${id} is blocked: nothing is done with it`;
  const why = worst.task === "stop" ? "it may still be active there, and its node cannot be fenced for it, so nothing is started anywhere" : `on-fail is block for ${worst.task}`;
  return `${id} is blocked: ${failureText(worst)}; ${why}`;
}

/** `start of db on n1 failed: rc=1 (error), "disk full"`. */
export function failureText({ task, resource, node, rc, status, exitReason, intervalMs }: FailedOperation): string {
  const how = status === "timeout" ? "timed out" : `failed with rc=${rc}`;
  const what = task === "monitor" && intervalMs === 0 ? "probe" : task;
  return `${what} of ${plainId(resource)} on ${node} ${how}${exitReason === "" ? "" : `: ${exitReason}`}`;
}

/** Nodes to be fenced first: where it may still run, and any other as long as the decision waits for it. */
function fencingObstacles({ decision, relations }: ObstacleContext): string[] {
  const { state, fencing, warnings } = decision;
  const own = state.resources.filter(({ configId }) => relations.primitives.includes(configId));
  return state.nodes.filter(({ unclean }) => unclean).flatMap(({ name }) => {
    const planned = fencing.find(({ node }) => node === name);
    const runsThere = own.some(({ runningOn }) => runningOn.includes(name));
    const subject = runsThere ? `${relations.id} may still run on ${name}` : `${name} is unclean`;
    if (planned !== undefined) return [`${subject}: ${planned.reason}. ${name} has to be fenced before ${relations.id} may start elsewhere`];
    const cannot = state.haveQuorum ? "it cannot be fenced" : "it cannot be fenced without quorum";
    return runsThere || warnings.some((text) => text.startsWith(`${name} is unclean`)) ? [`${subject}, and ${cannot}: nothing that may run there is started elsewhere`] : [];
  });
}

/** Why the node that was asked about is out of the question, or not the best; without one, why every node is. */
function placeObstacles({ decision: { assignments }, relations, node }: ObstacleContext): string[] {
  const own = assignments.filter(({ resource }) => relations.primitives.includes(plainId(resource)));
  return own.flatMap(({ resource, to, candidates, reason }) => {
    const settled = node === null ? to !== null || reason.includes("target-role") : to === node;
    if (settled) return [];
    const chosen = candidates.find((one) => one.node === to);
    return candidates.filter((one) => node === null || one.node === node).flatMap((one) => {
      if (one.excluded !== null) return followsItsOwn(one, relations) ? [] : [`${plainId(resource)} cannot use ${exclusionText(one.node, one.excluded)}`];
      if (chosen === undefined || chosen.score <= one.score) return [];
      return [`${one.node} has a lower score for ${plainId(resource)} than ${chosen.node}: ${scoreText(one.score)} against ${scoreText(chosen.score)}`];
    });
  });
}

/** A member follows the members before it: what is in the way of those is told, and says more. */
function followsItsOwn({ excluded, node, terms }: Candidate, { primitives, chain }: Relations): boolean {
  const term = terms.find(({ text }) => excluded === `${node}: ${text}`);
  return primitives.length > 1 && term?.source === "colocation" && chain.includes(term.id);
}

/** `n1: it is offline`. */
export function exclusionText(node: string, excluded: string): string {
  if (excluded.startsWith(`${node}: `)) return excluded;
  return excluded.startsWith(`${node} `) ? `${node}: it ${excluded.slice(node.length + 1)}` : `${node}: ${excluded}`;
}

/** A resource that moves although nothing is wrong surprises: what holds others where they are is missing. */
function looseness({ decision: { actions, assignments }, relations }: ObstacleContext): string[] {
  return actions.filter(({ task, resource }) => task === "Move" && relations.primitives.includes(plainId(resource))).flatMap(({ resource, from }) => {
    const here = assignments.find((one) => one.resource === resource)?.candidates.find(({ node }) => node === from);
    const free = here !== undefined && here.excluded === null && !here.terms.some(({ source }) => source === "stickiness");
    return free ? [`Nothing holds ${plainId(resource)} on ${from}: its resource-stickiness is 0, so any better score or emptier node moves it`] : [];
  });
}

/** What it is tied to and is not to run either: the reason stands there. */
function tiedObstacles({ decision: { assignments }, relations }: ObstacleContext): string[] {
  const own = assignments.filter(({ resource }) => relations.primitives.includes(plainId(resource)));
  if (own.every(({ to }) => to !== null)) return [];
  const tied = new Set(relations.tied.flatMap(({ primitives }) => primitives));
  return assignments.filter(({ resource, to }) => tied.has(plainId(resource)) && to === null).map(({ resource, reason }) => `${plainId(resource)}, which it is tied to, does not run: ${reason}`);
}

/** It has its place, and what is to come before it is missing. */
function waitObstacles({ decision, relations }: ObstacleContext): string[] {
  const waiting = decision.actions.filter(({ resource, blocked }) => blocked && relations.primitives.includes(plainId(resource)));
  const stuck = decision.warnings.filter((text) => relations.primitives.some((id) => text.startsWith(`${id}_`) && text.includes("is left out")));
  return [...waiting.map(({ task, resource, causes }) => `${task} of ${plainId(resource)} is blocked${causes.length === 0 ? "" : `: ${causes.join("; ")}`}`), ...stuck];
}

function isYes(value: string | null | undefined): boolean {
  return value !== null && value !== undefined && /^(?:true|yes|on|y|1)$/i.test(value);
}

function isNo(value: string | null): boolean {
  return value !== null && /^(?:false|no|off|n|0)$/i.test(value);
}
