/** A resource while a decision is being made: a primitive, or a group, clone or bundle that holds others. */
import type { XmlElement } from "@quorate/cib";
import type { Role, ScoreTerm } from "../types.ts";
import type { NotifiedTask, PlannedAction } from "./action.ts";
import type { Capacity } from "./capacity.ts";
import type { BundleSettings } from "./bundle.ts";
import type { Node } from "./node.ts";
import type { NodeSet } from "./node-set.ts";
import type { ScoreTable } from "./score-table.ts";

export interface Agent {
  readonly class: string;
  readonly provider: string | null;
  readonly type: string;
}

export interface GroupSettings {
  readonly ordered: boolean;
  readonly colocated: boolean;
}

export interface CloneSettings {
  readonly max: number;
  readonly nodeMax: number;
  /** Instances that must be able to run before dependents may; 0: no such rule. */
  readonly min: number;
  readonly unique: boolean;
  readonly ordered: boolean;
  readonly interleave: boolean;
  readonly promotable: boolean;
  readonly promotedMax: number;
  readonly promotedNodeMax: number;
  readonly notify: boolean;
}

/** One `<op>` of a resource. */
export interface OperationConfig {
  readonly name: string;
  readonly intervalMs: number;
  readonly role: Role | null;
  readonly enabled: boolean;
  readonly element: XmlElement;
}

/** What applies to one action of a resource. */
export interface OperationOptions {
  readonly meta: ReadonlyMap<string, string>;
  readonly timeoutMs: number;
  /** Instance parameters of the `<op>` itself. */
  readonly parameters: ReadonlyMap<string, string>;
}

export type Requires = "nothing" | "quorum" | "fencing" | "unfencing";
export type MultipleActive = "stop_start" | "stop_only" | "block" | "stop_unexpected";

export interface Settings {
  readonly priority: number;
  readonly critical: boolean;
  readonly stickiness: number;
  /** 0: never; INFINITY by default. */
  readonly migrationThreshold: number;
  readonly failureTimeoutMs: number;
  readonly multipleActive: MultipleActive;
  readonly requires: Requires;
  readonly allowMigrate: boolean;
  /** Name of the resource that holds this one; `Resource.container` is what it leads to. */
  readonly container: string | null;
}

/** One addition to the score of a node (`Node.index`). */
export interface NodeTerm extends ScoreTerm {
  readonly node: number;
}

/** How an instance of a promotable clone stands among the others when roles are given (2-assignment E11 to E18). */
export interface PromotionState {
  /** What speaks for promoting it where it is; negative: not at all. */
  priority: number;
  /** The priority with what the clone as a whole is drawn to: instances are promoted in descending order. */
  index: number;
  /** Where the two come from, in the order in which they were added. */
  readonly terms: ScoreTerm[];
  /** Why it gets its role, in words; null before. */
  choice: string | null;
}

/** `rsc` is the dependent, `withRsc` the primary. */
export interface Colocation {
  readonly id: string;
  readonly score: number;
  readonly dependent: Resource;
  readonly primary: Resource;
  readonly dependentRole: Role;
  readonly primaryRole: Role;
  readonly attribute: string;
  readonly influence: boolean;
}

export interface Resource {
  readonly index: number;
  /** Internal id; unique even for instances of anonymous clones (`p:0`). */
  readonly id: string;
  /** Configured id, without instance number. */
  readonly configId: string;
  readonly kind: "primitive" | "group" | "clone" | "bundle";
  readonly element: XmlElement;
  readonly parent: Resource | null;
  children: Resource[];
  readonly agent: Agent;
  readonly meta: ReadonlyMap<string, string>;
  readonly settings: Settings;
  readonly operations: readonly OperationConfig[];
  /** By task and interval, as they are asked for. */
  readonly options: Map<string, OperationOptions>;
  /** What it takes of the capacity of its node. */
  readonly utilization: Capacity;
  readonly group: GroupSettings | null;
  readonly clone: CloneSettings | null;
  /** Set once its parts are made. */
  bundle: BundleSettings | null;
  /** Inside a bundle: the address by which others reach it. */
  externalAddress: string | null;
  /** Number inside the clone, also of group instances; null outside clones. */
  readonly instance: number | null;
  /** Stands in no clone, or in a globally unique one. */
  readonly unique: boolean;
  orphan: boolean;
  /** The node that it is the connection to. */
  remoteNode: Node | null;
  /** What it runs inside of; failures in it are mended by restarting that. */
  container: Resource | null;
  /** What runs inside of it. */
  readonly fillers: Resource[];
  /** Connections: how long to wait with the next try after a failure; 0: not set. */
  reconnectMs: number;

