/** `quorate resource ...`: enable, disable, meta attributes, cleanup, move, and which resources there are. */
import type { CibOperation, ResourceStatus } from "@quorate/wire";
import type { Command } from "commander";
import { findResource, metaAttributeXml, movesOf, preferXml } from "../cib-edit.ts";
import { type Cli, type OutputAs, withOutputAs } from "../cli.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { fetchCib } from "../live-cib.ts";
import { renderResources } from "../render/render-resources.ts";

export function addResourceCommands(program: Command, cli: Cli): void {
  const resource = program.command("resource").description("manage resources, groups and clones");
  resource
    .command("enable <resource>")
    .description("let it run again (target-role=Started)")
    .action(cli.action((id: string) => setMeta(cli, id, "target-role", "Started")));
  resource
    .command("disable <resource>")
    .description("stop it and keep it stopped (target-role=Stopped)")
    .action(cli.action((id: string) => setMeta(cli, id, "target-role", "Stopped")));
  resource
    .command("set-meta <resource> <name> <value>")
    .description("set a meta attribute, for example migration-threshold 3")
    .action(cli.action((id: string, name: string, value: string) => setMeta(cli, id, name, value)));
  resource
    .command("cleanup <resource>")
    .description("forget its failures and look at it anew")
    .option("--node <node>", "on this node only")
    .action(cli.action(async (id: string, { node }: { node?: string }) => {
      await (await cli.client()).cleanup({ resource: id, by: cli.environment.user, ...(node === undefined ? {} : { node }) });
      cli.print(`Forgot the failures of ${id}${node === undefined ? "" : ` on ${node}`}`);
      return EXIT.ok;
    }));
  addMoveCommands(resource, cli);
  withOutputAs(resource.command("list").description("all resources, where they run and how")).action(cli.action(async ({ outputAs }: { outputAs: OutputAs }) => {
    const { resources, nodes } = await (await cli.client()).status();
    if (outputAs === "json") cli.printJson(resources satisfies readonly ResourceStatus[]);
    else for (const line of renderResources(resources, { depth: 0, inactive: true, nodes })) cli.print(line);
    return EXIT.ok;
  }));
}

function addMoveCommands(resource: Command, cli: Cli): void {
  resource
    .command("move <resource> <node>")
    .description("make it prefer a node (a location constraint that stays until `clear`)")
    .action(cli.action(async (id: string, node: string) => {
      const { root } = await fetchCib(await cli.client());
      if (findResource(root, id) === null) throw noResource(id);
      await apply(cli, { kind: "modify", section: "constraints", xml: preferXml(id, node), allowCreate: true });
      cli.print(`${id} now prefers ${node}. Let it go where it wants again with: quorate resource clear ${id}`);
      return EXIT.ok;
    }));
  resource
    .command("clear <resource>")
    .description("remove what `move` left")
    .action(cli.action(async (id: string) => {
      const { root } = await fetchCib(await cli.client());
      if (findResource(root, id) === null) throw noResource(id);
      const moves = movesOf(root, id);
      for (const move of moves) await apply(cli, { kind: "delete", section: "constraints", xml: `<rsc_location id="${move}"/>` });
      cli.print(moves.length === 0 ? `No move of ${id} is in force` : `Removed ${moves.join(", ")}`);
      return EXIT.ok;
    }));
}

async function setMeta(cli: Cli, resource: string, name: string, value: string): Promise<number> {
  const { root } = await fetchCib(await cli.client());
  const xml = metaAttributeXml(root, { resource, name, value });
  if (xml === null) throw noResource(resource);
  await apply(cli, { kind: "modify", section: "resources", xml, allowCreate: false });
  cli.print(`${resource}: ${name}=${value}`);
  return EXIT.ok;
}

async function apply(cli: Cli, operation: CibOperation): Promise<void> {
  await (await cli.client()).cibApply(operation, cli.environment.user);
}

function noResource(id: string): CommandFailure {
  return new CommandFailure(EXIT.notFound, `the CIB has no resource ${id}. \`quorate resource list\` shows them.`);
}
