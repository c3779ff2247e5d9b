/** How colocations act on score tables: wishes of dependents, and the pull of a primary that has its place (2-assignment D4 to D10). */
import { compareCapacity } from "../model/capacity.ts";
import type { BundleSettings } from "../model/bundle.ts";
import { isInterleaved, partsOf, perNodeMax } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import { mergeSort } from "../model/merge-sort.ts";
import { compareBytes, isAvailable, isRemote } from "../model/node.ts";
import type { Colocation, Resource } from "../model/resource.ts";
import { leavesOf } from "../model/resource.ts";
import { INFINITY, addScores, scoreFactor } from "../model/score.ts";
import type { ScoreTable } from "../model/score-table.ts";
import { inHashOrder } from "./hash-order.ts";
import { drawToRole } from "./promoted-place.ts";

export interface MergeFlags {
  /** Give up when no usable node is left. */
  readonly active: boolean;
  /** Never make a good node bad. */
  readonly nonnegative: boolean;
  /** Follow what the resource is with, instead of what is with it. */
  readonly thisWith: boolean;
}

/** Mark of a node that a dependent's wish has made unusable. */
const UNUSABLE = -100 * INFINITY;

/** The value by which nodes are compared; the node itself by default. Text compares without case, absent equals absent. */
export function colocationValue(node: Node, attribute: string): string | undefined {
  if (attribute !== "#uname" && attribute !== "#id") return node.attributes.get(attribute)?.toLowerCase();
  return hasName(node) ? node.id.toLowerCase() : undefined;
}

/** Remote nodes that only a resource stands for have no name yet, and so are all alike. */
function hasName(node: Node): boolean {
  return !isRemote(node) || node.attributes.has("#uname");
}

export function hasUsableNode(cluster: Cluster, table: ScoreTable): boolean {
  for (const index of table.listed()) {
    const node = cluster.nodeByIndex[index];
    if (node !== undefined && isAvailable(node) && table.get(index) >= 0) return true;
  }
  return false;
}

/** Adds to `table` what `resource`, and all that goes along with it, would like. Returns a new table. */
export function mergeWishes(cluster: Cluster, resource: Resource, table: ScoreTable, { attribute, factor, flags }: { readonly attribute: string; readonly factor: number; readonly flags: MergeFlags }): ScoreTable {
  if (resource.merging) return table;
  resource.merging = true;
  try {
    let work = table.copy();
    const first = resource.kind === "group" ? resource.children[0] : undefined;
    if (first !== undefined) work = mergeWishes(cluster, first, work, { attribute, factor, flags });
    else addWishes(cluster, resource, work, { attribute, factor, flags });
    if (hasUsableNode(cluster, work)) work = mergeFurther(cluster, resource, work, { factor, flags });
    else if (flags.active) return table;
    if (flags.nonnegative) for (const index of work.listed()) if (work.get(index) === UNUSABLE) work.set(index, 1);
    return work;
  } finally {
    resource.merging = false;
  }
}

interface Wish {
  readonly factor: number;
  readonly flags: MergeFlags;
}

/** Factors do not multiply along a chain, and roles do not matter. */
export function mergeFurther(cluster: Cluster, resource: Resource, table: ScoreTable, { factor, flags }: Wish): ScoreTable {
  const last = resource.kind === "group" ? resource.children.at(-1) : undefined;
  const list = flags.thisWith ? resource.thisWith : (last ?? resource).withThis;
  let work = table;
  for (const colocation of list) {
    if (!flags.thisWith && !hasInfluence(colocation, resource)) continue;
    const next = flags.thisWith ? colocation.primary : colocation.dependent;
    const sign = factor < 0 ? -1 : 1;
    work = mergeWishes(cluster, next, work, {
      attribute: colocation.attribute, factor: Math.fround(sign * scoreFactor(colocation.score)), flags: { ...flags, active: true },
    });
  }
  return work;
}

