/** Every option of `quorate simulate`, as a command line, and what it changes. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCib, parseXml } from "@quorate/cib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CliEnvironment } from "../environment.ts";
import { runCli } from "../run-cli.ts";

/** Of an agent without parameters; with the standard timeout when it recurs. */
const DIGESTS = { once: "f2317cad3d54cec5d7d7aa7d0bf35cf8", recurring: "4811cef7f7f94e3a35a70be7916cb2fd" };
const op = (id: string, task: string, rc: number, interval = 0): string =>
  `<lrm_rsc_op id="${id}_${interval > 0 ? `${task}_${interval}` : "last_0"}" operation_key="${id}_${task}_${interval}" operation="${task}" interval="${interval}" call-id="${interval > 0 ? 2 : 1}" rc-code="${rc}" op-status="0" transition-key="1:1:${rc}:x" op-digest="${interval > 0 ? DIGESTS.recurring : DIGESTS.once}"/>`;
const history = (node: string, resources: Readonly<Record<string, string>>): string => Object.entries(resources)
  .map(([id, where]) => `<lrm_resource id="${id}" class="ocf" provider="pacemaker" type="Dummy">${where === node ? op(id, "start", 0) + op(id, "monitor", 0, 10_000) : op(id, "monitor", 7)}</lrm_resource>`).join("");
const state = (node: string): string =>
  `<node_state id="${node}" uname="${node}" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="${node}"><lrm_resources>${history(node, { web: "n1", db: "n2" })}</lrm_resources></lrm></node_state>`;
const primitive = (id: string): string => `<primitive id="${id}" class="ocf" provider="pacemaker" type="Dummy"><utilization id="${id}-u"><nvpair id="${id}-uc" name="cpu" value="2"/></utilization><operations><op id="${id}-m" name="monitor" interval="10s"/></operations></primitive>`;

/** web runs on n1, db with ticket site on n2; the password of the fence device is `geheim`. */
const CIB = `<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" admin_epoch="0" epoch="1" num_updates="0" have-quorum="1"><configuration>
  <crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="o1" name="placement-strategy" value="utilization"/></cluster_property_set></crm_config>
  <nodes>${["n1", "n2"].map((node) => `<node id="${node}" uname="${node}"><utilization id="${node}-u"><nvpair id="${node}-uc" name="cpu" value="8"/></utilization></node>`).join("")}</nodes>
  <resources>${primitive("web")}${primitive("db")}<primitive id="pdu" class="stonith" type="fence_apc"><instance_attributes id="pdu-i"><nvpair id="pdu-p" name="passwd" value="geheim"/></instance_attributes></primitive></resources>
  <constraints><rsc_ticket id="t" rsc="db" ticket="site" loss-policy="stop"/><rsc_location id="l" rsc="web" node="n1" score="50"/></constraints></configuration>
  <status>${state("n1")}${state("n2")}<tickets><ticket_state id="site" granted="true" standby="false"/></tickets></status></cib>`;

let folder: string;
let out: string;
let errors: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "quorate-simulate-"));
  writeFileSync(join(folder, "cib.xml"), CIB);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: readonly string[]): Promise<number> {
  [out, errors] = ["", ""];
  const environment: CliEnvironment = {
    env: {}, cwd: folder, user: "root@n1", isTerminal: false, terminalRows: () => 24, write: (text) => void (out += text), writeError: (text) => void (errors += text),
    readFile: (path) => readFile(path, "utf8"), writeFile: (path, text) => writeFile(path, text, { mode: 0o600 }), readInput: async () => CIB, wallMs: () => Date.UTC(2026, 0, 1),
    onInterrupt: () => () => {}, connect: () => Promise.reject(new Error("nothing here is asked of a cluster")),
  };
  return runCli(["simulate", ...args], environment, "1.2.3");
}

/** `Move web n1 n2`: the summary as JSON has it; fence actions first. The device is probed and started in every run. */
async function plan(...args: readonly string[]): Promise<string[]> {
  expect(await run("-x", "cib.xml", "-R", "--output-as", "json", ...args), errors).toBe(0);
  const { decision } = JSON.parse(out) as { decision: { fencing: { op: string; node: string }[]; actions: { task: string; resource: string; from: string | null; to: string | null }[] } };
  const actions = decision.actions.filter(({ resource }) => resource !== "pdu").map(({ task, resource, from, to }) => [task, resource, from, to].filter((part) => part !== null).join(" "));
  return [...decision.fencing.map(({ op: how, node }) => `${how} ${node}`), ...actions];
}

