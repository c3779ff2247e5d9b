/** Location constraints, node health as one, and how they enter the score tables (2-assignment C3 to C8, G4). */
import type { XmlElement } from "@quorate/cib";
import { isTrue, parseScore } from "@quorate/cib";
import { attributesFor, placedParts } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import { findNode, nodeContext } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { parseRole } from "../model/role.ts";
import { INFINITY, addScores } from "../model/score.ts";
import { DISCOVERY } from "../model/score-table.ts";
import type { Discovery } from "../model/score-table.ts";
import { resourceParameters } from "../read/operations.ts";
import { anyRulePasses, expand, rulePasses } from "../read/rules.ts";
import type { RuleContext } from "../read/rules.ts";
import { plainContext, noteRecheck } from "../model/cluster.ts";
import type { Role } from "../types.ts";
import { expandReference, findConstrained, readSetsOf } from "./constrained-resources.ts";

export interface LocationConstraint {
  readonly id: string;
  readonly resource: Resource;
  readonly scores: readonly { readonly node: Node; readonly score: number }[];
  /** `Unknown`: whatever the role. */
  readonly role: Role;
  readonly discovery: Discovery;
  readonly text: string;
}

/** Health of the nodes as scores of every top-level resource; made first, so applied last. */
export function addHealthLocations(cluster: Cluster): void {
  const { strategy, ...health } = cluster.options.health;
  if (strategy === "none") return;
  for (const node of cluster.nodes) {
    let sum = health.base;
    for (const [name, value] of node.attributes) if (name.startsWith("#health")) sum = addScores(sum, parseScore(value, health));
    if (sum === 0) continue;
    for (const resource of cluster.resources) {
      if (sum < 0 && isTrue(resource.meta.get("allow-unhealthy-nodes") ?? null)) continue;
      cluster.locations.push({ id: strategy, resource, scores: [{ node, score: sum }], role: "Unknown", discovery: DISCOVERY.always, text: `health of ${node.name} (${node.health})` });
    }
  }
}

/** One `rsc_location` of the constraints section. */
export function readLocation(cluster: Cluster, element: XmlElement): void {
  if (!lifetimePasses(cluster, element)) return;
  const { rsc, "rsc-pattern": pattern } = element.attributes;
  const role = element.attributes["role"];
  if (pattern !== undefined) {
    readPattern(cluster, element, pattern);
    return;
  }
  const sets = readSetsOf(cluster, element);
  if (sets.length > 0) {
    for (const set of sets) {
      for (const resource of set.resources) {
        addLocation(cluster, element, resource, { role: set.element.attributes["role"] ?? role, score: set.element.attributes["score"], submatches: [] });
      }
    }
    return;
  }
  for (const id of rsc === undefined ? [] : expandReference(cluster, rsc).ids) {
    const resource = findConstrained(cluster, id);
    if (resource !== null) addLocation(cluster, element, resource, { role, score: undefined, submatches: [] });
  }
}

export function lifetimePasses(cluster: Cluster, element: XmlElement): boolean {
  const lifetime = element.children.find((item) => item.name === "lifetime");
  return lifetime === undefined || anyRulePasses(lifetime, plainContext(cluster, (atMs) => noteRecheck(cluster, atMs)));
}

function readPattern(cluster: Cluster, element: XmlElement, pattern: string): void {
  const inverted = pattern.startsWith("!");
  let expression: RegExp;
  try {
    expression = new RegExp(inverted ? pattern.slice(1) : pattern);
  } catch {
    cluster.warnings.push(`Location constraint ${element.attributes["id"] ?? ""}: the pattern ${pattern} cannot be read; the constraint is ignored`);
    return;
  }
  for (const resource of cluster.resources) {
    const match = expression.exec(resource.id);
    if ((match !== null) === inverted) continue;
    addLocation(cluster, element, resource, { role: element.attributes["role"], score: undefined, submatches: match === null ? [] : [...match] });
  }
}

interface LocationOptions {
  readonly role: string | undefined;
  readonly score: string | undefined;
  readonly submatches: readonly string[];
}

