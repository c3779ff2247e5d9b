/** Elements, attributes and values against the schema tables. */
import { attribute } from "./element.ts";
import { specialProblems } from "./check-special.ts";
import { checkValue } from "./check-values.ts";
import type { IssueList, Position } from "./issue-list.ts";
import type { Alternative, ElementRule, Schema } from "./schema-notation.ts";
import type { XmlElement } from "./types.ts";

/**
 * Checks the element and everything below it. Below `stopAt` (a name) nothing is looked at. With `lenient`, every finding is a
 * warning: the document is usable all the same.
 */
export function checkStructure(position: Position, schema: Schema, options: { readonly issues: IssueList; readonly lenient: boolean; readonly stopAt?: string }): void {
  const { element } = position;
  const rule = schema.get(element.name);
  if (rule === undefined) return;
  const report = (severity: "error" | "warning", message: string): void => {
    options.issues.add(options.lenient ? "warning" : severity, position, message);
  };
  checkAttributes(element, rule, report);
  for (const alternatives of rule.exactlyOne) checkExactlyOne(element, alternatives, report);
  for (const alternatives of rule.atMostOne) checkAtMostOne(element, alternatives, report);
  checkChildCounts(element, rule, report);
  for (const problem of specialProblems(element)) report("error", problem);
  for (const inner of element.children) {
    if (inner.name === options.stopAt) continue;
    const below = { element: inner, above: position };
    if (rule.children.has(inner.name)) checkStructure(below, schema, options);
    else options.issues.add(options.lenient ? "warning" : "error", below, unexpectedChild(inner, element, rule));
  }
}

type Report = (severity: "error" | "warning", message: string) => void;

function checkAttributes(element: XmlElement, rule: ElementRule, report: Report): void {
  for (const name of Object.keys(element.attributes)) {
    const expected = rule.attributes.get(name);
    if (expected === undefined) {
      if (!rule.open) report("error", `unknown attribute ${name} in <${element.name}>; ${allowed([...rule.attributes.keys()])}`);
      continue;
    }
    const value = element.attributes[name] ?? "";
    const problem = checkValue(expected.kind, value);
    if (problem !== null) report(problem.severity, `${name}=${quote(value)} in <${element.name}>: expected ${problem.expected}`);
  }
  for (const [name, { required }] of rule.attributes) {
    if (required && !Object.hasOwn(element.attributes, name)) report("error", `<${element.name}> lacks the attribute ${name}`);
  }
}

function checkChildCounts(element: XmlElement, rule: ElementRule, report: Report): void {
  for (const [name, { least, most }] of rule.children) {
    if (least === 0 && most === Infinity) continue;
    const count = element.children.filter((inner) => inner.name === name).length;
    if (count < least) report("error", `<${element.name}> lacks <${name}>`);
    if (count > most) report("error", `<${element.name}> has ${count} <${name}>; at most ${most} allowed`);
  }
}

function checkExactlyOne(element: XmlElement, alternatives: readonly Alternative[], report: Report): void {
  const begun = alternatives.filter((alternative) => alternative.some((member) => has(element, member)));
  const complete = begun.filter((alternative) => alternative.every((member) => has(element, member)));
  if (begun.length === 1 && complete.length === 1) return;
  const choice = alternatives.map((alternative) => alternative.join(" and ")).join(", or ");
  if (begun.length > 1) report("error", `<${element.name}> has more than one of: ${choice}`);
  else report("error", `<${element.name}> needs ${choice}`);
}

function checkAtMostOne(element: XmlElement, alternatives: readonly Alternative[], report: Report): void {
  const given = alternatives.flat().filter((member) => has(element, member));
  if (given.length > 1) report("error", `<${element.name}> has ${given.join(" and ")}; only one of them is allowed`);
}

/** `<name>` asks for a child, a bare name for an attribute. */
function has(element: XmlElement, member: string): boolean {
  if (member.startsWith("<")) return element.children.some((inner) => `<${inner.name}>` === member);
  return attribute(element, member) !== null;
}

function unexpectedChild(inner: XmlElement, parent: XmlElement, rule: ElementRule): string {
  return `<${inner.name}> is not allowed in <${parent.name}>; ${allowed([...rule.children.keys()].map((name) => `<${name}>`))}`;
}

function allowed(names: readonly string[]): string {
  return names.length === 0 ? "nothing is allowed there" : `allowed: ${names.join(", ")}`;
}

function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
