/** The history of one resource on one node of a generated CIB: what was done there, and what came of it. */
import type { XmlElement } from "@quorate/cib";
import { operationDigest } from "@quorate/ocf";
import type { Draft, PrimitiveDraft } from "./draft.ts";
import { NOW, xml } from "./draft.ts";

export interface Activity {
  readonly running: boolean;
  readonly promoted: boolean;
}

interface Subject extends Activity {
  readonly primitive: PrimitiveDraft | null;
  readonly name: string;
}

interface Result {
  readonly task: string;
  readonly intervalMs?: number;
  readonly rc: number;
  /** 0 done, 4 error, 2 timed out, -1 pending. */
  readonly status?: number;
  readonly expected?: number;
  readonly at: number;
  readonly failure?: boolean;
  readonly migration?: Readonly<Record<string, string>>;
}

/** An `lrm_resource`; fail counts go into `attributes`. */
export function history(draft: Draft, subject: Subject, attributes: Record<string, string>): XmlElement {
  const { dice, features } = draft;
  const { primitive, name, running } = subject;
  const changed = primitive !== null && features.has("history") && dice.chance(5);
  const at = NOW - dice.between(100, 100_000);
  const results = running ? active(draft, subject, at, attributes) : inactive(draft, subject, at, attributes);
  const agent = primitive?.agent ?? { class: "ocf", provider: "pacemaker", type: "Dummy" };
  // A failure stands twice, under the same number: as the last operation and as the last failure
  let call = draft.nextId;
  const entries = results.flatMap((result) => {
    if (result.status !== -1) call++;
    const ways = result.failure !== true ? [false] : (result.intervalMs ?? 0) > 0 ? [true] : [true, false];
    return ways.map((kept) => entry(draft, subject, result, { call, changed, kept }));
  });
  draft.nextId = call + 1;
  return xml("lrm_resource", { id: name, ...agent }, entries);
}

function monitors({ primitive, promoted }: Subject): readonly { readonly intervalMs: number; readonly role: string | null }[] {
  const fits = (role: string | null): boolean => role === null || (role !== "Stopped" && (role === "Promoted") === promoted);
  return (primitive?.operations ?? []).filter((operation) => operation.name === "monitor" && operation.intervalMs > 0 && operation.enabled && fits(operation.role));
}

function count({ name }: Subject, attributes: Record<string, string>, failure: { readonly operation: string; readonly count: string; readonly at: number }): void {
  attributes[`fail-count-${name}#${failure.operation}`] = failure.count;
  attributes[`last-failure-${name}#${failure.operation}`] = String(failure.at);
}

type Outcome = readonly [rc: number, status: number];

const OUTCOMES: Readonly<Record<string, readonly Outcome[]>> = {
  monitor: [[7, 0], [1, 4], [1, 2]], start: [[1, 4], [5, 4], [6, 4], [1, 2]], stop: [[1, 4], [1, 2]], promote: [[1, 4], [1, 2]],
};

function active(draft: Draft, subject: Subject, at: number, attributes: Record<string, string>): Result[] {
  const { dice, features } = draft;
  const results: Result[] = dice.chance(10) && !subject.promoted ? [{ task: "monitor", rc: 0, expected: 7, at }] : [{ task: "start", rc: 0, at }];
  if (features.has("migration") && subject.primitive?.migratable === true && dice.chance(8)) results.splice(0, 1, migration(draft, at));
  if (subject.promoted) results.splice(0, 1, { task: "promote", rc: 0, at: at + 1 });
  const watched = monitors(subject).filter(() => !dice.chance(5));
  for (const { intervalMs } of watched) results.push({ task: "monitor", intervalMs, rc: subject.promoted ? 8 : 0, expected: subject.promoted ? 8 : 0, at: at + 2 });
  const failedAt = NOW - dice.between(5, 4000);
  if (features.has("history") && dice.chance(3)) return [{ task: dice.pick(["start", "stop"]), rc: 193, status: -1, at: failedAt }];
  if (!features.has("failures") || !dice.chance(12)) return results;
  const [monitor] = watched;
  const kind = dice.weighted([["monitor", monitor === undefined ? 0 : 5], ["stop", 2], ["start", 2], ["promote", subject.promoted ? 2 : 0]]);
  const [rc, status] = dice.pick(OUTCOMES[kind] ?? []);
  if (kind === "monitor" && monitor !== undefined) {
    count(subject, attributes, { operation: `monitor_${monitor.intervalMs}`, count: String(dice.between(1, 3)), at: failedAt });
    return [...results, { task: "monitor", intervalMs: monitor.intervalMs, rc, status, expected: 0, at: failedAt, failure: true }];
  }
  count(subject, attributes, { operation: `${kind}_0`, count: kind === "promote" ? "1" : "INFINITY", at: failedAt });
  return [{ task: kind, rc, status, at: failedAt, failure: true }];
}

