/**
 * Runs the policy engine over the conformance kit and counts what agrees with the reference.
 *   node --conditions=@quorate/source libs/scheduler/conformance/run.ts --xml DIR --expected DIR [--out DIR] [--tier N] [--case ID] [--verbose]
 * `--out` gets one JSON per case in the kit's format, for its own compare.py.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compareCase, LEVELS, viewsOf } from "./compare.ts";
import type { ExpectedCase, Level } from "./compare.ts";
import { decideCase } from "./decide-case.ts";

const { values } = parseArgs({
  options: {
    xml: { type: "string" }, expected: { type: "string" }, out: { type: "string" }, tier: { type: "string" }, case: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
if (values.xml === undefined || values.expected === undefined) throw new Error("--xml and --expected are needed");
const xmlDir = values.xml, expectedDir = values.expected;
if (values.out !== undefined) mkdirSync(values.out, { recursive: true });

interface Score {
  cases: number;
  passed: number;
  readonly levels: Record<Level, number>;
  readonly failed: string[];
}

const scores = new Map<number, Score>();
let decideMs = 0;
for (const file of readdirSync(expectedDir).toSorted()) {
  const expected = JSON.parse(readFileSync(join(expectedDir, file), "utf8")) as ExpectedCase;
  const tier = expected.tier ?? 0;
  if (expected.error !== undefined || (values.tier !== undefined && tier !== Number(values.tier)) || (values.case !== undefined && expected.id !== values.case)) continue;
  runCase(expected, tier, file);
}

function runCase(expected: ExpectedCase, tier: number, file: string): void {
  const score = scores.get(tier) ?? { cases: 0, passed: 0, levels: { before: 0, fencing: 0, plan: 0, after: 0, acts: 0, order: 0 }, failed: [] };
  scores.set(tier, score);
  score.cases++;
  const started = performance.now();
  let failure: string;
  try {
    const actual = decideCase(readFileSync(join(xmlDir, `${expected.id}.xml`), "utf8"), expected);
    decideMs += performance.now() - started;
    if (values.out !== undefined) writeFileSync(join(values.out, file), `${JSON.stringify({ ...actual, id: expected.id, tier })}\n`);
    const same = compareCase(expected, actual);
    for (const level of LEVELS) if (same[level]) score.levels[level]++;
    failure = LEVELS.filter((level) => !same[level]).join(" ");
    if (values.verbose && failure !== "") for (const level of LEVELS) if (!same[level]) showDifference(level, viewsOf(expected)[level], viewsOf(actual)[level]);
  } catch (error) {
    failure = `crash: ${error instanceof Error ? (values.verbose ? error.stack : error.message) : String(error)}`;
  }
  if (failure === "") score.passed++;
  else score.failed.push(`${expected.id}: ${failure}`);
}

function showDifference(level: Level, want: readonly string[] | null, have: readonly string[] | null): void {
  const rest = [...(have ?? [])];
  const missing = (want ?? []).filter((line) => {
    const at = rest.indexOf(line);
    if (at === -1) return true;
    rest.splice(at, 1);
    return false;
  });
  for (const line of missing) console.log(`  ${level} - ${line}`);
  for (const line of rest) console.log(`  ${level} + ${line}`);
}

for (const [tier, score] of [...scores].toSorted(([a], [b]) => a - b)) {
  console.log(`tier ${tier}: ${score.passed} of ${score.cases} pass; ${LEVELS.map((level) => `${level} ${score.levels[level]}`).join(", ")}`);
  if (values.tier !== undefined || values.case !== undefined) for (const line of score.failed) console.log(`  ${line}`);
}
console.log(`${Math.round(decideMs)} ms`);
