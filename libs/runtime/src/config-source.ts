/** Where a configuration value came from: a line of the YAML file, or an environment variable. */
import { type Document, LineCounter, type Pair, isMap, isScalar, isSeq, parseDocument } from "yaml";
import { z } from "zod";
import type { EnvKind } from "./config-schema.ts";

export type ConfigPath = readonly (string | number)[];

export interface ConfigText {
  readonly value: unknown;
  /** Problems of the text itself, with their lines. */
  readonly problems: readonly string[];
  /** Line of the deepest part of the path that the file has; null when it has none. */
  lineOf(path: ConfigPath): number | null;
}

/** Reads YAML 1.2. An empty file is an empty mapping. */
export function parseConfigText(text: string): ConfigText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems = [...document.errors, ...document.warnings].map((error) => `${lines.linePos(error.pos[0]).line}: ${error.message}`);
  let value: unknown = {};
  if (document.errors.length === 0) value = (document.toJS({ maxAliasCount: 100 }) as unknown) ?? {};
  return { value, problems, lineOf: (path) => lineOf(document, lines, path) };
}

function lineOf(document: Document, lines: LineCounter, path: ConfigPath): number | null {
  let node: unknown = document.contents;
  let offset: number | null = null;
  for (const key of path) {
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair === undefined || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof key === "number") {
      const item = node.items[key] as { range?: readonly number[] } | undefined;
      if (item === undefined) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return offset === null ? null : lines.linePos(offset).line;
}

export interface EnvKey {
  readonly path: readonly string[];
  readonly kind: EnvKind;
}

/** Variable names for every key that is one value or a list of strings: `membership.deadTimeMs` is QUORATE_MEMBERSHIP_DEAD_TIME_MS. */
export function envKeys(schema: z.ZodType): ReadonlyMap<string, EnvKey> {
  const keys = new Map<string, EnvKey>();
  collect(schema, [], keys);
  return keys;
}

function collect(schema: z.core.$ZodType, path: readonly string[], keys: Map<string, EnvKey>): void {
  const env = z.globalRegistry.get(schema)?.["env"] as EnvKind | undefined;
  if (env !== undefined) {
    keys.set(envName(path), { path, kind: env });
  } else if (schema instanceof z.ZodObject) {
    for (const [key, child] of Object.entries(schema.shape as Record<string, z.core.$ZodType>)) collect(child, [...path, key], keys);
  } else if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    collect(schema.def.innerType, path, keys);
  }
}

function envName(path: readonly string[]): string {
  return `QUORATE_${path.map((part) => part.replaceAll(/([A-Z])/g, "_$1").toUpperCase()).join("_")}`;
}

/** The value that the text stands for, or the text itself when it stands for none: the schema then says what is wrong. */
export function envValue(kind: EnvKind, text: string): unknown {
  switch (kind) {
    case "integer":
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
    case "flag":
      return text === "true" ? true : text === "false" ? false : text;
    case "nullable":
      return text === "" || text === "null" ? null : text;
    case "list":
      return text.split(",").map((item) => item.trim());
    case "text":
      return text;
  }
}

/** A copy of `root` with the value at `path`. Mappings are made on the way; anything else in the way is left for the schema to report. */
export function withValue(root: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (root !== undefined && root !== null && (typeof root !== "object" || Array.isArray(root))) return root;
  const copy: Record<string, unknown> = { ...(root as Record<string, unknown> | null | undefined) };
  copy[key] = withValue(copy[key], rest, value);
  return copy;
}
