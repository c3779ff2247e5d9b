/** Resources of the configuration: templates, meta attributes, settings and clone instances (1-state E). */
import type { XmlElement } from "@quorate/cib";
import type { Cluster } from "../model/cluster.ts";
import { NodeSet } from "../model/node-set.ts";
import { noteRecheck, plainContext } from "../model/cluster.ts";
import type { Agent, CloneSettings, GroupSettings, Requires, Resource, Settings } from "../model/resource.ts";
import { isConnectionAgent } from "../model/resource.ts";
import { INFINITY } from "../model/score.ts";
import { ScoreTable } from "../model/score-table.ts";
import type { ScoreTerm } from "../types.ts";
import { readSets } from "./attribute-sets.ts";
import { readOperations } from "./operations.ts";
import { isTrue } from "./rules.ts";
import { expandTemplate } from "./templates.ts";
import { readUtilization } from "./utilization.ts";
import { child, descendants, parseBoolean, parseIntervalMs, parseScore } from "@quorate/cib";

const KINDS: Readonly<Record<string, Exclude<Resource["kind"], "bundle">>> = { primitive: "primitive", group: "group", clone: "clone", master: "clone" };

/** Classes whose agents cannot tell instances apart. */
const WITHOUT_INSTANCES: ReadonlySet<string> = new Set(["lsb", "systemd", "service", "upstart", "nagios"]);

/** Null when there is nothing to make of it: an unknown template, a clone of nothing. `instance` numbers a clone's child. */
export function readResource(cluster: Cluster, given: XmlElement, parent: Resource | null, instance: number | null): Resource | null {
  const element = given.name === "primitive" ? expandTemplate(cluster.root, given) : given;
  const kind = KINDS[element?.name ?? ""];
  if (element === null || kind === undefined) return null;
  const meta = readMeta(cluster, element, parent);
  const resource = createResource(cluster, { element, kind, parent, instance, meta });
  if (kind === "group") {
    for (const member of element.children) {
      if (member.name !== "primitive") continue;
      const made = readResource(cluster, member, resource, instance);
      if (made !== null) resource.children.push(made);
    }
  } else if (kind === "clone" && !addInstances(cluster, resource)) {
    return null;
  }
  return resource;
}

function addInstances(cluster: Cluster, clone: Resource): boolean {
  const template = cloneTemplate(clone);
  if (template === null || clone.clone === null) return false;
  for (let number = 0; number < Math.max(1, clone.clone.max); number++) {
    const made = readResource(cluster, template, clone, number);
    if (made === null) return false;
    if (clone.clone.max === 0) markOrphan(made);
    clone.children.push(made);
  }
  return true;
}

/** The element that a clone multiplies. */
export function cloneTemplate(clone: Resource): XmlElement | null {
  return clone.element.children.find((element) => element.name === "group" || element.name === "primitive") ?? null;
}

export function markOrphan(resource: Resource): void {
  resource.orphan = true;
  resource.children.forEach(markOrphan);
}

/** What wins: the element's own XML attributes, its sets, its parents' sets, `rsc_defaults`, the parent's table (1-state B5). */
export function readMeta(cluster: Cluster, element: XmlElement, parent: Resource | null): Map<string, string> {
  const meta = new Map(Object.entries(element.attributes));
  const context = { ...plainContext(cluster, (atMs) => noteRecheck(cluster, atMs)), resource: agentOf(element) };
  const source = { ids: cluster.ids, context };
  readSets(element, "meta_attributes", meta, source);
  for (let at = parent; at !== null; at = at.parent) readSets(at.element, "meta_attributes", meta, source);
  const defaults = child(child(cluster.root, "configuration") ?? cluster.root, "rsc_defaults");
  if (defaults !== null) readSets(defaults, "meta_attributes", meta, source);
  for (const [name, value] of parent?.meta ?? []) if (!meta.has(name)) meta.set(name, value);
  if ((element.name === "clone" || element.name === "master") && !meta.has("resource-stickiness")) meta.set("resource-stickiness", "1");
  return meta;
}

function agentOf(element: XmlElement): Agent {
  const { class: agentClass = "", provider, type = "" } = element.attributes;
  return { class: agentClass, provider: provider ?? null, type };
}

