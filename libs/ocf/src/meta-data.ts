/** Reads what an agent answers to `meta-data`. Source: OCF Resource Agent API 1.1, "Metadata schema"; ra-api-1.dtd of 1.0 agents. */
import { type Issue, type Result, err, ok } from "@quorate/core";
import { XmlElement, XmlError, parseXml } from "@rgrove/parse-xml";

export interface AgentMetaData {
  readonly name: string;
  /** Version of the agent itself; "" when it has none. */
  readonly version: string;
  readonly shortDescription: string;
  readonly longDescription: string;
  /** In the agent's order. */
  readonly parameters: readonly AgentParameter[];
  readonly actions: readonly AgentAction[];
}

export interface AgentParameter {
  readonly name: string;
  readonly required: boolean;
  /** Instances whose values of all parameters of a group agree collide; `unique="1"` is a group of one. Null: may repeat. */
  readonly uniqueGroup: string | null;
  /** string, integer, boolean, select, time …, as the agent says it. */
  readonly type: string;
  readonly default: string | null;
  readonly deprecated: boolean;
  /** May change without a restart (`reload-agent`). */
  readonly reloadable: boolean;
  readonly shortDescription: string;
  readonly longDescription: string;
}

/** What an agent advises; absent advice is null. */
export interface AgentAction {
  readonly name: string;
  readonly timeoutMs: number | null;
  readonly intervalMs: number | null;
  readonly startDelayMs: number | null;
  /** OCF_CHECK_LEVEL this entry is meant for. */
  readonly depth: number;
  readonly role: string | null;
}

const LENGTH_MAX = 1_048_576;

/** Reads the document; unknown elements and attributes are passed over. Never resolves anything outside it. */
export function parseMetaData(xml: string): Result<AgentMetaData, Issue> {
  if (xml.length > LENGTH_MAX) return failed(`longer than ${LENGTH_MAX} characters`);
  let root: XmlElement | null;
  try {
    root = parseXml(xml.trimStart(), { ignoreUndefinedEntities: true }).root;
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return failed(error.message.split("\n")[0]!, { line: error.line, column: error.column });
  }
  if (root?.name !== "resource-agent") return failed(`expected <resource-agent>, found <${root?.name ?? ""}>`);
  const name = root.attributes["name"];
  if (name === undefined) return failed("<resource-agent> has no name");
  return ok({
    name,
    version: root.attributes["version"] ?? textOf(root, "version"),
    shortDescription: textOf(root, "shortdesc"),
    longDescription: textOf(root, "longdesc"),
    parameters: named(root, "parameters", "parameter").map(readParameter),
    actions: named(root, "actions", "action").map(readAction),
  });
}

/**
 * Milliseconds of a time as agents and CIBs write it: a number and a unit (ms, msec, us, usec, s, sec, m, min, h, hr; none: seconds).
 * Null when it is no time.
 */
export function timeToMs(text: string): number | null {
  const match = /^\s*(\d+)\s*([a-z]*)\s*$/i.exec(text);
  const factor = match === null ? undefined : UNIT_MS[match[2]!.toLowerCase()];
  return factor === undefined ? null : Math.floor(Number(match![1]) * factor);
}

const UNIT_MS: Readonly<Record<string, number>> = {
  "": 1_000, s: 1_000, sec: 1_000, ms: 1, msec: 1, us: 0.001, usec: 0.001, m: 60_000, min: 60_000, h: 3_600_000, hr: 3_600_000,
};

function readParameter(element: XmlElement): AgentParameter {
  const { attributes } = element;
  const content = childElements(element).find((child) => child.name === "content")?.attributes ?? {};
  return {
    name: attributes["name"]!,
    required: isTrue(attributes["required"]),
    uniqueGroup: attributes["unique-group"] ?? (isTrue(attributes["unique"]) ? attributes["name"]! : null),
    type: content["type"] ?? "string",
    default: content["default"] ?? null,
    deprecated: childElements(element).some((child) => child.name === "deprecated"),
    reloadable: isTrue(attributes["reloadable"]),
    shortDescription: textOf(element, "shortdesc"),
    longDescription: textOf(element, "longdesc"),
  };
}

function readAction({ attributes }: XmlElement): AgentAction {
  const time = (name: string): number | null => timeToMs(attributes[name] ?? "");
  return {
    name: attributes["name"]!,
    timeoutMs: time("timeout"),
    intervalMs: time("interval"),
    startDelayMs: time("start-delay"),
    depth: Number(attributes["depth"] ?? 0) || 0,
    role: attributes["role"] ?? null,
  };
}

function childElements(element: XmlElement): XmlElement[] {
  return element.children.filter((child): child is XmlElement => child instanceof XmlElement);
}

/** Elements `item` with a name below the list `list`. */
function named(root: XmlElement, list: string, item: string): XmlElement[] {
  const parents = childElements(root).filter((child) => child.name === list);
  return parents.flatMap(childElements).filter((child) => child.name === item && child.attributes["name"] !== undefined);
}

function textOf(element: XmlElement, name: string): string {
  return childElements(element).find((child) => child.name === name)?.text.trim() ?? "";
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(1|true|yes|on|y)$/i.test(value);
}

function failed(message: string, place: Issue["place"] = null): Result<never, Issue> {
  return err({ severity: "error", path: "", place, message });
}
