/** `quorate history ...`: the decisions that the cluster has made, with their input; shown, decided again and compared. */
import { maskSecrets, serializeXml } from "@quorate/cib";
import { type DecisionOutline, type OutlineDifference, compareOutlines, outlineOf, schedule } from "@quorate/scheduler";
import type { KeptDecision } from "@quorate/wire";
import { type Command, InvalidArgumentError } from "commander";
import { type Cli, type OutputAs, withOutputAs } from "../cli.ts";
import { EXIT } from "../exit-code.ts";
import { type FetchedDecision, fetchDecision } from "../kept-decision.ts";
import { wrap, wrapIndented } from "../render/layout.ts";
import { localTimeText } from "../render/time-text.ts";

const LISTED = 20;

export function addHistoryCommand(program: Command, cli: Cli): void {
  const history = program.command("history").description("the decisions of the cluster: each node keeps those of its own time as DC");
  withOutputAs(history.command("list").description("the newest decisions, newest first").option("-n, --count <count>", "how many; 0: all", parseNumber, LISTED))
    .action(cli.action((options: ListOptions) => list(cli, options)));
  withOutputAs(history.command("show").description("what was decided, and from what").argument("<id>", "number of the decision", parseNumber).option("--cib", "print its input instead, with secrets masked"))
    .action(cli.action((id: number, options: ShowOptions) => show(cli, id, options)));
  withOutputAs(history.command("replay").argument("<id>", "number of the decision", parseNumber).description("decide again with this version, and say whether it comes out the same; exit 1 when it does not"))
    .action(cli.action((id: number, options: { readonly outputAs: OutputAs }) => replay(cli, id, options)));
  withOutputAs(history.command("diff").argument("<id>", "number of the decision", parseNumber).description("decide again with this version, and show what differs; exit 1 when something does"))
    .action(cli.action((id: number, options: { readonly outputAs: OutputAs }) => diff(cli, id, options)));
}

interface ListOptions {
  readonly count: number;
  readonly outputAs: OutputAs;
}

async function list(cli: Cli, { count, outputAs }: ListOptions): Promise<number> {
  const { decisions, node, dc } = await (await cli.client()).listDecisions({ limit: count });
  if (outputAs === "json") {
    cli.printJson({ node, dc, decisions });
    return EXIT.ok;
  }
  cli.print(`Decisions kept by ${node}${dc === null || dc === node ? "" : ` (the DC is ${dc} now: its own are there)`}:`);
  if (decisions.length === 0) cli.print("  none");
  for (const decision of decisions) for (const line of headLines(decision)) cli.print(line);
  return EXIT.ok;
}

function headLines({ id, atMs, transition, actions, fencing, trigger }: KeptDecision): string[] {
  const what = transition === null ? "nothing to do" : `transition ${transition}: ${actions} action${actions === 1 ? "" : "s"}${fencing.length === 0 ? "" : `, fencing of ${fencing.join(", ")}`}`;
  return wrap(`${localTimeText(atMs)}  ${what}, because ${trigger}`, { first: `  ${String(id).padStart(6)}  `, rest: " ".repeat(12) });
}

interface ShowOptions {
  readonly cib?: boolean;
  readonly outputAs: OutputAs;
}

async function show(cli: Cli, id: number, { cib: wholeCib = false, outputAs }: ShowOptions): Promise<number> {
  const { decision, cib, outline } = await fetchDecision(await cli.client(), id);
  const xml = serializeXml(maskSecrets(cib.root));
  if (wholeCib) cli.environment.write(xml.endsWith("\n") ? xml : `${xml}\n`);
  else if (outputAs === "json") cli.printJson({ ...decision, outline, cib: xml });
  else {
    for (const line of headLines(decision)) cli.print(line);
    printOutline(cli, outline);
  }
  return EXIT.ok;
}

const TITLES: Readonly<Record<keyof DecisionOutline, string>> = { fencing: "Fencing", actions: "Actions", places: "Places", graph: "Order of work", warnings: "Warnings" };
const PARTS = ["fencing", "actions", "places", "graph", "warnings"] as const;

function printOutline(cli: Cli, outline: DecisionOutline): void {
  for (const part of PARTS) {
    if (outline[part].length === 0) continue;
    cli.print(`  ${TITLES[part]}:`);
    for (const line of outline[part]) for (const wrapped of wrapIndented(`    * ${line}`)) cli.print(wrapped);
  }
}

/** The same input at the same time, so that only the program can make a difference. */
function decideAgain({ cib, decision, outline }: FetchedDecision): OutlineDifference[] {
  return compareOutlines(outline, outlineOf(schedule(cib, decision.atMs)));
}

async function replay(cli: Cli, id: number, { outputAs }: { readonly outputAs: OutputAs }): Promise<number> {
  const differences = decideAgain(await fetchDecision(await cli.client(), id));
  const same = differences.length === 0;
  if (outputAs === "json") cli.printJson({ id, same, differences });
  else cli.print(same ? `Decision ${id} comes out the same today.` : `Decision ${id} comes out differently today: ${differences.map(countText).join("; ")}. See quorate history diff ${id}`);
  return same ? EXIT.ok : EXIT.error;
}

function countText({ part, gone, come }: OutlineDifference): string {
  return `${TITLES[part].toLowerCase()}: ${gone.length} gone, ${come.length} new`;
}

async function diff(cli: Cli, id: number, { outputAs }: { readonly outputAs: OutputAs }): Promise<number> {
  const differences = decideAgain(await fetchDecision(await cli.client(), id));
  if (outputAs === "json") cli.printJson({ id, differences });
  else if (differences.length === 0) cli.print(`Decision ${id} comes out the same today.`);
  else {
    cli.print(`--- decision ${id}, as it was made`);
    cli.print("+++ as this version makes it");
    for (const { part, gone, come } of differences) {
      cli.print(`@@ ${TITLES[part]}`);
      for (const line of gone) cli.print(`-${line}`);
      for (const line of come) cli.print(`+${line}`);
    }
  }
  return differences.length === 0 ? EXIT.ok : EXIT.error;
}

export function parseNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("Give a number.");
  return Number(text);
}
