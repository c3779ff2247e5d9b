/**
 * Pretended results of operations: written into the status section as an executor and the DC would write them, with the fail count
 * of a failure. For `quorate simulate`. Pure.
 */
import { type Cib, type XmlElement, attribute, child, descendants, makeCib, makeElement, readNvpairs, withAttributes, withChild, withSection } from "@quorate/cib";
import { type Result, err, ok } from "@quorate/core";

export interface PretendedResult {
  /** Id of the resource; instances of anonymous clones go by any number, or by none. */
  readonly resource: string;
  readonly task: string;
  readonly intervalMs: number;
  readonly node: string;
  /** OCF exit code. */
  readonly rc: number;
}

export interface Injected {
  readonly cib: Cib;
  /** Node attributes that were changed along with it. */
  readonly attributes: readonly { readonly node: string; readonly name: string; readonly value: string }[];
}

const NOBODY = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
const INFINITY = 1_000_000;

/** What a probe may find without anything being wrong: it runs, it does not, it runs promoted. */
const PROBE_FINDINGS: ReadonlySet<number> = new Set([0, 7, 8]);

/** `nowMs`: wall time of the result. The error names the node or the resource that the CIB does not have. */
export function injectOperation(cib: Cib, result: PretendedResult, nowMs: number): Result<Injected, string> {
  const state = findNodeState(cib.root, result.node);
  if (state === null) return err(`the CIB has no node ${result.node}`);
  const history = findHistory(cib.root, state, result.resource);
  if (history === null) return err(`the CIB has no resource ${result.resource}`);
  const probe = result.task === "monitor" && result.intervalMs === 0;
  const failed = probe ? !PROBE_FINDINGS.has(result.rc) : result.rc !== 0;
  const entries = entryIds(history, result, failed);
  const filled = entries.reduce((list, id) => withChild(list, operationEntry(history, result, { id, probe, nowMs })), history);
  const counted = failed && !probe ? withFailCount(state, { name: `${attribute(history, "id") ?? ""}#${result.task}_${result.intervalMs}`, node: result.node, nowMs }) : { state, attributes: [] };
  return ok({ cib: makeCib(withNodeState(cib.root, withHistory(counted.state, filled))), attributes: counted.attributes });
}

/** The entry of the last failure beside that of the last operation, which may succeed later. */
function entryIds(history: XmlElement, { task, intervalMs }: PretendedResult, failed: boolean): string[] {
  const id = attribute(history, "id") ?? "";
  const own = intervalMs > 0 ? `${id}_${task}_${intervalMs}` : `${id}_last_0`;
  if (!failed) return [own];
  return intervalMs > 0 ? [`${id}_last_failure_0`] : [own, `${id}_last_failure_0`];
}

function operationEntry(history: XmlElement, { task, intervalMs, rc }: PretendedResult, { id, probe, nowMs }: { id: string; probe: boolean; nowMs: number }): XmlElement {
  const key = `${attribute(history, "id") ?? ""}_${task}_${intervalMs}`;
  const callId = 1 + Math.max(0, ...history.children.filter((entry) => attribute(entry, "id") !== id).map((entry) => Number(attribute(entry, "call-id")) || 0));
  const target = probe && PROBE_FINDINGS.has(rc) ? rc : 0;
  const known = history.children.find((entry) => attribute(entry, "operation_key") === key);
  const digest = known === undefined ? null : attribute(known, "op-digest");
  return makeElement("lrm_rsc_op", {
    id, operation_key: key, operation: task, interval: String(intervalMs), "call-id": String(callId), "rc-code": String(rc), "op-status": "0",
    "transition-key": `${callId}:-1:${target}:${NOBODY}`, "transition-magic": `0:${rc};${callId}:-1:${target}:${NOBODY}`,
    "exit-reason": "simulated", "last-rc-change": seconds(nowMs), "exec-time": "0", "queue-time": "0", ...(digest === null ? {} : { "op-digest": digest }),
  });
}

/** The state of a configured node, empty when it was never seen. */
function findNodeState(root: XmlElement, name: string): XmlElement | null {
  const status = child(root, "status");
  const known = status?.children.find((state) => state.name === "node_state" && attribute(state, "uname") === name);
  if (known !== undefined) return known;
  const nodes = child(child(root, "configuration") ?? root, "nodes");
  const node = nodes?.children.find((one) => one.name === "node" && (attribute(one, "uname") ?? attribute(one, "id")) === name);
  const id = node === undefined ? null : attribute(node, "id");
  return id === null ? null : makeElement("node_state", { id, uname: name });
}

/** The history of the resource there, empty when it was never looked at. */
function findHistory(root: XmlElement, state: XmlElement, resource: string): XmlElement | null {
  const plain = resource.replace(/:\d+$/, "");
  const list = child(child(state, "lrm") ?? state, "lrm_resources");
  const entryOf = (id: string): XmlElement | undefined => list?.children.find((one) => attribute(one, "id") === id);
  const found = entryOf(resource) ?? entryOf(plain);
  if (found !== undefined) return found;
  const resources = child(child(root, "configuration") ?? root, "resources") ?? root;
  const primitive = [...descendants(resources)].find((one) => one.name === "primitive" && attribute(one, "id") === plain);
  if (primitive === undefined) return null;
  const { class: standard = "", provider, type = "" } = primitive.attributes;
  return makeElement("lrm_resource", { id: plain, class: standard, ...(provider === undefined ? {} : { provider }), type });
}

interface Failure {
  /** `<resource>#<task>_<interval>`. */
  readonly name: string;
  readonly node: string;
  readonly nowMs: number;
}

function withFailCount(state: XmlElement, { name, node, nowMs }: Failure): { readonly state: XmlElement; readonly attributes: Injected["attributes"] } {
  const id = attribute(state, "id") ?? "";
  const transient = child(state, "transient_attributes") ?? makeElement("transient_attributes", { id });
  const set = child(transient, "instance_attributes") ?? makeElement("instance_attributes", { id: `status-${id}` });
  const old = readNvpairs(set).get(`fail-count-${name}`);
  const count = old === "INFINITY" ? INFINITY : Math.min(INFINITY, (Number.parseInt(old ?? "0", 10) || 0) + 1);
  const values = [[`fail-count-${name}`, count === INFINITY ? "INFINITY" : String(count)], [`last-failure-${name}`, seconds(nowMs)]] as const;
  const changed = values.reduce((pairs, [key, value]) => withPair(pairs, id, { key, value }), set);
  return { state: withSection(state, withSection(transient, changed)), attributes: values.map(([key, value]) => ({ node, name: key, value })) };
}

function withPair(set: XmlElement, nodeId: string, { key, value }: { readonly key: string; readonly value: string }): XmlElement {
  const known = set.children.find((pair) => attribute(pair, "name") === key);
  const pair = known === undefined ? makeElement("nvpair", { id: `status-${nodeId}-${key.replaceAll(/[^\w.-]/g, ".")}`, name: key, value }) : withAttributes(known, { value });
  return known === undefined ? withChild(set, pair) : { ...set, children: set.children.map((one) => (one === known ? pair : one)) };
}

function withHistory(state: XmlElement, history: XmlElement): XmlElement {
  const lrm = child(state, "lrm") ?? makeElement("lrm", { id: attribute(state, "id") ?? "" });
  const list = child(lrm, "lrm_resources") ?? makeElement("lrm_resources");
  return withSection(state, withSection(lrm, withChild(list, history)));
}

function withNodeState(root: XmlElement, state: XmlElement): XmlElement {
  return withSection(root, withChild(child(root, "status") ?? makeElement("status"), state));
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1000));
}
