/** `quorate node ...`: standby, online, maintenance, and which nodes there are. */
import type { QuorateClient } from "@quorate/client";
import type { NodeStatus } from "@quorate/wire";
import { type Command, Option } from "commander";
import { hasTransientAttribute, nodeAttributeXml } from "../cib-edit.ts";
import { type Cli, type OutputAs, withOutputAs } from "../cli.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { fetchCib } from "../live-cib.ts";

export function addNodeCommands(program: Command, cli: Cli): void {
  const node = program.command("node").description("take nodes out of service and back");
  node
    .command("standby <node>")
    .description("move all resources away from a node; it stays a member and keeps its vote")
    .addOption(new Option("--for-reboot <answer>", "only until the node leaves or restarts").choices(["yes", "no"]).default("no"))
    .action(cli.action(async (name: string, { forReboot }: { forReboot: "yes" | "no" }) => {
      if (forReboot === "yes") await (await cli.client()).setAttribute({ node: name, name: "standby", value: "on" });
      else await setNodeAttribute(cli, { node: name, name: "standby", value: "on" });
      cli.print(`${name} goes to standby${forReboot === "yes" ? " until it restarts" : ""}: its resources move elsewhere. Back with: quorate node online ${name}`);
      return EXIT.ok;
    }));
  node
    .command("online <node>")
    .description("end the standby of a node")
    .action(cli.action(async (name: string) => {
      await setNodeAttribute(cli, { node: name, name: "standby", value: "off" });
      cli.print(`${name} may run resources again`);
      return EXIT.ok;
    }));
  node
    .command("maintenance <node>")
    .description("leave the resources of a node as they are: nothing is started, stopped or monitored there")
    .option("--off", "end the maintenance")
    .action(cli.action(async (name: string, { off = false }: { off?: boolean }) => {
      await setNodeAttribute(cli, { node: name, name: "maintenance", value: off ? "false" : "true" });
      cli.print(off ? `${name} is managed again` : `${name} is in maintenance: its resources are left as they are`);
      return EXIT.ok;
    }));
  withOutputAs(node.command("list").description("the nodes and their states")).action(cli.action(async ({ outputAs }: { outputAs: OutputAs }) => {
    const { nodes } = await (await cli.client()).status();
    if (outputAs === "json") cli.printJson(nodes);
    else cli.environment.write(nodeTable(nodes));
    return EXIT.ok;
  }));
}

/** A permanent attribute. A transient one of the same name would win over it, so that one goes. */
async function setNodeAttribute(cli: Cli, setting: { readonly node: string; readonly name: string; readonly value: string }): Promise<void> {
  const client: QuorateClient = await cli.client();
  const { root } = await fetchCib(client);
  const xml = nodeAttributeXml(root, setting);
  if (xml === null) throw new CommandFailure(EXIT.notFound, `the CIB has no node ${setting.node}. \`quorate node list\` shows the nodes.`);
  await client.cibApply({ kind: "modify", section: "nodes", xml, allowCreate: true }, cli.environment.user);
  if (hasTransientAttribute(root, setting.node, setting.name)) await client.setAttribute({ node: setting.node, name: setting.name, value: null });
}

/** One line per node: name, state, number of resource instances. */
export function nodeTable(nodes: readonly NodeStatus[]): string {
  const width = Math.max(...nodes.map(({ name }) => name.length), 0);
  const stateWidth = Math.max(...nodes.map(({ state }) => state.length), 0);
  return nodes.map(({ name, state, resourceCount }) => `${name.padEnd(width)}  ${state.padEnd(stateWidth)}  ${resourceCount} resource${resourceCount === 1 ? "" : "s"}\n`).join("");
}
