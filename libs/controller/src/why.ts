/** Answers `why RESOURCE` from the replicated decision history, not from logs. */
import { type NodeName, type ResourceId, type Result, err, ok } from "@quorate/core";
import { activeOn } from "./activity.ts";
import type { DecisionRecord, FenceRecord, Replica } from "./replica.ts";
import { configuredId, resourceIndex } from "./resource-index.ts";

export interface Explanation {
  /** For people, in reading order. */
  readonly lines: readonly string[];
  /** The same as data. */
  readonly facts: { readonly resource: ResourceId; readonly active: readonly { readonly resource: ResourceId; readonly nodes: readonly NodeName[] }[]; readonly decisions: readonly DecisionRecord[]; readonly fences: readonly FenceRecord[] };
}

export interface WhyQuestion {
  readonly resource: ResourceId;
  /** Only what was said about this node; null: everything. */
  readonly node: NodeName | null;
  /** Wall time now, for ages. */
  readonly nowMs: number;
}

export function explain(replica: Replica, { resource, node, nowMs }: WhyQuestion): Result<Explanation, string> {
  const index = resourceIndex(replica);
  const primitives = index.primitivesOf.get(configuredId(resource));
  if (primitives === undefined) return err(`no resource ${resource} in the configuration`);
  if (node !== null && !replica.nodes.has(node)) return err(`no node ${node}`);
  const active = primitives.map((primitive) => ({ resource: primitive, nodes: activeOn(replica, primitive) }));
  const records = [...replica.decisions].filter(([id]) => primitives.includes(configuredId(id))).flatMap(([, list]) => list);
  const last = Math.max(0, ...records.map(({ transition }) => transition));
  const decisions = records.filter(({ transition }) => transition === last);
  const mentioned = new Set([...decisions.flatMap(({ reason }) => (reason.from === null ? [] : [reason.from])), ...[...replica.displaced].filter(([id]) => id === index.topOf.get(resource)).map(([, { from }]) => from)]);
  const fences = replica.fences.filter(({ target }) => mentioned.has(target)).slice(-3);
  const lines = [
    `${resource}: ${whereLine(active)}`,
    ...decisionLines(decisions, { node, nowMs }),
    ...lossLines(replica, mentioned),
    ...fences.map((fence) => fenceLine(fence)),
    ...unfencedLines(replica),
  ];
  return ok({ lines, facts: { resource, active, decisions, fences } });
}

function whereLine(active: Explanation["facts"]["active"]): string {
  const nodes = [...new Set(active.flatMap((item) => item.nodes))];
  const running = active.filter((item) => item.nodes.length > 0).length;
  if (running === 0) return "runs nowhere";
  const all = running === active.length ? "runs" : `${running} of ${active.length} run`;
  return `${all} on ${nodes.join(", ")}`;
}

function decisionLines(decisions: readonly DecisionRecord[], { node, nowMs }: { node: NodeName | null; nowMs: number }): string[] {
  const first = decisions[0];
  if (first === undefined) return ["  Nothing was decided about it that is still remembered."];
  const age = Math.max(0, Math.round((nowMs - first.atMs) / 1000));
  const lines = [`  Last decision: transition ${first.transition}, ${age} s ago, because ${first.trigger}.`];
  for (const { reason } of decisions) {
    const move = reason.from !== null && reason.to !== null && reason.from !== reason.to ? `${reason.from} -> ${reason.to}` : (reason.to ?? reason.from ?? "nowhere");
    lines.push(`  ${reason.resource}: ${reason.task} ${move}`);
    for (const cause of new Set(reason.causes)) lines.push(`    because ${cause}`);
  }
  const candidates = (decisions.find(({ reason }) => reason.candidates.length > 0)?.reason.candidates ?? []).filter((line) => node === null || line.startsWith(`${node}:`));
  if (candidates.length > 0) lines.push("  Candidates, best first:", ...candidates.map((line) => `    ${line}`));
  return lines;
}

function lossLines(replica: Replica, nodes: ReadonlySet<NodeName>): string[] {
  return [...nodes].flatMap((node) => {
    const record = replica.nodes.get(node);
    return record === undefined || record.reason === "" ? [] : [`  ${node} ${record.condition === "left" ? "left" : "was lost"}: ${record.reason}`];
  });
}

function fenceLine(fence: FenceRecord): string {
  const through = fence.device === null ? `through ${fence.gateway}` : `by ${fence.device} through ${fence.gateway}`;
  const took = fence.endedAtMs === null ? "under way" : `${fence.outcome} after ${fence.endedAtMs - fence.startedAtMs} ms`;
  return `  ${fence.target} ${FENCED[fence.outcome]} (${fence.action}) ${through}: ${took}${fence.detail === "" ? "" : ` (${fence.detail})`}`;
}

const FENCED: Readonly<Record<FenceRecord["outcome"], string>> = {
  succeeded: "was fenced", pending: "is being fenced", failed: "could not be fenced", unknown: "was perhaps not fenced",
};

/** What still waits for a fencing: nothing of such a node starts elsewhere. */
function unfencedLines(replica: Replica): string[] {
  return [...replica.nodes].filter(([, { condition }]) => condition === "lost" || condition === "fencing").map(([node]) => `  ${node} is not confirmed off: nothing that may run there is started elsewhere.`);
}
