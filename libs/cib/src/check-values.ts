/** Is the text of one attribute what its kind wants? */
import { WORDS } from "./schema-notation.ts";
import type { ValueKind, WordKind } from "./schema-notation.ts";
import { parseTimeMs, readIntervalMs } from "./values.ts";

/** What is wrong: with "warning" the value has a meaning all the same (a default), with "error" it has none. */
export interface ValueProblem {
  readonly severity: "error" | "warning";
  readonly expected: string;
}

const NAME = /^[A-Za-z_\u{80}-\u{10FFFF}][A-Za-z0-9._\-\u{80}-\u{10FFFF}]*$/u;

const PATTERNS: Partial<Record<ValueKind, { readonly pattern: RegExp; readonly expected: string }>> = {
  id: { pattern: NAME, expected: "an id: a letter or _, then letters, digits, . - _" },
  name: { pattern: /./su, expected: "a name" },
  reference: { pattern: /./su, expected: "the id of another element" },
  boolean: { pattern: /^\s*(?:true|false|1|0)\s*$/, expected: "true, false, 1 or 0" },
  score: { pattern: /^\s*(?:[+-]?\d+|[+-]?INFINITY)\s*$/, expected: "an integer, INFINITY or -INFINITY" },
  integer: { pattern: /^\s*[+-]?\d+\s*$/, expected: "an integer" },
  count: { pattern: /^\s*\+?\d+\s*$|^\s*-0+\s*$/, expected: "an integer from 0" },
  positive: { pattern: /^\s*\+?0*[1-9]\d*\s*$/, expected: "an integer from 1" },
  devices: { pattern: /^[a-zA-Z0-9_.-]+(?:,[a-zA-Z0-9_.-]+)*$/, expected: "ids of fence devices with commas between them" },
  range: { pattern: /^[0-9-]+$/, expected: "a port or a range of ports such as 3300-3400" },
};

/** Null when the value is good. */
export function checkValue(kind: ValueKind, value: string): ValueProblem | null {
  const rule = PATTERNS[kind];
  if (rule !== undefined) return rule.pattern.test(value) ? null : { severity: "error", expected: rule.expected };
  if (isWordKind(kind)) return checkWord(WORDS[kind], value);
  if (kind === "interval") return readIntervalMs(value) !== null ? null : { severity: "warning", expected: "a time such as 10s (it counts as 0)" };
  if (kind === "time") return parseTimeMs(value) !== null ? null : { severity: "warning", expected: "a time such as 10s (the default is used)" };
  return null;
}

function checkWord(allowed: readonly string[], value: string): ValueProblem | null {
  return allowed.includes(value) ? null : { severity: "error", expected: `one of ${allowed.join(", ")}` };
}

function isWordKind(kind: ValueKind): kind is WordKind {
  return Object.hasOwn(WORDS, kind);
}