function addWishes(cluster: Cluster, resource: Resource, work: ScoreTable, { attribute, factor, flags }: Wish & { readonly attribute: string }): void {
  const wishFor = wishes(cluster, resource, attribute);
  for (const index of work.listed()) {
    const node = cluster.nodeByIndex[index];
    if (node === undefined) continue;
    const wish = wishFor(node);
    const own = work.get(index);
    if ((factor < 0 && wish < 0) || own === UNUSABLE) continue;
    const sum = addScores(weigh(wish, factor), own);
    if (flags.nonnegative && sum < 0 && own > 0) work.set(index, UNUSABLE);
    else if (!(flags.nonnegative && sum < 0 && own === 0)) work.set(index, sum);
  }
}

/** What the resource would give for a node: its best score among the usable ones that are alike, which is mostly that node alone. */
function wishes(cluster: Cluster, resource: Resource, attribute: string): (node: Node) => number {
  const { scores } = resource;
  if ((attribute === "#uname" || attribute === "#id") && cluster.nodes.every(hasName)) return (node) => (scores.has(node.index) && isAvailable(node) ? scores.get(node.index) : -INFINITY);
  const bestOf = bestScores(cluster, resource, attribute);
  return (node) => bestOf.get(colocationValue(node, attribute)) ?? -INFINITY;
}

/** Best score among usable nodes, by the value in which they are alike. */
function bestScores(cluster: Cluster, resource: Resource, attribute: string): Map<string | undefined, number> {
  const best = new Map<string | undefined, number>();
  for (const index of resource.scores.listed()) {
    const node = cluster.nodeByIndex[index];
    if (node === undefined || !isAvailable(node)) continue;
    const value = colocationValue(node, attribute);
    best.set(value, Math.max(best.get(value) ?? -INFINITY, resource.scores.get(index)));
  }
  return best;
}

/** Rounded away from zero at the half; what is not zero never becomes zero. */
function weigh(wish: number, factor: number): number {
  const exact = Math.fround(factor * wish);
  const rounded = exact < 0 ? Math.trunc(exact - 0.5) : Math.trunc(exact + 0.5);
  if (rounded !== 0 || wish === 0) return rounded;
  return factor > 0 ? 1 : -1;
}

/** A dependent counts for its primary unless it is told not to; then only while the primary is not active. */
export function hasInfluence(colocation: Colocation, primary: Resource): boolean {
  if (isConnectionOf(colocation.dependent, primary) && !primary.failed && primary.runningOn.length === 1) return false;
  return colocation.influence || (primary.runningOn.length === 0 && colocation.primary.runningOn.length === 0);
}

/** A container that runs well does not move to where its connection is. */
function isConnectionOf(dependent: Resource, container: Resource): boolean {
  return dependent.remoteNode?.inBundle === true && dependent.container === container;
}

/** The place of an assigned primary in the table of its dependent. */
export function applyPrimary(cluster: Cluster, dependent: Resource, primary: Resource, colocation: Colocation): void {
  if (dependent.kind === "group") {
    applyToGroup(cluster, dependent, primary, colocation);
    return;
  }
  if (primary.kind === "group") applyGroupPrimary(cluster, dependent, primary, colocation);
  else if (primary.kind === "clone") applyClonePrimary(cluster, dependent, primary, colocation);
  else if (primary.kind === "bundle") applyBundlePrimary(cluster, dependent, primary, colocation);
  else applyLeafPrimary(cluster, dependent, primary, colocation);
}

function applyToGroup(cluster: Cluster, group: Resource, primary: Resource, colocation: Colocation): void {
  if (group.group?.colocated === false) return;
  const first = group.children[0];
  if (first !== undefined) applyPrimary(cluster, first, primary, colocation);
}

function applyGroupPrimary(cluster: Cluster, dependent: Resource, group: Resource, colocation: Colocation): void {
  if (group.group?.colocated === true) {
    const member = colocation.score >= INFINITY ? group.children.at(-1) : group.children[0];
    if (member !== undefined) applyPrimary(cluster, dependent, member, colocation);
    return;
  }
  if (colocation.score >= INFINITY) return;
  for (const member of group.children) applyPrimary(cluster, dependent, member, colocation);
}

