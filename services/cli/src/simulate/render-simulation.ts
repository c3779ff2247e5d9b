/** A simulation as text, in the sections and words that users of crm_simulate know. Pure. */
import type { Candidate, ClusterState, Decision, FencingDecision, SummaryAction } from "@quorate/scheduler";
import { COLUMNS, bullet, section, wrap } from "../render/layout.ts";
import { renderNodes } from "../render/render-nodes.ts";
import { renderResources } from "../render/render-resources.ts";
import { nodeViews, resourceViews } from "./state-view.ts";

export interface SimulationReport {
  /** As the CIB has it. */
  readonly before: ClusterState;
  /** What was changed for the question. */
  readonly notes: readonly string[];
  /** What the scheduler says to that. */
  readonly decision: Decision;
  /** As `simulateGraph` tells it: `rsc start node`. */
  readonly executed: readonly string[];
  readonly after: ClusterState;
}

export interface SimulationOptions {
  /** Tell every score and its terms. */
  readonly scores: boolean;
  /** Tell the whole chain of causes below each action. */
  readonly reasons: boolean;
}

/** Ends with a line feed. */
export function renderSimulation(report: SimulationReport, { scores, reasons }: SimulationOptions): string {
  const { before, notes, decision, executed, after } = report;
  const lines = [
    "Current cluster status:",
    ...stateLines(before),
    ...section(0, "Performing Requested Modifications", notes.flatMap((note) => bullet(1, note))),
    ...section(0, "Warnings", decision.warnings.flatMap((text) => wrap(text, { first: "  *** ", rest: "      " }))),
    ...(scores ? section(0, "Assignment Scores", decision.assignments.flatMap(({ resource, candidates }) => candidates.flatMap((candidate) => scoreLines(resource, candidate)))) : []),
    "",
    "Transition Summary:",
    ...decision.fencing.map(fencingLine),
    ...actionLines(decision.actions, reasons),
    "",
    "Executing Cluster Transition:",
    ...executed.map(executedLine),
    "",
    "Revised Cluster Status:",
    ...stateLines(after),
  ];
  return `${lines.join("\n")}\n`;
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
const FENCE_TASKS: ReadonlySet<string> = new Set(["off", "on", "reboot"]);
const CLUSTER_TASKS: ReadonlySet<string> = new Set(["do_shutdown", "clear_failcount", "lrm_delete"]);

function executedLine(line: string): string {
  const [subject = "", task = "", ...rest] = line.split(" ");
  const node = rest.at(-1) ?? "";
  if (subject === "fence" && FENCE_TASKS.has(task)) return `  * Fencing ${node} (${task})`;
  if (subject === "pseudo" && rest.length === 0) return `  * Pseudo action:   ${task}`;
  if (subject === "cluster" && CLUSTER_TASKS.has(task)) {
    return rest.length > 1 ? `  * Cluster action:  ${task} for ${rest[0]} on ${node}` : `  * Cluster action:  ${task} on ${node}`;
  }
  return `  * Resource action: ${subject.padEnd(RESOURCE_WIDTH)} ${task} on ${node}`;
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
