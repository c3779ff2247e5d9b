/** `quorate simulate`: what the cluster would do, without doing it. The scheduler runs in this process. */
import { type Cib, attribute, child, children, isSecretName, serializeCib } from "@quorate/cib";
import { type PretendedResult, readState, schedule, simulateGraph } from "@quorate/scheduler";
import type { Graph } from "@quorate/transition";
import { type Command, InvalidArgumentError, Option } from "commander";
import { readCibFile } from "../cib-file.ts";
import type { Cli } from "../cli.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { fetchTransition } from "../kept-decision.ts";
import { fetchCib } from "../live-cib.ts";
import { writeOutputFile } from "../output-file.ts";
import { graphDot } from "../simulate/graph-dot.ts";
import { graphSvg } from "../simulate/graph-svg.ts";
import { graphXml } from "../simulate/graph-xml.ts";
import { type Injection, inject } from "../simulate/inject.ts";
import { type OperationSpec, parseOperationSpec } from "../simulate/op-spec.ts";
import { type SimulationReport, renderSimulation } from "../simulate/render-simulation.ts";
import { simulationXml } from "../simulate/render-xml.ts";
import { parseNumber } from "./history.ts";

interface Options extends Omit<Injection, "quorum"> {
  readonly xmlFile?: string;
  readonly xmlPipe?: boolean;
  readonly liveCheck?: boolean;
  readonly transition?: number;
  readonly quorum?: boolean;
  readonly opFail: readonly OperationSpec[];
  readonly setDatetime?: number;
  readonly run?: boolean;
  readonly simulate?: boolean;
  readonly showScores?: boolean;
  readonly scores?: boolean;
  readonly showUtilization?: boolean;
  readonly reasons?: boolean;
  readonly quiet?: boolean;
  readonly saveInput?: string;
  readonly saveOutput?: string;
  readonly saveGraph?: string;
  readonly saveDotfile?: string;
  readonly saveSvg?: string;
  readonly outputAs: "text" | "json" | "xml";
}

export function addSimulateCommand(program: Command, cli: Cli): void {
  const list = (flags: string, text: string): Option => new Option(`${flags} <name>`, `${text}; may be repeated`).default([], "none").argParser((value: string, all: readonly string[]) => [...all, value]);
  const operations = (flags: string, text: string): Option => new Option(`${flags} <opspec>`, `${text}; may be repeated`).default([], "none").argParser(parseOperations);
  program
    .command("simulate")
    .description("what the cluster would do now, or if something happened; nothing is changed")
    .option("-x, --xml-file <file>", "start from this CIB (- for standard input; any age is upgraded) instead of the running one")
    .option("-p, --xml-pipe", "start from the CIB on standard input")
    .option("-L, --live-check", "start from the running CIB (default without -x and -p)")
    .addOption(new Option("--transition <number>", "start from what the decision that began this transition was made from, at its time").argParser(parseNumber))
    .option("-S, --simulate", "decide, carry it out in mind and show the state after it (default)")
    .option("-R, --run", "only decide")
    .addOption(list("-u, --node-up", "as if this node were there"))
    .addOption(list("-d, --node-down", "as if this node had left"))
    .addOption(list("-f, --node-fail", "as if this node were lost"))
    .addOption(operations("-i, --op-inject", "as if this operation had had this result: RESOURCE_TASK_INTERVAL@NODE=RC, interval in ms"))
    .addOption(operations("-F, --op-fail", "let this operation fail when it is carried out; nothing is done after it"))
    .addOption(list("-g, --ticket-grant", "as if this ticket were granted"))
    .addOption(list("-r, --ticket-revoke", "as if this ticket were revoked"))
    .addOption(list("-b, --ticket-standby", "as if this ticket were in standby"))
    .addOption(list("-e, --ticket-activate", "as if this ticket were active"))
    .addOption(new Option("-q, --quorum <yes|no>", "as if the cluster had quorum, or had it not").argParser(parseYesNo))
    .addOption(new Option("-t, --set-datetime <date>", "as if it were then (ISO 8601)").argParser(parseDate))
    .addOption(new Option("--set-option <name=value>", "as if this cluster option were set; may be repeated").default([], "none").argParser(parseSetting))
    .option("-s, --show-scores", "show the score of every resource on every node, with what it is made of")
    .addOption(new Option("--scores").hideHelp()) // as it was called first
    .option("-U, --show-utilization", "show what nodes offer, what resources take and what is left")
    .option("--reasons", "show why, below each action, down to the fact that started it")
    .option("-Q, --quiet", "do not show the states before and after")
    .option("-I, --save-input <file>", "save the CIB as it is decided about")
    .option("-O, --save-output <file>", "save the CIB as it is afterwards")
    .option("-G, --save-graph <file>", "save the transition graph in Pacemaker's XML form")
    .option("-D, --save-dotfile <file>", "save the transition graph for graphviz")
    .option("--save-svg <file>", "save the transition graph as a picture")
    .addOption(new Option("--output-as <format>", "form of the output").choices(["text", "json", "xml"]).default("text"))
    .action(cli.action((options: Options) => simulate(cli, options)));
}

