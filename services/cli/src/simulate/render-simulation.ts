/** A simulation as text, in the sections and words that users of crm_simulate know. Pure. */
import type { Amounts, Candidate, ClusterState, Decision, FencingDecision, SummaryAction } from "@quorate/scheduler";
import { COLUMNS, bullet, section, wrap } from "../render/layout.ts";
import { renderNodes } from "../render/render-nodes.ts";
import { renderResources } from "../render/render-resources.ts";
import { readExecutedLine } from "./executed-line.ts";
import { type Modification, modificationText } from "./inject.ts";
import { nodeViews, resourceViews } from "./state-view.ts";

export interface SimulationReport {
  /** As the CIB has it. */
  readonly before: ClusterState;
  /** What was changed for the question. */
  readonly modifications: readonly Modification[];
  /** What the scheduler says to that. */
  readonly decision: Decision;
  /** What became of it; null when it was only decided. */
  readonly execution: Execution | null;
}

export interface Execution {
  /** As `simulateGraph` tells it: `rsc start node`. */
  readonly executed: readonly string[];
  /** The operation that was to fail, and did. */
  readonly failure: { readonly operation: string; readonly rc: number; readonly modifications: readonly Modification[] } | null;
  readonly after: ClusterState;
}

export interface SimulationOptions {
  /** Tell every score and its terms. */
  readonly scores: boolean;
  /** Tell what nodes offer and resources take. */
  readonly utilization: boolean;
  /** Tell the whole chain of causes below each action. */
  readonly reasons: boolean;
  /** Only what is decided and done, not the states before and after. */
  readonly quiet: boolean;
}

/** Ends with a line feed. */
export function renderSimulation(report: SimulationReport, options: SimulationOptions): string {
  const { before, modifications, decision, execution } = report;
  const lines = [
    ...(options.quiet ? [] : ["Current cluster status:", ...stateLines(before)]),
    ...section(0, "Performing Requested Modifications", modifications.flatMap((one) => bullet(1, modificationText(one)))),
    ...section(0, "Warnings", decision.warnings.flatMap((text) => wrap(text, { first: "  *** ", rest: "      " }))),
    ...section(0, detailsTitle(options), [...(options.utilization ? offerLines(decision) : []), ...(options.scores ? allScoreLines(decision) : []), ...(options.utilization ? takenLines(decision) : [])]),
    "",
    "Transition Summary:",
    ...decision.fencing.map(fencingLine),
    ...actionLines(decision.actions, options.reasons),
    ...(execution === null ? [] : executionLines(execution, options)),
  ];
  return `${lines.join("\n").replace(/^\n/, "")}\n`;
}

function executionLines({ executed, failure, after }: Execution, { quiet }: SimulationOptions): string[] {
  const pretended = failure === null ? [] : [
    ...bullet(1, `Pretending ${failure.operation} failed with rc=${failure.rc}; nothing more is done`), ...failure.modifications.flatMap((one) => bullet(2, modificationText(one))),
  ];
  return ["", "Executing Cluster Transition:", ...executed.map(executedLine), ...pretended, ...(quiet ? [] : ["", "Revised Cluster Status:", ...stateLines(after)])];
}

function detailsTitle({ scores, utilization }: SimulationOptions): string {
  if (scores && utilization) return "Assignment Scores and Utilization Information";
  return utilization ? "Utilization Information" : "Assignment Scores";
}

function allScoreLines({ assignments }: Decision): string[] {
  return assignments.flatMap(({ resource, candidates }) => candidates.flatMap((candidate) => scoreLines(resource, candidate)));
}

function offerLines({ utilization }: Decision): string[] {
  return (utilization?.nodes ?? []).flatMap(({ node, offers }) => bullet(1, `Original: ${node} capacity: ${amountsText(offers)}`.trimEnd()));
}