export interface ResourceOptions {
  readonly element: XmlElement;
  readonly kind: Resource["kind"];
  readonly parent: Resource | null;
  readonly instance: number | null;
  readonly meta: ReadonlyMap<string, string>;
}

/** Interns the resource: gives it a number and makes it findable by id. */
export function createResource(cluster: Cluster, { element, kind, parent, instance, meta }: ResourceOptions): Resource {
  const agent = agentOf(element);
  const settings = readSettings(cluster, agent, kind, meta);
  const clone = kind === "clone" ? readCloneSettings(cluster, element, meta) : null;
  const configId = element.attributes["id"] ?? "";
  const maintenance = cluster.options.maintenanceMode || isTrue(meta.get("maintenance"));
  const managed = !maintenance && (parseBoolean(meta.get("is-managed") ?? "") ?? true);
  const unique = kind === "clone" ? (clone?.unique ?? false) : (parent?.unique ?? true);
  const resource: Resource = {
    index: cluster.allResources.length,
    id: instance === null ? configId : `${configId}:${instance}`,
    configId, kind, element, parent, children: [], agent, meta, settings, clone, instance, unique,
    operations: kind === "primitive" ? readOperations(cluster, element) : [], options: new Map(),
    utilization: readUtilization(element, { ids: cluster.ids, context: plainContext(cluster, (atMs) => noteRecheck(cluster, atMs)) }),
    group: kind === "group" ? readGroupSettings(meta) : null, bundle: null, externalAddress: null,
    remoteNode: null, container: null, fillers: [], reconnectMs: 0,
    orphan: false, managed, maintenance, blocked: false, failed: false, failureIgnored: false,
    mustStop: false, startPending: false, mayMigrate: settings.allowMigrate, partialMigration: null, danglingSources: [], role: "Stopped", nextRole: targetRole(meta, clone ?? parent?.clone ?? parent?.parent?.clone ?? null),
    runningOn: [], known: new NodeSet(cluster.nodeByIndex.length), historyName: null, pending: null, failureTimeoutMs: settings.failureTimeoutMs, failures: new Map(),
    scores: baseTable(cluster, meta), terms: [], exclusiveDiscovery: false, thisWith: [], withThis: [],
    assigned: null, provisional: true, assigning: false, merging: false, choice: null, promotion: null,
    actions: [], notifiedTasks: [], reload: false, stopUnexpected: false, restarting: false,
  };
  cluster.allResources.push(resource);
  if (!cluster.byId.has(resource.id)) cluster.byId.set(resource.id, resource);
  return resource;
}

/** Empty in an asymmetric cluster, but for connections to guests that nobody has configured. */
export function baseTable(cluster: Cluster, meta: ReadonlyMap<string, string>): ScoreTable {
  return cluster.options.symmetricCluster || meta.has("internal_rsc") ? fullTable(cluster) : new ScoreTable(cluster.nodeByIndex.length);
}

/** Every node with its base score. What comes after a bundle does not know the nodes of that at all. */
export function fullTable(cluster: Cluster): ScoreTable {
  const table = new ScoreTable(cluster.nodeByIndex.length);
  for (const node of cluster.nodeByIndex) if (node.kind !== "ping" && !node.inBundle) table.set(node.index, node.baseScore);
  return table;
}

/** Only what says Stopped counts here, and Unpromoted for what can be promoted (1-state E3). */
export function targetRole(meta: ReadonlyMap<string, string>, clone: CloneSettings | null): Resource["nextRole"] {
  const wanted = meta.get("target-role")?.toLowerCase();
  if (wanted === "stopped") return "Stopped";
  return clone?.promotable === true && (wanted === "unpromoted" || wanted === "slave") ? "Unpromoted" : "Unknown";
}

