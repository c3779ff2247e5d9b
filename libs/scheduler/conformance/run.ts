/**
 * Runs the policy engine over the conformance kit and counts what agrees with the reference.
 *   npm run --silent conformance -- --xml DIR --expected DIR [--out DIR] [--tier N] [--case ID] [--verbose]
 * `--out` gets one JSON per case in the kit's format, for its own compare.py. Exit code 0 when every case passes that is expected to (all but those
 * of known-differences.ts), and none of those does: then it is time to strike it out there.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compareCase, LEVELS, viewsOf } from "./compare.ts";
import type { ExpectedCase, Level } from "./compare.ts";
import { decideCase } from "./decide-case.ts";
import { KNOWN_DIFFERENCES } from "./known-differences.ts";

const { values } = parseArgs({
  options: {
    xml: { type: "string" }, expected: { type: "string" }, out: { type: "string" }, tier: { type: "string" }, case: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
if (values.xml === undefined || values.expected === undefined) throw new Error("--xml and --expected are needed");
const xmlDir = values.xml, expectedDir = values.expected;
if (values.out !== undefined) mkdirSync(values.out, { recursive: true });

/** The kit's levels: L0 the state before, L1 what is decided, L2 the actions of the graph, L3 their order. */
const KIT_LEVELS = { L0: ["before"], L1: ["fencing", "plan", "after"], L2: ["acts"], L3: ["order"] } as const satisfies Record<string, readonly Level[]>;
type KitLevel = keyof typeof KIT_LEVELS;

interface Score {
  cases: number;
  passed: number;
  readonly levels: Record<KitLevel, number>;
  readonly failed: string[];
  readonly ids: string[];
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
  const score = scores.get(tier) ?? { cases: 0, passed: 0, levels: { L0: 0, L1: 0, L2: 0, L3: 0 }, failed: [], ids: [] };
  scores.set(tier, score);
  score.cases++;
  score.ids.push(expected.id);
  const started = performance.now();
  let failure: string;
  try {
    const actual = decideCase(readFileSync(join(xmlDir, `${expected.id}.xml`), "utf8"), expected);
    decideMs += performance.now() - started;
    if (values.out !== undefined) writeFileSync(join(values.out, file), `${JSON.stringify({ ...actual, id: expected.id, tier })}\n`);
    const same = compareCase(expected, actual);
    for (const level of Object.keys(KIT_LEVELS) as KitLevel[]) if (KIT_LEVELS[level].every((part) => same[part])) score.levels[level]++;
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

let unexpected = 0;
console.log("tier  cases  pass   L0   L1   L2   L3");
for (const [tier, score] of [...scores].toSorted(([a], [b]) => a - b)) {
  const counts = [score.cases, score.passed, ...Object.values(score.levels)].map((count, column) => String(count).padStart([6, 5][column] ?? 4));
  console.log(`${String(tier).padStart(4)} ${counts.join(" ")}`);
  for (const line of score.failed) {
    const cause = KNOWN_DIFFERENCES.get(line.split(":")[0] ?? "");
    if (cause === undefined) unexpected++;
    if (cause === undefined || values.tier !== undefined || values.case !== undefined) console.log(`  ${line}${cause === undefined ? "" : ` (known: ${cause})`}`);
  }
}
const all = [...scores.values()];
console.log(`${all.reduce((sum, { passed }) => sum + passed, 0)} of ${all.reduce((sum, { cases }) => sum + cases, 0)} pass; decided in ${Math.round(decideMs)} ms`);
const decided = new Set(all.flatMap(({ ids }) => ids));
const overcome = [...KNOWN_DIFFERENCES.keys()].filter((id) => decided.has(id) && !all.some(({ failed }) => failed.some((line) => line.startsWith(`${id}:`))));
if (overcome.length > 0) console.log(`No longer different, to be struck out of known-differences.ts: ${overcome.join(", ")}`);
if (unexpected > 0) console.log(`${unexpected} cases differ that should not`);
process.exit(unexpected > 0 || overcome.length > 0 ? 1 : 0);
