/** Which instances of a promotable clone are promoted, once they have their nodes (2-assignment E12, E13, E17, E18). */
import type { LocationConstraint } from "../constraints/location.ts";
import type { Cluster } from "../model/cluster.ts";
import { mergeSort } from "../model/merge-sort.ts";
import type { Node } from "../model/node.ts";
import { isAvailable } from "../model/node.ts";
import type { CloneSettings, PromotionState, Resource } from "../model/resource.ts";
import { leavesOf } from "../model/resource.ts";
import { rank } from "../model/role.ts";
import { INFINITY, addScores, scoreFactor, scoreText } from "../model/score.ts";
import { banEverywhere } from "../read/resources.ts";
import type { Role, ScoreTerm } from "../types.ts";
import { assignedPlaces, hasInfluence, mergeWishes, noteDifference } from "./colocation-scores.ts";
import { compareInstances } from "./instance-order.ts";
import { attributeName, promotionScore } from "./promotion-scores.ts";
import { applyRoleColocation } from "./role-colocation.ts";

/** One instance that has a say: a group's role is that of its members. */
interface Contender {
  readonly instance: Resource;
  readonly promotion: PromotionState;
  /** Null: it is nowhere, or its members are not together. */
  readonly node: Node | null;
}

export function chooseRoles(cluster: Cluster, clone: Resource): void {
  if (clone.clone === null) return;
  const locations = cluster.locations.filter((constraint) => constraint.role === "Promoted");
  const contenders = clone.children.map((instance) => rateInstance(cluster, clone, instance, locations));
  // From here on, unlike while instances get their nodes, the clone's own wishes do not come back to it
  clone.merging = true;
  addCloneWishes(cluster, clone, contenders);
  const sorted = mergeSort(contenders, (a, b) =>
    b.promotion.index - a.promotion.index || rank(roleOf(b.instance)) - rank(roleOf(a.instance)) || compareInstances(cluster, clone, a.instance, b.instance));
  clone.merging = false;
  clone.children = sorted.map(({ instance }) => instance);
  promoteBest(cluster, clone, clone.clone, sorted);
}

function addPromotionTerm(promotion: PromotionState, term: ScoreTerm): void {
  promotion.priority = addScores(promotion.priority, term.score);
  promotion.terms.push(term);
}

function placeOf(instance: Resource): Node | null {
  const [place, other] = assignedPlaces(instance);
  return other === undefined ? (place ?? null) : null;
}

/** A group has the highest role of its members. */
function roleOf(instance: Resource): Role {
  return highest(leavesOf(instance).map((leaf) => leaf.role));
}

function nextRoleOf(instance: Resource): Role {
  return highest(leavesOf(instance).map((leaf) => leaf.nextRole));
}

function highest(roles: readonly Role[]): Role {
  return roles.reduce((a, b) => (rank(b) > rank(a) ? b : a), "Unknown");
}

/** What the node, the constraints with a role and those it is colocated with say about promoting it where it is put. */
function rateInstance(cluster: Cluster, clone: Resource, instance: Resource, locations: readonly LocationConstraint[]): Contender {
  // A group that is in part known as unpromoted keeps what its members are
  if (roleOf(instance) === "Started") for (const leaf of leavesOf(instance)) if (leaf.role === "Started") leaf.role = "Unpromoted";
  const promotion = instance.promotion ?? { priority: instance.settings.priority, index: 0, terms: [], choice: null };
  instance.promotion = promotion;
  const node = placeOf(instance);
  const contender = { instance, promotion, node };
  if (node === null) return contender;
  const nextRole = nextRoleOf(instance);
  setStart(contender, nextRole, promotionScore(clone, instance, node));
  for (const constraint of locations) {
    if (constraint.resource !== instance && constraint.resource !== clone && constraint.resource !== clone.parent) continue;
    const match = constraint.scores.find((one) => one.node === node);
    if (match !== undefined) addPromotionTerm(promotion, { source: "location", id: constraint.id, score: match.score, text: constraint.text });
  }
  for (const colocation of instance.thisWith.slice()) applyRoleColocation(cluster, instance, colocation.primary, colocation);
  promotion.index = nextRole === "Promoted" ? INFINITY : promotion.priority;
  return contender;
}

function setStart({ instance, promotion }: Contender, nextRole: Role, score: number | null): void {
  if (nextRole === "Promoted") return;
  promotion.terms.length = 0;
  if (nextRole === "Unknown" || nextRole === "Started") {
    promotion.priority = score ?? -1;
    promotion.terms.push({
      source: "promotion", id: attributeName(instance), score: promotion.priority,
      text: score === null ? "no promotion score is set there" : `its promotion score there is ${score}`,
    });
  } else {
    promotion.priority = -INFINITY;
    promotion.terms.push({ source: "target-role", id: "target-role", score: -INFINITY, text: "it is not to be promoted" });
  }
}

