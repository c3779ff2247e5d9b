/** Operation results, fail counts, clean-up and transient attributes. */
import { type XmlElement, attribute, clusterOption, parseBoolean } from "@quorate/cib";
import type { NodeName, ResourceId, WallMs } from "@quorate/core";
import type { OperationResult } from "@quorate/execution";
import { activeOn } from "./activity.ts";
import type { Command } from "./command.ts";
import { draft } from "./event-draft.ts";
import { dropRecurring, isFailure, isStateless, recordResult } from "./history.ts";
import type { Applied, EventDraft, Replica } from "./replica.ts";
import { configuredId, resourceIndex } from "./resource-index.ts";
import { changeNodeState, changeResourceHistory, historyOf, nodeState, transientAttributes, withHistory, withTransientAttributes } from "./status-section.ts";

export const INFINITY_SCORE = 1_000_000;

export function applyResults(replica: Replica, command: Extract<Command, { kind: "results" }>): Applied {
  const record = replica.nodes.get(command.node);
  if (record === undefined || record.session !== command.session) {
    return { events: [], error: { code: "QUORATE_UNSAFE", message: `results of ${command.node} are of a session that was replaced` } };
  }
  if (command.reportSequence <= record.reportSequence) return { events: [], error: null };
  const fresh = command.results.slice(-Math.min(command.results.length, command.reportSequence - record.reportSequence));
  replica.nodes.set(command.node, { ...record, reportSequence: command.reportSequence });
  const events = fresh.flatMap((result) => applyResult(replica, command.node, result, command.atMs));
  return { events, error: null };
}

function applyResult(replica: Replica, node: NodeName, result: OperationResult, atMs: WallMs): EventDraft[] {
  const { resource, task, intervalMs } = result.operation;
  if (result.status === "cancelled") {
    if (intervalMs > 0) replica.cib = changeNodeState(replica.cib, node, (state) => changeResourceHistory(state, resource, (history) => (history === null ? null : dropRecurring(history, task, intervalMs))));
    return [];
  }
  if (isStateless(result)) return isFailure(result) ? [failureEvent(node, result, { severity: "warning", atMs })] : [];
  replica.cib = changeNodeState(replica.cib, node, (state) => changeResourceHistory(state, resource, (history) => recordResult(history, result)));
  if (isFailure(result)) return [countFailure(replica, node, result, atMs)];
  const events: EventDraft[] = [];
  const past: Readonly<Record<string, string>> = { start: "started", stop: "stopped", promote: "promoted", demote: "demoted", migrate_from: "migrated" };
  const word = past[task];
  if (word !== undefined) events.push(draft(`resource.${word}`, "info", atMs, `${resource} ${word} on ${node}`, { node, resource, data: { execMs: String(result.execMs) } }));
  if (task === "start") events.push(...completeFailover(replica, resource, { node, atMs }));
  return events;
}

/** Fail counts live in transient attributes, as Pacemaker keeps them (`fail-count-RSC#TASK_INTERVAL`); an instance that is unique has its own. */
function countFailure(replica: Replica, node: NodeName, result: OperationResult, atMs: WallMs): EventDraft {
  const { resource, task, intervalMs } = result.operation;
  const key = `${resource}#${task}_${intervalMs}`;
  const fatal = task === "stop" || (task === "start" && parseBoolean(clusterOption(replica.cib, "start-failure-is-fatal") ?? "true") !== false);
  replica.cib = changeNodeState(replica.cib, node, (state) => {
    const values = new Map(transientAttributes(state));
    values.set(`fail-count-${key}`, fatal ? "INFINITY" : oneMore(values.get(`fail-count-${key}`)));
    values.set(`last-failure-${key}`, String(Math.floor(atMs / 1000)));
    return withTransientAttributes(state, values);
  });
  return failureEvent(node, result, { severity: "error", atMs });
}

function failureEvent(node: NodeName, result: OperationResult, { severity, atMs }: { readonly severity: "warning" | "error"; readonly atMs: WallMs }): EventDraft {
  const { resource, task, intervalMs } = result.operation;
  const what = result.status === "timeout" ? `timed out after ${result.execMs} ms` : result.status === "lost" ? "was lost with its executor" : `failed (rc ${result.rc})`;
  const message = `${task} of ${resource} on ${node} ${what}${result.exitReason === "" ? "" : `: ${result.exitReason}`}`;
  return draft("resource.failed", severity, atMs, message, { node, resource, data: { task, intervalMs: String(intervalMs), rc: String(result.rc), status: result.status, exitReason: result.exitReason } });
}

