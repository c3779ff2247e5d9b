/**
 * `npm run bench:scheduler [-- --cases 16x1000,64x1000:recover] [--repeat N]`: our decision about large CIBs beside Pacemaker's `crm_simulate`, on
 * the same files in the same run. CPU seconds are compared, because they suffer less from a busy machine than the clock does.
 * Ours is measured twice: a program that reads the text (start of Node included), and one more decision in a program that has the CIB in memory.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LARGE_CIB_NOW_MS, SCENARIOS, type Scenario, largeCib } from "./large-cib.ts";
import { measure } from "./measure.ts";

interface Case {
  readonly nodes: number;
  readonly resources: number;
  readonly scenario: Scenario;
}

interface Ours {
  readonly actions: number;
  readonly edges: number;
  readonly rounds: readonly number[];
  readonly peakKb: number;
}

const DEFAULT_CASES = "16x64,16x256,16x1000,64x1000,16x4000";
/** Rounds in memory: the first ones are spent on the JIT, as in a daemon that has just started, and are not counted. */
const [ROUNDS, ROUNDS_WARM] = [15, 5];
const TIMEOUT_MS = 200_000;

const { values } = parseArgs({ options: { cases: { type: "string", default: DEFAULT_CASES }, repeat: { type: "string", default: "3" } } });
const dir = mkdtempSync(join(tmpdir(), "quorate-bench-"));
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
const repeat = Math.max(1, Number(values.repeat));
process.stdout.write(`CPU seconds, median of ${repeat} (least to most). memory: peak MB. equal: as many actions in both graphs.\n`);
process.stdout.write("nodes  rsc scenario |  MB | crm_simulate        mem | ours from text        mem  ratio | from memory, ms      | equal\n");
for (const one of values.cases.split(",").map(readCase)) await runCase(one);

function readCase(text: string): Case {
  const [, nodes, resources, scenario = "recover"] = /^(\d+)x(\d+)(?::(\w+))?$/.exec(text) ?? [];
  if (nodes === undefined || !SCENARIOS.some((known) => known === scenario)) throw new Error(`--cases ${text}: expected NODESxRESOURCES[:${SCENARIOS.join("|")}]`);
  return { nodes: Number(nodes), resources: Number(resources), scenario: scenario as Scenario };
}

async function runCase(one: Case): Promise<void> {
  const file = join(dir, `${one.nodes}-${one.resources}-${one.scenario}.xml`);
  const graph = join(dir, "graph.xml");
  const text = largeCib(one);
  writeFileSync(file, text);
  const peer: Sample[] = [];
  const cold: Sample[] = [];
  let theirs: number | null = null;
  for (let round = 0; round < repeat; round++) {
    const run = await measure(["crm_simulate", "-x", file, "-R", "-Q", "-G", graph], { timeoutMs: TIMEOUT_MS, env: { CIB_shadow_dir: dir } });
    if (run !== null) {
      peer.push(run);
      theirs = readFileSync(graph, "utf8").split("<action_set>").length - 1;
    }
    const own = await measure([process.execPath, join(import.meta.dirname, "decide-file.ts"), file, String(LARGE_CIB_NOW_MS)], { timeoutMs: TIMEOUT_MS, env: {} });
    if (own === null) throw new Error("our decision failed");
    cold.push(own);
  }
  const memory = await measure([process.execPath, join(import.meta.dirname, "decide-file.ts"), file, String(LARGE_CIB_NOW_MS), String(ROUNDS)], { timeoutMs: TIMEOUT_MS, env: {} });
  const ours = JSON.parse(memory!.stdout) as Ours;
  const rounds = ours.rounds.slice(ROUNDS_WARM).toSorted((a, b) => a - b);
  const ratio = peer.length === 0 ? "   -" : (median(cold.map(({ cpuS }) => cpuS)) / median(peer.map(({ cpuS }) => cpuS))).toFixed(2);
  const columns = [
    `${pad(one.nodes, 5)} ${pad(one.resources, 4)} ${one.scenario.padEnd(8)}`, pad((text.length / 1e6).toFixed(1), 4), `${spread(peer)} ${mb(peer)}`, `${spread(cold)} ${mb(cold)} ${pad(ratio, 5)}`,
    `${pad(median(rounds).toFixed(0), 5)} (${rounds[0]!.toFixed(0)}-${rounds.at(-1)!.toFixed(0)})`.padEnd(20), theirs === null ? "crm_simulate is not there" : theirs === ours.actions ? `yes, ${ours.actions}` : `NO: ${theirs} and ${ours.actions}`,
  ];
  process.stdout.write(`${columns.join(" | ")}\n`);
}

type Sample = NonNullable<Awaited<ReturnType<typeof measure>>>;

function spread(samples: readonly Sample[]): string {
  if (samples.length === 0) return "-".padEnd(18);
  const seconds = samples.map(({ cpuS }) => cpuS).toSorted((a, b) => a - b);
  return `${median(seconds).toFixed(2)} (${seconds[0]!.toFixed(2)}-${seconds.at(-1)!.toFixed(2)})`.padEnd(18);
}

function mb(samples: readonly Sample[]): string {
  return pad(samples.length === 0 ? "-" : String(Math.round(median(samples.map(({ peakKb }) => peakKb)) / 1024)), 5);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function pad(value: number | string, width: number): string {
  return String(value).padStart(width);
}
