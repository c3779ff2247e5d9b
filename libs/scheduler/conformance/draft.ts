/** A CIB while it is being generated: what the parts of the generator have to know of each other. */
import type { XmlElement } from "@quorate/cib";
import { makeElement } from "@quorate/cib";
import type { Dice } from "./dice.ts";

export const FEATURES = [
  "primitives", "groups", "clones", "promotable", "sets", "tickets", "utilization", "migration", "remote", "bundles", "rules", "failures", "history",
] as const;
export type Feature = (typeof FEATURES)[number];

/** The time of every generated CIB, in seconds. */
export const NOW = 1_750_000_000;

export type NodeCondition =
  | "online" | "standby" | "standby-transient" | "offline" | "lost" | "daemon-lost" | "pending" | "unseen" | "shutdown" | "maintenance";

export interface NodeDraft {
  readonly id: string;
  readonly name: string;
  readonly kind: "member" | "remote" | "guest";
  readonly condition: NodeCondition;
  readonly attributes: Readonly<Record<string, string>>;
  readonly utilization: Readonly<Record<string, string>>;
}

export interface OperationDraft {
  readonly name: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly role: string | null;
  readonly enabled: boolean;
}

export interface PrimitiveDraft {
  readonly id: string;
  /** Class, provider and type; of a guest's connection its container too, as the history has it. */
  readonly agent: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly operations: readonly OperationDraft[];
  readonly device: boolean;
  readonly migratable: boolean;
  /** Node that it is the connection of, or that runs in it. */
  readonly connects: string | null;
}

export interface TopDraft {
  readonly kind: "primitive" | "group" | "clone" | "bundle";
  readonly id: string;
  readonly primitives: readonly string[];
  readonly unique: boolean;
  /** Instances; 1 outside clones. */
  readonly max: number;
  readonly promotable: boolean;
}

export interface Draft {
  readonly dice: Dice;
  readonly features: ReadonlySet<Feature>;
  readonly fencing: boolean;
  readonly defaultTimeoutMs: number;
  readonly nodes: NodeDraft[];
  readonly tops: TopDraft[];
  readonly primitives: Map<string, PrimitiveDraft>;
  readonly tickets: readonly string[];
  nextId: number;
}

export function uniqueId(draft: Draft, prefix: string): string {
  return `${prefix}-${draft.nextId++}`;
}

/** Attributes whose value is undefined are left out. */
export function xml(name: string, attributes: Readonly<Record<string, string | undefined>>, children: readonly (XmlElement | null)[] = []): XmlElement {
  const given: Record<string, string> = {};
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) given[key] = value;
  return makeElement(name, given, children.filter((child) => child !== null));
}

/** A set of name and value pairs; null when there are none. */
export function pairs(draft: Draft, name: string, values: Readonly<Record<string, string>>): XmlElement | null {
  const entries = Object.entries(values);
  if (entries.length === 0) return null;
  const id = uniqueId(draft, name.slice(0, 4));
  return xml(name, { id }, entries.map(([key, value]) => xml("nvpair", { id: uniqueId(draft, "nv"), name: key, value })));
}