async function simulate(cli: Cli, options: Options): Promise<number> {
  refuseContradictions(options);
  const { cib, atMs } = await readInput(cli, options);
  const nowMs = options.setDatetime ?? atMs ?? cli.environment.wallMs();
  const injected = inject(cib, { ...options, quorum: options.quorum ?? null }, nowMs);
  if (!injected.ok) throw new CommandFailure(EXIT.notFound, `${injected.error}; nothing was simulated`);
  const { report, after } = simulateCib(cib, injected.value, { nowMs, failures: options.opFail, run: options.run === true });
  await saveFiles(cli, options, { input: injected.value.cib, after, report });
  show(cli, options, { report, cib: injected.value.cib });
  const missed = report.execution === null ? [] : options.opFail.filter(({ text }) => report.execution?.failure?.operation !== text);
  for (const { text } of missed) cli.environment.writeError(`quorate: ${text} was not to be done, so it did not fail\n`);
  return EXIT.ok;
}

function refuseContradictions({ xmlFile, xmlPipe = false, liveCheck = false, transition, run = false, simulate: whole = false, opFail, saveOutput }: Options): void {
  const sources = [xmlFile !== undefined, xmlPipe, liveCheck, transition !== undefined].filter(Boolean).length;
  if (sources > 1) throw new CommandFailure(EXIT.usage, "which CIB? Give one of --xml-file, --xml-pipe, --transition and --live-check");
  if (run && whole) throw new CommandFailure(EXIT.usage, "--run only decides, --simulate also carries it out: give one of them");
  if (run && (opFail.length > 0 || saveOutput !== undefined)) throw new CommandFailure(EXIT.usage, "--run carries nothing out, so --op-fail and --save-output mean nothing with it");
}

/** `atMs`: the time that belongs to it; null: now. */
async function readInput(cli: Cli, { xmlFile, xmlPipe = false, transition }: Options): Promise<{ readonly cib: Cib; readonly atMs: number | null }> {
  if (xmlFile !== undefined || xmlPipe) return { cib: await readCibFile(cli, xmlFile ?? "-"), atMs: null };
  const client = await cli.client();
  if (transition === undefined) return { cib: await fetchCib(client), atMs: null };
  const { cib, decision } = await fetchTransition(client, transition);
  return { cib, atMs: decision.atMs };
}

interface SimulateCibOptions {
  readonly nowMs: number;
  readonly failures?: readonly OperationSpec[];
  /** Only decide. */
  readonly run?: boolean;
}

/** Pure: everything that is shown, from the document and the time. `after` is the document as decided about when nothing is carried out. */
export function simulateCib(cib: Cib, injected: { readonly cib: Cib; readonly modifications: SimulationReport["modifications"] }, { nowMs, failures = [], run = false }: SimulateCibOptions): { readonly report: SimulationReport; readonly after: Cib } {
  const decision = schedule(injected.cib, nowMs);
  const common = { before: readState(cib, nowMs), modifications: injected.modifications, decision };
  if (run) return { report: { ...common, execution: null }, after: injected.cib };
  const { executed, after, failure } = simulateGraph(injected.cib, decision, nowMs, failures);
  const failed = failure === null ? null : {
    operation: specOf(failures, failure.action), rc: failure.rc, modifications: failure.attributes.map((one) => ({ kind: "attribute" as const, ...one })),
  };
  return { report: { ...common, execution: { executed, failure: failed, after: readState(after, nowMs) } }, after };
}

