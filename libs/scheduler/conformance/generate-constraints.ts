/** Constraints of a generated CIB. Order and colocation follow one rank of resources, so that they close no circle. */
import type { XmlElement } from "@quorate/cib";
import type { Draft } from "./draft.ts";
import { NOW, uniqueId, xml } from "./draft.ts";

interface Field {
  /** Ids of top-level resources but fence devices; all when there is nothing else. */
  readonly tops: readonly string[];
  readonly members: readonly string[];
  readonly rank: ReadonlyMap<string, number>;
}

export function generateConstraints(draft: Draft): XmlElement {
  const { dice, features, tops } = draft;
  const own = tops.filter((top) => !top.id.startsWith("fenc"));
  const ids = (own.length > 0 ? own : tops).map((top) => top.id);
  if (ids.length === 0) return xml("constraints", {});
  const members = tops.filter((top) => top.kind === "group").flatMap((top) => top.primitives);
  const rank = new Map<string, number>();
  for (const top of dice.sample(tops, tops.length)) {
    rank.set(top.id, rank.size);
    for (const member of top.primitives) if (!rank.has(member)) rank.set(member, rank.size);
  }
  const field: Field = { tops: ids, members, rank };
  const several = Math.max(1, Math.floor((ids.length * 2) / 3));
  const elements: (XmlElement | null)[] = [];
  for (let n = dice.between(0, ids.length + 1); n > 0; n--) elements.push(location(draft, field));
  for (let n = dice.between(0, several); n > 0; n--) elements.push(features.has("sets") && dice.chance(30) ? orderSets(draft, field) : order(draft, field));
  for (let n = dice.between(0, several); n > 0; n--) elements.push(features.has("sets") && dice.chance(25) ? colocationSets(draft, field) : colocation(draft, field));
  for (const ticket of draft.tickets) for (let n = dice.between(1, 2); n > 0; n--) elements.push(ticketConstraint(draft, field, ticket));
  return xml("constraints", {}, elements);
}

function pick({ dice }: Draft, { tops, members }: Field): string {
  return members.length > 0 && dice.chance(10) ? dice.pick(members) : dice.pick(tops);
}

function topOf(draft: Draft, id: string): string {
  return draft.tops.find((top) => top.id === id || (top.kind === "group" && top.primitives.includes(id)))?.id ?? id;
}

function isPromotable(draft: Draft, id: string): boolean {
  return draft.tops.some((top) => top.id === id && top.promotable);
}

/** Lower rank first; null when chance finds no two that fit. */
function pair(draft: Draft, field: Field): readonly [string, string] | null {
  for (let attempt = 0; attempt < 20; attempt++) {
    const a = pick(draft, field), b = pick(draft, field);
    const topA = topOf(draft, a), topB = topOf(draft, b);
    if (topA !== topB) return (field.rank.get(topA) ?? 0) < (field.rank.get(topB) ?? 0) ? [a, b] : [b, a];
  }
  return null;
}

function role(draft: Draft, id: string, percent: number): string | undefined {
  return isPromotable(draft, id) && draft.dice.chance(percent) ? draft.dice.pick(["Promoted", "Promoted", "Unpromoted", "Started"]) : undefined;
}

function location(draft: Draft, field: Field): XmlElement {
  const { dice, features, nodes } = draft;
  const rsc = dice.chance(10) ? dice.pick(draft.tops).id : pick(draft, field);
  const id = uniqueId(draft, "location");
  if (!features.has("rules") || dice.chance(70)) {
    return xml("rsc_location", {
      id, rsc, node: dice.pick(nodes).name, score: dice.pick(["INFINITY", "-INFINITY", "100", "50", "-100", "200", "1000", "0"]), role: role(draft, rsc, 30),
      "resource-discovery": dice.chance(6) ? dice.pick(["always", "never", "exclusive"]) : undefined,
    });
  }
  const expressions = Array.from({ length: dice.between(1, 2) }, () => (dice.chance(15) ? dateExpression(draft) : nodeExpression(draft)));
  const scored = dice.chance(12) ? { "score-attribute": "weight" } : { score: dice.pick(["INFINITY", "-INFINITY", "100", "-50"]) };
  return xml("rsc_location", { id, rsc }, [
    xml("rule", { id: uniqueId(draft, "rule"), "boolean-op": dice.pick([undefined, "and", "or"]), role: role(draft, rsc, 30), ...scored }, expressions),
  ]);
}

/** An expression about nodes, as it stands in rules. */
function nodeExpression(draft: Draft): XmlElement {
  const { dice } = draft;
  const operation = dice.pick(["eq", "ne", "defined", "not_defined", "lt", "gte"]);
  const attribute = operation === "lt" || operation === "gte" ? "weight" : dice.pick(operation === "eq" || operation === "ne" ? ["#uname", "rack", "weight"] : ["rack", "weight"]);
  const value = operation.endsWith("defined") ? undefined : attribute === "#uname" ? dice.pick(draft.nodes).name : attribute === "rack" ? dice.pick(["a", "b"]) : "5";
  return xml("expression", { id: uniqueId(draft, "expression"), attribute, operation, value });
}

