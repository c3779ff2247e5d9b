/** Beside crm_simulate, where it is installed: the same documents and options, and what both say about them. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type XmlElement, child, children, parseXml } from "@quorate/cib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CliEnvironment } from "../environment.ts";
import { runCli } from "../run-cli.ts";

const present = spawnSync("crm_simulate", ["--version"]).status === 0;
const WHEN = "2026-01-01 00:00:00Z";

const primitive = (id: string, more = ""): string => `<primitive id="${id}" class="ocf" provider="pacemaker" type="Dummy">${more}<operations><op id="${id}-monitor" name="monitor" interval="10s"/></operations></primitive>`;

/** Three nodes and a fence device; `states` in place of nodes that were never seen. */
function document(resources: string, constraints: string): string {
  return `<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" admin_epoch="0" epoch="1" num_updates="0" have-quorum="1">
    <configuration><crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="o" name="stonith-enabled" value="true"/></cluster_property_set></crm_config>
    <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/><node id="3" uname="n3"><utilization id="u3"><nvpair id="u3c" name="cpu" value="2"/></utilization></node></nodes>
    <resources>${resources}<primitive id="pdu" class="stonith" type="fence_apc"/></resources><constraints>${constraints}</constraints></configuration>
    <status>${[1, 2, 3].map((id) => `<node_state id="${id}" uname="n${id}" in_ccm="true" crmd="online" join="member" expected="member"/>`).join("")}</status></cib>`;
}

const DOCUMENTS: Readonly<Record<string, string>> = {
  group: document(`<group id="g">${primitive("a")}${primitive("b")}</group>${primitive("c")}`, '<rsc_location id="l" rsc="g" node="n2" score="100"/>'),
  clone: document(`<clone id="k">${primitive("d")}</clone>${primitive("e")}`, '<rsc_order id="o1" first="k" then="e"/><rsc_colocation id="c1" rsc="e" with-rsc="k" score="INFINITY"/>'),
  ticket: document(primitive("f"), '<rsc_ticket id="t" rsc="f" ticket="site" loss-policy="stop"/>'),
};