function readSettings(cluster: Cluster, agent: Agent, kind: Resource["kind"], meta: ReadonlyMap<string, string>): Settings {
  const threshold = meta.get("migration-threshold");
  const thresholdScore = parseScore(threshold ?? "INFINITY");
  const multiple = meta.get("multiple-active")?.toLowerCase();
  const stickiness = meta.get("resource-stickiness");
  return {
    priority: parseScore(meta.get("priority") ?? "0"),
    critical: parseBoolean(meta.get("critical") ?? "") ?? true,
    stickiness: stickiness === undefined || stickiness === "default" ? 0 : parseScore(stickiness),
    migrationThreshold: thresholdScore < 0 ? 1 : thresholdScore,
    failureTimeoutMs: Math.floor(parseIntervalMs(meta.get("failure-timeout") ?? "0") / 1000) * 1000,
    multipleActive: multiple === "stop_only" || multiple === "block" || multiple === "stop_unexpected" ? multiple : "stop_start",
    requires: readRequires(cluster, agent, kind, meta.get("requires")?.toLowerCase()),
    allowMigrate: parseBoolean(meta.get("allow-migrate") ?? "") ?? (!meta.has("allow-migrate") && isConnectionAgent(agent) && !meta.has("container")),
    container: meta.get("container") ?? null,
  };
}

function readRequires(cluster: Cluster, agent: Agent, kind: Resource["kind"], given: string | undefined): Requires {
  const { fencingEnabled, noQuorumPolicy } = cluster.options;
  const isDevice = agent.class === "stonith";
  if (given === "nothing" || given === "quorum" || given === "fencing") return given;
  if (given === "unfencing") return isDevice || !fencingEnabled ? "quorum" : "unfencing";
  if (isDevice || (kind === "primitive" && isConnectionAgent(agent))) return "quorum";
  if (fencingEnabled) return cluster.unfencing ? "unfencing" : "fencing";
  return noQuorumPolicy === "ignore" ? "nothing" : "quorum";
}

function readGroupSettings(meta: ReadonlyMap<string, string>): GroupSettings {
  return { ordered: parseBoolean(meta.get("ordered") ?? "") ?? true, colocated: parseBoolean(meta.get("collocated") ?? "") ?? true };
}

/** An anonymous clone has one instance on a node, whatever clone-node-max says. */
function readCloneSettings(cluster: Cluster, element: XmlElement, meta: ReadonlyMap<string, string>): CloneSettings {
  const count = (names: readonly string[], fallback: number, floor: number): number => {
    const given = names.map((name) => meta.get(name)).find((value) => value !== undefined);
    return given === undefined ? fallback : Math.max(floor, Number.parseInt(given, 10) || 0);
  };
  const nodeCount = Math.max(1, cluster.nodeByIndex.length);
  const incapable = [...descendants(element)].some((item) => item.name === "primitive" && WITHOUT_INSTANCES.has(item.attributes["class"] ?? ""));
  const asked = isTrue(meta.get("globally-unique"));
  const unique = asked && !incapable;
  const max = count(["clone-max"], nodeCount, 0);
  return {
    max: asked && incapable ? Math.min(max, nodeCount) : max,
    nodeMax: unique ? count(["clone-node-max"], 1, 0) : 1,
    min: count(["clone-min"], 0, 0),
    unique,
    ordered: isTrue(meta.get("ordered")),
    interleave: isTrue(meta.get("interleave")),
    promotable: element.name === "master" || isTrue(meta.get("promotable")),
    promotedMax: count(["promoted-max", "master-max"], 1, 0),
    promotedNodeMax: count(["promoted-node-max", "master-node-max"], 1, 0),
    notify: isTrue(meta.get("notify")),
  };
}

/** Adds a score to a resource and all below it; a node not listed starts from the cluster node's own base. */
export function addNodeScore(cluster: Cluster, resource: Resource, node: number, term: ScoreTerm): void {
  resource.scores.add(node, term.score, cluster.nodeByIndex[node]?.baseScore ?? 0);
  resource.terms.push({ node, ...term });
  for (const one of resource.children) addNodeScore(cluster, one, node, term);
}

/** A term that rules a node out. */
export function ban(source: string, text: string, id = ""): ScoreTerm {
  return { source, id, score: -INFINITY, text };
}

/** Bans it from every node of the cluster. */
export function banEverywhere(cluster: Cluster, resource: Resource, term: ScoreTerm): void {
  for (const node of cluster.nodeByIndex) addNodeScore(cluster, resource, node.index, term);
}