/** The clone's own table takes part: plain locations, and what is to be with promoted instances or they with it. */
function addCloneWishes(cluster: Cluster, clone: Resource, contenders: readonly Contender[]): void {
  for (const { promotion, node } of contenders) {
    if (promotion.index >= 0 && node !== null) clone.scores.add(node.index, promotion.index, node.baseScore);
  }
  for (const colocation of clone.thisWith) {
    if (colocation.dependentRole !== "Promoted") continue;
    const before = clone.scores;
    clone.scores = mergeWishes(cluster, colocation.primary, before, {
      attribute: colocation.attribute, factor: scoreFactor(colocation.score),
      flags: { active: colocation.score < INFINITY, nonnegative: false, thisWith: false },
    });
    noteDifference(clone, before, { id: colocation.id, text: `has to suit ${colocation.primary.id}, with which it is promoted` });
  }
  for (const colocation of clone.withThis) {
    if (colocation.primaryRole !== "Promoted" || !hasInfluence(colocation, clone)) continue;
    const before = clone.scores;
    clone.scores = mergeWishes(cluster, colocation.dependent, before, {
      attribute: colocation.attribute, factor: scoreFactor(colocation.score), flags: { active: true, nonnegative: true, thisWith: false },
    });
    noteDifference(clone, before, { id: colocation.id, text: `has to suit ${colocation.dependent.id}, which goes with what is promoted` });
  }
  const ticket = cluster.promotionTickets.get(clone);
  if (ticket !== undefined) banEverywhere(cluster, clone, ticket);
  for (const { instance, promotion, node } of contenders) {
    if (ticket !== undefined) promotion.terms.push(ticket);
    if (!instance.managed && nextRoleOf(instance) === "Promoted") promotion.index = INFINITY;
    else if (promotion.index >= 0 && node !== null) promotion.index = indexOnNode(clone, node, promotion);
  }
}

/** The clone's score there; what it consists of beside the instance's own priority is noted. */
function indexOnNode(clone: Resource, node: Node, promotion: PromotionState): number {
  const index = clone.scores.get(node.index);
  let known = promotion.index;
  for (const { node: number, ...term } of clone.terms) {
    if (number !== node.index || term.score === 0) continue;
    promotion.terms.push(term);
    known = addScores(known, term.score);
  }
  const rest = index - known;
  if (rest !== 0 && Math.abs(index) < INFINITY) promotion.terms.push({ source: "promotion", id: clone.id, score: rest, text: "other instances are there" });
  return index;
}

/** Best first, until there are enough. Who is not chosen runs unpromoted. */
function promoteBest(cluster: Cluster, clone: Resource, settings: CloneSettings, sorted: readonly Contender[]): void {
  const perNode = new Map<Node, number>();
  let promoted = 0;
  for (const contender of sorted) {
    const { promotion, node } = contender;
    const obstacle = promotion.index < 0 ? lowest(promotion)
      : promoted >= settings.promotedMax && clone.managed ? `promoted-max is ${settings.promotedMax} and others have more than its promotion score, ${scoreText(promotion.index)}`
      : obstacleTo(cluster, clone, contender, node === null ? 0 : (perNode.get(node) ?? 0));
    if (obstacle === null && node !== null) {
      promoted++;
      perNode.set(node, (perNode.get(node) ?? 0) + 1);
      setRole(contender, "Promoted", `it is promoted on ${node.name}: its promotion score ${scoreText(promotion.index)} is among the best`);
    } else {
      setRole(contender, node === null ? "Stopped" : "Unpromoted", `it is not promoted: ${obstacle ?? "it does not run"}`);
    }
  }
}

function lowest({ index, terms }: PromotionState): string {
  const worst = terms.toSorted((a, b) => a.score - b.score)[0];
  return `its promotion score is ${scoreText(index)}${worst === undefined ? "" : `: ${worst.text}`}`;
}

/** Null when it can be promoted, and with it all members of a group. */
function obstacleTo(cluster: Cluster, clone: Resource, { instance, promotion, node }: Contender, there: number): string | null {
  for (const member of instance.children) {
    const obstacle = obstacleOf(cluster, clone, member, { node: member.assigned, priority: member.settings.priority, there });
    if (obstacle !== null) return `${member.id} cannot be promoted: ${obstacle}`;
  }
  return obstacleOf(cluster, clone, instance, { node, priority: promotion.priority, there });
}

interface Candidacy {
  readonly node: Node | null;
  readonly priority: number;
  /** Instances promoted on that node already. */
  readonly there: number;
}

function obstacleOf(cluster: Cluster, clone: Resource, resource: Resource, { node, priority, there }: Candidacy): string | null {
  if (node === null) return "it does not run";
  const isPromoted = roleOf(resource) === "Promoted";
  if (!resource.managed) return isPromoted ? null : "it is not managed";
  if (priority < 0) return `its priority is ${scoreText(priority)}`;
  if (!isAvailable(node)) return `${node.name} cannot be used`;
  const container = node.kind === "guest" ? (node.connection?.container ?? null) : null;
  if (container !== null && container.assigned === null) return `${container.id}, which holds ${node.name}, does not run`;
  if (!clone.scores.has(node.index)) return `${clone.id} is not allowed on ${node.name}`;
  if (there >= (clone.clone?.promotedNodeMax ?? 0) && clone.managed) return `promoted-node-max is ${clone.clone?.promotedNodeMax ?? 0}`;
  const frozen = !cluster.haveQuorum && cluster.options.noQuorumPolicy === "freeze" && !isPromoted;
  return frozen ? "the cluster has no quorum and no-quorum-policy is freeze" : null;
}

function setRole({ instance, promotion }: Contender, role: Role, choice: string): void {
  promotion.choice = choice;
  instance.nextRole = role;
  for (const leaf of leavesOf(instance)) {
    if (role !== "Promoted") leaf.nextRole = leaf.assigned === null ? "Stopped" : "Unpromoted";
    else if (leaf.nextRole === "Unknown") leaf.nextRole = role;
  }
}
