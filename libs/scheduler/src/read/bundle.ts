/** A bundle becomes resources: containers, addresses, connections, and a clone of what runs inside (1-state J2, J3, J5, J6). */
import type { XmlElement } from "@quorate/cib";
import type { Replica } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { INFINITY } from "../model/score.ts";
import { DISCOVERY, ScoreTable } from "../model/score-table.ts";
import { CONTROL_PORT, HOST_ADDRESS, readBundleConfig, replicaAddresses } from "./bundle-config.ts";
import type { BundleConfig } from "./bundle-config.ts";
import { containerParameters } from "./container-parameters.ts";
import { ensureRemoteNode } from "./remote-nodes.ts";
import { baseTable, createResource, fullTable, readMeta, readResource } from "./resources.ts";
import { isTrue } from "./rules.ts";

/** Score of an instance on the one node it may be on. */
const INSIDE_SCORE = 500;

/** Null when the element makes no bundle. */
export function readBundle(cluster: Cluster, element: XmlElement): Resource | null {
  const config = readBundleConfig(cluster.root, element);
  if (config === null) return null;
  const meta = readMeta(cluster, element, null);
  const bundle = createResource(cluster, { element, kind: "bundle", parent: null, instance: null, meta });
  const inner = config.primitive === null ? null : readResource(cluster, innerClone(config, config.primitive), bundle, null);
  const addresses = replicaAddresses(config);
  const replicas = addresses.map((address, number) => readReplica(cluster, { bundle, config, inner, addresses, address, number }));
  bundle.bundle = { image: config.image, max: config.replicas, perHost: config.perHost, interleave: isTrue(meta.get("interleave")), inner, replicas };
  bundle.children = replicas.flatMap(({ container, address, connection }) => [container, address, connection].filter((part) => part !== null));
  if (inner !== null) {
    banOutside(inner, replicas);
    bundle.children.push(inner);
  }
  bundle.scores = baseTable(cluster, meta);
  return bundle;
}

/** Ordered, one instance for each replica. What the resource inside says of notifications counts for the clone. */
function innerClone(config: BundleConfig, primitive: XmlElement): XmlElement {
  const { id, promotedMax, replicas, perHost } = config;
  const promotable = promotedMax > 0 ? { promotable: "true", "promoted-max": String(promotedMax) } : {};
  return element("clone", { id: `${id}-${promotedMax > 0 ? "master" : "clone"}` }, [
    pairs("meta_attributes", {
      ordered: "true", "clone-max": String(replicas), "clone-node-max": String(perHost), "globally-unique": String(perHost > 1), ...promotable,
      ...(notifies(primitive) ? { notify: "true" } : {}),
    }),
    { ...primitive, children: primitive.children.filter((one) => one.name !== "utilization") },
  ]);
}

function notifies(primitive: XmlElement): boolean {
  const sets = primitive.children.filter((one) => one.name === "meta_attributes");
  return sets.flatMap((set) => set.children).some(({ attributes }) => attributes["name"] === "notify" && isTrue(attributes["value"]));
}

interface ReplicaOptions {
  readonly bundle: Resource;
  readonly config: BundleConfig;
  readonly inner: Resource | null;
  readonly addresses: readonly (string | null)[];
  readonly address: string | null;
  readonly number: number;
}

function readReplica(cluster: Cluster, { bundle, config, inner, addresses, address, number }: ReplicaOptions): Replica {
  const make = (made: XmlElement): Resource => createPart(cluster, bundle, made);
  const containerId = `${config.id}-${config.launcher}-${number}`;
  // What runs inside needs its room where the container is
  const utilization = config.primitive?.children.filter((one) => one.name === "utilization") ?? [];
  const container = make(part(containerId, "heartbeat", config.launcher, [
    pairs("instance_attributes", containerParameters(config, { number, address, addresses })), monitor("60s"), ...utilization,
  ]));
  const ip = address === null ? null : make(part(`${config.id}-ip-${address}`, "heartbeat", "IPaddr2", [
    pairs("instance_attributes", {
      ip: address, cidr_netmask: config.hostNetmask, ...(config.hostInterface === null ? {} : { nic: config.hostInterface }),
    }),
    monitor("60s"),
  ]));
  const inside = inner?.children.find((instance) => instance.instance === number) ?? null;
  if (inside === null) return { number, container, address: ip, connection: null, node: null, inside };
  const nodeName = connectionId(cluster, config, number);
  const node = claimNode(cluster, nodeName);
  const connection = make(part(nodeName, "pacemaker", "remote", [
    pairs("meta_attributes", { container: container.id }),
    pairs("instance_attributes", { addr: address ?? HOST_ADDRESS, port: config.controlPort ?? CONTROL_PORT }),
    monitor("30s", "30s"),
  ]));
  connection.scores = fullTable(cluster);
  confine(cluster, inside, node);
  inside.externalAddress = address;
  return { number, container, address: ip, connection, node, inside };
}

/** A resource before the bundle may have taken the name. */
function connectionId(cluster: Cluster, { id, primitive }: BundleConfig, number: number): string {
  const name = sanitized(`${id}-${number}`);
  return cluster.byId.has(name) ? sanitized(`pcmk-internal-${primitive?.attributes["id"] ?? ""}-remote-${number}`) : name;
}

function createPart(cluster: Cluster, bundle: Resource, made: XmlElement): Resource {
  return createResource(cluster, { element: made, kind: "primitive", parent: bundle, instance: null, meta: readMeta(cluster, made, bundle) });
}

/** The node inside: nothing but the one instance is for it, neither what was there before nor what comes after (2-assignment H4). */
function claimNode(cluster: Cluster, name: string): Node {
  const node = ensureRemoteNode(cluster, name);
  node.inBundle = true;
  node.baseScore = -INFINITY;
  const close = (resource: Resource): void => {
    if (resource.scores.has(node.index)) {
      resource.scores.set(node.index, -INFINITY);
      resource.scores.strengthenDiscovery(node.index, DISCOVERY.never);
    }
    resource.children.forEach(close);
  };
  cluster.resources.forEach(close);
  return node;
}

function confine(cluster: Cluster, inside: Resource, node: Node): void {
  inside.scores = new ScoreTable(cluster.nodeByIndex.length);
  inside.scores.set(node.index, INSIDE_SCORE);
  inside.scores.strengthenDiscovery(node.index, DISCOVERY.exclusive);
  inside.exclusiveDiscovery = true;
  inside.terms.push({ node: node.index, source: "bundle", id: inside.parent?.parent?.id ?? "", score: INSIDE_SCORE, text: "it is the container made for it" });
}

function banOutside(inner: Resource, replicas: readonly Replica[]): void {
  for (const { node } of replicas) if (node !== null) inner.scores.set(node.index, -INFINITY);
}

function part(id: string, provider: string, type: string, children: readonly XmlElement[]): XmlElement {
  return element("primitive", { id: sanitized(id), class: "ocf", provider, type }, children);
}

/** Ids with colons or hashes would be taken for instances. */
function sanitized(id: string): string {
  return id.replaceAll(/[:#]/g, ".");
}

function monitor(interval: string, timeout?: string): XmlElement {
  const attributes = { name: "monitor", interval, ...(timeout === undefined ? {} : { timeout }) };
  return element("operations", {}, [element("op", attributes)]);
}

function pairs(name: string, values: Readonly<Record<string, string>>): XmlElement {
  return element(name, {}, Object.entries(values).map(([key, value]) => element("nvpair", { name: key, value })));
}

function element(name: string, attributes: Readonly<Record<string, string>>, children: readonly XmlElement[] = []): XmlElement {
  return { name, attributes, children, place: null };
}
