import type { Capacity } from "./capacity.ts";
import type { Resource } from "./resource.ts";

/** A node while a decision is being made. Only the phase named beside a field writes it. */
export interface Node {
  /** Dense number, place in every score table. */
  readonly index: number;
  /** `id` attribute of the `<node>` element. */
  readonly id: string;
  readonly name: string;
  /** A remote node has a connection resource; a guest is one whose connection stands in a container. */
  kind: "member" | "remote" | "guest" | "ping";
  readonly isDc: boolean;
  readonly attributes: Map<string, string>;
  /** Written by the status readers. */
  online: boolean;
  unclean: boolean;
  pending: boolean;
  standby: boolean;
  standbyOnFail: boolean;
  maintenance: boolean;
  shutdown: boolean;
  /** No `node_state` entry: never heard of. */
  unseen: boolean;
  /** Remote and guest nodes: the resource that is the connection to it; null when the configuration has none. */
  connection: Resource | null;
  /** Remote and guest nodes: lost in a way that only a reset mends. */
  requiresReset: boolean;
  /** Remote nodes: fenced since its connection was lost (`node_fenced`). */
  fenced: boolean;
  /** Inside a container of a bundle: only the one instance made for it may run there. */
  inBundle: boolean;
  /** False: nothing is probed there (`resource-discovery-enabled`). */
  probesAllowed: boolean;
  /** Score every table starts with; -INFINITY when offline or shutting down. */
  baseScore: number;
  health: "green" | "yellow" | "red";
  /** Why it must be fenced: the first reason given, which is the one shown. */
  fenceReason: string | null;
  /** Primitives assigned to it so far (assignment). */
  assignedCount: number;
  /** Capacity that is not taken yet (assignment); all of it before. */
  readonly free: Capacity;
}

/** Remote and guest nodes: they run no cluster services, a member speaks for them. */
export function isRemote(node: Node): boolean {
  return node.kind === "remote" || node.kind === "guest";
}

/** Whether resources may be put there (2-assignment A4). */
export function isAvailable(node: Node): boolean {
  return node.online && !node.shutdown && !node.unclean && !node.standby && !node.maintenance;
}

/** Case-insensitive, runs of digits as numbers: the order of every list of nodes (1-state A7). */
export function compareNodeNames(a: string, b: string): number {
  const left = a.toLowerCase().match(/\d+|\D/g) ?? [];
  const right = b.toLowerCase().match(/\d+|\D/g) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const x = left[i] ?? "", y = right[i] ?? "";
    if (x === y) continue;
    const numeric = /^\d/.test(x) && /^\d/.test(y);
    const difference = numeric ? Number(x) - Number(y) || x.length - y.length : x < y ? -1 : 1;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Byte order of the names: the last tie-break when a node is chosen (2-assignment B3). */
export function compareBytes(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
