/** Runs one command line to its exit code. Every error ends here, in words. */
import { QuorateError } from "@quorate/core";
import { Command, CommanderError } from "commander";
import { adviceFor } from "./advice.ts";
import { createCli, type Cli } from "./cli.ts";
import { addCibCommands } from "./commands/cib.ts";
import { addEventCommands } from "./commands/events.ts";
import { addFenceCommands } from "./commands/fence.ts";
import { addHistoryCommand } from "./commands/history.ts";
import { addNodeCommands } from "./commands/node.ts";
import { addResourceCommands } from "./commands/resource.ts";
import { addSimulateCommand } from "./commands/simulate.ts";
import { addStatusCommand } from "./commands/status.ts";
import { addWhyCommand } from "./commands/why.ts";
import type { CliEnvironment } from "./environment.ts";
import { CommandFailure, EXIT, exitOfCode } from "./exit-code.ts";

const EXIT_HELP = `
Exit codes are those of Pacemaker's tools: 0 done, 1 error, 64 usage, 65 bad data,
66 no input, 73 file cannot be written, 78 configuration, 102 disconnected, 105 no such object, 106 no quorum,
107 unsafe, 108 exists, 112 indeterminate, 114 no DC, 124 timeout.`;

/** `args` without the program's own name. Never throws and never ends the process. */
export async function runCli(args: readonly string[], environment: CliEnvironment, version: string): Promise<number> {
  const program = new Command("quorate");
  const cli = createCli(environment, () => program.opts<{ connect?: string }>().connect);
  program
    .description("Control and observe a Quorate cluster.")
    .version(version, "--version")
    .option("--connect <address>", "policy-engine to ask: unix:PATH or HOST:PORT (default: QUORATE_SOCKET, then this node's)")
    .addHelpText("after", EXIT_HELP)
    .showHelpAfterError("(see --help)")
    .exitOverride()
    .configureOutput({ writeOut: (text) => environment.write(text), writeErr: (text) => environment.writeError(text) });
  addCommands(program, cli);
  try {
    await program.parseAsync([...args], { from: "user" });
    return cli.exitCode();
  } catch (error) {
    return await explain(error, cli);
  } finally {
    await cli.close();
  }
}

/** Subcommands take over output and error handling of the program, so they are added after those were set. */
function addCommands(program: Command, cli: Cli): void {
  addStatusCommand(program, cli);
  addCibCommands(program, cli);
  addNodeCommands(program, cli);
  addResourceCommands(program, cli);
  addFenceCommands(program, cli);
  addEventCommands(program, cli);
  addWhyCommand(program, cli);
  addSimulateCommand(program, cli);
  addHistoryCommand(program, cli);
}

/** Says what happened and what to do. A defect of this program is not explained away: it keeps its stack. */
async function explain(error: unknown, cli: Cli): Promise<number> {
  const { environment } = cli;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage; // commander has written the text
  if (error instanceof CommandFailure) {
    environment.writeError(`quorate: ${error.message}\n`);
    return error.exit;
  }
  if (error instanceof QuorateError) {
    const place = error.code === "QUORATE_CONFIG_INVALID" ? "" : await cli.address();
    const message = error.message.replace(/ Resolution note: *$/, ""); // gRPC's, when it has none
    environment.writeError(`quorate: ${message}\n${adviceFor(error.code, place)}\n(${error.code})\n`);
    return exitOfCode(error.code);
  }
  environment.writeError(`quorate: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.error;
}