let folder: string;
let out: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "quorate-peer-"));
  for (const [name, text] of Object.entries(DOCUMENTS)) writeFileSync(join(folder, `${name}.xml`), text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function ours(args: readonly string[]): Promise<number> {
  out = "";
  const environment: CliEnvironment = {
    env: {}, cwd: folder, user: "root@n1", isTerminal: false, terminalRows: () => 24, write: (text) => void (out += text), writeError: () => {},
    readFile: (path) => readFile(path, "utf8"), writeFile: (path, text) => writeFile(path, text), readInput: async () => "", wallMs: () => Date.parse(WHEN),
    onInterrupt: () => () => {}, connect: () => Promise.reject(new Error("nothing here is asked of a cluster")),
  };
  return runCli(["simulate", ...args], environment, "1.2.3");
}

function theirs(args: readonly string[]): string {
  return execFileSync("crm_simulate", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

/** Everything is running; made by the peer itself, so that its own history entries are read here. */
function settle(name: string, grants: readonly string[]): void {
  for (let step = 0; step < 3; step += 1) {
    theirs(["-x", `${name}.xml`, "-S", "-t", WHEN, ...grants, "-O", `${name}.next.xml`]);
    writeFileSync(join(folder, `${name}.xml`), readFileSync(join(folder, `${name}.next.xml`)));
  }
}

interface Synapse {
  readonly attributes: Readonly<Record<string, string>>;
  readonly primitive: Readonly<Record<string, string>> | null;
  readonly downed: readonly string[];
  readonly priority: string;
  readonly inputs: readonly string[];
}

/** By the name of the action: kind, key and node. Numbers differ and mean nothing outside of a file. */
function readGraph(file: string): Map<string, Synapse> {
  const parsed = parseXml(readFileSync(join(folder, file), "utf8"));
  if (!parsed.ok) throw new Error(`${file} is not well-formed`);
  const nameOf = ({ name, attributes }: XmlElement): string => [name, attributes["operation"], attributes["operation_key"], attributes["on_node"], attributes["on_node_uuid"]].join(" ");
  return new Map(children(parsed.value, "synapse").map((synapse) => {
    const [action] = child(synapse, "action_set")?.children ?? [];
    if (action === undefined) throw new Error("a synapse without an action");
    const inputs = (child(synapse, "inputs")?.children ?? []).flatMap((trigger) => trigger.children.map(nameOf));
    const downed = (child(action, "downed")?.children ?? []).map((node) => node.attributes["id"] ?? "");
    return [nameOf(action), {
      attributes: sorted(child(action, "attributes")?.attributes ?? {}), primitive: child(action, "primitive")?.attributes ?? null, downed,
      priority: action.name === "pseudo_event" ? "" : (synapse.attributes["priority"] ?? "0"), inputs: inputs.sort(),
    }];
  }));
}

/** A mark that the peer leaves for its own executor, and a name that it leaves out when the operation is not configured. */
const UNCOMPARED: ReadonlySet<string> = new Set(["CRM_meta_probe_complete", "CRM_meta_name"]);

function sorted(attributes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !UNCOMPARED.has(name)).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The lines of a section of the text, without what the two say about the reason. */
function sectionOf(text: string, title: string): string[] {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => line.startsWith(title));
  const to = lines.findIndex((line, at) => at > from && line === "");
  return (from < 0 ? [] : lines.slice(from + 1, to < 0 ? undefined : to)).filter((line) => line.startsWith("  * ")).map((line) => line.replace(/ {2}(due to|blocked).*$/, "").replaceAll(/ +/g, " "))
    // The peer's pretended failure has no digest, so it takes the operation for a changed one and forgets the failure at once
    .filter((line) => !line.includes("clear_failcount")).sort();
}

describe.runIf(present)("as crm_simulate has it", () => {
  beforeAll(() => {
    settle("group", []);
    settle("clone", []);
    settle("ticket", ["-g", "site"]);
  });

  const questions: [string, readonly string[]][] = [
    ["group", ["-f", "n2"]], ["group", ["-d", "n2"]], ["group", ["-i", "a_monitor_10000@n2=7"]], ["group", ["-i", "b_stop_0@n2=1"]], ["group", ["-q", "0", "-u", "n1"]],
    ["clone", ["-f", "n1"]], ["clone", ["-d", "n3"]], ["clone", ["-d", "n3", "-u", "n3"]], ["ticket", ["-r", "site"]], ["ticket", ["-b", "site", "-d", "n1"]],
  ];

  test.each(questions)("the graph of %s, %s", async (name, question) => {
    theirs(["-x", `${name}.xml`, "-R", "-t", WHEN, ...question, "-G", "theirs.xml"]);
    expect(await ours(["-x", `${name}.xml`, "-R", "-t", WHEN, ...question, "-G", "ours.xml"])).toBe(0);
    const [want, got] = [readGraph("theirs.xml"), readGraph("ours.xml")];
    for (const action of want.keys()) if (action.includes("clear_failcount")) want.delete(action); // see sectionOf
    expect([...got.keys()].sort()).toStrictEqual([...want.keys()].sort());
    for (const [action, synapse] of want) expect(got.get(action), action).toStrictEqual(synapse);
  });

  test.each(questions)("summary and modifications of %s, %s", async (name, question) => {
    const want = theirs(["-x", `${name}.xml`, "-S", "-t", WHEN, ...question]);
    await ours(["-x", `${name}.xml`, "-S", "-t", WHEN, ...question]);
    expect(sectionOf(out, "Transition Summary")).toStrictEqual(sectionOf(want, "Transition Summary"));
    const asked = sectionOf(want, "Performing Requested Modifications").filter((line) => !line.includes("attribute")).map((line) => line.replace("quorum: 0", "quorum: no"));
    expect(sectionOf(out, "Performing Requested Modifications").filter((line) => !line.includes("attribute"))).toStrictEqual(asked);
    expect(sectionOf(out, "Executing Cluster Transition")).toStrictEqual(sectionOf(want, "Executing Cluster Transition"));
  });

  test("an operation that fails leaves the same state behind", async () => {
    const question = ["-x", "group.xml", "-S", "-t", WHEN, "-f", "n2", "-F", "b_start_0@n1=1"];
    theirs([...question, "-O", "theirs-after.xml"]);
    await ours([...question, "-O", "ours-after.xml"]);
    const [want, got] = [theirs(["-x", "theirs-after.xml", "-S", "-t", WHEN]), theirs(["-x", "ours-after.xml", "-S", "-t", WHEN])];
    expect(sectionOf(got, "Transition Summary")).toStrictEqual(sectionOf(want, "Transition Summary"));
    expect(sectionOf(want, "Transition Summary").join()).toContain("Recover b");
  });

  test("actions as XML", async () => {
    const question = ["-x", "group.xml", "-S", "-t", WHEN, "-f", "n2", "--output-as=xml"];
    const actionsOf = (text: string): unknown[] => {
      const parsed = parseXml(text);
      if (!parsed.ok) throw new Error("not well-formed");
      return ["actions", "modifications", "transition"].flatMap((part) => (child(parsed.value, part)?.children ?? []).map(({ name, attributes }) => JSON.stringify({ name, ...attributes, reason: "" }))).sort();
    };
    const want = theirs(question);
    await ours(question);
    expect(actionsOf(out)).toStrictEqual(actionsOf(want));
  });
});