/** It came from another node, or is on its way to one. */
function migration(draft: Draft, at: number): Result {
  const { dice } = draft;
  const [source, target] = dice.sample(draft.nodes.filter((node) => node.kind === "member").map((node) => node.name), 2);
  const task = dice.pick(["migrate_from", "migrate_to"]);
  const outcome = dice.weighted([[{ rc: 0, status: 0 }, 4], [{ rc: 1, status: 4 }, 1], [{ rc: 193, status: -1 }, 1]]);
  return { task, ...outcome, at, migration: { migrate_source: source ?? "", migrate_target: target ?? "" } };
}

function inactive(draft: Draft, subject: Subject, at: number, attributes: Record<string, string>): Result[] {
  const { dice, features } = draft;
  if (features.has("failures") && dice.chance(2)) count(subject, attributes, { operation: "start_0", count: dice.pick(["INFINITY", "1"]), at });
  if (features.has("failures") && dice.chance(2)) return [{ task: "monitor", rc: dice.pick([1, 5, 2]), status: 4, expected: 7, at, failure: true }];
  if (features.has("history") && dice.chance(2)) return [{ task: "monitor", rc: 193, status: -1, expected: 7, at }];
  return dice.chance(25) ? [{ task: "stop", rc: 0, at }] : [{ task: "monitor", rc: 7, expected: 7, at }];
}

interface Place {
  readonly call: number;
  /** The parameters were others then. */
  readonly changed: boolean;
  /** The entry that keeps the last failure. */
  readonly kept: boolean;
}

function entry(draft: Draft, { primitive, name }: Subject, result: Result, { call, changed, kept }: Place): XmlElement {
  const { task, intervalMs = 0, rc, status = 0, expected = 0, at } = result;
  const parameters: Record<string, string> = { ...primitive?.parameters };
  if (changed) parameters["opt"] = "old-value";
  const operation = primitive?.operations.find((one) => one.name === task && one.intervalMs === intervalMs);
  const timeoutMs = operation?.timeoutMs ?? draft.defaultTimeoutMs;
  // What is in flight comes from the newest transition
  const transition = status === -1 ? call + 1000 : call;
  const key = `${draft.dice.between(1, 50)}:${transition}:${expected}:11111111-2222-3333-4444-555555555555`;
  const id = kept ? `${name}_last_failure_0` : intervalMs > 0 || result.migration !== undefined ? `${name}_${task}_${intervalMs}` : `${name}_last_0`;
  const reloadable = changed && task === "start" && draft.dice.chance(40);
  return xml("lrm_rsc_op", {
    id, operation_key: `${name}_${task}_${intervalMs}`, operation: task, crm_feature_set: "3.16.1", "transition-key": key, "transition-magic": `${status}:${rc};${key}`,
    "call-id": String(status === -1 ? -1 : call), "rc-code": String(rc), "op-status": String(status), interval: String(intervalMs), "last-rc-change": String(at),
    "exec-time": "10", "queue-time": "0", "op-digest": operationDigest(parameters, { recurringTimeoutMs: intervalMs > 0 ? timeoutMs : null }), ...result.migration,
    ...(reloadable ? { "op-force-restart": " ip  device  path ", "op-restart-digest": operationDigest(parameters, { only: new Set(["ip", "device", "path"]) }) } : {}),
  });
}
