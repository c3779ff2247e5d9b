/** Whether a remote or guest node is there: that follows from its connection and its container (1-state I1 to I3). */
import type { XmlElement } from "@quorate/cib";
import { parseBoolean } from "@quorate/cib";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import { isRemote } from "../model/node.ts";
import { addAutomaticAttributes, askedToLeave, readTransientAttributes } from "./nodes.ts";
import { isTrue } from "./rules.ts";

/** As far as the histories that were read so far tell. */
export function judgeRemote(node: Node): void {
  const { connection } = node;
  if (connection === null) {
    node.online = false;
    return;
  }
  const { container } = connection;
  const host = connection.runningOn.length === 1 ? connection.runningOn[0] : undefined;
  if (connection.role === "Started") {
    node.online = true;
    if (connection.nextRole === "Stopped") node.shutdown = true;
  }
  if (container?.failed === true) {
    node.online = false;
    node.requiresReset = true;
  } else if (connection.failed) {
    node.online = false;
  } else if (connection.role === "Stopped" || container?.role === "Stopped") {
    node.online = false;
    node.requiresReset = false;
  } else if (host !== undefined && container !== null && !host.online && host.unclean) {
    node.online = false;
    node.requiresReset = true;
  }
}

/** What the entry itself says, beside the histories in it. */
export function readRemoteEntry(cluster: Cluster, node: Node, entry: XmlElement): void {
  if (!node.requiresReset) {
    node.unclean = false;
    node.unseen = false;
  }
  addAutomaticAttributes(node, cluster.options);
  readTransientAttributes(cluster, node, entry);
  if (askedToLeave(node)) node.shutdown = true;
  if (isTrue(node.attributes.get("standby"))) node.standby = true;
  if (isTrue(node.attributes.get("maintenance")) || node.connection?.managed === false) node.maintenance = true;
  const discovery = parseBoolean(node.attributes.get("resource-discovery-enabled") ?? "");
  // Without fencing a remote node that was lost can only be made out by probes
  if (discovery === false && (node.kind === "guest" || cluster.options.fencingEnabled)) node.probesAllowed = false;
}

/** After all histories: nodes without an entry, and those that are to leave. */
export function concludeRemotes(cluster: Cluster, read: ReadonlySet<Node>): void {
  for (const node of cluster.nodes) {
    if (!isRemote(node) || node.connection === null) continue;
    if (!read.has(node)) judgeRemote(node);
    if (node.shutdown) node.connection.nextRole = "Stopped";
  }
}
