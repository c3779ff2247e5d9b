/** `quorate simulate`: what the cluster would do, without doing it. The scheduler runs in this process. */
import { parseCib, type Cib } from "@quorate/cib";
import { QuorateError } from "@quorate/core";
import { readState, schedule, simulateGraph } from "@quorate/scheduler";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Cli, type OutputAs, withOutputAs } from "../cli.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { readInputFile } from "../input-file.ts";
import { countText, issueLine } from "../issue-text.ts";
import { fetchCib } from "../live-cib.ts";
import { type Injection, inject } from "../simulate/inject.ts";
import { type SimulationReport, renderSimulation } from "../simulate/render-simulation.ts";

interface Options extends Injection {
  readonly xmlFile?: string;
  readonly scores?: boolean;
  readonly reasons?: boolean;
  readonly outputAs: OutputAs;
}

export function addSimulateCommand(program: Command, cli: Cli): void {
  const list = (flags: string, text: string): Option => new Option(flags, text).default([], "none").argParser((value: string, all: readonly string[]) => [...all, value]);
  withOutputAs(program.command("simulate").description("what the cluster would do now, or if nodes were lost; nothing is changed"))
    .option("-x, --xml-file <file>", "start from this CIB (- for standard input; any age is upgraded) instead of the running one")
    .option("-L, --live-check", "start from the running CIB (default without -x)")
    .addOption(list("--node-fail <node>", "as if this node were lost; may be repeated"))
    .addOption(list("--node-down <node>", "as if this node had left; may be repeated"))
    .addOption(list("--node-up <node>", "as if this node were there; may be repeated"))
    .addOption(new Option("--set-option <name=value>", "as if this cluster option were set; may be repeated").default([], "none").argParser(parseSetting))
    .option("-s, --scores", "show the score of every resource on every node")
    .option("--reasons", "show why, below each action, down to the fact that started it")
    .action(cli.action((options: Options) => simulate(cli, options)));
}

async function simulate(cli: Cli, options: Options): Promise<number> {
  const { xmlFile, scores = false, reasons = false, outputAs } = options;
  const cib = xmlFile === undefined ? await fetchCib(await cli.client()) : await readCib(cli, xmlFile);
  const injected = inject(cib, options);
  if (!injected.ok) throw new CommandFailure(EXIT.notFound, `${injected.error}; nothing was simulated`);
  const report = simulateCib(cib, injected.value, cli.environment.wallMs());
  if (outputAs === "json") cli.printJson(report);
  else cli.environment.write(renderSimulation(report, { scores, reasons }));
  return EXIT.ok;
}

/** Pure: everything that is shown, from the document and the time. */
export function simulateCib(cib: Cib, injected: { readonly cib: Cib; readonly notes: readonly string[] }, nowMs: number): SimulationReport {
  const decision = schedule(injected.cib, nowMs);
  const { executed, after } = simulateGraph(injected.cib, decision, nowMs);
  return { before: readState(cib, nowMs), notes: injected.notes, decision, executed, after: readState(after, nowMs) };
}

/** Notes of an upgrade go to standard error, so that they do not mix with the result. */
async function readCib(cli: Cli, file: string): Promise<Cib> {
  const loaded = parseCib(await readInputFile(file, cli.environment));
  const issues = loaded.ok ? loaded.value.issues : loaded.error.issues;
  for (const issue of issues) cli.environment.writeError(`${issueLine(file, issue)}\n`);
  if (!loaded.ok) throw new QuorateError("QUORATE_CIB_INVALID", `${file} is not a valid CIB (${countText(issues)})`);
  return loaded.value.cib;
}

function parseSetting(text: string, all: Injection["setOption"]): Injection["setOption"] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("An option looks like name=value.");
  return [...all, { name: text.slice(0, at), value: text.slice(at + 1) }];
}
