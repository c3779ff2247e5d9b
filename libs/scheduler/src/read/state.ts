/** From the CIB to the known state of the cluster: the first phase of every decision. */
import type { Cib, XmlElement } from "@quorate/cib";
import { ActionTable } from "../actions/action-table.ts";
import type { Cluster } from "../model/cluster.ts";
import { plainContext } from "../model/cluster.ts";
import { IdIndex } from "./attribute-sets.ts";
import { featureSetBefore } from "./digests.ts";
import { readHealth } from "./health.ts";
import type { ResourceHistory } from "./history.ts";
import { readHistories } from "./history.ts";
import { HistoryIndex } from "./migration-history.ts";
import { readNodes, readNodeStates } from "./nodes.ts";
import { readOptionValues, typedOptions } from "./options.ts";
import { askParameterRules } from "./operations.ts";
import { linkRemoteNodes, readRemoteNodes } from "./remote-nodes.ts";
import { readResources } from "./configured-resources.ts";
import { isTrue } from "./rules.ts";
import { child } from "@quorate/cib";

export interface KnownState {
  readonly cluster: Cluster;
  readonly histories: readonly ResourceHistory[];
}

const EMPTY: XmlElement = { name: "", attributes: {}, children: [], place: null };

/** `nowMs` is wall time. Sections that are missing count as empty. */
export function readCluster(cib: Cib, nowMs: number): KnownState {
  const cluster = emptyCluster(cib.root, nowMs);
  const configuration = child(cib.root, "configuration") ?? EMPTY;
  const resources = child(configuration, "resources") ?? EMPTY;
  const connections = readRemoteNodes(cluster, resources);
  readResources(cluster, resources, connections);
  linkRemoteNodes(cluster);
  for (const resource of cluster.allResources) askParameterRules(cluster, resource);
  const status = child(cib.root, "status") ?? EMPTY;
  readNodeStates(cluster, status);
  const histories = readHistories(cluster, status);
  for (const resource of cluster.allResources) {
    if (resource.runningOn.length === 0 && resource.historyName?.includes(":") === true) resource.historyName = null;
  }
  readHealth(cluster);
  return { cluster, histories };
}

function emptyCluster(root: XmlElement, nowMs: number): Cluster {
  const configuration = child(root, "configuration") ?? EMPTY;
  const ids = new IdIndex(root);
  let recheck: number | null = null;
  const context = plainContext({ nowMs }, (atMs) => {
    if (atMs > nowMs && (recheck === null || atMs < recheck)) recheck = atMs;
  });
  const haveQuorum = isTrue(root.attributes["have-quorum"]);
  const optionValues = readOptionValues(child(configuration, "crm_config") ?? EMPTY, ids, context);
  const panicAllowed = haveQuorum || (root.attributes["no-quorum-panic"] ?? "0") !== "0";
  const options = typedOptions(optionValues, panicAllowed);
  const nodes = readNodes({ section: child(configuration, "nodes") ?? EMPTY, dcId: root.attributes["dc-uuid"] ?? null, ids, context, options });
  return {
    root, nowMs, ids, optionValues, options, haveQuorum, ...nodes,
    plainFailCounts: featureSetBefore(root.attributes["crm_feature_set"] ?? "", [3, 0, 13]),
    resources: [], allResources: [], byId: new Map(), actions: new ActionTable(), stored: [], locations: [], promotionTickets: new Map(), locks: new Map(), nodePriorities: new Map(),
    history: new HistoryIndex(child(root, "status")), failedOperations: [], expiredMonitors: new Set(), deferred: [], warnings: [], recheckAtMs: recheck,
    unfencing: options.fencingEnabled && (usesUnfencing(child(configuration, "resources")) || usesUnfencing(child(configuration, "rsc_defaults"))),
    haveFenceDevice: options.haveWatchdog || hasFenceDevice(child(configuration, "resources") ?? EMPTY),
  };
}

function hasFenceDevice(element: XmlElement): boolean {
  return (element.name === "primitive" && element.attributes["class"] === "stonith") || element.children.some(hasFenceDevice);
}

/** Written as such: rules and references are not looked at. */
function usesUnfencing(section: XmlElement | null): boolean {
  if (section === null) return false;
  return section.children.some((element) => usesUnfencing(element) || (section.name === "meta_attributes" && isUnfencing(element)));
}

function isUnfencing({ name, attributes }: XmlElement): boolean {
  return name === "nvpair" && (attributes["name"] === "requires" || attributes["name"] === "provides") && attributes["value"] === "unfencing";
}
