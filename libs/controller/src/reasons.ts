/** Turns a decision into the sentences that `why` shows later. */
import type { Assignment, Candidate, Decision } from "@quorate/scheduler";
import type { ResourceReason } from "./command.ts";

const INFINITY_SCORE = 1_000_000;
const CANDIDATES_MAX = 16;

/** One reason per resource that something is done with. */
export function reasonsOf(decision: Decision): readonly ResourceReason[] {
  const assignments = new Map(decision.assignments.map((assignment) => [assignment.resource, assignment]));
  return decision.actions
    .filter(({ task }) => task.toLowerCase() !== "leave")
    .map(({ resource, task, from, to, causes }) => {
      const assignment = assignments.get(resource);
      const why = assignment === undefined || assignment.reason === "" ? causes : [assignment.reason, ...causes];
      return { resource, task, from, to, causes: why, candidates: assignment === undefined ? [] : candidateLines(assignment) };
    });
}

/** "node5  score 0 = ..." lines, best first. */
export function candidateLines(assignment: Assignment): readonly string[] {
  return assignment.candidates.slice(0, CANDIDATES_MAX).map(candidateLine);
}

function candidateLine({ node, score, terms, excluded }: Candidate): string {
  const sum = terms.map((term) => `${scoreText(term.score)} ${term.text === "" ? `${term.source} ${term.id}`.trim() : term.text}`).join(", ");
  const head = `${node}: ${scoreText(score)}`;
  if (excluded !== null) return `${head}, cannot be used: ${excluded}`;
  return sum === "" ? head : `${head} (${sum})`;
}

export function scoreText(score: number): string {
  if (score >= INFINITY_SCORE) return "INFINITY";
  if (score <= -INFINITY_SCORE) return "-INFINITY";
  return String(score);
}