function addLocation(cluster: Cluster, element: XmlElement, resource: Resource, { role: roleText, score: setScore, submatches }: LocationOptions): void {
  const { id = "", node: nodeName } = element.attributes;
  const score = setScore ?? element.attributes["score"];
  const role = readRoleFilter(roleText);
  if (role === null) {
    cluster.warnings.push(`Location constraint ${id}: the role ${roleText ?? ""} does not exist; the constraint is ignored`);
    return;
  }
  const discovery = readDiscovery(element.attributes["resource-discovery"]);
  if (nodeName !== undefined && score !== undefined) {
    const node = findNode(cluster, nodeName);
    if (node === null) return;
    noteExclusive(resource, discovery);
    cluster.locations.push({ id, resource, scores: [{ node, score: parseScore(score) }], role, discovery, text: `location constraint ${id}` });
    return;
  }
  for (const rule of element.children) {
    const resolved = rule.name === "rule" ? cluster.ids.resolve(rule) : null;
    if (resolved !== null) addRuleLocation(cluster, { id, rule: resolved, resource, role, discovery, submatches });
  }
}

/** Only Promoted and Stopped limit a constraint. */
function readRoleFilter(text: string | undefined): Role | null {
  if (text === undefined) return "Unknown";
  const role = parseRole(text);
  return role === "Started" || role === "Unpromoted" ? "Unknown" : role;
}

function readDiscovery(text: string | undefined): Discovery {
  const word = text?.toLowerCase();
  return word === "never" || word === "exclusive" ? DISCOVERY[word] : DISCOVERY.always;
}

/** Holds even where the constraint itself does nothing, for its role or because no node fits: then every node is ruled out. */
function noteExclusive(resource: Resource, discovery: Discovery): void {
  if (discovery === DISCOVERY.exclusive) resource.exclusiveDiscovery = true;
}

interface RuleLocation {
  readonly id: string;
  readonly rule: XmlElement;
  readonly resource: Resource;
  readonly role: Role;
  readonly discovery: Discovery;
  readonly submatches: readonly string[];
}

function addRuleLocation(cluster: Cluster, { id, rule, resource, role: given, discovery, submatches }: RuleLocation): void {
  const roleText = rule.attributes["role"];
  const ruleRole = roleText === undefined ? given : parseRole(roleText);
  if (ruleRole === null) return;
  noteExclusive(resource, discovery);
  const role = ruleRole === "Unpromoted" ? "Unknown" : ruleRole;
  const disjunction = rule.attributes["boolean-op"]?.toLowerCase() === "or";
  const scores: { node: Node; score: number }[] = [];
  for (const node of cluster.nodes) {
    if (!rulePasses(rule, locationContext(cluster, node, resource, submatches))) continue;
    const score = ruleScore(rule, attributesFor(resource, node), submatches);
    scores.push({ node, score: disjunction ? addScores(node.baseScore, score) : score });
  }
  if (scores.length > 0) cluster.locations.push({ id, resource, scores, role, discovery, text: `location constraint ${id}` });
}

function ruleScore(rule: XmlElement, attributes: ReadonlyMap<string, string>, submatches: readonly string[]): number {
  const { score, "score-attribute": attribute } = rule.attributes;
  if (score !== undefined) return parseScore(score);
  if (attribute === undefined) return 0;
  const value = attributes.get(expand(attribute, submatches));
  return value === undefined ? -INFINITY : parseScore(value);
}

function locationContext(cluster: Cluster, node: Node, resource: Resource, submatches: readonly string[]): RuleContext {
  const context = nodeContext(cluster, node);
  return {
    ...context, submatches,
    parameter: (name) => resourceParameters(cluster, resource, context).get(name),
    meta: (name) => resource.meta.get(name),
  };
}

/** Last in the document first. */
export function applyLocations(cluster: Cluster): void {
  for (const constraint of cluster.locations.toReversed()) applyLocation(constraint, constraint.resource);
}

function applyLocation(constraint: LocationConstraint, resource: Resource): void {
  if (constraint.role !== "Unknown" && constraint.role !== resource.nextRole) return;
  addScoresOf(constraint, resource, 1);
  if (resource.kind === "bundle") {
    for (const part of placedParts(resource)) addScoresOf(constraint, part, 1);
  } else if (resource.kind === "clone") {
    for (const instance of resource.children) applyLocation(constraint, instance);
  } else if (resource.kind === "group") {
    resource.children.forEach((member, position) => addScoresOf(constraint, member, position === 0 || resource.group?.colocated === false ? 1 : 0));
  }
}

/** Later members of a colocated group only learn that the node is allowed. */
function addScoresOf(constraint: LocationConstraint, resource: Resource, factor: 0 | 1): void {
  for (const { node, score } of constraint.scores) {
    resource.scores.add(node.index, score * factor, 0);
    if (factor === 1) resource.terms.push({ node: node.index, source: "location", id: constraint.id, score, text: constraint.text });
    resource.scores.strengthenDiscovery(node.index, constraint.discovery);
  }
  if (constraint.discovery === DISCOVERY.exclusive) resource.exclusiveDiscovery = true;
}
