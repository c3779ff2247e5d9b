/**
 * Asks the reference (`crm_simulate` of pacemaker-cli-utils) what it decides about a CIB, in the format of the conformance kit.
 * Throws a plain sentence when the program is missing; a CIB that it refuses gives null.
 */
// oxlint-disable-next-line no-restricted-imports -- a tool of the tests, no part of the library: the reference is another program
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { XmlElement } from "@quorate/cib";
import { child, children, descendants, parseXml } from "@quorate/cib";
import type { KitDecision, KitStatus } from "./kit-format.ts";
import { reduceOrder } from "./kit-format.ts";

export interface OracleAnswer {
  readonly decision: KitDecision;
  /** What the cluster is afterwards, as a CIB; "" when it was not asked for. */
  readonly cibAfter: string;
  /** Why the graph cannot be carried out to its end; null when it can. */
  readonly trouble: "circle" | "waits in vain" | "failed" | null;
}

const TIMEOUT_MS = 60_000;
const ERRORS = /<errors>.*?<\/errors>/s;
const OUTPUT_MAX = 64 * 1024 * 1024;

/** The CIB must carry its time (`execution-date`). */
export async function askOracle(cibXml: string): Promise<OracleAnswer | null> {
  const folder = mkdtempSync(join(tmpdir(), "quorate-oracle-"));
  try {
    const [input, graph, after] = [join(folder, "cib.xml"), join(folder, "graph.xml"), join(folder, "after.xml")];
    writeFileSync(input, cibXml);
    const text = await runSimulate(["-x", input, "-S", "--output-as=xml", "-G", graph, "-O", after], folder);
    // Its errors are text between elements, which no CIB has
    const output = parse(text.replace(ERRORS, "")), graphRoot = parse(readOr(graph));
    return output === null || graphRoot === null ? null : readAnswer(output, graphRoot, { cibAfter: readOr(after), failed: ERRORS.test(text) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runSimulate(args: readonly string[], folder: string): Promise<string> {
  const environment = { ...process.env, LC_ALL: "C", TZ: "UTC", CIB_shadow_dir: folder };
  return new Promise((resolve, reject) => {
    execFile("crm_simulate", [...args], { env: environment, maxBuffer: OUTPUT_MAX, timeout: TIMEOUT_MS }, (error, stdout) => {
      if (error !== null && "code" in error && error.code === "ENOENT") reject(new Error("crm_simulate is not installed: it is in Debian's package pacemaker-cli-utils"));
      // A graph that cannot be carried out gives an error code and an answer
      else resolve(stdout);
    });
  });
}

function readOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function parse(text: string): XmlElement | null {
  const parsed = text === "" ? null : parseXml(text);
  return parsed?.ok === true ? parsed.value : null;
}

function readAnswer(output: XmlElement, graphRoot: XmlElement, { cibAfter, failed }: { readonly cibAfter: string; readonly failed: boolean }): OracleAnswer | null {
  const before = child(output, "cluster_status"), after = child(output, "revised_cluster_status"), actions = child(output, "actions");
  if (before === null || after === null || actions === null) return null;
  const { actions: graphActions, edges, dangling } = readGraph(graphRoot);
  const links = graphActions.map((action, id) => ({ id, kind: action["kind"] as "rsc", after: edges.filter(([, next]) => next === id).map(([first]) => first) }));
  const order = reduceOrder(links);
  const decision: KitDecision = {
    ...readSummary(actions), before: readStatus(before), after: readStatus(after),
    graph: { actions: graphActions, edges, order, ...(dangling ? { dangling: [true] } : {}) },
  };
  const trouble = order === null ? "circle" : dangling ? "waits in vain" : failed ? "failed" : null;
  return { decision, cibAfter, trouble };
}

const NODE_FLAGS = ["online", "standby", "standby_onfail", "maintenance", "pending", "unclean", "shutdown", "is_dc"];

function readStatus(section: XmlElement): KitStatus {
  const nodes: Record<string, { type: string; flags: string[] }> = {};
  for (const { attributes } of children(child(section, "nodes") ?? section, "node")) {
    nodes[attributes["name"] ?? ""] = { type: attributes["type"] ?? "", flags: NODE_FLAGS.filter((flag) => attributes[flag] === "true") };
  }
  const resources: Record<string, { node: string | null; role: string }[]> = {};
  for (const element of descendants(child(section, "resources") ?? section)) {
    if (element.name !== "resource") continue;
    const { id = "", role = "" } = element.attributes;
    const places = children(element, "node").map((node) => node.attributes["name"] ?? "");
    (resources[id] ??= []).push(...(places.length === 0 ? [null] : places).map((node) => ({ node, role })));
  }
  return { nodes, resources };
}

function readSummary(section: XmlElement): Pick<KitDecision, "actions" | "fencing"> {
  const actions: Record<string, unknown>[] = [], fencing: KitDecision["fencing"][number][] = [];
  for (const { name, attributes } of section.children) {
    const { action: task = "", node, source, dest, reason = "" } = attributes;
    if (name === "node_action" && (attributes["task"] ?? "").startsWith("Fence")) {
      fencing.push({ node: node ?? "", op: /\((\w+)\)/.exec(attributes["task"] ?? "")?.[1] ?? "", reason });
    } else if (name === "rsc_action") {
      const from = node === undefined ? source : task === "start" ? undefined : node;
      const to = node === undefined ? (dest ?? source) : task === "stop" ? undefined : node;
      actions.push({ task, resource: attributes["resource"], from, to, role: attributes["role"], nextRole: attributes["next-role"], reason, blocked: attributes["blocked"] === "true" });
    }
  }
  return { actions, fencing };
}

const KINDS: Readonly<Record<string, string>> = { rsc_op: "rsc", pseudo_event: "pseudo", crm_event: "cluster" };

function readGraph(root: XmlElement): { readonly actions: Record<string, unknown>[]; readonly edges: [number, number][]; readonly dangling: boolean } {
  const synapses = children(root, "synapse").map((synapse) => {
    const event = (child(synapse, "action_set") ?? synapse).children[0];
    const triggers = children(child(synapse, "inputs") ?? synapse, "trigger").map((trigger) => trigger.children[0]?.attributes["id"] ?? "");
    return { event, triggers };
  });
  const ids = new Map(synapses.map(({ event }, index) => [event?.attributes["id"] ?? "", index]));
  const actions = synapses.map(({ event }) => (event === undefined ? {} : readGraphAction(event)));
  const edges = synapses.flatMap(({ triggers }, index) => triggers.flatMap((id): [number, number][] => (ids.has(id) ? [[ids.get(id) ?? 0, index]] : [])));
  const dangling = synapses.some(({ triggers }) => triggers.some((id) => !ids.has(id)));
  return { actions, edges: edges.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]), dangling };
}

function readGraphAction(event: XmlElement): Record<string, unknown> {
  const { operation = "", operation_key: key, on_node: node } = event.attributes;
  const meta = (name: string): string | undefined => child(event, "attributes")?.attributes[`CRM_meta_${name}`];
  const plain = KINDS[event.name] ?? event.name;
  const kind = operation === "stonith" ? (plain === "cluster" ? "fence" : "pseudo") : plain;
  const primitive = child(event, "primitive")?.attributes;
  return {
    kind, op: kind === "fence" ? meta("stonith_action") : operation, key, node, rsc: primitive?.["long-id"] ?? primitive?.["id"],
    interval: Number(meta("interval") ?? 0), targetRc: Number(meta("op_target_rc") ?? 0),
  };
}
