/** `quorate events` and `quorate alarm`: what happened, and telling the cluster about something. */
import { EVENT_SEVERITIES, type ClusterEvent, type EventSeverity, eventId } from "@quorate/core";
import type { EventPosition, QuorateClient } from "@quorate/client";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Cli, type OutputAs, withOutputAs } from "../cli.ts";
import { EXIT } from "../exit-code.ts";
import { localTimeText } from "../render/time-text.ts";

export function addEventCommands(program: Command, cli: Cli): void {
  withOutputAs(program.command("events").description("events of the cluster, oldest first (JSON: one CloudEvent per line)"))
    .option("-f, --follow", "stay and print new ones until Ctrl-C")
    .addOption(new Option("--from <id>", "only those after the event with this id").argParser(parsePosition))
    .action(cli.action((options: EventOptions) => printEvents(cli, options)));
  program
    .command("alarm")
    .description("put an event of your own on the bus: it is logged, mailed and delivered like the cluster's")
    .requiredOption("--message <text>", "one sentence for people")
    .addOption(new Option("--type <type>", "FAMILY.WHAT-HAPPENED").default("resource.alarm"))
    .addOption(new Option("--severity <severity>", "how bad it is").choices(EVENT_SEVERITIES).default("error"))
    .option("--node <node>", "node that it is about")
    .option("--resource <resource>", "resource that it is about")
    .addOption(new Option("--data <name=value...>", "facts for programs").argParser(addFact).default({}))
    .action(cli.action(async (options: AlarmOptions) => {
      const { type, severity, message, data, node, resource } = options;
      await (await cli.client()).raiseAlarm({ type, severity, message, data, ...(node === undefined ? {} : { node }), ...(resource === undefined ? {} : { resource }) });
      return EXIT.ok;
    }));
}

interface EventOptions {
  readonly follow?: boolean;
  readonly from?: EventPosition;
  readonly outputAs: OutputAs;
}

interface AlarmOptions {
  readonly type: string;
  readonly severity: EventSeverity;
  readonly message: string;
  readonly node?: string;
  readonly resource?: string;
  readonly data: Readonly<Record<string, string>>;
}

/** Ends by itself without `--follow`; lost connections are told once each and survived when following. */
async function printEvents(cli: Cli, { follow = false, from, outputAs }: EventOptions): Promise<number> {
  const client = await cli.client();
  const lineOf = outputAs === "json" ? await cloudEventLine(client) : eventLine;
  let failure: Error | null = null;
  const stream = client.followEvents({
    live: follow,
    ...(from === undefined ? {} : { from }),
    onEvent: (event) => cli.print(lineOf(event)),
    onError(error, willRetry) {
      if (willRetry) cli.environment.writeError(`quorate: ${error.message}; trying again\n`);
      else failure = error;
    },
  });
  const forget = cli.environment.onInterrupt(() => stream.close());
  await stream.ended;
  forget();
  if (failure !== null) throw failure as Error;
  return EXIT.ok;
}

async function cloudEventLine(client: QuorateClient): Promise<(event: ClusterEvent) => string> {
  const { eventToCloudEvent } = await import("@quorate/wire");
  const { cluster } = await client.status();
  return (event) => JSON.stringify(eventToCloudEvent(event, cluster));
}

/** `ID  time  SEVERITY type: message`. */
export function eventLine(event: ClusterEvent): string {
  const severity = event.severity === "info" ? "" : `${event.severity.toUpperCase()} `;
  return `${eventId(event)}  ${localTimeText(event.atMs)}  ${severity}${event.type}: ${event.message}`;
}

/** `INDEX.ORDINAL` as printed, or INDEX alone: all of that entry and before are known. */
function parsePosition(text: string): EventPosition {
  const found = /^(\d{1,15})(?:\.(\d{1,9}))?$/.exec(text);
  if (found?.[1] === undefined) throw new InvalidArgumentError("An event id looks like 128.0.");
  return { index: Number(found[1]), ordinal: found[2] === undefined ? 2 ** 31 - 1 : Number(found[2]) };
}

function addFact(text: string, facts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("A fact looks like name=value.");
  return { ...facts, [text.slice(0, at)]: text.slice(at + 1) };
}