function dateExpression(draft: Draft): XmlElement {
  const { dice } = draft;
  const date = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")}Z`;
  const id = uniqueId(draft, "date");
  const operation = dice.pick(["gt", "lt", "in_range", "date_spec"] as const);
  if (operation === "date_spec") return xml("date_expression", { id, operation }, [xml("date_spec", { id: uniqueId(draft, "spec"), hours: dice.pick(["0-11", "12-23", "15"]) })]);
  const start = date(NOW + dice.between(-5000, 2000)), end = date(NOW + dice.between(2000, 9000));
  return xml("date_expression", { id, operation, start: operation === "lt" ? undefined : start, end: operation === "gt" ? undefined : dice.chance(50) ? end : date(NOW - 100) });
}

function order(draft: Draft, field: Field): XmlElement | null {
  const { dice } = draft;
  const chosen = pair(draft, field);
  if (chosen === null) return null;
  const [first, then] = chosen;
  // oxlint-disable-next-line no-thenable -- the name that the schema gives it
  const attributes: Record<string, string | undefined> = { id: uniqueId(draft, "order"), first, then };
  attributes["kind"] = dice.weighted([[undefined, 5], ["Mandatory", 3], ["Optional", 3], ["Serialize", 1]]);
  if (attributes["kind"] !== "Serialize" && dice.chance(12)) attributes["symmetrical"] = "false";
  if (dice.chance(8)) Object.assign(attributes, { "first-action": dice.pick(["start", "stop"]), "then-action": dice.pick(["start", "stop"]), symmetrical: "false", kind: undefined });
  else if (isPromotable(draft, first) && dice.chance(50)) Object.assign(attributes, { "first-action": "promote", "then-action": isPromotable(draft, then) ? dice.pick(["start", "promote"]) : "start" });
  else if (isPromotable(draft, then) && dice.chance(30)) Object.assign(attributes, { "first-action": "start", "then-action": "promote" });
  return xml("rsc_order", attributes);
}

function colocation(draft: Draft, field: Field): XmlElement | null {
  const { dice } = draft;
  const chosen = pair(draft, field);
  if (chosen === null) return null;
  const [primary, dependent] = chosen;
  return xml("rsc_colocation", {
    id: uniqueId(draft, "colocation"), rsc: dependent, "with-rsc": primary, score: dice.pick(["INFINITY", "INFINITY", "INFINITY", "-INFINITY", "50", "-50", "500"]),
    "node-attribute": dice.chance(8) ? "rack" : undefined, "rsc-role": role(draft, dependent, 50), "with-rsc-role": role(draft, primary, 50),
    influence: dice.chance(6) ? dice.pick(["true", "false"]) : undefined,
  });
}

/** Several top-level resources by rank; empty when there are too few. */
function ranked(draft: Draft, field: Field): string[] {
  const chosen = draft.dice.sample(field.tops, draft.dice.between(2, Math.min(5, field.tops.length)));
  return chosen.length < 2 ? [] : chosen.toSorted((a, b) => (field.rank.get(a) ?? 0) - (field.rank.get(b) ?? 0));
}

/** One to three sets out of the list, in order. */
function split<T>(draft: Draft, list: readonly T[]): T[][] {
  const cut = draft.dice.between(1, list.length);
  return [list.slice(0, cut), list.slice(cut)].filter((part) => part.length > 0);
}

function resourceSet(draft: Draft, ids: readonly string[], attributes: Readonly<Record<string, string | undefined>>): XmlElement {
  const { dice } = draft;
  return xml("resource_set", { id: uniqueId(draft, "set"), sequential: dice.chance(40) ? dice.pick(["true", "false"]) : undefined, ...attributes },
    ids.map((id) => xml("resource_ref", { id })));
}

function orderSets(draft: Draft, field: Field): XmlElement | null {
  const { dice } = draft;
  const list = ranked(draft, field);
  if (list.length === 0) return null;
  const sets = split(draft, list).map((ids) => {
    const promoted = ids.every((id) => isPromotable(draft, id)) && dice.chance(40);
    return resourceSet(draft, ids, { "require-all": dice.chance(20) ? "false" : undefined, action: promoted ? "promote" : dice.chance(20) ? "start" : undefined });
  });
  const kind = dice.weighted([[undefined, 5], ["Mandatory", 3], ["Optional", 2], ["Serialize", 1]]);
  return xml("rsc_order", { id: uniqueId(draft, "order"), kind, symmetrical: kind !== "Serialize" && dice.chance(12) ? "false" : undefined }, sets);
}

function colocationSets(draft: Draft, field: Field): XmlElement | null {
  const { dice } = draft;
  const list = ranked(draft, field);
  if (list.length === 0) return null;
  // Within a set each goes with the one before it, but a set goes with the set after it
  const sets = split(draft, list).toReversed().map((ids) => resourceSet(draft, ids, { role: ids.every((id) => isPromotable(draft, id)) && dice.chance(40) ? "Promoted" : undefined }));
  return xml("rsc_colocation", { id: uniqueId(draft, "colocation"), score: dice.pick(["INFINITY", "INFINITY", "-INFINITY", "100", "-100"]) }, sets);
}

function ticketConstraint(draft: Draft, field: Field, ticket: string): XmlElement {
  const { dice, features } = draft;
  const attributes = { id: uniqueId(draft, "ticket"), ticket, "loss-policy": dice.pick([undefined, "stop", "demote", "fence", "freeze"]) };
  if (features.has("sets") && dice.chance(20)) return xml("rsc_ticket", attributes, [resourceSet(draft, dice.sample(field.tops, 2), {})]);
  const rsc = dice.pick(field.tops);
  return xml("rsc_ticket", { ...attributes, rsc, "rsc-role": role(draft, rsc, 60) });
}
