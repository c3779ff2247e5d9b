/**
 * `npm run sim -- --seeds N --start S [--jobs J] [--profile NAME] [--mutation NAME] [--verbose]`: replays seeds of the simulation.
 * Exit code 0: every seed held; 1: a violation (its seed and what happened are printed); with --mutation the opposite.
 */
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { MUTATIONS, type Mutation, PROFILES, type Profile, type ScenarioOptions, type ScenarioResult, runScenario } from "@quorate/sim";

/** Fewer seeds are not worth a thread. */
const SEEDS_PER_JOB_MIN = 20;
const NEWS_EVERY = 100;
const SHOWN_MAX = 20;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "300" },
    start: { type: "string", default: "1" },
    jobs: { type: "string", default: "2" },
    profile: { type: "string" },
    mutation: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
const seeds = whole("--seeds", values.seeds, 1);
const start = whole("--start", values.start, 0);
const jobs = whole("--jobs", values.jobs, 1);
const mutation = oneOf<Mutation>("--mutation", values.mutation, MUTATIONS);
const profile = oneOf<Profile>("--profile", values.profile, PROFILES);
const startedMs = performance.now();
const failed: number[] = [];
let done = 0;
if (jobs === 1 || seeds < jobs * SEEDS_PER_JOB_MIN) {
  for (let seed = start; seed < start + seeds && !found(); seed++) take(runScenario(order(seed)));
} else {
  await Promise.all(Array.from({ length: jobs }, startWorker(nextSeeds())));
}
process.exit(close());

function order(seed: number): ScenarioOptions {
  return { seed, mutation, profile };
}

/** A deliberate fault need be found once only. */
function found(): boolean {
  return mutation !== null && failed.length > 0;
}

function* nextSeeds(): Generator<number, undefined> {
  for (let seed = start; seed < start + seeds && !found(); seed++) yield seed;
  return undefined;
}

function startWorker(left: Generator<number, undefined>): () => Promise<void> {
  return () =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL("./seed-worker.ts", import.meta.url));
      const feed = (): void => {
        const next = left.next();
        if (next.done !== true) worker.postMessage(order(next.value));
        else void worker.terminate().then(() => resolve(), reject);
      };
      worker.on("message", (result: ScenarioResult) => {
        take(result);
        feed();
      });
      worker.on("error", reject);
      feed();
    });
}

function take({ seed, profile: drawn, violation, virtualMs, notes }: ScenarioResult): void {
  done += 1;
  if (violation !== null) {
    failed.push(seed);
    if (failed.length <= SHOWN_MAX) process.stdout.write(`seed ${seed} (${drawn}): ${violation} (at ${(virtualMs / 1000).toFixed(1)} s)\n`);
  }
  if (values.verbose && (violation !== null || seeds === 1)) process.stdout.write(`${notes.join("\n")}\n`);
  if (done % NEWS_EVERY === 0) process.stderr.write(`${done} seeds, ${failed.length} with a violation, ${seconds()} s\n`);
}

function close(): number {
  if (mutation !== null) {
    process.stdout.write(failed.length > 0 ? `${mutation}: found by seed ${failed[0]}, after ${seconds()} s\n` : `${mutation}: NOT found in ${seeds} seeds\n`);
    return failed.length > 0 ? 0 : 1;
  }
  process.stdout.write(`${seeds} seeds, ${failed.length} with a violation, ${seconds()} s\n`);
  if (failed.length > 0) process.stdout.write(`look at one with: npm run sim -- --seeds 1 --start ${Math.min(...failed)} --verbose\n`);
  return failed.length === 0 ? 0 : 1;
}

function seconds(): string {
  return ((performance.now() - startedMs) / 1000).toFixed(1);
}

function whole(option: string, text: string, least: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least) usage(`${option} is a whole number, at least ${least}`);
  return number;
}

function oneOf<T extends string>(option: string, text: string | undefined, names: readonly T[]): T | null {
  const name = names.find((candidate) => candidate === text);
  if (text !== undefined && name === undefined) usage(`${option} is one of ${[...new Set(names)].join(", ")}`);
  return name ?? null;
}

function usage(message: string): never {
  process.stderr.write(`sim: ${message}\n`);
  process.exit(64);
}
