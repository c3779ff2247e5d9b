/** Order constraints and sets of them, as orderings between actions (3-actions O2 to O10). */
import type { XmlElement } from "@quorate/cib";
import { parseBoolean, parseScore } from "@quorate/cib";
import { actionKey, blankAction } from "../actions/action-table.ts";
import type { PlannedAction } from "../model/action.ts";
import { ORDER } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Resource } from "../model/resource.ts";
import { storeOrdering } from "../order/stored-orderings.ts";
import type { Side } from "../order/stored-orderings.ts";
import { expandReference, findConstrained, readSetsOf } from "./constrained-resources.ts";
import type { ResourceSet } from "./constrained-resources.ts";
import { lifetimePasses } from "./location.ts";

type Kind = "Mandatory" | "Optional" | "Serialize";

const INVERSE: Readonly<Record<string, string>> = { start: "stop", stop: "start", promote: "demote", demote: "promote" };

/** One `rsc_order` of the constraints section. */
export function readOrder(cluster: Cluster, element: XmlElement): void {
  if (!lifetimePasses(cluster, element)) return;
  const kind = readKind(element);
  const symmetrical = kind !== "Serialize" && (parseBoolean(element.attributes["symmetrical"] ?? null) ?? true);
  const sets = readSetsOf(cluster, element);
  if (sets.length > 0) {
    readOrderSets(cluster, sets, { kind, symmetrical });
    return;
  }
  const { first = "", then: next = "" } = element.attributes;
  const firsts = expandReference(cluster, first), thens = expandReference(cluster, next);
  for (const firstId of firsts.ids) {
    for (const thenId of thens.ids) {
      const firstResource = findConstrained(cluster, firstId), nextResource = findConstrained(cluster, thenId);
      if (firstResource !== null && nextResource !== null) orderPair(cluster, element, { firstResource, nextResource, kind, symmetrical });
    }
  }
}

function readKind(element: XmlElement): Kind {
  const given = element.attributes["kind"]?.toLowerCase();
  if (given === "optional") return "Optional";
  if (given === "serialize") return "Serialize";
  const { score } = element.attributes;
  return given === undefined && score !== undefined && parseScore(score) === 0 ? "Optional" : "Mandatory";
}

interface Pair {
  readonly firstResource: Resource;
  readonly nextResource: Resource;
  readonly kind: Kind;
  readonly symmetrical: boolean;
}

function orderPair(cluster: Cluster, element: XmlElement, { firstResource, nextResource, kind, symmetrical }: Pair): void {
  const firstTask = element.attributes["first-action"] ?? "start";
  const nextTask = element.attributes["then-action"] ?? firstTask;
  const restarts = nextResource.meta.get("restart-type")?.toLowerCase() === "restart" ? ORDER.impliesThen : 0;
  const flags = forwardFlags(kind, symmetrical, firstTask) | (kind === "Optional" ? restarts : 0);
  const first = side(firstResource, firstTask), next = side(nextResource, nextTask);
  const minimum = minimumInstances(element, firstResource);
  if (minimum > 0) orderEnough(cluster, { id: element.attributes["id"] ?? "", instances: firstResource.children, task: firstTask, minimum, next, flags });
  else storeOrdering(cluster, first, next, flags);
  const firstInverse = INVERSE[firstTask], nextInverse = INVERSE[nextTask];
  if (!symmetrical || firstInverse === undefined || nextInverse === undefined) return;
  storeOrdering(cluster, side(nextResource, nextInverse), side(firstResource, firstInverse), inverseFlags(kind) | (kind === "Optional" && restarts !== 0 ? ORDER.impliesFirst : 0));
}

function side(resource: Resource, task: string): Side {
  return { resource, key: actionKey(resource, task, 0) };
}

function forwardFlags(kind: Kind, symmetrical: boolean, decidingTask: string): number {
  if (kind === "Serialize") return ORDER.optional | ORDER.serialize;
  if (kind === "Optional") return ORDER.optional;
  if (!symmetrical) return ORDER.optional | ORDER.asymmetrical;
  const needsFirst = decidingTask === "start" || decidingTask === "promote";
  return ORDER.optional | ORDER.impliesThen | (needsFirst ? ORDER.runnableLeft : 0);
}

function inverseFlags(kind: Kind): number {
  return kind === "Optional" ? ORDER.optional : ORDER.optional | ORDER.impliesFirst;
}

/** How many instances of the first clone suffice; 0: no such rule. */
function minimumInstances(element: XmlElement, first: Resource): number {
  if (first.clone === null) return 0;
  if (first.clone.min > 0) return first.clone.min;
  return parseBoolean(element.attributes["require-all"] ?? null) === false ? 1 : 0;
}

