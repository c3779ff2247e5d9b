/**
 * What the cluster would look like after a decision, if every action succeeded: for `quorate simulate` and the conformance tests.
 * Pure. Results are written into the status section as an executor would write them.
 */
import type { Cib, XmlElement } from "@quorate/cib";
import { makeCib } from "@quorate/cib";
import { operationDigest } from "@quorate/ocf";
import type { Action, Graph } from "@quorate/transition";
import { type Injected, type PretendedResult, injectOperation } from "./inject-operation.ts";
import type { Decision } from "./types.ts";

export interface Simulation {
  /** One line per action, in the order in which they were done: `rsc start node`. */
  readonly executed: readonly string[];
  readonly after: Cib;
  /** The action that was pretended to fail, with what that changed; null when none was. Nothing was done after it. */
  readonly failure: { readonly action: Action; readonly rc: number; readonly attributes: Injected["attributes"] } | null;
}

/** While it is being filled. */
interface Draft {
  readonly name: string;
  readonly attributes: Record<string, string>;
  children: Draft[];
}

/** In place of the id of a DC: no DC has done this. */
const SIMULATED = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

/** Actions without a result in the history. */
const WITHOUT_HISTORY: ReadonlySet<string> = new Set(["delete", "notify", "clear_failcount", "lrm_delete", "meta-data"]);

/**
 * `nowMs`: wall time of the results; without it they bear none, and nothing can be told to be older.
 * `failures`: the first of these that is due fails, and the simulation ends there.
 */
export function simulateGraph(cib: Cib, decision: Pick<Decision, "graph">, nowMs: number | null = null, failures: readonly PretendedResult[] = []): Simulation {
  const root = toDraft(cib.root);
  const executed: string[] = [];
  for (const action of inOrder(decision.graph)) {
    executed.push(lineOf(action));
    const failure = failures.find((pretended) => isMeant(pretended, action));
    if (failure !== undefined) return failAt(makeCib(toElement(root)), executed, { action, pretended: failure, nowMs });
    carryOut(root, action, nowMs);
  }
  return { executed, after: makeCib(toElement(root)), failure: null };
}

function isMeant({ resource, task, intervalMs, node }: PretendedResult, action: Action): boolean {
  if (action.kind !== "rsc" || action.task !== task || action.intervalMs !== intervalMs || action.node !== node) return false;
  return action.key === `${resource}_${task}_${intervalMs}` || action.resource === resource || action.resource === resource.replace(/:\d+$/, "");
}

function failAt(cib: Cib, executed: readonly string[], { action, pretended, nowMs }: { readonly action: Action; readonly pretended: PretendedResult; readonly nowMs: number | null }): Simulation {
  const { rc } = pretended;
  const injected = injectOperation(cib, { ...pretended, resource: action.resource ?? pretended.resource }, nowMs ?? 0);
  const { cib: after, attributes } = injected.ok ? injected.value : { cib, attributes: [] };
  return { executed, after, failure: { action, rc, attributes } };
}

/** An action after all it waits for; among those ready the smallest number first. A cycle is never carried out. */
function inOrder({ actions }: Graph): Action[] {
  const done = new Set<number>();
  const sorted: Action[] = [];
  for (let progress = true; progress;) {
    progress = false;
    for (const action of actions) {
      if (done.has(action.id) || !action.after.every((first) => done.has(first))) continue;
      done.add(action.id);
      sorted.push(action);
      progress = true;
    }
  }
  return sorted;
}

function lineOf(action: Action): string {
  const interval = action.intervalMs > 0 ? `=${action.intervalMs}` : "";
  switch (action.kind) {
    case "rsc": return `${action.resource ?? ""} ${action.task}${interval} ${action.node ?? ""}`;
    case "fence": return `fence ${action.task} ${action.node ?? ""}`;
    case "cluster": return `cluster ${action.task}${action.resource === null ? "" : ` ${action.resource}`} ${action.node ?? ""}`;
    case "pseudo": return `pseudo ${action.key}`;
  }
}

function carryOut(root: Draft, action: Action, nowMs: number | null): void {
  const state = action.node === null ? undefined : nodeState(root, action.node);
  if (state === undefined) return;
  if (action.kind === "fence" && action.task === "on") {
    recordUnfencing(state, action);
  } else if (action.kind === "fence") {
    state.children = state.children.filter((child) => child.name !== "lrm" && child.name !== "transient_attributes");
    Object.assign(state.attributes, { in_ccm: "false", crmd: "offline", join: "down", expected: "down" });
  } else if (action.kind === "rsc" && action.resource !== null && !WITHOUT_HISTORY.has(action.task)) {
    recordResult(state, action, action.resource, nowMs);
  }
}

