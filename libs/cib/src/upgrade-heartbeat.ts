/**
 * Heartbeat 2.0 grammar to that of Pacemaker 1.0: `attributes` wrappers, names with underscores, options among parameters and
 * XML attributes, `from` and `to`. What belongs to any document older than 3.0 is left to upgrade-options.ts, ids to upgrade-ids.ts.
 */
import { attribute, child, children, withChildren } from "./element.ts";
import type { Position } from "./issue-list.ts";
import type { XmlElement } from "./types.ts";
import { upgradeHeartbeatConstraint, upgradeRule } from "./upgrade-heartbeat-constraints.ts";
import { upgradeHeartbeatResource } from "./upgrade-heartbeat-resources.ts";
import { below, makeNvpair, mapChild, mapChildren, pairs, renameAttributes } from "./upgrade-notes.ts";
import type { UpgradeNotes } from "./upgrade-notes.ts";

const ROOT_NAMES: ReadonlyMap<string, string | null> = new Map([
  ["have_quorum", "have-quorum"], ["dc_uuid", "dc-uuid"], ["cib_last_written", "cib-last-written"], ["remote_access_port", "remote-tls-port"],
  ["generated", null], ["num_peers", null], ["cib_feature_revision", null], ["ccm_transition", null], ["ignore_dtd", null],
  ["crm-debug-origin", null], ["cib_feature_revision_max", null],
]);

const STATUS_NAMES: ReadonlyMap<string, string | null> = new Map(
  ["op_status", "rc_code", "call_id", "op_digest", "op_restart_digest", "op_force_restart", "transition_magic", "transition_key"].map((name) => [
    name,
    name.replaceAll("_", "-"),
  ]),
);

const SET_NAMES = new Set(["cluster_property_set", "instance_attributes", "meta_attributes", "utilization"]);

/** True for a document in the old grammar: it names no schema, or one of those, and shows at least one of the old forms. */
export function isHeartbeat(root: XmlElement): boolean {
  const schema = attribute(root, "validate-with");
  if (schema === "pacemaker-0.6" || schema === "transitional-0.6") return true;
  if (schema !== null) return false;
  if (Object.keys(root.attributes).some((name) => ROOT_NAMES.has(name))) return true;
  const configuration = child(root, "configuration");
  return configuration !== null && hasOldForms(configuration);
}

function hasOldForms(element: XmlElement): boolean {
  if (element.name === "attributes" || element.name === "master_slave") return true;
  if (element.name.startsWith("rsc_") && attribute(element, "from") !== null) return true;
  return element.children.some(hasOldForms);
}

export function upgradeHeartbeat(root: XmlElement, notes: UpgradeNotes): XmlElement {
  const top: Position = { element: root, above: null };
  notes.add(top, "Heartbeat 2.0 document: upgraded to the schema of today; the notes below say what was changed in meaning");
  const plain = mapSets(renameAttributes(root, ROOT_NAMES));
  const configured = mapChild(plain, "configuration", (configuration) => upgradeConfiguration(below(top, configuration), notes));
  return mapChild(configured, "status", upgradeStatus);
}

/** Every set of name-value pairs loses its wrapper; its rules get the new names. Of equal sets the first won, today the last. */
function mapSets(element: XmlElement): XmlElement {
  const inner = mapChildren(element, (sub) => [SET_NAMES.has(sub.name) ? unwrap(sub) : mapSets(sub)]);
  const names = [...SET_NAMES].filter((name) => children(inner, name).length > 1);
  return element.name === "transient_attributes" ? inner : names.reduce(reverseSets, inner);
}

function unwrap(set: XmlElement): XmlElement {
  return mapChildren(set, (inner) => {
    if (inner.name === "attributes") return children(inner, "nvpair");
    return [inner.name === "rule" ? upgradeRule(inner) : inner];
  });
}

function reverseSets(element: XmlElement, name: string): XmlElement {
  const sets = [...children(element, name)];
  return mapChildren(element, (inner) => (inner.name === name ? [sets.pop() ?? inner] : [inner]));
}

function upgradeConfiguration(position: Position, notes: UpgradeNotes): XmlElement {
  return mapChildren(position.element, (section) => {
    const here = below(position, section);
    if (section.name === "crm_config") return [upgradeOptions(here, notes)];
    if (section.name === "resources") return [mapChildren(section, (resource) => [upgradeHeartbeatResource(below(here, resource), notes)])];
    if (section.name === "constraints") return [mapChildren(section, (constraint) => [upgradeHeartbeatConstraint(constraint)])];
    return [section];
  });
}

/** Defaults that have changed since are written down, so that the cluster keeps behaving as its administrator knows it. */
function upgradeOptions(position: Position, notes: UpgradeNotes): XmlElement {
  const config = position.element;
  const sets = children(config, "cluster_property_set");
  const defined = new Set(sets.flatMap((set) => pairs(set).map((pair) => (attribute(pair, "name") ?? "").replaceAll("_", "-"))));
  const added: XmlElement[] = [];
  const add = (name: string, value: string, why: string): void => {
    if (defined.has(name)) return;
    added.push(makeNvpair("", name, value));
    notes.add(position, `${name} was not set: set to ${value} ${why}`);
  };
  add("stonith-enabled", "false", "because that was Heartbeat's default; without fencing a lost node's resources are not safe to start elsewhere");
  add("placement-strategy", "balanced", "so that idle spare nodes are chosen first, as Heartbeat's users expect");
  if (added.length === 0) return config;
  const target = sets.find((set) => attribute(set, "id") === "cib-bootstrap-options") ?? sets.find((set) => child(set, "rule") === null);
  if (target !== undefined) return mapChildren(config, (set) => [set === target ? withChildren(set, [...set.children, ...added]) : set]);
  const set: XmlElement = { name: "cluster_property_set", attributes: { id: "cib-bootstrap-options" }, children: added, place: null };
  return withChildren(config, [...config.children, set]);
}

function upgradeStatus(status: XmlElement): XmlElement {
  return mapChildren(renameAttributes(status, STATUS_NAMES), (inner) => [upgradeStatus(inner)]);
}
