/** A simulation as XML, in the form of `crm_simulate --output-as=xml`, for programs that read that. Pure. */
import { type XmlElement, makeElement, serializeXml } from "@quorate/cib";
import type { Amounts, ClusterState, Decision, NodeState, SummaryAction } from "@quorate/scheduler";
import type { ResourceView } from "../render/render-resources.ts";
import { readExecutedLine } from "./executed-line.ts";
import type { Modification } from "./inject.ts";
import type { SimulationOptions, SimulationReport } from "./render-simulation.ts";
import { resourceViews } from "./state-view.ts";

/** The version of Pacemaker's output that this follows. */
const API_VERSION = "2.25";
const INFINITY = 1_000_000;

/** Ids of nodes by name, as the CIB has them. */
export type NodeIds = ReadonlyMap<string, string>;

export interface XmlOptions extends SimulationOptions {
  /** The command line, as it was given. */
  readonly request: string;
  readonly nodeIds: NodeIds;
}

/** Ends with a line feed. */
export function simulationXml(report: SimulationReport, options: XmlOptions): string {
  const { before, modifications, decision, execution } = report;
  const result = makeElement("pacemaker-result", { "api-version": API_VERSION, request: options.request }, [
    ...(options.quiet ? [] : [statusElement("cluster_status", before, options.nodeIds)]),
    ...(modifications.length === 0 ? [] : [modificationsElement(modifications, options.nodeIds)]),
    ...(options.scores || options.utilization ? [allocations(decision, options)] : []),
    makeElement("actions", {}, [
      ...decision.fencing.map(({ node, op, reason }) => makeElement("node_action", { task: `Fence (${op})`, node, reason })),
      ...decision.actions.map(actionElement),
    ]),
    ...(execution === null ? [] : [makeElement("transition", {}, execution.executed.map(executedElement))]),
    ...(execution === null || options.quiet ? [] : [statusElement("revised_cluster_status", execution.after, options.nodeIds)]),
    makeElement("status", { code: "0", message: "OK" }),
  ]);
  const text = serializeXml(result);
  return text.endsWith("\n") ? text : `${text}\n`;
}

function statusElement(name: string, state: ClusterState, nodeIds: NodeIds): XmlElement {
  return makeElement(name, {}, [
    makeElement("nodes", {}, state.nodes.map((node) => nodeElement(node, state, nodeIds))),
    makeElement("resources", {}, resourceViews(state).map((view) => resourceElement(view, nodeIds))),
  ]);
}

function nodeElement(node: NodeState, state: ClusterState, nodeIds: NodeIds): XmlElement {
  const running = state.resources.filter(({ runningOn }) => runningOn.includes(node.name)).length;
  return makeElement("node", {
    name: node.name, id: nodeIds.get(node.name) ?? node.name, online: String(node.online), standby: String(node.standby), standby_onfail: String(node.standbyOnFail),
    maintenance: String(node.maintenance), pending: String(node.pending), unclean: String(node.unclean), health: node.health, shutdown: String(node.shutdown),
    expected_up: String(node.online || node.unclean), is_dc: "false", resources_running: String(running), type: node.kind === "guest" ? "remote" : node.kind,
  });
}

function resourceElement(view: ResourceView, nodeIds: NodeIds): XmlElement {
  const inner = view.children.map((one) => resourceElement(one, nodeIds));
  const whole = { managed: String(!view.unmanaged), disabled: String(view.disabled) };
  switch (view.kind) {
    case "primitive": return primitiveElement(view, nodeIds);
    case "group": return makeElement("group", { id: view.id, number_resources: String(view.children.length), ...whole }, inner);
    case "clone":
      return makeElement("clone", {
        id: view.id, multi_state: String(view.promotable), unique: String(view.unique ?? false), ...whole, failed: String(view.failed), failure_ignored: "false",
      }, inner);
    case "bundle":
    case "unknown": return makeElement("bundle", { id: view.id, managed: String(!view.unmanaged), failed: String(view.failed) }, inner);
  }
}