  // Known state (status readers)
  managed: boolean;
  maintenance: boolean;
  blocked: boolean;
  failed: boolean;
  failureIgnored: boolean;
  /** A failure asks for a stop before anything else. */
  mustStop: boolean;
  startPending: boolean;
  /** Live migration is allowed; a migration that failed withdraws it. */
  mayMigrate: boolean;
  /** A migration found half done: the agent has left `source`, `target` has not taken over. */
  partialMigration: { readonly source: Node; readonly target: Node } | null;
  /** Nodes that a migration has left, where it must still be stopped. */
  readonly danglingSources: Node[];
  role: Role;
  nextRole: Role;
  /** In order of discovery. */
  runningOn: Node[];
  /** Numbers of the nodes whose state is known: no probe there. */
  readonly known: NodeSet;
  /** Id under which the history knows an instance of an anonymous clone. */
  historyName: string | null;
  pending: { readonly task: string; readonly node: Node } | null;
  /** The value in force; `failureTimeoutMs` can be withdrawn by a blocked failure. */
  failureTimeoutMs: number;
  /** In words: the failure that started it all, per node number. */
  readonly failures: Map<number, string>;

  // Constraints and assignment
  scores: ScoreTable;
  /** Where the scores come from, in the order in which they were added. */
  terms: NodeTerm[];
  exclusiveDiscovery: boolean;
  readonly thisWith: Colocation[];
  readonly withThis: Colocation[];
  assigned: Node | null;
  provisional: boolean;
  assigning: boolean;
  merging: boolean;
  /** Why it is put where it is, in words; null before. */
  choice: string | null;
  /** Null but for instances of promotable clones. */
  promotion: PromotionState | null;

  // Actions
  readonly actions: PlannedAction[];
  /** Of a clone with notify=true: what its instances are told of. */
  notifiedTasks: readonly NotifiedTask[];
  reload: boolean;
  stopUnexpected: boolean;
  restarting: boolean;
}

/** The outermost group or clone it stands in; in a bundle every part is by itself. */
export function topOf(resource: Resource): Resource {
  let top = resource;
  while (top.parent !== null && top.parent.kind !== "bundle") top = top.parent;
  return top;
}

/** The same, where a bundle counts as a whole. */
export function wholeOf(resource: Resource): Resource {
  const top = topOf(resource);
  return top.parent ?? top;
}

export function isAncestor(ancestor: Resource, resource: Resource): boolean {
  for (let at = resource.parent; at !== null; at = at.parent) if (at === ancestor) return true;
  return false;
}

/** The primitives below, in order; a primitive is its own leaf. A bundle goes by replica. */
export function leavesOf(resource: Resource): Resource[] {
  if (resource.bundle !== null) return leavesOfBundle(resource.bundle);
  return resource.kind === "primitive" ? [resource] : resource.children.flatMap(leavesOf);
}

function leavesOfBundle({ replicas }: BundleSettings): Resource[] {
  return replicas.flatMap(({ address, container, connection, inside }) => [address, container, connection, ...(inside === null ? [] : leavesOf(inside))]).filter((leaf) => leaf !== null);
}

/** Innermost clone a resource stands in, or is. */
export function cloneOf(resource: Resource): Resource | null {
  for (let at: Resource | null = resource; at !== null; at = at.parent) if (at.clone !== null) return at;
  return null;
}

/** Members of a group in a promotable clone share the group's. */
export function promotionOf(resource: Resource): PromotionState | null {
  return resource.promotion ?? (resource.parent?.kind === "group" ? resource.parent.promotion : null);
}

export function isFenceDevice(resource: Resource): boolean {
  return resource.agent.class === "stonith";
}

/** Whether the agent is the one that connects remote and guest nodes. */
export function isConnectionAgent(agent: Agent): boolean {
  return agent.class === "ocf" && agent.provider === "pacemaker" && agent.type === "remote";
}

/** The guest node that a container holds. */
export function guestOf(container: Resource): Node | null {
  return container.fillers.find((filler) => filler.remoteNode !== null)?.remoteNode ?? null;
}

/** What must be safe before a start: confirmed fencing, or only quorum. */
export function requiresFencing(resource: Resource): boolean {
  return resource.settings.requires === "fencing" || resource.settings.requires === "unfencing";
}

/** The node it counts as running on when there are several (1-state F12). */
export function currentNode(resource: Resource): Node | null {
  const first = resource.runningOn[0] ?? null;
  const source = resource.partialMigration?.source;
  if (source !== undefined && resource.runningOn.includes(source)) return source;
  if (requiresFencing(resource)) return first;
  return resource.runningOn.find((node) => node.online && !node.unclean) ?? first;
}

/** Id as people see it: instances of anonymous clones have no number. */
export function displayId(resource: Resource): string {
  return !resource.unique ? resource.configId : resource.id;
}

/** Active as far as anybody can tell: on an unclean node it may well be. */
export function isActive(resource: Resource): boolean {
  return resource.runningOn.some((node) => node.unclean || node.online || !resource.managed);
}