/** What somebody set by hand may be no number: the failure counts as the first then. */
function oneMore(count: string | undefined): string {
  if (count === "INFINITY") return "INFINITY";
  const before = Number(count ?? "0");
  return String(Number.isInteger(before) && before > 0 ? Math.min(before + 1, INFINITY_SCORE) : 1);
}

/** When everything of a group that lost its node runs again on one node, the failover is over. */
function completeFailover(replica: Replica, resource: ResourceId, { node, atMs }: { node: NodeName; atMs: WallMs }): EventDraft[] {
  const index = resourceIndex(replica);
  const top = index.topOf.get(configuredId(resource));
  const displaced = top === undefined ? undefined : replica.displaced.get(top);
  if (top === undefined || displaced === undefined) return [];
  const everything = index.primitivesOf.get(top) ?? [];
  if (!everything.every((primitive) => activeOn(replica, primitive).includes(node))) return [];
  replica.displaced.delete(top);
  const elapsedMs = atMs - displaced.sinceMs;
  const message = `${top} runs on ${node} again, ${elapsedMs} ms after ${displaced.from} was declared lost`;
  return [draft("group.failover-completed", "warning", atMs, message, { node, resource: top, data: { from: displaced.from, to: node, elapsedMs: String(elapsedMs) } })];
}

/** History and fail counts are forgotten; the scheduler then probes again. Instances of a clone go by the name of what is cloned. */
export function applyCleanup(replica: Replica, command: Extract<Command, { kind: "cleanup" }>): Applied {
  const { resource, node, by, atMs } = command;
  const configured = resourceIndex(replica).primitivesOf.get(resource);
  const isMeant = (id: ResourceId): boolean => id === resource || (configured?.includes(configuredId(id)) ?? false);
  const nodes = node === null ? [...replica.nodes.keys()] : [node];
  if (nodes.some((name) => !replica.nodes.has(name))) return { events: [], error: { code: "QUORATE_NOT_FOUND", message: `no node ${node}` } };
  const known = configured !== undefined || [...replica.nodes.keys()].some((name) => historyIds(replica, name).includes(resource));
  if (!known) return { events: [], error: { code: "QUORATE_NOT_FOUND", message: `no resource ${resource}` } };
  for (const name of nodes) {
    if (nodeState(replica.cib, name) === null) continue;
    replica.cib = changeNodeState(replica.cib, name, (state) => {
      const after = withoutHistory(state, isMeant);
      return withTransientAttributes(after, new Map([...transientAttributes(after)].filter(([attributeName]) => !isMeant(failedResource(attributeName) ?? ""))));
    });
  }
  const where = node === null ? "all nodes" : node;
  return { events: [draft("resource.cleaned-up", "info", atMs, `${by} cleaned up ${resource} on ${where}`, { resource, ...(node === null ? {} : { node }) })], error: null };
}

function historyIds(replica: Replica, node: NodeName): ResourceId[] {
  const state = nodeState(replica.cib, node);
  return state === null ? [] : historyOf(state).map((history) => attribute(history, "id") ?? "");
}

function withoutHistory(state: XmlElement, isMeant: (id: ResourceId) => boolean): XmlElement {
  const all = historyOf(state);
  const kept = all.filter((history) => !isMeant(attribute(history, "id") ?? ""));
  return kept.length === all.length ? state : withHistory(state, kept);
}

/** The resource of an attribute that counts failures; null: it is about something else. */
function failedResource(attributeName: string): ResourceId | null {
  return /^(?:fail-count|last-failure)-(.+)#[^#]*$/.exec(attributeName)?.[1] ?? null;
}

export function setTransientAttribute(replica: Replica, command: Extract<Command, { kind: "attribute" }>): Applied {
  if (!replica.nodes.has(command.node)) return { events: [], error: { code: "QUORATE_NOT_FOUND", message: `no node ${command.node}` } };
  const state = nodeState(replica.cib, command.node);
  if (state === null || attribute(state, "in_ccm") === undefined) return { events: [], error: { code: "QUORATE_NOT_FOUND", message: `${command.node} was never seen` } };
  replica.cib = changeNodeState(replica.cib, command.node, (before) => {
    const values = new Map(transientAttributes(before));
    if (command.value === null) values.delete(command.name);
    else values.set(command.name, command.value);
    return withTransientAttributes(before, values);
  });
  return { events: [], error: null };
}