function primitiveElement(view: ResourceView, nodeIds: NodeIds): XmlElement {
  const { class: standard = "", provider = null, type = "" } = view.agent ?? {};
  const attributes = {
    id: view.id.replace(/:\d+$/, ""), resource_agent: [standard, provider, type].filter((part) => part !== null && part !== "").join(":"), role: view.role,
    active: String(view.nodes.length > 0), orphaned: String(view.orphan), blocked: String(view.blocked), managed: String(!view.unmanaged), failed: String(view.failed),
    failure_ignored: "false", nodes_running_on: String(view.nodes.length), ...(view.pendingTask === null ? {} : { pending: view.pendingTask }),
  };
  return makeElement("resource", attributes, view.nodes.map((name) => makeElement("node", { name, id: nodeIds.get(name) ?? name, cached: "true" })));
}

function modificationsElement(modifications: readonly Modification[], nodeIds: NodeIds): XmlElement {
  const quorum = modifications.find((one) => one.kind === "quorum");
  const attributes = quorum === undefined ? {} : { quorum: quorum.value ? "1" : "0" };
  return makeElement("modifications", attributes, modifications.flatMap((one) => modificationElement(one, nodeIds)));
}

function modificationElement(modification: Modification, nodeIds: NodeIds): XmlElement[] {
  switch (modification.kind) {
    case "quorum": return [];
    case "option": return [makeElement("modify_option", { name: modification.name, value: modification.value })];
    case "node": return [makeElement("modify_node", { action: modification.action, node: modification.node })];
    case "ticket": return [makeElement("modify_ticket", { action: modification.action, ticket: modification.ticket })];
    case "operation": return [makeElement("inject_spec", { spec: modification.spec })];
    case "attribute":
      return [makeElement("inject_attr", { name: modification.name, value: modification.value, node_path: "/node_state", cib_node: nodeIds.get(modification.node) ?? modification.node })];
  }
}

function allocations({ assignments, utilization }: Decision, { scores, utilization: shown }: SimulationOptions): XmlElement {
  const capacity = (node: string, amounts: Amounts, comment: string): XmlElement => makeElement("capacity", { node, comment }, amountElements(amounts));
  const nodes = shown ? (utilization?.nodes ?? []) : [];
  const weights = assignments.flatMap(({ resource, candidates }) =>
    candidates.map(({ node, score }) => makeElement("node_weight", { function: "assignment", node, score: scoreText(score), id: resource })));
  return makeElement("allocations_utilizations", {}, [
    ...nodes.map(({ node, offers }) => capacity(node, offers, "Original")),
    ...(scores ? weights : []),
    ...(shown ? (utilization?.resources ?? []) : []).map(({ resource, node, takes }) => makeElement("utilization", { resource, node, function: "assignment" }, amountElements(takes))),
    ...nodes.map(({ node, left }) => capacity(node, left, "Remaining")),
  ]);
}

function amountElements(amounts: Amounts): XmlElement[] {
  return Object.entries(amounts).map(([name, amount]) => makeElement("amount", { name, value: String(amount) }));
}

function scoreText(score: number): string {
  if (score >= INFINITY) return "INFINITY";
  return score <= -INFINITY ? "-INFINITY" : String(score);
}

/** A resource that goes from one node to another has `source` and `dest`; what happens on one node has `node`. */
function actionElement({ task, resource, from, to, role, nextRole, blocked, causes }: SummaryAction): XmlElement {
  const action = task.toLowerCase();
  const moves = from !== null && to !== null && from !== to;
  const place: Record<string, string> = moves ? { source: from, dest: to } : { node: to ?? from ?? "" };
  const [reason] = causes;
  return makeElement("rsc_action", {
    action, resource, ...(role === null ? {} : { role }), ...(nextRole === null || nextRole === role ? {} : { "next-role": nextRole }), ...place,
    ...(reason === undefined ? {} : { reason }), ...(blocked ? { blocked: "true" } : {}),
  });
}

function executedElement(line: string): XmlElement {
  const action = readExecutedLine(line);
  switch (action.kind) {
    case "fence": return makeElement("fencing_action", { target: action.node, op: action.task });
    case "pseudo": return makeElement("pseudo_action", { task: action.task });
    case "cluster": return makeElement("cluster_action", { task: action.task, node: action.node, ...(action.resource === null ? {} : { id: action.resource }) });
    case "resource":
      return makeElement("rsc_action", { resource: action.resource, op: action.task, node: action.node, ...(action.intervalMs > 0 ? { interval: String(action.intervalMs) } : {}) });
  }
}
