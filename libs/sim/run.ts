/**
 * `npm run sim -- --seeds N --start S [--mutation NAME] [--verbose]`: replays seeds of the deterministic simulation.
 * Exit code 0: every seed held; 1: a violation (its seed and what happened are printed); with --mutation the opposite.
 */
import { parseArgs } from "node:util";
import { MUTATIONS, type Mutation, runScenario } from "@quorate/sim";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "300" },
    start: { type: "string", default: "1" },
    mutation: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
const seeds = Number(values.seeds);
const start = Number(values.start);
if (!Number.isInteger(seeds) || seeds < 1 || !Number.isInteger(start) || start < 0) usage("--seeds and --start are whole numbers");
if (values.mutation !== undefined && !MUTATIONS.some((name) => name === values.mutation)) usage(`--mutation is one of ${MUTATIONS.join(", ")}`);
const mutation = (values.mutation ?? null) as Mutation | null;
process.exit(main());

function usage(message: string): never {
  process.stderr.write(`sim: ${message}\n`);
  process.exit(64);
}

function main(): number {
  const startedMs = performance.now();
  let failed = 0;
  for (let seed = start; seed < start + seeds; seed++) {
    const { violation, notes, virtualMs } = runScenario({ seed, mutation });
    if (violation !== null) {
      failed += 1;
      process.stdout.write(`seed ${seed}: ${violation} (at ${(virtualMs / 1000).toFixed(1)} s)\n`);
      if (values.verbose) process.stdout.write(`${notes.slice(-400).join("\n")}\n`);
      if (mutation !== null) break;
    }
    if ((seed - start + 1) % 50 === 0) process.stderr.write(`${seed - start + 1} seeds, ${failed} with a violation, ${((performance.now() - startedMs) / 1000).toFixed(0)} s\n`);
  }
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  if (mutation !== null) {
    process.stdout.write(failed > 0 ? `${mutation}: found, after ${seconds} s\n` : `${mutation}: NOT found in ${seeds} seeds\n`);
    return failed > 0 ? 0 : 1;
  }
  process.stdout.write(`${seeds} seeds, ${failed} with a violation, ${seconds} s\n`);
  return failed === 0 ? 0 : 1;
}