function applyLeafPrimary(cluster: Cluster, dependent: Resource, primary: Resource, colocation: Colocation): void {
  if (primary.provisional || !dependent.provisional || !roleApplies(dependent, primary, colocation)) return;
  const { attribute, score } = colocation;
  const place = primary.assigned === null ? null : { value: colocationValue(primary.assigned, attribute) };
  const before = dependent.scores.copy();
  for (const index of dependent.scores.listed()) {
    const node = cluster.nodeByIndex[index];
    if (node === undefined) continue;
    if (place === null) {
      if (score > 0) dependent.scores.add(index, -score, 0);
    } else if (colocationValue(node, attribute) === place.value) {
      if (score < INFINITY) dependent.scores.add(index, score, 0);
    } else if (score >= INFINITY) {
      dependent.scores.add(index, -INFINITY, 0);
    }
  }
  if (Math.abs(score) < INFINITY && !hasUsableNode(cluster, dependent.scores)) dependent.scores = before;
  else noteDifference(dependent, before, { id: colocation.id, text: placeText(primary, score) });
}

function placeText(primary: Resource, score: number): string {
  const place = primary.assigned === null ? `${primary.id} does not run` : `${primary.id} is put on ${primary.assigned.name}`;
  return score < 0 ? `must not be where ${primary.id} is: ${place}` : `goes with ${primary.id}: ${place}`;
}

/** The negative case reads the other way round, as in the reference (2-assignment D6). */
export function roleApplies(dependent: Resource, primary: Resource, { score, dependentRole, primaryRole }: Colocation): boolean {
  if (score > 0) return (dependentRole === "Unknown" || dependentRole === dependent.nextRole) && (primaryRole === "Unknown" || primaryRole === primary.nextRole);
  if (score < 0) return (dependentRole === "Unknown" || dependentRole !== dependent.nextRole) && (primaryRole === "Unknown" || primaryRole !== primary.nextRole);
  return true;
}

function applyClonePrimary(cluster: Cluster, dependent: Resource, clone: Resource, colocation: Colocation): void {
  if (clone.provisional || !dependent.provisional) return;
  if (clone.clone?.promotable === true && colocation.primaryRole !== "Unknown") {
    const before = dependent.scores.copy();
    drawToRole(cluster, dependent, clone, colocation, {
      valueOf: (node) => colocationValue(node, colocation.attribute), placeOf: (instance) => assignedPlaces(instance)[0],
    });
    noteDifference(dependent, before, { id: colocation.id, text: `goes with ${clone.id} where it is ${colocation.primaryRole.toLowerCase()}` });
    return;
  }
  if (isPairedWith(clone, colocation)) applyInterleaved(cluster, dependent, clone, colocation);
  else if (colocation.score >= INFINITY) restrictToInstances(cluster, dependent, clone, colocation);
  else for (const instance of clone.children) applyPrimary(cluster, dependent, instance, colocation);
}

/** Clones and bundles are paired with it, whatever they say of interleaving. */
function applyBundlePrimary(cluster: Cluster, dependent: Resource, bundle: Resource, colocation: Colocation): void {
  if (bundle.provisional || !dependent.provisional) return;
  if (colocation.dependent.kind === "clone" || colocation.dependent.kind === "bundle") applyInterleaved(cluster, dependent, bundle, colocation);
  else if (colocation.score >= INFINITY) restrictToInstances(cluster, dependent, bundle, colocation);
  else for (const container of partsOf(bundle)) applyPrimary(cluster, dependent, container, colocation);
}

/** Whether each instance of the dependent clone or bundle goes with one instance of this clone. */
export function isPairedWith(clone: Resource, { dependent }: Colocation): boolean {
  return isInterleaved(dependent) && perNodeMax(dependent) === perNodeMax(clone);
}

