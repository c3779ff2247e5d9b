/** Nodes: which exist, their attributes, and what the status section says about each (1-state D). */
import type { XmlElement } from "@quorate/cib";
import type { Cluster } from "../model/cluster.ts";
import { addNode, findNode, markForFencing, noteRecheck, plainContext } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import { isRemote } from "../model/node.ts";
import { INFINITY } from "../model/score.ts";
import { readSets } from "./attribute-sets.ts";
import type { IdIndex } from "./attribute-sets.ts";
import type { Options } from "./options.ts";
import { isTrue } from "./rules.ts";
import type { RuleContext } from "./rules.ts";
import { readUtilization } from "./utilization.ts";
import { parseScore } from "@quorate/cib";

export interface NodeSource {
  readonly section: XmlElement;
  readonly dcId: string | null;
  readonly ids: IdIndex;
  readonly context: RuleContext;
  readonly options: Options;
}

/** Nodes of the configuration, offline until the status says otherwise. */
export function readNodes({ section, dcId, ids, context, options }: NodeSource): Pick<Cluster, "nodes" | "nodeByIndex"> {
  const list: Pick<Cluster, "nodes" | "nodeByIndex"> = { nodes: [], nodeByIndex: [] };
  for (const element of section.children) {
    const { id, uname = id, type = "member", score = "0" } = element.attributes;
    if (element.name !== "node" || id === undefined || uname === undefined) continue;
    const kind = type === "member" || type === "normal" ? "member" : type === "remote" ? "remote" : "ping";
    const node = createNode(list.nodeByIndex.length, { id, name: uname, kind, isDc: dcId === id, score: parseScore(score) });
    addAutomaticAttributes(node, options);
    readSets(element, "instance_attributes", node.attributes, { ids, context });
    addSiteName(node, options);
    for (const [name, amount] of readUtilization(element, { ids, context })) node.free.set(name, amount);
    if (kind === "member") node.unclean = options.fencingEnabled && options.startupFencing;
    addNode(list, node);
  }
  return list;
}

export function createNode(
  index: number, { id, name, kind, isDc, score }: { readonly id: string; readonly name: string; readonly kind: Node["kind"]; readonly isDc: boolean; readonly score: number },
): Node {
  return {
    index, id, name, kind, isDc, attributes: new Map(),
    online: false, unclean: false, pending: false, standby: false, standbyOnFail: false, maintenance: false,
    shutdown: false, unseen: true, connection: null, requiresReset: false, fenced: false, inBundle: false, probesAllowed: true, baseScore: score, health: "green", fenceReason: null, assignedCount: 0, free: new Map(),
  };
}

export function addAutomaticAttributes(node: Node, options: Options): void {
  node.attributes.set("#uname", node.name).set("#id", node.id).set("#is_dc", String(node.isDc));
  node.attributes.set("#kind", node.kind === "remote" ? "remote" : node.kind === "guest" ? "container" : "cluster");
  if (options.clusterName !== null) node.attributes.set("#cluster-name", options.clusterName);
}

export function addSiteName(node: Node, options: Options): void {
  const site = node.attributes.get("site-name") ?? options.clusterName;
  if (site !== null && !node.attributes.has("#site-name")) node.attributes.set("#site-name", site);
}

/** First pass over `node_state`: who is there. Entries of unknown nodes are passed over. */
export function readNodeStates(cluster: Cluster, status: XmlElement): void {
  for (const entry of status.children) {
    if (entry.name !== "node_state") continue;
    const node = nodeOfEntry(cluster, entry);
    if (node !== null && isRemote(node)) node.fenced = isSetTime(entry.attributes["node_fenced"]);
    if (node === null || node.kind !== "member") continue;
    readTransientAttributes(cluster, node, entry);
    readMemberState(cluster, node, entry);
  }
  for (const node of cluster.nodes) {
    if (!isRemote(node) && (!node.online || node.shutdown)) node.baseScore = -INFINITY;
    if (node.online && cluster.options.noQuorumPolicy === "suicide" && !cluster.haveQuorum && node.kind === "member") {
      markForFencing(node, "cluster does not have quorum");
    }
  }
}

