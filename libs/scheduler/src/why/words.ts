/** An explanation as lines for people, most important first. Pure. */
import { INFINITY, scoreText } from "../model/score.ts";
import type { Candidate, ScoreTerm } from "../types.ts";
import { plainId } from "./changes.ts";
import type { ResourceExplanation } from "./explain-resource.ts";
import { exclusionText, failureText } from "./obstacles.ts";
import type { FoundChange } from "./what-if.ts";

/** More candidates, or instances, than this tell nothing new. */
const CANDIDATES_MAX = 16;

export function explanationLines(explanation: ResourceExplanation): string[] {
  return [
    `${explanation.resource}: ${nowText(explanation)}`,
    ...planLines(explanation),
    ...section("In its way:", explanation.obstacles.map((text) => `    * ${text}.`)),
    ...candidateLines(explanation),
    ...section("What failed:", failureLines(explanation)),
    ...changeLines(explanation),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  ${title}`, ...lines];
}

function nowText({ now, kind, lost }: ResourceExplanation): string {
  const active = now.filter(({ nodes }) => nodes.length > 0);
  const nodes = [...new Set(active.flatMap((one) => one.nodes))];
  const gone = nodes.filter((node) => lost.includes(node));
  const lossText = gone.length === 0 ? "" : `, of which ${gone.join(", ")} ${gone.length === 1 ? "is" : "are"} lost`;
  const failed = `${nodes.length === gone.length ? "" : lossText}${now.some((one) => one.failed) ? ", FAILED" : ""}`;
  if (nodes.length > 0 && nodes.length === gone.length) return `was running on ${nodes.join(", ")}, which ${gone.length === 1 ? "is" : "are"} lost${failed}`;
  if (active.length === 0) return `runs nowhere${failed}`;
  const promoted = [...new Set(now.flatMap((one) => (one.role === "Promoted" ? one.nodes : [])))];
  const roles = promoted.length === 0 ? "" : `, promoted on ${promoted.join(", ")}`;
  if (kind !== "group" || active.length === now.length) return `runs on ${nodes.join(", ")}${roles}${failed}`;
  const missing = now.filter((one) => one.nodes.length === 0).map(({ resource }) => plainId(resource));
  return `only ${active.length} of ${now.length} run, on ${nodes.join(", ")}${failed}; stopped: ${[...new Set(missing)].join(", ")}`;
}

function planLines({ plan, fencing, assignments, answer, node }: ResourceExplanation): string[] {
  const first = answer === "coming" && fencing.length > 0 ? `, after the fencing of ${fencing.map((one) => one.node).join(", ")}` : "";
  const heading = { there: "It is where it is to be.", coming: `It will run${node === null ? "" : ` on ${node}`} once this has been done${first}:`, no: plan.length === 0 ? "Nothing is to be done with it." : "What is to be done with it:" }[answer];
  const lines = plan.map(({ task, resource, from, to, blocked }) => `    ${task} ${plainId(resource)}${placeText(from, to)}${blocked ? " (blocked)" : ""}`);
  const reasons = [...new Set(assignments.map(({ resource, to, reason }) => `    ${plainId(resource)} ${to === null ? "is not to run" : `has its place on ${to}`}: ${reason}.`))];
  const causes = [...new Set(plan.flatMap((one) => one.causes))].filter((cause) => !reasons.some((line) => line.includes(cause)));
  return [`  ${answer === "coming" && lines.length === 0 ? "It will run there." : heading}`, ...lines, ...causes.map((cause) => `      because ${cause}`), ...section("Why:", shortened(reasons))];
}

/** Of a large clone the first instances tell what there is to tell. */
function shortened(lines: readonly string[]): readonly string[] {
  return lines.length <= CANDIDATES_MAX ? lines : [...lines.slice(0, CANDIDATES_MAX), `    ... and ${lines.length - CANDIDATES_MAX} more`];
}

function placeText(from: string | null, to: string | null): string {
  if (from !== null && to !== null && from !== to) return ` ${from} -> ${to}`;
  return ` on ${to ?? from ?? "no node"}`;
}

/** The one that decides for all: the first that is not to run, or that is not where it was asked about. */
function candidateLines({ assignments, node }: ResourceExplanation): string[] {
  const asked = node === null ? undefined : assignments.find(({ to }) => to === node);
  const told = assignments.find(({ to }) => to === null) ?? asked ?? assignments[0];
  if (told === undefined || told.candidates.length === 0) return [];
  const nameWidth = Math.max(...told.candidates.map((one) => one.node.length));
  const lines = told.candidates.slice(0, CANDIDATES_MAX).map((one) => `    ${one.node === told.to ? ">" : " "} ${one.node.padEnd(nameWidth)}  ${candidateText(one)}`);
  const more = told.candidates.length - lines.length;
  return section(`Nodes for ${plainId(told.resource)}, best first:`, more > 0 ? [...lines, `      ... and ${more} more`] : lines);
}

export function candidateText({ score, terms, excluded, node }: Candidate): string {
  const told = terms.filter((term, at) => Math.abs(term.score) < INFINITY || terms.findIndex(({ score: same, text }) => same === term.score && text === term.text) === at);
  const sum = told.map((term, at) => termText(term, at === 0)).join(" ");
  const rest = restText(score, terms);
  const arithmetic = `${scoreText(score)}${sum === "" ? "" : ` = ${sum}${rest}`}`;
  if (excluded === null) return arithmetic;
  const why = exclusionText(node, excluded).slice(node.length + 2);
  return terms.some(({ text }) => text === why) ? `${arithmetic}: cannot be used` : `${arithmetic}: cannot be used, ${why}`;
}

function termText({ source, id, score, text }: ScoreTerm, first: boolean): string {
  const sign = score < 0 ? "- " : first ? "" : "+ ";
  const named = [source, id].filter((part) => part !== "" && !text.includes(part)).join(" ");
  return `${sign}${scoreText(Math.abs(score))} (${named === "" ? text : `${named}: ${text}`})`;
}

/** What the terms do not tell, so that the sum is right. INFINITY swallows everything. */
function restText(score: number, terms: readonly ScoreTerm[]): string {
  if (Math.abs(score) >= INFINITY || terms.some((term) => Math.abs(term.score) >= INFINITY)) return "";
  const rest = score - terms.reduce((sum, term) => sum + term.score, 0);
  return rest === 0 ? "" : ` ${rest < 0 ? "-" : "+"} ${Math.abs(rest)} (from what goes with it)`;
}

function failureLines({ failures, failCounts }: ResourceExplanation): string[] {
  const operations = failures.map((one) => `    * ${failureText(one)}${one.atMs === null ? "" : ` (${new Date(one.atMs).toISOString().slice(0, 19).replace("T", " ")} UTC)`}.`);
  const counts = failCounts.map(({ resource, node, count, migrationThreshold }) =>
    `    * ${plainId(resource)} has failed ${count >= INFINITY ? "for good" : count === 1 ? "once" : `${count} times`} on ${node}; its migration-threshold is ${scoreText(migrationThreshold)}.`);
  const dated = operations.filter((line) => !operations.some((other) => other !== line && other.startsWith(line.slice(0, -1))));
  return [...new Set([...dated, ...counts])];
}

function changeLines({ change, node, answer }: ResourceExplanation): string[] {
  const goal = node === null ? "make it run" : `make it run on ${node}`;
  if (answer === "there" || answer === "coming" || change === null) return [];
  const [first, ...others] = change.found;
  if (first === undefined) return [`  No single change that would ${goal} was found (${change.tried} tried${change.more ? ", there are more" : ""}).`];
  return [`  The smallest single change that would ${goal}:`, ...foundLines(first), ...section("Also possible:", others.flatMap(foundLines))];
}

function foundLines({ text, command, alsoMoves }: FoundChange): string[] {
  const shown = alsoMoves.slice(0, 3).map(({ resource, from, to }) => `${resource} ${from ?? "nowhere"} -> ${to ?? "nowhere"}`);
  const more = alsoMoves.length > shown.length ? ` and ${alsoMoves.length - shown.length} more` : "";
  return [`    * ${text}.`, ...(command === null ? [] : [`        ${command}`]), ...(shown.length === 0 ? [] : [`        It would move others too: ${shown.join(", ")}${more}.`])];
}
