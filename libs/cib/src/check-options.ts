/** Names and values of options: cluster options, meta-attributes of resources, of operations and of alerts. */
import { attribute } from "./element.ts";
import type { IssueList, Position } from "./issue-list.ts";
import {
  ALERT_OPTIONS, CLUSTER_OPTIONS, LEGACY_CLUSTER_OPTIONS, LEGACY_META_ATTRIBUTES, LEGACY_OPERATION_OPTIONS, META_ATTRIBUTES, OPERATION_OPTIONS,
} from "./option-names.ts";
import type { OptionKind, OptionTable } from "./option-names.ts";
import { leadingInteger, parseBoolean, readIntervalMs } from "./values.ts";

interface Names {
  readonly what: string;
  readonly known: OptionTable;
  readonly legacy: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();
const CLUSTER: Names = { what: "cluster option", known: CLUSTER_OPTIONS, legacy: LEGACY_CLUSTER_OPTIONS };
const RESOURCE: Names = { what: "meta-attribute", known: META_ATTRIBUTES, legacy: LEGACY_META_ATTRIBUTES };
const OPERATION: Names = { what: "operation option", known: OPERATION_OPTIONS, legacy: LEGACY_OPERATION_OPTIONS };
const ALERT: Names = { what: "alert option", known: ALERT_OPTIONS, legacy: NONE };

const PARENTS: Readonly<Record<string, Names>> = {
  crm_config: CLUSTER, rsc_defaults: RESOURCE, op_defaults: OPERATION, op: OPERATION, alert: ALERT, recipient: ALERT, primitive: RESOURCE,
  template: RESOURCE, group: RESOURCE, clone: RESOURCE, master: RESOURCE, bundle: RESOURCE,
};

/** Agents and administrators may keep names of their own there, so by default an unknown one is a warning. */
export interface OptionCheck {
  readonly issues: IssueList;
  readonly unknownNames: "warning" | "error";
}

/** Checks one set of options; elements that are none are passed over. */
export function checkOptionSet(position: Position, check: OptionCheck): void {
  const { element, above } = position;
  if (above === null || (element.name !== "cluster_property_set" && element.name !== "meta_attributes")) return;
  const names = PARENTS[above.element.name];
  if (names === undefined) return;
  for (const pair of element.children) {
    if (pair.name === "nvpair") checkOption({ element: pair, above: position }, names, check);
  }
}

function checkOption(position: Position, names: Names, check: OptionCheck): void {
  const name = attribute(position.element, "name");
  if (name === null) return;
  const kind = Object.hasOwn(names.known, name) ? names.known[name] : undefined;
  if (kind === undefined) {
    const severity = names.legacy.has(name) ? "warning" : check.unknownNames;
    check.issues.add(severity, position, unknownName(name, names));
    return;
  }
  const value = attribute(position.element, "value");
  if (value === null || value.toLowerCase() === "#default") return;
  const expected = expectation(kind, value);
  if (expected !== null) check.issues.add("warning", position, `${name}=${JSON.stringify(value.slice(0, 60))}: expected ${expected}; the default is used`);
}

function unknownName(name: string, names: Names): string {
  if (names.legacy.has(name)) return `${names.what} ${name} is of the past and has no effect`;
  const similar = Object.keys(names.known).find((known) => isSimilar(known, name));
  return `unknown ${names.what} ${name}${similar === undefined ? "" : `; did you mean ${similar}?`}`;
}

/** What the value should be, or null when it is good. Values are as lenient as the policy engine that reads them. */
function expectation(kind: OptionKind, value: string): string | null {
  if (typeof kind !== "string") {
    return kind.some((word) => word.toLowerCase() === value.toLowerCase()) ? null : `one of ${kind.join(", ")}`;
  }
  switch (kind) {
    case "text":
      return null;
    case "boolean":
      return parseBoolean(value) === null ? "true or false" : null;
    case "integer":
      return leadingInteger(value) === null ? "an integer" : null;
    case "score":
      return isScore(value) ? null : "an integer, INFINITY or -INFINITY";
    case "time":
      return readIntervalMs(value) === null ? "a time such as 10s" : null;
  }
}

function isScore(value: string): boolean {
  return /^[+-]?INFINITY$/.test(value) || /^(?:red|yellow|green|default)$/i.test(value) || leadingInteger(value) !== null;
}

/** A misspelling: `_` for `-`, another case, or one or two letters wrong, missing or too many. */
function isSimilar(known: string, given: string): boolean {
  const plain = given.toLowerCase().replaceAll("_", "-");
  return known === plain || (known.length > 5 && Math.abs(known.length - plain.length) <= 2 && editDistance(known, plain) <= 2);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
