/**
 * `npm run fuzz -- --dir FOLDER [--count N] [--start SEED] [--keep FOLDER]`: spoils the CIBs of a folder, one seed after the other, and asks for
 * a decision about each. Good is a decision, or an error that says something. Bad is anything thrown, more than 5 s, or more than 500 MB.
 */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { parseXml } from "@quorate/cib";
import { Prng } from "@quorate/core";
import type { FuzzAnswer } from "./decide-spoilt.ts";
import { spoilText, spoilTree } from "./mutate.ts";

type Judged = FuzzAnswer | { readonly kind: "slow" } | { readonly kind: "died"; readonly message: string };

const LIMIT_MS = 5_000;
const MEMORY_MB = 500;
const NOW_MS = 1_700_000_000_000;
const NEWS_EVERY = 1_000;

const { values } = parseArgs({ options: { dir: { type: "string" }, count: { type: "string", default: "10000" }, start: { type: "string", default: "1" }, keep: { type: "string" } } });
if (values.dir === undefined) throw new Error("--dir FOLDER is needed: CIBs to spoil, for example those of the conformance kit");
const { dir, keep } = values;
const documents = readdirSync(dir).filter((name) => /\.(?:xml|cib)$/.test(name)).toSorted();
if (documents.length === 0) throw new Error(`${dir} holds no .xml or .cib file`);
const texts = new Map<string, string>();
const tally = { decided: 0, refused: 0, bad: 0 };
/** Whom the worker's next answer is for. */
let answered: (judged: Judged) => void = () => {};
let worker = startWorker();
const start = Number(values.start);
const end = start + Number(values.count);
for (let seed = start; seed < end; seed++) {
  const { name, text } = spoil(seed);
  const answer = await ask(text);
  if (answer.kind === "decided" || (answer.kind === "refused" && answer.said !== "")) tally[answer.kind] += 1;
  else report(seed, { name, text }, answer);
  if ((seed - start + 1) % NEWS_EVERY === 0) process.stdout.write(`${seed - start + 1}: ${tally.decided} decided, ${tally.refused} refused in words, ${tally.bad} bad\n`);
}
process.stdout.write(`${values.count} spoilt CIBs: ${tally.decided} decided, ${tally.refused} refused in words, ${tally.bad} bad\n`);
await worker.terminate();
process.exit(tally.bad === 0 ? 0 : 1);

function spoil(seed: number): { name: string; text: string } {
  const prng = new Prng(seed);
  const name = documents[prng.below(documents.length)]!;
  const text = texts.get(name) ?? readFileSync(join(dir, name), "utf8");
  texts.set(name, text);
  const parsed = prng.below(3) === 0 ? null : parseXml(text);
  return { name, text: parsed?.ok === true ? spoilTree(parsed.value, prng) : spoilText(text, prng) };
}

function startWorker(): Worker {
  const made = new Worker(new URL("./fuzz-worker.ts", import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB } });
  made.on("message", (answer: FuzzAnswer) => answered(answer));
  made.on("error", (error) => answered({ kind: "died", message: error.message }));
  return made;
}

/** A worker that hangs or dies is replaced. */
async function ask(text: string): Promise<Judged> {
  const limit = setTimeout(() => answered({ kind: "slow" }), LIMIT_MS);
  const judged = await new Promise<Judged>((resolve) => {
    answered = resolve;
    worker.postMessage({ text, nowMs: NOW_MS });
  });
  clearTimeout(limit);
  answered = () => {};
  if (judged.kind === "slow" || judged.kind === "died") {
    await worker.terminate();
    worker = startWorker();
  }
  return judged;
}

function report(seed: number, { name, text }: { name: string; text: string }, judged: Judged): void {
  tally.bad += 1;
  process.stdout.write(`seed ${seed} (${name}): ${judged.kind} ${"stack" in judged ? judged.stack.split("\n").slice(0, 4).join("\n    ") : "message" in judged ? judged.message : ""}\n`);
  if (keep === undefined) return;
  mkdirSync(keep, { recursive: true });
  writeFileSync(join(keep, `${seed}.xml`), text);
}