function takenLines({ utilization }: Decision): string[] {
  return [
    ...(utilization?.resources ?? []).flatMap(({ resource, node, takes }) => bullet(1, `${resource} utilization on ${node}: ${amountsText(takes)}`.trimEnd())),
    ...(utilization?.nodes ?? []).flatMap(({ node, left }) => bullet(1, `Remaining: ${node} capacity: ${amountsText(left)}`.trimEnd())),
  ];
}

function amountsText(amounts: Amounts): string {
  return Object.entries(amounts).map(([name, amount]) => `${name}=${amount}`).join(" ");
}

function stateLines(state: ClusterState): string[] {
  const nodes = nodeViews(state);
  return [
    "  * Node List:",
    ...renderNodes(nodes, { depth: 2 }),
    ...section(1, "Full List of Resources", renderResources(resourceViews(state), { depth: 2, inactive: true, nodes })),
  ];
}

function fencingLine({ node, op, reason }: FencingDecision): string {
  return `  * Fence (${op}) ${node} '${reason}'`;
}

/**
 * Tasks, resources and places stand in columns; places are flush right, so that where things go stands below each other.
 * What surprises (a stop, a blocked action) has its nearest cause also without `reasons`.
 */
export function actionLines(actions: readonly SummaryAction[], reasons: boolean): string[] {
  const rows = actions.map((action) => ({ action, place: placeText(action) }));
  const width = (of: (row: (typeof rows)[number]) => string): number => Math.max(0, ...rows.map((row) => of(row).length));
  const taskWidth = Math.max(10, width(({ action }) => action.task));
  const resourceWidth = width(({ action }) => action.resource);
  const placeWidth = width(({ place }) => place);
  return rows.flatMap(({ action, place }) => {
    const head = `  * ${action.task.padEnd(taskWidth)} ${action.resource.padEnd(resourceWidth)} ( ${place.padStart(placeWidth)} )`;
    if (reasons) return [action.blocked ? `${head}  blocked` : head, ...action.causes.flatMap((cause) => bullet(3, `because ${cause}`))];
    const [cause] = action.causes;
    const told = action.blocked || action.task === "Stop";
    const notes = [...(action.blocked ? ["blocked"] : []), ...(told && cause !== undefined ? [`due to: ${cause}`] : [])].join(" ");
    if (notes === "") return [head];
    const line = `${head}  ${notes}`;
    return line.length <= COLUMNS ? [line] : [head, ...wrap(notes, { first: "      ", rest: "        " })];
  });
}

function placeText({ from, to, role, nextRole }: SummaryAction): string {
  const roles = role !== null && nextRole !== null;
  if (from !== null && to !== null && from !== to) return `${roles ? `${role} ` : ""}${from} -> ${roles ? `${nextRole} ` : ""}${to}`;
  const node = to ?? from ?? "";
  if (!roles) return node;
  return role === nextRole ? `${role} ${node}` : `${role} -> ${nextRole} ${node}`;
}

const RESOURCE_WIDTH = 15;

function executedLine(line: string): string {
  const action = readExecutedLine(line);
  switch (action.kind) {
    case "fence": return `  * Fencing ${action.node} (${action.task})`;
    case "pseudo": return `  * Pseudo action:   ${action.task}`;
    case "cluster": return `  * Cluster action:  ${action.task}${action.resource === null ? "" : ` for ${action.resource}`} on ${action.node}`;
    case "resource": return `  * Resource action: ${action.resource.padEnd(RESOURCE_WIDTH)} ${action.task}${action.intervalMs > 0 ? `=${action.intervalMs}` : ""} on ${action.node}`;
  }
}

function scoreLines(resource: string, { node, score, terms, excluded }: Candidate): string[] {
  const parts = terms.map((term) => `${term.source}${term.id === "" ? "" : ` ${term.id}`} ${scoreText(term.score)}`);
  const why = [...parts, ...(excluded === null ? [] : [excluded])];
  return bullet(1, `${resource} on ${node}: ${scoreText(score)}${why.length === 0 ? "" : ` (${why.join(", ")})`}`);
}

function scoreText(score: number): string {
  if (score >= 1_000_000) return "INFINITY";
  return score <= -1_000_000 ? "-INFINITY" : String(score);
}
