/** `quorate cib ...`: read, check and change the CIB. */
import { formatVersion, liveErrors, parseCib, parseXml, runtimeWarnings } from "@quorate/cib";
import { type Issue, QuorateError } from "@quorate/core";
import type { CibOperation, CibSection } from "@quorate/wire";
import { type Command, Option } from "commander";
import type { Cli } from "../cli.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { readInputFile } from "../input-file.ts";
import { countText, issueLine } from "../issue-text.ts";

const SECTIONS: readonly CibSection[] = [
  "all", "configuration", "crm_config", "nodes", "resources", "constraints", "fencing-topology", "acls", "tags", "alerts", "rsc_defaults", "op_defaults", "status",
];

export function addCibCommands(program: Command, cli: Cli): void {
  const cib = program.command("cib").description("read, check and change the Cluster Information Base");
  cib
    .command("query")
    .description("print the running CIB, or one section of it, as XML")
    .addOption(sectionOption().default("all"))
    .action(cli.action(async ({ section }: { section: CibSection }) => {
      const { xml } = await (await cli.client()).cibQuery(section);
      cli.environment.write(xml.endsWith("\n") ? xml : `${xml}\n`);
      return EXIT.ok;
    }));
  cib
    .command("verify [file]")
    .description("check a CIB file (- for standard input), or with --live the running CIB; exit 65 when it is not valid")
    .option("--live", "also refuse what a running cluster does not do in this release; without a file: check the running CIB")
    .option("-q, --quiet", "no output but problems")
    .action(cli.action((file: string | undefined, options: VerifyOptions) => verify(cli, file, options)));
  addChangeCommands(cib, cli);
}

function sectionOption(): Option {
  return new Option("--section <section>", "part of the CIB").choices(SECTIONS);
}

interface VerifyOptions {
  readonly live?: boolean;
  readonly quiet?: boolean;
}

/** Warnings are told and never count as a failure. */
async function verify(cli: Cli, file: string | undefined, { live = false, quiet = false }: VerifyOptions): Promise<number> {
  if (file === undefined && !live) throw new CommandFailure(EXIT.usage, "which CIB? Give a FILE, - for standard input, or --live for the running one");
  const text = file === undefined ? (await (await cli.client()).cibQuery("all")).xml : await readInputFile(file, cli.environment);
  const name = file === undefined ? "live CIB" : file === "-" ? "standard input" : file;
  const issues = checkText(text, live);
  for (const issue of issues) cli.environment.writeError(`${issueLine(name, issue)}\n`);
  const valid = issues.every(({ severity }) => severity === "warning");
  if (!quiet) cli.print(`${name}: ${valid ? "valid" : "NOT valid"} (${countText(issues)})`);
  return valid ? EXIT.ok : EXIT.badData;
}

/** Everything that is wrong, at once. */
export function checkText(text: string, live: boolean): readonly Issue[] {
  const parsed = parseCib(text);
  if (!parsed.ok) return parsed.error.issues;
  const { root } = parsed.value.cib;
  return [...parsed.value.issues, ...runtimeWarnings(root), ...(live ? liveErrors(root) : [])];
}

interface ChangeOptions {
  readonly section?: CibSection;
  readonly xmlText?: string;
  readonly force?: boolean;
  readonly allowCreate?: boolean;
  readonly parent?: string;
}

/** What is common to the four kinds of change; `section` is required where the whole document makes no sense. */
function addChangeCommands(cib: Command, cli: Cli): void {
  const change = (name: string, description: string): Command =>
    cib.command(`${name} [file]`).description(description).option("--xml-text <xml>", "the XML itself, instead of a file");
  change("replace", "replace the CIB, or one section or element of it")
    .addOption(sectionOption().default("all"))
    .option("--force", "even when the document is older than the running one")
    .action(cli.action((file: string | undefined, options: ChangeOptions) =>
      apply(cli, file, options, (xml, section) => ({ kind: "replace", section, xml, force: options.force ?? false }))));
  change("modify", "merge elements into a section by name and id")
    .addOption(sectionOption().makeOptionMandatory())
    .option("--allow-create", "add an element that does not exist yet")
    .action(cli.action((file: string | undefined, options: ChangeOptions) =>
      apply(cli, file, options, (xml, section) => ({ kind: "modify", section, xml, allowCreate: options.allowCreate ?? false }))));
  change("create", "add an element to a section")
    .addOption(sectionOption().makeOptionMandatory())
    .option("--parent <id>", "add it below the element with this id")
    .action(cli.action((file: string | undefined, options: ChangeOptions) =>
      apply(cli, file, options, (xml, section) => ({ kind: "create", section, xml, parentId: options.parent ?? null }))));
  change("delete", "remove elements that match by name and id")
    .addOption(sectionOption().makeOptionMandatory())
    .action(cli.action((file: string | undefined, options: ChangeOptions) => apply(cli, file, options, (xml, section) => ({ kind: "delete", section, xml }))));
}

/** What can be seen to be wrong here is not sent: it is told with the lines of the user's own file. */
async function apply(
  cli: Cli, file: string | undefined, options: ChangeOptions, operationOf: (xml: string, section: CibSection) => CibOperation,
): Promise<number> {
  const { xmlText, section = "all" } = options;
  if ((file === undefined) === (xmlText === undefined)) throw new CommandFailure(EXIT.usage, "give either a FILE (- for standard input) or --xml-text");
  const xml = file === undefined ? (xmlText ?? "") : await readInputFile(file, cli.environment);
  const operation = operationOf(xml, section);
  const issues = operation.kind === "replace" && section === "all" ? checkText(xml, true) : wellFormed(xml);
  for (const issue of issues) cli.environment.writeError(`${issueLine(file ?? "--xml-text", issue)}\n`);
  if (issues.some(({ severity }) => severity === "error")) throw new QuorateError("QUORATE_CIB_INVALID", `the XML is not valid (${countText(issues)})`);
  const { version } = await (await cli.client()).cibApply(operation, cli.environment.user);
  cli.print(`CIB version is now ${formatVersion(version)}`);
  return EXIT.ok;
}

function wellFormed(xml: string): readonly Issue[] {
  const parsed = parseXml(xml);
  return parsed.ok ? [] : parsed.error;
}