describe("what happened", () => {
  test.each<[readonly string[], readonly string[]]>([
    [[], []],
    [["-f", "n1"], ["reboot n1", "Move web n1 n2"]],
    [["--node-fail", "n1"], ["reboot n1", "Move web n1 n2"]],
    [["-d", "n2"], ["Start db n1"]],
    [["-f", "n2", "-u", "n2"], ["reboot n2", "Move db n2 n1"]],
    [["-d", "n2", "--set-option", "stop-all-resources=true"], ["Stop web n1"]],
    [["-i", "web_monitor_10000@n1=7"], ["Recover web n1 n1"]],
    [["--op-inject", "web_stop_0@n1=1"], ["reboot n1", "Recover web n1 n2"]],
    [["-r", "site"], ["Stop db n2"]],
    [["-r", "site", "--ticket-grant", "site"], ["Stop db n2"]],
    [["-b", "site"], ["Stop db n2"]],
    [["-b", "site", "-d", "n2"], []],
    [["-b", "site", "-e", "site", "-d", "n2"], ["Start db n1"]],
    [["-q", "no"], ["Stop web n1", "Stop db n2"]],
    [["--quorum", "yes"], []],
  ])("%s", async (args, want) => expect(await plan(...args)).toStrictEqual(want));

  test("a ticket that was never granted is granted", async () => {
    writeFileSync(join(folder, "cib.xml"), CIB.replace(/<tickets>.*<\/tickets>/, ""));
    expect(await plan()).toStrictEqual(["Stop db n2"]);
    expect(await plan("-g", "site")).toStrictEqual([]);
  });

  test("an operation that fails ends the transition and leaves its failure behind", async () => {
    expect(await run("-x", "cib.xml", "-d", "n1", "-F", "web_start_0@n2=1", "-O", "after.xml")).toBe(0);
    expect(out).toContain("  * Pretending web_start_0@n2=1 failed with rc=1; nothing more is done\n    * Injecting attribute fail-count-web#start_0=1 into the state of n2\n");
    expect(out).not.toContain("web             monitor");
    const after = parseCib(readFileSync(join(folder, "after.xml"), "utf8"));
    expect(after.ok).toBe(true);
    expect(readFileSync(join(folder, "after.xml"), "utf8")).toMatch(/id="web_last_failure_0"[^>]*rc-code="1"/);
  });

  test("one that is not due is told", async () => {
    expect(await run("-x", "cib.xml", "-F", "web_start_0@n2=1")).toBe(0);
    expect(errors).toContain("web_start_0@n2=1 was not to be done");
  });
});

describe("where the CIB comes from", () => {
  test("standard input", async () => {
    expect(await run("-p", "-R")).toBe(0);
    expect(out).toContain("Started n1");
  });
  test("one place only", async () => expect(await run("-p", "-x", "cib.xml")).toBe(64));
  test("the running one, without a file", async () => {
    expect(await run("-L")).toBe(1);
    expect(errors).toContain("nothing here is asked of a cluster");
  });
});

describe("what is shown", () => {
  test("--run only decides; --simulate is the default; both is nothing", async () => {
    await run("-x", "cib.xml", "-R", "-f", "n1");
    expect(out).not.toContain("Revised Cluster Status");
    await run("-x", "cib.xml", "-f", "n1");
    expect(out).toContain("Revised Cluster Status");
    await run("-x", "cib.xml", "-S", "-f", "n1");
    expect(out).toContain("  * Fencing n1 (reboot)\n");
    expect(await run("-x", "cib.xml", "-S", "-R")).toBe(64);
  });
  test("--quiet leaves out the states", async () => {
    await run("-x", "cib.xml", "-Q", "-d", "n2");
    expect(out).toMatch(/^Performing Requested Modifications:\n {2}\* Taking node n2 offline\n\nTransition Summary:\n/);
    expect(out).not.toContain("Revised");
  });
  test("--show-utilization: offered, taken, left", async () => {
    await run("-x", "cib.xml", "-R", "-Q", "-U");
    expect(out).toContain("Utilization Information:\n  * Original: n1 capacity: cpu=8\n  * Original: n2 capacity: cpu=8\n");
    expect(out).toContain("  * web utilization on n1: cpu=2\n");
    expect(out).toContain("  * Remaining: n2 capacity: cpu=6\n");
  });
  test.each(["-s", "--show-scores", "--scores"])("%s: the sum and its terms", async (flag) => {
    await run("-x", "cib.xml", "-R", "-Q", flag);
    expect(out).toContain("Assignment Scores:\n  * web on n1: 50 (location l 50)\n");
  });
  test("--set-datetime: a rule that holds from a day on", async () => {
    const rule = '<rsc_location id="l2" rsc="web"><rule id="r" score="-INFINITY" boolean-op="and"><date_expression id="de" operation="gt" start="2027-01-01"/><expression id="e" attribute="#uname" operation="eq" value="n1"/></rule></rsc_location>';
    writeFileSync(join(folder, "cib.xml"), CIB.replace("</constraints>", `${rule}</constraints>`));
    expect(await plan()).toStrictEqual([]);
    expect(await plan("-t", "2027-06-01 12:00:00Z")).toStrictEqual(["Move web n1 n2"]);
  });
  test("secrets are masked on the screen in every form, and kept in files, which are their owner's", async () => {
    for (const form of ["text", "json", "xml"]) {
      await run("-x", "cib.xml", "--output-as", form, "-s", "--reasons");
      expect(out).not.toContain("geheim");
    }
    await run("-x", "cib.xml", "-G", "graph.xml");
    expect(readFileSync(join(folder, "graph.xml"), "utf8")).toContain("geheim");
    expect(statSync(join(folder, "graph.xml")).mode & 0o777).toBe(0o600);
  });
  test("xml is well-formed and says that it went well", async () => {
    await run("-x", "cib.xml", "--output-as", "xml", "-f", "n1", "-s", "-U");
    expect(parseXml(out).ok).toBe(true);
    expect(out).toContain('<status code="0" message="OK"/>');
    expect(out).toMatch(/<rsc_action action="move" resource="web" source="n1" dest="n2" /);
  });
});