/** The words in which the user named the action that failed. */
function specOf(failures: readonly OperationSpec[], action: { readonly task: string; readonly node: string | null; readonly intervalMs: number; readonly resource: string | null; readonly key: string }): string {
  const same = ({ task, node, intervalMs, resource }: PretendedResult): boolean =>
    task === action.task && node === action.node && intervalMs === action.intervalMs && (action.key.startsWith(`${resource}_`) || action.resource === resource.replace(/:\d+$/, ""));
  return failures.find(same)?.text ?? action.key;
}

interface Outcome {
  readonly input: Cib;
  readonly after: Cib;
  readonly report: SimulationReport;
}

/** What is asked for is written before anything is shown, so that a file that cannot be written is the only thing said. */
async function saveFiles(cli: Cli, options: Options, { input, after, report }: Outcome): Promise<void> {
  const { graph, state } = report.decision;
  const files: [string | undefined, () => string][] = [
    [options.saveInput, () => serializeCib(input)],
    [options.saveOutput, () => serializeCib(after)],
    [options.saveGraph, () => graphXml(graph, { options: state.options, featureSet: attribute(input.root, "crm_feature_set") })],
    [options.saveDotfile, () => graphDot(graph)],
    [options.saveSvg, () => graphSvg(graph, titleOf(report))],
  ];
  for (const [file, content] of files) if (file !== undefined) await writeOutputFile(file, content(), cli.environment);
}

function titleOf({ decision }: SimulationReport): string {
  const real = decision.graph.actions.filter(({ kind }) => kind !== "pseudo").length;
  return `Transition: ${real} action${real === 1 ? "" : "s"}, ${decision.fencing.length} fencing${decision.fencing.length === 1 ? "" : "s"}`;
}

function show(cli: Cli, options: Options, { report, cib }: { readonly report: SimulationReport; readonly cib: Cib }): void {
  const { showScores = false, scores = showScores, showUtilization: utilization = false, reasons = false, quiet = false, outputAs } = options;
  const shown = { scores, utilization, reasons, quiet };
  switch (outputAs) {
    case "json": return cli.printJson({ ...report, decision: { ...report.decision, graph: withoutSecrets(report.decision.graph) } });
    case "xml": return cli.environment.write(simulationXml(report, { ...shown, request: "quorate simulate", nodeIds: nodeIdsOf(cib) }));
    case "text": return cli.environment.write(renderSimulation(report, shown));
  }
}

/** Passwords of fence devices are parameters of their actions: they are not for the screen. */
function withoutSecrets(graph: Graph): Graph {
  const masked = (parameters: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, isSecretName(name) ? "********" : value]));
  return { ...graph, actions: graph.actions.map((action) => ({ ...action, parameters: masked(action.parameters) })) };
}

function nodeIdsOf({ root }: Cib): ReadonlyMap<string, string> {
  const nodes = child(child(root, "configuration") ?? root, "nodes") ?? root;
  return new Map(children(nodes, "node").flatMap((node) => {
    const id = attribute(node, "id");
    return id === null ? [] : [[attribute(node, "uname") ?? id, id] as const];
  }));
}

function parseOperations(text: string, all: readonly OperationSpec[]): readonly OperationSpec[] {
  const spec = parseOperationSpec(text);
  if (spec === null) throw new InvalidArgumentError("An operation looks like RESOURCE_TASK_INTERVAL@NODE=RC, for example web_monitor_10000@node1=7.");
  return [...all, spec];
}

function parseYesNo(text: string): boolean {
  const word = text.toLowerCase();
  if (["yes", "true", "on", "y", "1"].includes(word)) return true;
  if (["no", "false", "off", "n", "0"].includes(word)) return false;
  throw new InvalidArgumentError("Say yes or no.");
}

function parseDate(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError("A date looks like 2026-01-31 12:00:00Z.");
  return ms;
}

function parseSetting(text: string, all: Injection["setOption"]): Injection["setOption"] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("An option looks like name=value.");
  return [...all, { name: text.slice(0, at), value: text.slice(at + 1) }];
}
