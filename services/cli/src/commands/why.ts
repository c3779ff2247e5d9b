/** `quorate why RESOURCE`: why it is where it is, from the decision history and not from logs. */
import type { Command } from "commander";
import { type Cli, type OutputAs, withOutputAs } from "../cli.ts";
import { EXIT } from "../exit-code.ts";

export function addWhyCommand(program: Command, cli: Cli): void {
  withOutputAs(program.command("why <resource>").description("why a resource runs where it runs, or why it does not"))
    .option("--node <node>", "what was said about this node")
    .action(cli.action(async (resource: string, { node, outputAs }: { node?: string; outputAs: OutputAs }) => {
      const { lines, json } = await (await cli.client()).why({ resource, ...(node === undefined ? {} : { node }) });
      if (outputAs === "json") cli.printJson(json === null ? { resource, lines } : JSON.parse(json));
      else for (const line of lines) cli.print(line);
      return EXIT.ok;
    }));
}
