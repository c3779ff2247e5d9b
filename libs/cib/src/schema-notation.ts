/**
 * How the schema tables are written and what they mean.
 *
 * attributes: `name:kind` separated by blanks; `!` behind the kind: required.
 * children: `name` any number, `name?` at most one, `name!` exactly one, `name+` at least one.
 * exactlyOne / atMostOne: alternatives separated by `|`; one alternative is attributes and `<children>` joined by `+`.
 */

export type WordKind =
  | "action" | "booleanOperator" | "comparison" | "comparisonType" | "dateOperation" | "discovery" | "lossPolicy" | "nodeType" | "onFail"
  | "orderKind" | "permission" | "resourceClass" | "role" | "setOrdering" | "valueSource";

/** Allowed words of the enumerated kinds; every other kind is a rule in check-values.ts. */
export const WORDS: Readonly<Record<WordKind, readonly string[]>> = {
  action: ["start", "promote", "demote", "stop"],
  booleanOperator: ["and", "or"],
  comparison: ["lt", "gt", "lte", "gte", "eq", "ne", "defined", "not_defined"],
  comparisonType: ["string", "integer", "number", "version"],
  dateOperation: ["in_range", "gt", "lt", "date_spec"],
  discovery: ["always", "never", "exclusive"],
  lossPolicy: ["stop", "demote", "fence", "freeze"],
  nodeType: ["member", "ping", "remote"],
  onFail: ["ignore", "block", "demote", "stop", "restart", "standby", "fence", "restart-container"],
  orderKind: ["Optional", "Mandatory", "Serialize"],
  permission: ["read", "write", "deny"],
  resourceClass: ["ocf", "lsb", "heartbeat", "stonith", "upstart", "service", "systemd", "nagios"],
  role: ["Stopped", "Started", "Promoted", "Unpromoted", "Master", "Slave"],
  setOrdering: ["group", "listed"],
  valueSource: ["literal", "param", "meta"],
};

/**
 * `id` is unique in the document; `name` is any text that is not unique (ids of nodes and users); `reference` names another
 * element; `devices` is a comma-separated list of them. `interval` and `time` are only warned about when unreadable, because
 * Pacemaker then takes a default.
 */
export type ValueKind =
  | "text" | "id" | "name" | "reference" | "boolean" | "score" | "integer" | "count" | "positive" | "interval" | "time" | "devices" | "range"
  | WordKind;

export interface AttributeRule {
  readonly kind: ValueKind;
  readonly required: boolean;
}

export interface ChildRule {
  readonly least: number;
  readonly most: number;
}

/** Members of one alternative: attribute names, and child names in angle brackets. */
export type Alternative = readonly string[];

export interface ElementRule {
  readonly attributes: ReadonlyMap<string, AttributeRule>;
  readonly children: ReadonlyMap<string, ChildRule>;
  readonly exactlyOne: readonly (readonly Alternative[])[];
  readonly atMostOne: readonly (readonly Alternative[])[];
  /** Unknown attributes are allowed. */
  readonly open: boolean;
}

export interface ElementNotation {
  readonly attributes?: string;
  readonly children?: string;
  readonly exactlyOne?: readonly string[];
  readonly atMostOne?: readonly string[];
  readonly open?: boolean;
}

export type Schema = ReadonlyMap<string, ElementRule>;

/** Reads tables of the notation above. */
export function readSchema(table: Readonly<Record<string, ElementNotation>>): Schema {
  return new Map(Object.entries(table).map(([name, notation]) => [name, readElement(notation)]));
}

function readElement(notation: ElementNotation): ElementRule {
  return {
    attributes: new Map(words(notation.attributes).map(readAttribute)),
    children: new Map(words(notation.children).map(readChild)),
    exactlyOne: (notation.exactlyOne ?? []).map(readAlternatives),
    atMostOne: (notation.atMostOne ?? []).map(readAlternatives),
    open: notation.open === true,
  };
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}

function readAttribute(word: string): [string, AttributeRule] {
  const required = word.endsWith("!");
  const [name = "", kind = "text"] = (required ? word.slice(0, -1) : word).split(":");
  return [name, { kind: kind as ValueKind, required }];
}

const COUNTS: Readonly<Record<string, ChildRule>> = { "?": { least: 0, most: 1 }, "!": { least: 1, most: 1 }, "+": { least: 1, most: Infinity } };

function readChild(word: string): [string, ChildRule] {
  const rule = COUNTS[word.slice(-1)];
  return rule === undefined ? [word, { least: 0, most: Infinity }] : [word.slice(0, -1), rule];
}

function readAlternatives(text: string): Alternative[] {
  return text.split("|").map((part) => part.split("+").map((member) => member.trim()));
}
