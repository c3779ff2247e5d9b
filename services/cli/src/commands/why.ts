/**
 * `quorate why RESOURCE`: why it is where it is, or is not where it was expected. The CIB is fetched (or read from a file) and decided about
 * in this process, as often as the search for a change needs: no service of the cluster waits for it. What happened comes from the
 * decision history of the cluster.
 */
import type { Cib } from "@quorate/cib";
import { QuorateError } from "@quorate/core";
import { explainResource, explanationLines } from "@quorate/scheduler";
import { type Command, InvalidArgumentError, Option } from "commander";
import { readCibFile } from "../cib-file.ts";
import { type Cli, type OutputAs, withOutputAs } from "../cli.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { fetchTransition } from "../kept-decision.ts";
import { fetchCib } from "../live-cib.ts";
import { wrapIndented } from "../render/layout.ts";
import { localTimeText } from "../render/time-text.ts";
import { parseNumber } from "./history.ts";

interface Options {
  readonly node?: string;
  readonly xmlFile?: string | undefined;
  readonly transition?: number | undefined;
  readonly trials?: number;
  readonly outputAs: OutputAs;
}

export function addWhyCommand(program: Command, cli: Cli): void {
  withOutputAs(program.command("why <resource>").description("why a resource runs where it runs, or why it does not, and what would change that"))
    .option("--node <node>", "why it is, or is not, on this node")
    .option("-x, --xml-file <file>", "ask about this CIB (- for standard input) instead of the running one")
    .addOption(new Option("--transition <number>", "ask about the decision that began this transition, as the cluster was then").argParser(parseNumber))
    .addOption(new Option("--trials <count>", "most changes that are tried; 0: none").argParser(parseCount))
    .action(cli.action((resource: string, options: Options) => why(cli, resource, options)));
}

async function why(cli: Cli, resource: string, { node, xmlFile, transition, trials, outputAs }: Options): Promise<number> {
  if (xmlFile !== undefined && transition !== undefined) throw new CommandFailure(EXIT.usage, "a file has no transitions: give --xml-file or --transition");
  const subject = { resource, ...(node === undefined ? {} : { node }) };
  const { cib, nowMs, history } = await readAnswer(cli, subject, { xmlFile, transition });
  const explained = explainResource(cib, nowMs, { resource, node: node ?? null, ...(trials === undefined ? {} : { trialsMax: trials }) });
  if (!explained.ok) throw new CommandFailure(EXIT.notFound, explained.error);
  if (outputAs === "json") {
    cli.printJson({ ...explained.value, history: history?.json ?? null });
    return EXIT.ok;
  }
  const happened = history === null || history.lines.length === 0 ? [] : ["  What happened:", ...history.lines.map((line) => `  ${line}`)];
  for (const line of [...explanationLines(explained.value), ...happened]) for (const part of isCommand(line) ? [line] : wrapIndented(line)) cli.print(part);
  return EXIT.ok;
}

/** A command is there to be copied: it stays on its line. */
function isCommand(line: string): boolean {
  return line.trimStart().startsWith("quorate ");
}

interface Answer {
  readonly cib: Cib;
  readonly nowMs: number;
  /** What the decision history says; null when it does not know the resource. */
  readonly history: { readonly lines: readonly string[]; readonly json: unknown } | null;
}

async function readAnswer(cli: Cli, subject: { readonly resource: string; readonly node?: string }, { xmlFile, transition }: Pick<Options, "transition" | "xmlFile">): Promise<Answer> {
  if (xmlFile !== undefined) return { cib: await readCibFile(cli, xmlFile), nowMs: cli.environment.wallMs(), history: null };
  if (transition === undefined) return askCluster(cli, subject);
  const { cib, decision } = await fetchTransition(await cli.client(), transition);
  const lines = [`  It was decided at ${localTimeText(decision.atMs)}, because ${decision.trigger}.`];
  return { cib, nowMs: decision.atMs, history: { lines, json: decision } };
}

async function askCluster(cli: Cli, subject: { readonly resource: string; readonly node?: string }): Promise<Answer> {
  const client = await cli.client();
  const cib = await fetchCib(client);
  return { cib, nowMs: cli.environment.wallMs(), history: await readHistory(client, subject) };
}

/** The history goes by what is configured: of a resource that is left over it knows nothing. */
async function readHistory(client: Awaited<ReturnType<Cli["client"]>>, subject: { readonly resource: string; readonly node?: string }): Promise<Answer["history"]> {
  try {
    const { lines, json } = await client.why(subject);
    return { lines: lines.slice(1), json: json === null ? null : (JSON.parse(json) as unknown) };
  } catch (error) {
    if (error instanceof QuorateError && error.code === "QUORATE_NOT_FOUND") return null;
    throw error;
  }
}

function parseCount(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError("Give a number from 0 to 9999.");
  return Number(text);
}