describe("files", () => {
  test("--save-input holds what was injected", async () => {
    await run("-x", "cib.xml", "-R", "-r", "site", "-I", "in.xml");
    expect(readFileSync(join(folder, "in.xml"), "utf8")).toMatch(/<ticket_state id="site" granted="false"/);
  });
  test("--save-dotfile", async () => {
    await run("-x", "cib.xml", "-R", "-f", "n1", "-D", "graph.dot");
    const dot = readFileSync(join(folder, "graph.dot"), "utf8");
    expect(dot).toContain(`"stonith 'reboot' n1" [ style=bold color="green" fontcolor="black"]\n`);
    expect(dot).toContain(`"web_start_0 n2" -> "web_monitor_10000 n2" [ style = bold]\n`);
  });
  test("--save-svg: every action, no reference to the outside", async () => {
    await run("-x", "cib.xml", "-R", "-f", "n1", "--save-svg", "graph.svg");
    const svg = readFileSync(join(folder, "graph.svg"), "utf8");
    expectBalanced(svg);
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:|href|<script|<image/);
    for (const text of ["fence (reboot)", "start web", "monitor web every 10000 ms"]) expect(svg).toContain(`>${text}</text>`);
  });
  test("one that cannot be written: 73, and nothing is shown", async () => {
    expect(await run("-x", "cib.xml", "-G", "no/such/folder/graph.xml")).toBe(73);
    expect(errors).toContain("no/such/folder/graph.xml cannot be written: ENOENT");
    expect(out).toBe("");
  });
});

/** Every tag is closed where it should be. */
function expectBalanced(markup: string): void {
  const open: string[] = [];
  for (const [, close, name = "", rest = ""] of markup.matchAll(/<(\/?)([a-z]+)((?:[^<>"]|"[^"]*")*)>/g)) {
    if (close === "/") expect(open.pop()).toBe(name);
    else if (!rest.endsWith("/")) open.push(name);
  }
  expect(open).toStrictEqual([]);
  expect(markup.replaceAll(/&(amp|lt|gt|quot);/g, "")).not.toContain("&");
}

test.each<[readonly string[], number, string]>([
  [["-x", "none.xml"], 66, "no such file"],
  [["-x", "cib.xml", "-i", "nonsense"], 64, "RESOURCE_TASK_INTERVAL@NODE=RC"],
  [["-x", "cib.xml", "-q", "perhaps"], 64, "yes or no"],
  [["-x", "cib.xml", "-t", "yesterday"], 64, "A date looks like"],
  [["-x", "cib.xml", "-d", "n9"], 105, "no node n9"],
  [["-x", "cib.xml", "-i", "nope_start_0@n1=1"], 105, "no resource nope"],
  [["-x", "cib.xml", "-i", "web_start_0@n9=1"], 105, "no node n9"],
  [["-x", "cib.xml", "-R", "-F", "web_start_0@n1=1"], 64, "--op-fail"],
])("%s: exit %i", async (args, exit, words) => {
  expect(await run(...args)).toBe(exit);
  expect(errors).toContain(words);
});
