/** A bundle: containers that are alike, each with its address, its connection and what runs inside (1-state J). */
import type { Node } from "./node.ts";
import type { Resource } from "./resource.ts";

/** One container and what belongs to it. */
export interface Replica {
  /** From 0. */
  readonly number: number;
  readonly container: Resource;
  readonly address: Resource | null;
  /** The connection to the node inside; only where something runs inside. */
  readonly connection: Resource | null;
  readonly node: Node | null;
  /** The instance of the inner clone that belongs there. */
  readonly inside: Resource | null;
}

export interface BundleSettings {
  readonly image: string;
  /** Wanted number of replicas. */
  readonly max: number;
  readonly perHost: number;
  readonly interleave: boolean;
  /** The clone of what runs inside. */
  readonly inner: Resource | null;
  /** By number. */
  readonly replicas: readonly Replica[];
}

/** The bundle that a resource is part of. */
export function bundleOf(resource: Resource): Resource | null {
  for (let at = resource.parent; at !== null; at = at.parent) if (at.kind === "bundle") return at;
  return null;
}

/** Inside of a container, not beside it. */
export function runsInBundle(resource: Resource): boolean {
  return resource.parent !== null && resource.parent.kind !== "bundle" && bundleOf(resource) !== null;
}

export function replicaOn(bundle: Resource, node: Node): Replica | null {
  return bundle.bundle?.replicas.find((replica) => replica.node === node) ?? null;
}

/** Containers and addresses: what finds its place among the nodes of the cluster. */
export function placedParts(bundle: Resource): Resource[] {
  return bundle.bundle?.replicas.flatMap(({ container, address }) => (address === null ? [container] : [container, address])) ?? [];
}

/** What does a task of a clone or bundle: roles are a matter of what runs inside, everything else of the containers. */
export function instancesFor(whole: Resource, task: string): readonly Resource[] {
  if (whole.bundle === null) return whole.children;
  const { inner, replicas } = whole.bundle;
  return task === "promote" || task === "demote" || task === "notify" ? (inner?.children ?? []) : replicas.map(({ container }) => container);
}

/** What is alike in a clone or bundle: instances, or containers. */
export function partsOf(whole: Resource): readonly Resource[] {
  return instancesFor(whole, "start");
}

/** Whether its parts are paired with those of other clones and bundles. */
export function isInterleaved(whole: Resource): boolean {
  return whole.clone?.interleave ?? whole.bundle?.interleave ?? false;
}

/** How many of its parts may be on one node. */
export function perNodeMax(whole: Resource): number {
  return whole.clone?.nodeMax ?? whole.bundle?.perHost ?? 1;
}

/** Clones and bundles: what they hold is alike. */
export function hasParts(resource: Resource): boolean {
  return resource.kind === "clone" || resource.kind === "bundle";
}

/** Inside a replica is what is promoted and demoted there; a stop of the container is over when it has stopped. */
export function actorOf(whole: Resource, part: Resource, tasks: readonly string[], task: string): Resource {
  if (!tasks.includes(task)) return part;
  return whole.bundle?.replicas.find(({ container }) => container === part)?.inside ?? part;
}

/** The connection of a replica without an address: what it connects to is known once the container has its place. */
export function isAddressedByHost(resource: Resource): boolean {
  if (resource.remoteNode?.inBundle !== true) return false;
  return bundleOf(resource)?.bundle?.replicas.some((replica) => replica.connection === resource && replica.address === null) ?? false;
}

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

/** What a node says about a resource: inside a container that can be what its host says (1-state D4). */
export function attributesFor(resource: Resource, node: Node): ReadonlyMap<string, string> {
  if (node.kind !== "guest" || resource.meta.get("container-attribute-target")?.toLowerCase() !== "host") return node.attributes;
  return node.connection?.container?.runningOn[0]?.attributes ?? NO_ATTRIBUTES;
}
