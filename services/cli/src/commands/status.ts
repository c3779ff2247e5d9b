/** `quorate status`: once, or as a screen that follows the cluster. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Cli, type OutputAs, withOutputAs } from "../cli.ts";
import { EXIT } from "../exit-code.ts";
import { renderStatus } from "../render/render-status.ts";
import { localTimeText } from "../render/time-text.ts";
import { watchStatus } from "../watch-status.ts";

const WATCH_SECONDS = 5;

interface Options {
  readonly oneShot?: boolean;
  readonly inactive?: boolean;
  readonly watch?: number | true;
  readonly outputAs: OutputAs;
}

export function addStatusCommand(program: Command, cli: Cli): void {
  withOutputAs(program.command("status").description("the state of the cluster; on a terminal it stays and follows it"))
    .option("-1, --one-shot", "print it once and end (default when the output is not a terminal)")
    .option("-r, --inactive", "show resources that run nowhere too")
    .addOption(new Option("--watch [seconds]", "stay, and draw anew at every change and so often").argParser(parseSeconds))
    .action(cli.action((options: Options) => showStatus(cli, options)));
}

async function showStatus(cli: Cli, { oneShot = false, inactive = false, watch, outputAs }: Options): Promise<number> {
  const { environment } = cli;
  const watching = !oneShot && outputAs === "text" && (watch !== undefined || environment.isTerminal);
  if (watching) {
    const seconds = watch === undefined || watch === true ? WATCH_SECONDS : watch;
    await watchStatus({ client: await cli.client(), environment, address: await cli.address(), inactive, intervalMs: seconds * 1000 });
    return EXIT.ok;
  }
  const status = await (await cli.client()).status();
  if (outputAs === "json") cli.printJson(status);
  else environment.write(renderStatus(status, { inactive, time: localTimeText }));
  return EXIT.ok;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.2 && seconds <= 86_400)) throw new InvalidArgumentError("Seconds between 0.2 and 86400 are expected.");
  return seconds;
}
