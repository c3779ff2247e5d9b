/** Rules: conditions on nodes, dates, resources and operations (1-state B6 to B15). */
import type { XmlElement } from "@quorate/cib";
import { dateExpressionPasses } from "./dates.ts";
import { parseBoolean, parseIntervalMs } from "@quorate/cib";

/** What a rule may ask about; what is null is not known here, and a test of it fails. */
export interface RuleContext {
  readonly nowMs: number;
  /** Told every time at which an evaluated date test changes its result. */
  readonly recheckAt: (atMs: number) => void;
  readonly attribute: ((name: string) => string | undefined) | null;
  readonly resource: { readonly class: string; readonly provider: string | null; readonly type: string } | null;
  readonly operation: { readonly name: string; readonly intervalMs: number } | null;
  /** For `value-source`: instance parameters and meta attributes of the resource (location rules only). */
  readonly parameter: ((name: string) => string | undefined) | null;
  readonly meta: ((name: string) => string | undefined) | null;
  /** Submatches of `rsc-pattern`, for `%0` to `%9`. */
  readonly submatches: readonly string[];
}

/** No rule at all passes; of several one has to. */
export function anyRulePasses(parent: XmlElement, context: RuleContext): boolean {
  let rules = 0;
  for (const element of parent.children) {
    if (element.name !== "rule") continue;
    rules++;
    if (rulePasses(element, context)) return true;
  }
  return rules === 0;
}

export function rulePasses(rule: XmlElement, context: RuleContext): boolean {
  const disjunction = rule.attributes["boolean-op"]?.toLowerCase() === "or";
  for (const element of rule.children) {
    if (expressionPasses(element, context) === disjunction) return disjunction;
  }
  return !disjunction;
}

function expressionPasses(element: XmlElement, context: RuleContext): boolean {
  switch (element.name) {
    case "rule": return rulePasses(element, context);
    case "date_expression": return dateExpressionPasses(element, context.nowMs, context.recheckAt);
    case "rsc_expression": return resourceExpressionPasses(element, context);
    case "op_expression": return operationExpressionPasses(element, context);
    case "expression": return element.attributes["attribute"] === "#role" ? false : attributeExpressionPasses(element, context);
    default: return false;
  }
}

function resourceExpressionPasses(element: XmlElement, { resource }: RuleContext): boolean {
  if (resource === null) return false;
  const wanted = element.attributes;
  if (wanted["class"] !== undefined && wanted["class"] !== resource.class) return false;
  if ((wanted["provider"] ?? null) !== resource.provider) return false;
  return wanted["type"] === undefined || wanted["type"] === resource.type;
}

function operationExpressionPasses(element: XmlElement, { operation }: RuleContext): boolean {
  if (operation === null || element.attributes["name"] !== operation.name) return false;
  const interval = element.attributes["interval"];
  return interval === undefined || (/\d/.test(interval) && parseIntervalMs(interval) === operation.intervalMs);
}

function attributeExpressionPasses(element: XmlElement, context: RuleContext): boolean {
  if (context.attribute === null) return false;
  const name = expand(element.attributes["attribute"] ?? "", context.submatches);
  const actual = context.attribute(name);
  const operation = (element.attributes["operation"] ?? "").toLowerCase();
  if (operation === "defined") return actual !== undefined;
  if (operation === "not_defined") return actual === undefined;
  const wanted = wantedValue(element, context);
  if (operation === "eq" || operation === "ne") {
    const equal = actual === undefined || wanted === undefined
      ? actual === wanted
      : compareTyped(actual, wanted, element.attributes["type"] ?? "string") === 0;
    return equal === (operation === "eq");
  }
  if (actual === undefined || wanted === undefined) return false;
  const type = element.attributes["type"] ?? (actual.includes(".") || wanted.includes(".") ? "number" : "integer");
  const order = compareTyped(actual, wanted, type);
  switch (operation) {
    case "lt": return order < 0;
    case "lte": return order <= 0;
    case "gt": return order > 0;
    case "gte": return order >= 0;
    default: return false;
  }
}

/** An empty value counts as none (1-state B11). */
function wantedValue(element: XmlElement, context: RuleContext): string | undefined {
  const value = element.attributes["value"] || undefined;
  const source = element.attributes["value-source"]?.toLowerCase();
  if (source === "param") return value === undefined ? undefined : context.parameter?.(value);
  if (source === "meta") return value === undefined ? undefined : context.meta?.(value);
  return value;
}

const TYPES: ReadonlySet<string> = new Set(["string", "integer", "number", "version"]);

/** Numbers that cannot be read are compared as text; of a type that does not exist all values are equal. */
function compareTyped(a: string, b: string, given: string): number {
  const type = given.toLowerCase();
  if (!TYPES.has(type)) return 0;
  if (type === "version") return compareVersions(a, b);
  if (type === "integer" || type === "number") {
    const x = leadingNumber(a, type), y = leadingNumber(b, type);
    if (x !== null && y !== null) return x < y ? -1 : Number(x > y);
  }
  const x = a.toLowerCase(), y = b.toLowerCase();
  return x < y ? -1 : Number(x > y);
}

function leadingNumber(text: string, type: "integer" | "number"): bigint | number | null {
  if (type === "number") return leadingFloat(text);
  const digits = /^\s*[-+]?\d+/.exec(text)?.[0].trim();
  if (digits === undefined) return null;
  const value = BigInt(digits.replace(/^\+/, ""));
  return value > 9223372036854775807n || value < -9223372036854775808n ? null : value;
}

/** As the reference reads it: decimal or hexadecimal, `inf`, and `nan`, which is neither less nor more than any other; but no negative zero. */
function leadingFloat(text: string): number | null {
  const [, sign, hex, special] = /^\s*([-+]?)(?:0x([\da-f]+)|(inf|nan))/i.exec(text) ?? [];
  const factor = sign === "-" ? -1 : 1;
  if (hex !== undefined) return factor * Number.parseInt(hex, 16);
  if (special !== undefined) return special.toLowerCase() === "nan" ? Number.NaN : factor * Number.POSITIVE_INFINITY;
  const value = Number.parseFloat(text);
  return Number.isNaN(value) || Object.is(value, -0) ? null : value;
}

function compareVersions(a: string, b: string): number {
  const x = a.split("."), y = b.split(".");
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const difference = (Number.parseInt(x[i] ?? "0", 10) || 0) - (Number.parseInt(y[i] ?? "0", 10) || 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `%0` to `%9` stand for submatches of the resource pattern. */
export function expand(text: string, submatches: readonly string[]): string {
  return submatches.length === 0 ? text : text.replace(/%(\d)/g, (_, digit: string) => submatches[Number(digit)] ?? "");
}

/** A plain truth test: text that is no boolean is false. */
export function isTrue(text: string | undefined): boolean {
  return text !== undefined && parseBoolean(text) === true;
}