/** A flag, or the time at which it was set. */
function isSetTime(value: string | undefined): boolean {
  return isTrue(value) || (Number.parseInt(value ?? "", 10) || 0) !== 0;
}

/** They win over the permanent ones. */
export function readTransientAttributes(cluster: Cluster, node: Node, entry: XmlElement): void {
  const context = plainContext(cluster, (atMs) => noteRecheck(cluster, atMs));
  for (const transient of entry.children) {
    if (transient.name !== "transient_attributes") continue;
    readSets(transient, "instance_attributes", node.attributes, { ids: cluster.ids, context, options: { overwrite: true } });
  }
  addSiteName(node, cluster.options);
}

/** An empty value counts as set. */
export function askedToLeave(node: Node): boolean {
  const shutdown = node.attributes.get("shutdown");
  return shutdown !== undefined && shutdown !== "0";
}

export function nodeOfEntry(cluster: Cluster, entry: XmlElement): Node | null {
  const { id, uname } = entry.attributes;
  if (id === undefined) return null;
  return cluster.nodes.find((node) => node.id === id) ?? (uname === undefined ? null : findNode(cluster, uname));
}

function readMemberState(cluster: Cluster, node: Node, entry: XmlElement): void {
  node.unseen = false;
  node.unclean = false;
  node.standby = isTrue(node.attributes.get("standby"));
  node.maintenance = isTrue(node.attributes.get("maintenance"));
  node.shutdown = askedToLeave(node);
  if (cluster.options.fencingEnabled) judgeWithFencing(node, entry);
  else judgeWithoutFencing(node, entry);
}

interface Sighting {
  readonly inCcm: boolean;
  readonly up: boolean;
  readonly join: string;
  readonly expected: string;
}

function sighting(entry: XmlElement): Sighting {
  const text = (name: string): string => (entry.attributes[name] ?? "").toLowerCase();
  return { inCcm: isTrue(entry.attributes["in_ccm"]), up: text("crmd") === "online", join: text("join"), expected: text("expected") };
}

function judgeWithoutFencing(node: Node, entry: XmlElement): void {
  const seen = sighting(entry);
  const expectedUp = !node.shutdown && seen.expected === "member";
  if (!seen.inCcm) return;
  if (seen.up) node.online = seen.join === "member";
  else if (expectedUp) node.unclean = true;
}

/** The table of 1-state D6: the first line that applies decides. */
function judgeWithFencing(node: Node, entry: XmlElement): void {
  const seen = sighting(entry);
  const attribute = node.attributes.get("terminate");
  const terminate = attribute !== undefined && (isTrue(attribute) || /^[1-9]/.test(attribute));
  const becomePending = (): void => {
    node.standby = true;
    node.pending = true;
  };
  if (node.shutdown) {
    node.online = seen.up;
  } else if (entry.attributes["in_ccm"] === undefined) {
    markForFencing(node, "peer has not been seen by the cluster");
  } else if (seen.join === "banned") {
    markForFencing(node, "peer failed Pacemaker membership criteria");
    node.online = seen.inCcm;
  } else if (!terminate && (seen.expected === "" || seen.expected === "down")) {
    if (seen.inCcm || seen.up) becomePending();
    node.online = seen.inCcm;
  } else if (terminate && seen.join === "down" && !seen.inCcm && !seen.up) {
    node.online = false;
  } else if (!seen.inCcm) {
    markForFencing(node, "peer is no longer part of the cluster");
  } else {
    node.online = true;
    if (!seen.up) markForFencing(node, "peer process is no longer available");
    else if (terminate) markForFencing(node, "termination was requested");
    else if (seen.join === "pending" || seen.join === "down") becomePending();
    else if (seen.join !== "member") markForFencing(node, "peer was in an unknown state");
  }
}
