/** What every document older than pacemaker-3.0 needs: options with new names and new places. */
import { attribute, child, children, makeElement, withAttribute, withChildren, withSection } from "./element.ts";
import type { Position } from "./issue-list.ts";
import type { XmlElement } from "./types.ts";
import { CLUSTER_OPTION_CHANGES, OPERATION_PARAMETERS, PARAMETER_NAMES } from "./upgrade-names.ts";
import type { OptionChange } from "./upgrade-names.ts";
import { below, definesName, makeNvpair, mapChild, mapChildren, pairs } from "./upgrade-notes.ts";
import type { UpgradeNotes } from "./upgrade-notes.ts";

export function upgradeOptionNames(root: XmlElement, notes: UpgradeNotes): XmlElement {
  const top: Position = { element: root, above: null };
  return mapChild(root, "configuration", (configuration) => {
    const here = below(top, configuration);
    const moved = moveClusterOptions(here, notes);
    return mapChildren(moved, (section) => {
      if (section.name === "nodes") return [mapChildren(section, (node) => [upgradeNode(node)])];
      if (section.name === "resources") return [upgradeResources(below(here, section), notes)];
      if (section.name === "constraints") return [mapChildren(section, (constraint) => [upgradeColocation(constraint)])];
      return [section];
    });
  });
}

function upgradeNode(node: XmlElement): XmlElement {
  return attribute(node, "type") === "normal" ? withAttribute(node, "type", "member") : node;
}

/** These two never had an effect. */
function upgradeColocation(constraint: XmlElement): XmlElement {
  if (constraint.name !== "rsc_colocation") return constraint;
  return withAttribute(withAttribute(constraint, "score-attribute", null), "score-attribute-mangle", null);
}

/** Each set of cluster options leaves behind the sets of defaults that grew out of it, with its rule and score. */
function moveClusterOptions(position: Position, notes: UpgradeNotes): XmlElement {
  const config = child(position.element, "crm_config");
  if (config === null) return position.element;
  const sets = children(config, "cluster_property_set");
  const defaults: Record<"rsc_defaults" | "op_defaults", XmlElement[]> = { rsc_defaults: [], op_defaults: [] };
  const newConfig = mapChildren(config, (set) => {
    if (set.name !== "cluster_property_set") return [set];
    const here = below(below(position, config), set);
    const outcome = pairs(set).map((pair) => changeOption(below(here, pair), position.element, notes));
    for (const to of ["rsc_defaults", "op_defaults"] as const) {
      const moved = outcome.flatMap(({ place, pair }) => (place === to && pair !== null ? [pair] : []));
      if (moved.length > 0) defaults[to].push(defaultsSet(set, to, moved, sets.length > 1));
    }
    const stays = outcome.flatMap(({ place, pair }) => (place === "crm_config" && pair !== null ? [pair] : []));
    return [sameElements(pairs(set), stays) ? set : withChildren(set, [...set.children.filter((inner) => inner.name !== "nvpair"), ...stays])];
  });
  let result = withSection(position.element, newConfig);
  for (const to of ["rsc_defaults", "op_defaults"] as const) {
    if (defaults[to].length === 0) continue;
    const section = child(result, to) ?? makeElement(to);
    result = withSection(result, withChildren(section, [...section.children, ...defaults[to]]));
  }
  return result;
}

function sameElements(a: readonly XmlElement[], b: readonly XmlElement[]): boolean {
  return a.length === b.length && a.every((element, at) => element === b[at]);
}

function defaultsSet(source: XmlElement, to: string, moved: readonly XmlElement[], several: boolean): XmlElement {
  const id = attribute(source, "id") ?? "options";
  const score = several && id === "cib-bootstrap-options" ? "INFINITY" : attribute(source, "score");
  const attributes: Record<string, string> = { id: `${id}-${to.replace("_", "-")}` };
  if (score !== null) attributes["score"] = score;
  return makeElement("meta_attributes", attributes, [...moved, ...children(source, "rule").map((rule) => withoutIds(rule))]);
}

/** A copy whose ids are still to be made. */
function withoutIds(element: XmlElement): XmlElement {
  const cleared = attribute(element, "id") === null ? element : withAttribute(element, "id", "");
  return mapChildren(cleared, (inner) => [withoutIds(inner)]);
}

interface Outcome {
  readonly place: OptionChange["to"];
  readonly pair: XmlElement | null;
}

function changeOption(position: Position, configuration: XmlElement, notes: UpgradeNotes): Outcome {
  const pair = position.element;
  const name = attribute(pair, "name") ?? "";
  const value = attribute(pair, "value") ?? "";
  if (name === "cluster-infrastructure" && /^(?:heartbeat|openais|classic openais.*|cman)$/.test(value)) return drop(position, notes, "it says nothing any more");
  const change = CLUSTER_OPTION_CHANGES.get(name);
  if (change === undefined) return { place: "crm_config", pair };
  if (change.name === null || (change.onlyValue !== undefined && change.onlyValue !== value)) return drop(position, notes, change.why ?? "it had no effect");
  const target = change.to === "crm_config" ? null : child(configuration, change.to);
  if (target !== null && definesName(target, "meta_attributes", change.name)) return drop(position, notes, `${change.to} sets ${change.name} already`);
  const renamed = withAttribute(withAttribute(pair, "name", change.name), "value", change.newValue ?? value);
  if (change.to !== "crm_config") notes.add(position, `${name}=${value} became ${change.name}=${change.newValue ?? value} in ${change.to}`);
  return { place: change.to, pair: renamed };
}

