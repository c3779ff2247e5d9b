/** Constraints and rules of Heartbeat 2.0. */
import { attribute, child, makeElement, withAttribute, withAttributes, withChildren } from "./element.ts";
import type { XmlElement } from "./types.ts";
import { mapChildren, renameAttributes } from "./upgrade-notes.ts";

const RULE_NAMES: ReadonlyMap<string, string | null> = new Map([
  ["boolean_op", "boolean-op"], ["score_attribute", "score-attribute"], ["score_attribute_mangled", null], ["generated", null],
]);

const COLOCATION_NAMES: ReadonlyMap<string, string | null> = new Map([
  ["from", "rsc"], ["to", "with-rsc"], ["from_role", "rsc-role"], ["to_role", "with-rsc-role"], ["node_attribute", "node-attribute"],
  ["symmetrical", null], ["generated", null],
]);

export function upgradeHeartbeatConstraint(constraint: XmlElement): XmlElement {
  if (constraint.name === "rsc_order") return upgradeOrder(constraint);
  if (constraint.name === "rsc_colocation") return upgradeColocation(constraint);
  if (constraint.name !== "rsc_location") return constraint;
  const location = upgradeScore(renameAttributes(constraint, new Map([["generated", null]])));
  return mapChildren(location, (inner) => {
    if (inner.name === "lifetime") return [mapChildren(inner, (rule) => [rule.name === "rule" ? upgradeRule(rule) : rule])];
    return [inner.name === "rule" ? upgradeRule(inner) : inner];
  });
}

/** A rule always had a score (0 if none was given), and one without expressions was true. */
export function upgradeRule(rule: XmlElement): XmlElement {
  let result = upgradeScore(renameAttributes(rule, RULE_NAMES));
  if (attribute(result, "score") === null && attribute(result, "score-attribute") === null) result = withAttribute(result, "score", "0");
  const operator = attribute(result, "boolean-op");
  if (operator !== null) result = withAttribute(result, "boolean-op", operator.toLowerCase());
  const role = attribute(result, "role");
  if (role !== null) result = withAttribute(result, "role", upgradeRole(role));
  if (result.children.length === 0) {
    return withChildren(result, [makeElement("expression", { id: "", attribute: "#uname", operation: "defined" })]);
  }
  return mapChildren(result, (inner) => {
    if (inner.name === "rule") return [upgradeRule(inner)];
    return [inner.name === "date_expression" ? upgradeDate(inner) : inner];
  });
}

/** Without operation it was a range, or what its date_spec says; a part that its operation does not read had no effect. */
function upgradeDate(date: XmlElement): XmlElement {
  const bounded = attribute(date, "start") !== null || attribute(date, "end") !== null;
  const operation = attribute(date, "operation") ?? (child(date, "date_spec") !== null && !bounded ? "date_spec" : "in_range");
  return mapChildren(withAttribute(date, "operation", operation), (part) => {
    if (part.name === "duration") return operation === "in_range" ? [part] : [];
    return part.name === "date_spec" && operation !== "date_spec" ? [] : [part];
  });
}

/** Scores could be fractions and `infinity` in any case. */
function upgradeScore(element: XmlElement): XmlElement {
  const score = attribute(element, "score");
  if (score === null) return element;
  return withAttribute(element, "score", /^[+-]?infinity$/i.test(score) ? score.toUpperCase() : score.replace(/\..*$/s, ""));
}

/** `from` comes before `to` when `type` is before, else after it; each action belongs to its resource. */
function upgradeOrder(order: XmlElement): XmlElement {
  const get = (name: string): string | null => attribute(order, name);
  const action = get("action");
  const toAction = get("to_action") ?? action;
  const before = (get("type") ?? "after").toLowerCase() === "before";
  const [first, firstAction, then, thenAction] = before ? [get("from"), action, get("to"), toAction] : [get("to"), toAction, get("from"), action];
  const kept = renameAttributes(
    order,
    new Map(["from", "to", "action", "to_action", "type", "generated", "first", "then", "first-action", "then-action"].map((name) => [name, null])),
  );
  // An action that is not given is `start` for the first, and that of the first for the other.
  const ordered = withAttribute(withAttribute(upgradeScore(kept), "first", first), "then", then);
  return withAttributes(ordered, { "first-action": firstAction, "then-action": thenAction === firstAction ? null : (thenAction ?? "start") });
}

function upgradeColocation(colocation: XmlElement): XmlElement {
  const renamed = upgradeScore(renameAttributes(colocation, COLOCATION_NAMES));
  const roles = ["rsc-role", "with-rsc-role"].filter((name) => attribute(renamed, name) !== null);
  return roles.reduce((result, name) => withAttribute(result, name, upgradeRole(attribute(result, name) ?? "")), renamed);
}

/** Role words were read in any case, and the promoted ones have new names. */
export function upgradeRole(role: string): string {
  const word = role.charAt(0).toUpperCase() + role.slice(1).toLowerCase();
  if (word === "Master") return "Promoted";
  return word === "Slave" ? "Unpromoted" : word;
}
