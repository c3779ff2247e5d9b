/** Resources of Heartbeat 2.0: meta-attributes stood among XML attributes and parameters, operations had other words. */
import { attribute, children, makeElement, withAttribute, withChildren } from "./element.ts";
import type { Position } from "./issue-list.ts";
import type { XmlElement } from "./types.ts";
import { upgradeRole } from "./upgrade-heartbeat-constraints.ts";
import { HEARTBEAT_META_NAMES, HEARTBEAT_SHARED_META_NAMES } from "./upgrade-names.ts";
import { below, makeNvpair, mapChildren, pairs, renameAttributes } from "./upgrade-notes.ts";
import type { UpgradeNotes } from "./upgrade-notes.ts";

const RESOURCES = new Set(["primitive", "group", "clone", "master_slave"]);
const OWN_ATTRIBUTES = new Set(["id", "class", "type", "provider", "description", "template"]);

const OPERATION_NAMES: ReadonlyMap<string, string | null> = new Map([
  ["on_fail", "on-fail"], ["start_delay", "start-delay"], ["prereq", "requires"], ["generated", null], ["crm-debug-origin", null],
]);

export function upgradeHeartbeatResource(position: Position, notes: UpgradeNotes): XmlElement {
  const resource = position.element;
  if (!RESOURCES.has(resource.name)) return resource;
  noteAgent(position, notes);
  const promotable = resource.name === "master_slave";
  const inner = resource.children.flatMap((sub) => upgradeInner(below(position, sub), notes));
  const sets = promotable ? [makeElement("meta_attributes", { id: "" }, [makeNvpair("", "promotable", "true")])] : [];
  const attributes: Record<string, string> = {};
  for (const name of Object.keys(resource.attributes)) if (OWN_ATTRIBUTES.has(name)) attributes[name] = resource.attributes[name] ?? "";
  if (attributes["class"] !== "ocf") delete attributes["provider"];
  const isMeta = (sub: XmlElement): boolean => sub.name === "meta_attributes";
  // XML attributes beat every set, and today the last of equal sets wins.
  const meta = [...sets, ...inner.filter(isMeta), ...attributeSet(resource)];
  return { ...resource, name: promotable ? "clone" : resource.name, attributes, children: [...meta, ...inner.filter((sub) => !isMeta(sub))] };
}

/** The script was one that the administrator had to copy by hand to every node. */
function noteAgent({ element, above }: Position, notes: UpgradeNotes): void {
  if (attribute(element, "provider") !== "external" || attribute(element, "type") !== "Filesystem") return;
  notes.add({ element, above }, "ocf:external:Filesystem is kept; on nodes without that script it is mapped to ocf:heartbeat:Filesystem");
}

function attributeSet(resource: XmlElement): XmlElement[] {
  const names = Object.keys(resource.attributes).filter((name) => !OWN_ATTRIBUTES.has(name) && name !== "generated" && name !== "crm-debug-origin");
  if (names.length === 0) return [];
  const nvpairs = names.map((name) => metaPair("", name, resource.attributes[name] ?? ""));
  return [makeElement("meta_attributes", { id: "" }, nvpairs)];
}

function metaPair(id: string, name: string, value: string): XmlElement {
  const today = HEARTBEAT_META_NAMES.get(name) ?? name.replaceAll("_", "-");
  return makeNvpair(id, today, today === "target-role" ? upgradeRole(value) : value);
}

function upgradeInner(position: Position, notes: UpgradeNotes): readonly XmlElement[] {
  const { element } = position;
  if (element.name === "instance_attributes") return splitParameters(position);
  if (element.name === "meta_attributes") return [mapChildren(element, (inner) => [inner.name === "nvpair" ? upgradeMetaPair(inner) : inner])];
  if (element.name === "operations") return [mapChildren(element, (op) => [op.name === "op" ? upgradeOperation(op) : op])];
  return [upgradeHeartbeatResource(position, notes)];
}

function upgradeMetaPair(pair: XmlElement): XmlElement {
  const { name = "", value = "" } = pair.attributes;
  return { ...pair, attributes: { ...pair.attributes, ...metaPair("", name, value).attributes, id: pair.attributes["id"] ?? "" } };
}

/** Parameters that are meta-attributes become a set of those, under the same rules and score. */
function splitParameters(position: Position): readonly XmlElement[] {
  const set = position.element;
  const primitive = position.above?.element.name === "primitive";
  const isMeta = (pair: XmlElement): boolean => {
    const name = attribute(pair, "name") ?? "";
    return HEARTBEAT_META_NAMES.has(name) || HEARTBEAT_SHARED_META_NAMES.has(name);
  };
  const stays = (pair: XmlElement): boolean => !isMeta(pair) || (primitive && HEARTBEAT_SHARED_META_NAMES.has(attribute(pair, "name") ?? ""));
  const meta = pairs(set).filter(isMeta);
  if (meta.length === 0) return [set];
  const rest = set.children.filter((inner) => inner.name !== "nvpair" || stays(inner));
  const metaSet: XmlElement = {
    ...set,
    name: "meta_attributes",
    attributes: { ...set.attributes, id: "" },
    children: [...meta.map((pair) => (stays(pair) ? upgradeMetaPair(withAttribute(pair, "id", "")) : upgradeMetaPair(pair))), ...children(set, "rule")],
  };
  return rest.some((inner) => inner.name === "nvpair") ? [metaSet, withChildren(set, rest)] : [metaSet];
}

function upgradeOperation(op: XmlElement): XmlElement {
  let result = renameAttributes(op, OPERATION_NAMES);
  const disabled = attribute(result, "disabled");
  if (disabled !== null) {
    result = withAttribute(withAttribute(result, "disabled", null), "enabled", /^(?:true|yes|on|y|1)$/i.test(disabled) ? "false" : "true");
  }
  const role = attribute(result, "role");
  if (role !== null) result = withAttribute(result, "role", upgradeRole(role));
  const onFail = attribute(result, "on-fail");
  if (onFail !== null) result = withAttribute(result, "on-fail", onFail === "nothing" ? "ignore" : onFail.toLowerCase());
  return attribute(result, "interval") === null ? withAttribute(result, "interval", "0") : result;
}