interface Enough {
  readonly id: string;
  readonly instances: readonly Resource[];
  readonly task: string;
  readonly minimum: number;
  readonly next: Side;
  readonly flags: number;
}

function orderEnough(cluster: Cluster, { id, instances, task, minimum, next, flags }: Enough): void {
  const gate = addGate(cluster, `clone-one-or-more:${id}`, minimum);
  for (const instance of instances) storeOrdering(cluster, side(instance, task), gate, ORDER.oneOrMore | ORDER.printThen);
  storeOrdering(cluster, gate, next, flags | ORDER.runnableLeft);
}

/** A pseudo action that can run when enough of what is before it can. */
function addGate(cluster: Cluster, key: string, minimum: number): PlannedAction {
  const existing = cluster.actions.withKey(null, key)[0];
  if (existing !== undefined) return existing;
  const gate = cluster.actions.add(blankAction(cluster, { resource: null, node: null, task: key, key, optional: true }));
  gate.pseudo = true;
  gate.minimum = minimum;
  return gate;
}

interface SetRule {
  readonly kind: Kind;
  readonly symmetrical: boolean;
}

function readOrderSets(cluster: Cluster, sets: readonly ResourceSet[], rule: SetRule): void {
  let previous: ResourceSet | null = null;
  for (const set of sets) {
    const own = ruleOfSet(set, rule);
    orderWithin(cluster, set, own);
    if (previous !== null) {
      orderSets(cluster, previous, set, { ...rule, inverted: false });
      if (rule.symmetrical) orderSets(cluster, set, previous, { ...rule, inverted: true });
    }
    previous = set;
  }
}

function ruleOfSet(set: ResourceSet, rule: SetRule): SetRule {
  const kind = set.element.attributes["kind"] === undefined ? rule.kind : readKind(set.element);
  const symmetrical = kind !== "Serialize" && (parseBoolean(set.element.attributes["symmetrical"] ?? null) ?? rule.symmetrical);
  return { kind, symmetrical };
}

function orderWithin(cluster: Cluster, set: ResourceSet, { kind, symmetrical }: SetRule): void {
  const task = set.action ?? "start";
  const flags = forwardFlags(kind, symmetrical, task);
  const sequential = parseBoolean(set.sequential) ?? true;
  set.resources.forEach((resource, position) => {
    const earlier = kind === "Serialize" ? set.resources.slice(0, position) : sequential ? set.resources.slice(Math.max(0, position - 1), position) : [];
    for (const before of earlier) storeOrdering(cluster, side(before, task), side(resource, task), flags);
  });
  const inverse = INVERSE[task];
  if (!symmetrical || !sequential || inverse === undefined) return;
  for (let position = 1; position < set.resources.length; position++) {
    const last = set.resources[position], before = set.resources[position - 1];
    if (last !== undefined && before !== undefined) storeOrdering(cluster, side(last, inverse), side(before, inverse), inverseFlags(kind));
  }
}

/** Between two sets; `inverted` for the way down, where `first` is the later set. */
function orderSets(cluster: Cluster, first: ResourceSet, next: ResourceSet, { kind, symmetrical, inverted }: SetRule & { readonly inverted: boolean }): void {
  const firstTask = taskOf(first, inverted), nextTask = taskOf(next, inverted);
  if (firstTask === undefined || nextTask === undefined) return;
  const flags = inverted ? inverseFlags(kind) : forwardFlags(kind, symmetrical, nextTask);
  const requireAll = parseBoolean(first.element.attributes["require-all"] ?? null) ?? true;
  if (!requireAll && firstTask !== "stop" && firstTask !== "demote") {
    const gate = addGate(cluster, `one-or-more:${first.id}`, 1);
    for (const resource of first.resources) storeOrdering(cluster, side(resource, firstTask), gate, ORDER.oneOrMore | ORDER.printThen);
    for (const resource of next.resources) storeOrdering(cluster, gate, side(resource, nextTask), flags | ORDER.runnableLeft);
    return;
  }
  const firsts = written(first) ? [inverted ? first.resources[0] : first.resources.at(-1)] : first.resources;
  const thens = written(next) ? [inverted ? next.resources.at(-1) : next.resources[0]] : next.resources;
  for (const one of firsts) {
    for (const other of thens) if (one !== undefined && other !== undefined) storeOrdering(cluster, side(one, firstTask), side(other, nextTask), flags);
  }
}

function taskOf(set: ResourceSet, inverted: boolean): string | undefined {
  const task = set.action ?? "start";
  return inverted ? INVERSE[task] : task;
}

/** Between sets one counts as sequential only when it says so. */
function written(set: ResourceSet): boolean {
  return parseBoolean(set.sequential) === true;
}
