/** `quorate fence ...`: switch a node off, see what was fenced, vouch for a node that was switched off by hand. */
import type { Command } from "commander";
import { type Cli, type OutputAs, withOutputAs } from "../cli.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { renderFenceRecords } from "../render/render-history.ts";
import { localTimeText } from "../render/time-text.ts";

const CONFIRM_OPTION = "--yes-i-have-checked-that-it-is-off";

export function addFenceCommands(program: Command, cli: Cli): void {
  const fence = program.command("fence").description("fence a node, or see and confirm fencing").usage("NODE [--off | --reboot]\n       quorate fence history [NODE]\n       quorate fence confirm NODE");
  fence
    .argument("[node]", "node to fence; its resources are stopped by force and recovered elsewhere")
    .option("--off", "leave it switched off")
    .option("--reboot", "switch it off and on again (default)")
    .action(cli.action((node: string | undefined, options: { off?: boolean; reboot?: boolean }) => fenceNode(cli, node, options)));
  withOutputAs(fence.command("history [node]").description("fencing of the past and under way, newest first")).action(
    cli.action((node: string | undefined, { outputAs }: { outputAs: OutputAs }) => fenceHistory(cli, node, outputAs)),
  );
  fence
    .command("confirm <node>")
    .description("vouch that a node is off, when no device could confirm it")
    .option(CONFIRM_OPTION, "you have seen with your own eyes that the node has no power")
    .action(cli.action((node: string, options: { yesIHaveCheckedThatItIsOff?: boolean }) => confirmFence(cli, node, options.yesIHaveCheckedThatItIsOff ?? false)));
}

async function fenceNode(cli: Cli, node: string | undefined, { off = false, reboot = false }: { off?: boolean; reboot?: boolean }): Promise<number> {
  if (node === undefined) throw new CommandFailure(EXIT.usage, "which node? quorate fence NODE [--off | --reboot]");
  if (off && reboot) throw new CommandFailure(EXIT.usage, "--off and --reboot exclude each other");
  const action = off ? "off" : "reboot";
  const { outcome, detail } = await (await cli.client()).fenceNode({ node, action, by: cli.environment.user });
  const addition = detail === "" ? "" : `: ${detail}`;
  switch (outcome) {
    case "succeeded":
      cli.print(`${node} was fenced${addition}`);
      return EXIT.ok;
    case "refused":
      throw new CommandFailure(EXIT.unsafe, `fencing of ${node} was refused${addition}. Nothing was switched.`);
    case "failed":
      throw new CommandFailure(EXIT.error, `fencing of ${node} FAILED${addition}. Nothing of it is started elsewhere. Check the fence device; \`quorate fence history ${node}\` shows what was tried.`);
    case "unknown":
      throw new CommandFailure(EXIT.indeterminate, `whether ${node} was fenced is NOT KNOWN${addition}. It counts as not fenced until a device confirms it; \`quorate fence history ${node}\` shows what was tried.`);
  }
}

async function fenceHistory(cli: Cli, node: string | undefined, outputAs: OutputAs): Promise<number> {
  const records = await (await cli.client()).fenceHistory(node === undefined ? {} : { node });
  if (outputAs === "json") cli.printJson(records);
  else if (records.length === 0) cli.print(`No fencing${node === undefined ? "" : ` of ${node}`} is remembered`);
  else for (const line of renderFenceRecords(records, localTimeText)) cli.print(line.replace(/^ {2}/, ""));
  return EXIT.ok;
}

async function confirmFence(cli: Cli, node: string, checked: boolean): Promise<number> {
  if (!checked) throw new CommandFailure(EXIT.unsafe, dangerText(node));
  await (await cli.client()).confirmFence({ node, by: cli.environment.user });
  cli.print(`Confirmed on your word: ${node} counts as off, and its resources are started elsewhere`);
  return EXIT.ok;
}

function dangerText(node: string): string {
  return `nothing was confirmed. This takes the place of the proof that ${node} is off.

  With it the cluster starts the resources of ${node} on other nodes at once.
  If ${node} still runs, and only its network is down, both nodes then write to
  the same disks and use the same addresses. DATA WILL BE DESTROYED.

  Go there, or use a console that shows its power. Switch ${node} off (pull the
  plug if you must), and see to it that nobody switches it on meanwhile. Then:

    quorate fence confirm ${node} ${CONFIRM_OPTION}`;
}