/** A node that was let in by its fence devices says so, and with which parameters of theirs. */
function recordUnfencing(state: Draft, action: Action): void {
  const id = `${state.attributes["id"] ?? ""}-unfenced`;
  const set = childOf(childOf(state, "transient_attributes", { id: state.attributes["id"] ?? "" }), "instance_attributes", { id });
  const values: Record<string, string | undefined> = { "#node-unfenced": "1", "#digests-all": action.meta["digests_all"], "#digests-secure": action.meta["digests_secure"] };
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    set.children = set.children.filter((pair) => pair.attributes["name"] !== name);
    set.children.push({ name: "nvpair", attributes: { id: `${id}${name.replace("#", "-")}`, name, value }, children: [] });
  }
}

/** The entry of a node; made when it has none. */
function nodeState(root: Draft, name: string): Draft | undefined {
  const status = childOf(root, "status");
  const nodes = childOf(childOf(root, "configuration"), "nodes").children;
  // Remote and guest nodes need not be configured: their name is their id
  const id = nodes.find((node) => (node.attributes["uname"] ?? node.attributes["id"]) === name)?.attributes["id"] ?? name;
  const found = status.children.find((state) => state.name === "node_state" && (state.attributes["id"] === id || state.attributes["uname"] === name));
  if (found !== undefined) return found;
  const made: Draft = { name: "node_state", attributes: { id, uname: name }, children: [] };
  status.children.push(made);
  return made;
}

/** A result replaces the entry of the same id, as the executor keeps one for the last operation and one per recurring one. */
function recordResult(state: Draft, action: Action, resource: string, nowMs: number | null): void {
  const lrm = childOf(state, "lrm", { id: state.attributes["id"] ?? "" });
  const list = childOf(lrm, "lrm_resources");
  // What is cancelled is in the key; the cancel itself counts as a result like any other, as the reference has it
  const cancelled = action.task === "cancel" ? action.meta["operation"] : undefined;
  const intervalMs = cancelled === undefined ? action.intervalMs : Number(action.meta["interval"] ?? 0);
  const known = action.key.slice(0, -`_${cancelled ?? action.task}_${intervalMs}`.length);
  let entry = onlyOne(list, known) ?? onlyOne(list, resource);
  if (entry === undefined) {
    const agent: Record<string, string> = { id: resource, class: action.agent?.class ?? "", type: action.agent?.type ?? "" };
    if (action.agent?.provider != null) agent["provider"] = action.agent.provider;
    entry = { name: "lrm_resource", attributes: agent, children: [] };
    list.children.push(entry);
  }
  const migration = action.task === "migrate_to" || action.task === "migrate_from";
  const key = `${entry.attributes["id"] ?? resource}_${action.task}_${intervalMs}`;
  const id = intervalMs > 0 || migration ? key : `${entry.attributes["id"] ?? resource}_last_0`;
  const callId = entry.children.reduce((highest, one) => Math.max(highest, Number(one.attributes["call-id"] ?? 0) || 0), 0) + 1;
  const attributes: Record<string, string> = {
    id, operation_key: key, operation: action.task, interval: String(intervalMs), "call-id": String(callId),
    "op-digest": operationDigest(action.parameters, { recurringTimeoutMs: action.intervalMs > 0 ? action.timeoutMs : null }),
    "rc-code": String(action.targetRc), "op-status": "0", "transition-key": `${action.id}:-1:${action.targetRc}:${SIMULATED}`,
  };
  if (nowMs !== null) attributes["last-rc-change"] = String(Math.floor(nowMs / 1000));
  for (const name of ["migrate_source", "migrate_target"]) if (action.meta[name] !== undefined) attributes[name] = action.meta[name];
  const made: Draft = { name: "lrm_rsc_op", attributes, children: [] };
  const at = entry.children.findIndex((one) => one.attributes["id"] === id);
  if (at === -1) entry.children.push(made);
  else entry.children[at] = made;
}

/** Of two entries for one resource neither is taken, as where ids are looked up: the result gets an entry of its own. */
function onlyOne(list: Draft, id: string): Draft | undefined {
  const found = list.children.filter((one) => one.attributes["id"] === id);
  return found.length === 1 ? found[0] : undefined;
}

function childOf(parent: Draft, name: string, attributes: Record<string, string> = {}): Draft {
  const found = parent.children.find((child) => child.name === name);
  if (found !== undefined) return found;
  const made: Draft = { name, attributes, children: [] };
  parent.children.push(made);
  return made;
}

function toDraft(element: XmlElement): Draft {
  return { name: element.name, attributes: { ...element.attributes }, children: element.children.map(toDraft) };
}

function toElement(draft: Draft): XmlElement {
  return { name: draft.name, attributes: draft.attributes, children: draft.children.map(toElement), place: null };
}
