/** What commands share: the connection, the output, the exit code. */
import { type Command, Option } from "commander";
import type { QuorateClient } from "@quorate/client";
import { chooseAddress } from "./address.ts";
import type { CliEnvironment } from "./environment.ts";

export type OutputAs = "text" | "json";

export interface Cli {
  readonly environment: CliEnvironment;
  /** Where `client` connects to. */
  address(): Promise<string>;
  /** The connection; opened by the first call, closed when the command has ended. */
  client(): Promise<QuorateClient>;
  /** A line of output. */
  print(line: string): void;
  printJson(value: unknown): void;
  /** Makes a commander action of a function that returns the exit code. */
  action<Args extends readonly unknown[]>(work: (...args: Args) => Promise<number>): (...args: Args) => Promise<void>;
}

export interface CliRun extends Cli {
  exitCode(): number;
  close(): Promise<void>;
}

export function createCli(environment: CliEnvironment, connectOption: () => string | undefined): CliRun {
  let client: Promise<QuorateClient> | null = null;
  let exit = 0;
  const address = (): Promise<string> => chooseAddress(connectOption(), environment.env);
  const print = (line: string): void => environment.write(`${line}\n`);
  return {
    environment,
    address,
    client: () => (client ??= address().then((place) => environment.connect(place))),
    print,
    printJson: (value) => print(JSON.stringify(value, null, 2)),
    action: (work) => async (...args) => {
      exit = await work(...args);
    },
    exitCode: () => exit,
    async close() {
      if (client !== null) (await client.catch(() => null))?.close(); // a connection that was never made has been reported
    },
  };
}

/** `--output-as text|json`, with the names that Pacemaker's tools use. */
export function withOutputAs(command: Command): Command {
  return command.addOption(new Option("--output-as <format>", "form of the output").choices(["text", "json"]).default("text"));
}
