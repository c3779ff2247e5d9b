/**
 * Compares the policy engine with the reference on random CIBs.
 *   npm run differential -- [--seeds N] [--start S] [--features all|a,b,c] [--rounds R] [--out DIR]
 *   npm run differential -- --cibs DIR          the same on a folder of CIBs that carry their time
 * Counts what agrees, by level; lists the seeds that differ, and writes their CIBs to `--out`. Where the reference's own graph
 * waits for what never comes, its order and its outcome are not compared; a case that differs while its graph goes round in a
 * circle is counted apart: that answer is arbitrary.
 * `--rounds`: how often a case goes on from what the reference made of it, with a new trouble each time: histories that are its own.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compareCase, LEVELS } from "./compare.ts";
import type { Level } from "./compare.ts";
import { decideCase } from "./decide-case.ts";
import { disturb } from "./disturb.ts";
import { NOW } from "./draft.ts";
import { generateCib, parseFeatures } from "./generate.ts";
import { askOracle } from "./oracle.ts";

/** Questions to the reference at a time. */
const PARALLEL = 2;
const STEPS = ["L0", "L1", "L2", "L3"] as const;
const STEP_LEVELS: Readonly<Record<(typeof STEPS)[number], readonly Level[]>> = { L0: ["before"], L1: ["fencing", "plan", "after"], L2: ["acts"], L3: ["order"] };

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" }, start: { type: "string", default: "1" }, features: { type: "string", default: "all" },
    rounds: { type: "string", default: "1" }, out: { type: "string" }, cibs: { type: "string" },
  },
});

interface Case {
  readonly name: string;
  readonly xml: string;
  /** Rounds still to come after this one. */
  readonly left: number;
  readonly seed: number;
}

const tally = { compared: 0, refused: 0, troubled: 0, crashed: 0, equal: { L0: 0, L1: 0, L2: 0, L3: 0 }, through: { L0: 0, L1: 0, L2: 0, L3: 0 } };
const differing: string[] = [], apart: string[] = [];
if (values.out !== undefined) mkdirSync(values.out, { recursive: true });

function* cases(): Generator<Case> {
  if (values.cibs !== undefined) {
    for (const file of readdirSync(values.cibs).filter((name) => name.endsWith(".xml")).toSorted()) {
      yield { name: file.slice(0, -4), xml: readFileSync(join(values.cibs, file), "utf8"), left: 0, seed: 0 };
    }
    return;
  }
  const features = parseFeatures(values.features);
  for (let seed = Number(values.start); seed < Number(values.start) + Number(values.seeds); seed++) {
    yield { name: `seed ${seed}`, xml: generateCib(seed, features), left: Number(values.rounds) - 1, seed };
  }
}

async function work(open: Generator<Case>): Promise<void> {
  for (const first of open) {
    for (let next: Case | null = first; next !== null;) next = await compare(next);
  }
}

/** The case that goes on from this one, or null. */
async function compare({ name, xml, left, seed }: Case): Promise<Case | null> {
  const answer = await askOracle(xml);
  if (answer === null) {
    tally.refused++;
    return null;
  }
  let wrong: string;
  try {
    const now = /execution-date="(\d+)"/.exec(xml)?.[1] ?? String(NOW);
    const same = compareCase(answer.decision, decideCase(xml, { now: `@${now}` }));
    // What cannot be carried out has no order, and leaves nothing behind that could be compared
    if (answer.trouble !== null) {
      tally.troubled++;
      same.order = same.after = true;
    }
    wrong = LEVELS.filter((level) => !same[level]).join(" ");
    if (wrong === "" || answer.trouble !== "circle") count(same);
  } catch (error) {
    tally.crashed++;
    wrong = `crash: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (wrong !== "") (answer.trouble === "circle" ? apart : differing).push(`${name}: ${wrong}${answer.trouble === null ? "" : ` (${answer.trouble})`}`);
  if (wrong !== "" && values.out !== undefined) writeFileSync(join(values.out, `${name.replaceAll(" ", "-")}.xml`), xml);
  if (left === 0 || answer.cibAfter === "") return null;
  return { name: `seed ${seed} round ${Number(values.rounds) - left + 1}`, xml: disturb(answer.cibAfter, seed * 1000 + left), left: left - 1, seed };
}

function count(same: Readonly<Record<Level, boolean>>): void {
  tally.compared++;
  let sofar = true;
  for (const step of STEPS) {
    const equal = STEP_LEVELS[step].every((level) => same[level]);
    sofar &&= equal;
    if (equal) tally.equal[step]++;
    if (sofar) tally.through[step]++;
  }
}

const open = cases();
await Promise.all(Array.from({ length: PARALLEL }, () => work(open)));

const percent = (count: number): string => (tally.compared === 0 ? "-" : `${((100 * count) / tally.compared).toFixed(2)} %`);
console.log(`compared ${tally.compared} (${tally.troubled} without an end in the reference's graph); refused by it ${tally.refused}; arbitrary ${apart.length}; crashes ${tally.crashed}`);
console.log("level   equal            through this level");
for (const step of STEPS) console.log(`${step}      ${String(tally.equal[step]).padStart(5)} ${percent(tally.equal[step]).padStart(9)}  ${String(tally.through[step]).padStart(5)} ${percent(tally.through[step]).padStart(9)}`);
for (const [title, list] of [["differing", differing], ["arbitrary", apart]] as const) {
  if (list.length > 0) console.log(`${title}:\n  ${list.toSorted(byNumber).join("\n  ")}`);
}
process.exitCode = tally.crashed > 0 ? 1 : 0;

function byNumber(a: string, b: string): number {
  return Number(/\d+/.exec(a)?.[0] ?? 0) - Number(/\d+/.exec(b)?.[0] ?? 0) || (a < b ? -1 : Number(a > b));
}