/** An interleaved clone's instance goes with the one instance that is on its node. */
function applyInterleaved(cluster: Cluster, dependent: Resource, clone: Resource, colocation: Colocation): void {
  const instance = dependent.assigned !== null ? instanceOn(clone, dependent.assigned) : firstPair(cluster, dependent, clone);
  if (instance !== null) {
    applyPrimary(cluster, dependent, instance, colocation);
  } else if (colocation.score >= INFINITY) {
    dependent.provisional = false;
    dependent.assigned = null;
    dependent.nextRole = "Stopped";
    dependent.choice = `no instance of ${clone.id} is there for it`;
  }
}

function firstPair(cluster: Cluster, dependent: Resource, clone: Resource): Resource | null {
  for (const node of sortNodes(cluster, dependent.scores, null)) {
    const instance = instanceOn(clone, node);
    if (instance !== null) return instance;
  }
  return null;
}

export function instanceOn(clone: Resource, node: Node): Resource | null {
  return partsOf(clone).find((instance) => !isBlocked(instance) && assignedPlaces(instance).includes(node)) ?? null;
}

function isBlocked(resource: Resource): boolean {
  return resource.blocked || resource.children.some(isBlocked);
}

/** Where an instance was put; a group's is where its first placed member is. */
export function assignedPlaces(resource: Resource): readonly Node[] {
  if (resource.kind === "primitive") return resource.assigned === null ? [] : [resource.assigned];
  return [...new Set(leavesOf(resource).flatMap((leaf) => leaf.assigned ?? []))];
}

export function restrictToInstances(cluster: Cluster, dependent: Resource, clone: Resource, colocation: Colocation): void {
  const able = clone.bundle === null ? clone.children : partsInRole(clone.bundle, colocation);
  const allowed = new Set(able.filter((instance) => !isBlocked(instance)).flatMap(assignedPlaces));
  const before = dependent.scores.copy();
  for (const node of cluster.nodes) {
    if (dependent.scores.has(node.index) && !allowed.has(node)) dependent.scores.set(node.index, -INFINITY);
  }
  noteDifference(dependent, before, { id: colocation.id, text: `${clone.id} does not run there` });
}

/** Containers; only those in which the resource is to be promoted when that is asked for. */
function partsInRole({ replicas }: BundleSettings, { primaryRole }: Colocation): Resource[] {
  return replicas.filter(({ inside }) => primaryRole !== "Promoted" || inside?.nextRole === "Promoted").map(({ container }) => container);
}

/** Notes what a colocation did to a table, so that the score can be explained. */
export function noteDifference(resource: Resource, before: ScoreTable, { id, text }: { readonly id: string; readonly text: string }): void {
  for (const node of resource.scores.listed()) {
    const was = before.get(node), is = resource.scores.get(node);
    if (was === is) continue;
    const score = Math.abs(is) >= INFINITY ? is : is - was;
    resource.terms.push({ node, source: "colocation", id, score, text });
  }
}

/** Best first (2-assignment B3): score, free capacity, number of resources, where it is, name. */
export function sortNodes(cluster: Cluster, table: ScoreTable, current: Node | null): Node[] {
  const strategy = cluster.options.placement;
  const scores = new Map<Node, number>();
  const score = (node: Node): number => scores.get(node) ?? 0;
  // `minimal` fills node after node, whatever is where
  const load = (node: Node): number => (strategy === "minimal" ? 0 : node.assignedCount);
  const here = (node: Node): number => Number(strategy !== "minimal" && node === current);
  const room = (a: Node, b: Node): number => (strategy === "balanced" ? compareCapacity(a.free, b.free) : 0);
  const nodes: Node[] = [];
  for (const index of table.listed()) {
    const node = cluster.nodeByIndex[index];
    if (node === undefined) continue;
    nodes.push(node);
    scores.set(node, isAvailable(node) ? table.get(index) : -INFINITY);
  }
  const compare = (a: Node, b: Node): number =>
    score(b) - score(a) || room(a, b) || load(a) - load(b) || here(b) - here(a) || compareBytes(a.name, b.name);
  // Room is not transitive: there it matters where the sorting starts
  return strategy === "balanced" ? mergeSort(inHashOrder(nodes), compare) : nodes.sort(compare);
}
