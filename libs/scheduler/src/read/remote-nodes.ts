/** Remote and guest nodes: which the configuration brings with it, and what connects and holds them (1-state D1, D2, D5, I6). */
import type { XmlElement } from "@quorate/cib";
import { parseIntervalMs } from "@quorate/cib";
import type { Cluster } from "../model/cluster.ts";
import { addNode } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import { isRemote } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { isConnectionAgent } from "../model/resource.ts";
import { resourceParameters } from "./operations.ts";
import { createNode } from "./nodes.ts";

/**
 * Makes the nodes that resources stand for and `nodes` does not list.
 * Returns the connections that guests need, as elements, in document order: nobody has configured them.
 */
export function readRemoteNodes(cluster: Cluster, resources: XmlElement): XmlElement[] {
  const taken = new Set(resources.children.flatMap((element) => [element, ...element.children]).flatMap((element) => element.attributes["id"] ?? []));
  const connections: XmlElement[] = [];
  for (const element of resources.children) {
    if (isRemotePrimitive(element)) {
      ensureRemoteNode(cluster, element.attributes["id"] ?? "");
      continue;
    }
    for (const holder of element.name === "group" ? element.children : [element]) {
      const connection = guestConnection(holder, taken);
      if (connection === null) continue;
      connections.push(connection);
      ensureRemoteNode(cluster, connection.attributes["id"] ?? "");
    }
  }
  return connections;
}

function isRemotePrimitive({ name, attributes }: XmlElement): boolean {
  return name === "primitive" && attributes["class"] === "ocf" && attributes["provider"] === "pacemaker" && attributes["type"] === "remote";
}

/** The node of that name; made when nothing has named it before. It has no attributes, not even its name, before the status tells of it. */
export function ensureRemoteNode(cluster: Cluster, name: string): Node {
  const known = cluster.nodes.find((node) => node.name === name);
  if (known !== undefined) return known;
  const node = createNode(cluster.nodeByIndex.length, { id: name, name, kind: "remote", isDc: false, score: 0 });
  addNode(cluster, node);
  return node;
}

/** The connection to the guest that a primitive holds; null when it holds none. Only what is literally in its own sets counts. */
function guestConnection(primitive: XmlElement, taken: ReadonlySet<string>): XmlElement | null {
  if (primitive.name !== "primitive") return null;
  const meta = new Map<string, string>();
  for (const set of primitive.children) {
    if (set.name !== "meta_attributes") continue;
    for (const { attributes: { name, value } } of set.children) if (name !== undefined && value !== undefined) meta.set(name, value);
  }
  const node = meta.get("remote-node"), container = primitive.attributes["id"];
  if (node === undefined || container === undefined || taken.has(node)) return null;
  return connectionElement(node, { container, allowMigrate: meta.get("remote-allow-migrate"), managed: meta.get("is-managed"), addr: meta.get("remote-addr"), port: meta.get("remote-port"), startTimeout: meta.get("remote-connect-timeout") ?? "60s" });
}

export interface ConnectionOptions {
  /** Id of the resource that holds the guest. */
  readonly container: string;
  readonly allowMigrate: string | undefined;
  readonly managed: string | undefined;
  readonly addr: string | undefined;
  readonly port: string | undefined;
  readonly startTimeout: string;
}

/** A connection resource as an administrator would have had to write it. */
export function connectionElement(id: string, { container, allowMigrate, managed, addr, port, startTimeout }: ConnectionOptions): XmlElement {
  return element("primitive", { id, class: "ocf", provider: "pacemaker", type: "remote" }, [
    pairs("meta_attributes", { container, internal_rsc: "true", "allow-migrate": allowMigrate, "is-managed": managed }),
    element("operations", {}, [
      element("op", { name: "monitor", interval: "30s", timeout: "30s" }),
      element("op", { name: "start", interval: "0", timeout: startTimeout }),
    ]),
    pairs("instance_attributes", { addr, port }),
  ]);
}

function pairs(name: string, values: Readonly<Record<string, string | undefined>>): XmlElement {
  return element(name, {}, Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [element("nvpair", { name: key, value })])));
}

function element(name: string, attributes: Readonly<Record<string, string>>, children: readonly XmlElement[] = []): XmlElement {
  return { name, attributes, children, place: null };
}

/** Once all resources are known: who connects to which node, and what runs inside of what. */
export function linkRemoteNodes(cluster: Cluster): void {
  for (const resource of cluster.allResources) linkContainer(cluster, resource);
  for (const resource of cluster.allResources) linkConnection(cluster, resource);
  for (const node of cluster.nodes) {
    if (node.kind === "remote" && node.connection !== null) node.unclean = cluster.options.fencingEnabled && cluster.options.startupFencing;
  }
}

export function linkContainer(cluster: Cluster, resource: Resource): void {
  const name = resource.settings.container;
  if (resource.kind !== "primitive" || name === null || resource.container !== null) return;
  const container = cluster.byId.get(name);
  if (container === undefined || container === resource) return;
  resource.container = container;
  container.fillers.push(resource);
}

/** A node whose connection stands in a container is a guest. */
export function linkConnection(cluster: Cluster, resource: Resource): void {
  if (resource.kind !== "primitive" || !isConnectionAgent(resource.agent)) return;
  const node = cluster.nodes.find((one) => isRemote(one) && one.name === resource.id);
  if (node === undefined || node.connection !== null) return;
  node.connection = resource;
  resource.remoteNode = node;
  readReconnectInterval(cluster, resource);
  if (resource.container !== null) makeGuest(node);
}

/** Failures of a connection are over when its next try is due (1-state E7). */
function readReconnectInterval(cluster: Cluster, connection: Resource): void {
  connection.reconnectMs = parseIntervalMs(resourceParameters(cluster, connection, null).get("reconnect_interval") ?? "0");
  if (connection.reconnectMs > 0) connection.failureTimeoutMs = Math.floor(connection.reconnectMs / 1000) * 1000;
}

/** A connection that only the history knows still has its node, which is to leave (1-state F3). */
export function linkOrphan(cluster: Cluster, resource: Resource): void {
  if (!isConnectionAgent(resource.agent)) return;
  const node = ensureRemoteNode(cluster, resource.id);
  node.shutdown = true;
  linkConnection(cluster, resource);
}

/** What has lost its configuration still runs inside of the container that its history names. */
export function linkOrphanToContainer(cluster: Cluster, resource: Resource, name: string | undefined): void {
  const container = name === undefined ? undefined : cluster.byId.get(name);
  if (!resource.orphan || resource.container !== null || container === undefined || container === resource) return;
  resource.container = container;
  container.fillers.push(resource);
  if (resource.remoteNode !== null) makeGuest(resource.remoteNode);
}

function makeGuest(node: Node): void {
  node.kind = "guest";
  node.attributes.set("#kind", "container");
}