function drop(position: Position, notes: UpgradeNotes, why: string): Outcome {
  const { name = "", value = "" } = position.element.attributes;
  notes.add(position, `${name}=${value} was dropped: ${why}`);
  return { place: "crm_config", pair: null };
}

function upgradeResources(position: Position, notes: UpgradeNotes): XmlElement {
  return mapChildren(position.element, (resource) => {
    const here = below(position, resource);
    if (resource.name === "primitive" || resource.name === "template") return [upgradeAgentResource(here, notes)];
    if (["group", "clone", "master", "bundle"].includes(resource.name)) return [upgradeResources(here, notes)];
    return [resource];
  });
}

function upgradeAgentResource(position: Position, notes: UpgradeNotes): XmlElement {
  const requires: string[] = [];
  const changed = mapChildren(position.element, (inner) => {
    const here = below(position, inner);
    if (inner.name === "instance_attributes") return [mapChildren(inner, (pair) => upgradeParameter(below(here, pair), notes))];
    if (inner.name === "meta_attributes") return [mapChildren(inner, (pair) => upgradeMeta(below(here, pair), notes))];
    if (inner.name !== "operations") return [inner];
    return [mapChildren(inner, (op) => [op.name === "op" ? upgradeOperation(below(here, op), requires, notes) : op])];
  });
  const [first] = requires;
  if (first === undefined || definesName(changed, "meta_attributes", "requires")) return changed;
  const set = makeElement("meta_attributes", { id: "" }, [makeNvpair("", "requires", first)]);
  return withChildren(changed, [...changed.children, set]);
}

function upgradeParameter(position: Position, notes: UpgradeNotes): readonly XmlElement[] {
  const pair = position.element;
  const name = attribute(pair, "name") ?? "";
  const target = PARAMETER_NAMES.get(name);
  if (pair.name !== "nvpair") return [pair];
  if (target !== undefined) return [withAttribute(pair, "name", target)];
  if (name !== "pcmk_arg_map") return [pair];
  const port = /^port:([^,]+)$/.exec(attribute(pair, "value") ?? "")?.[1];
  if (port !== undefined) return [withAttribute(withAttribute(pair, "name", "pcmk_host_argument"), "value", port)];
  drop(position, notes, "pcmk_host_argument names the parameter that gets the target");
  return [];
}

function upgradeMeta(position: Position, notes: UpgradeNotes): readonly XmlElement[] {
  const pair = position.element;
  if (pair.name !== "nvpair") return [pair];
  const name = attribute(pair, "name") ?? "";
  if (/^isolation(?:-host|-instance|-wrapper)?$/.test(name)) {
    notes.add(position, `${name} is gone, bundles do this; the resource is disabled (target-role=Stopped)`);
    return [withAttribute(withAttribute(pair, "name", "target-role"), "value", "Stopped")];
  }
  if (name !== "resource-failure-stickiness" && name !== "resource_failure_stickiness") return [pair];
  if (attribute(pair, "value") === "-INFINITY") return [withAttribute(withAttribute(pair, "name", "migration-threshold"), "value", "1")];
  drop(position, notes, "migration-threshold says after how many failures a resource moves");
  return [];
}

/** `requires` of start and promote belongs to the resource; options among the parameters belong to the meta-attributes. */
function upgradeOperation(position: Position, requires: string[], notes: UpgradeNotes): XmlElement {
  const op = position.element;
  const name = attribute(op, "name") ?? "";
  const takeRequires = (value: string | null): void => {
    if (value === null) return;
    if (name === "start" || name === "promote") requires.push(value);
    else notes.add(position, `requires=${value} of operation ${name} was dropped: it only counts for start and promote`);
  };
  takeRequires(attribute(op, "requires"));
  return mapChildren(withAttribute(op, "requires", null), (set) => {
    if (set.name !== "instance_attributes" && set.name !== "meta_attributes") return [set];
    for (const pair of pairs(set)) if (attribute(pair, "name") === "requires") takeRequires(attribute(pair, "value"));
    const plain = mapChildren(set, (pair) => (attribute(pair, "name") === "requires" ? [] : [pair]));
    return set.name === "meta_attributes" ? [plain] : splitOperationParameters(plain);
  });
}

function splitOperationParameters(set: XmlElement): readonly XmlElement[] {
  const isOption = (pair: XmlElement): boolean => pair.name === "nvpair" && OPERATION_PARAMETERS.has(attribute(pair, "name") ?? "");
  const options = set.children.filter(isOption);
  if (options.length === 0) return [set];
  const rest = set.children.filter((inner) => !isOption(inner));
  const meta = makeElement("meta_attributes", { id: "" }, [...options, ...children(set, "rule").map(withoutIds)]);
  return rest.some((inner) => inner.name === "nvpair") ? [withChildren(set, rest), meta] : [meta];
}
