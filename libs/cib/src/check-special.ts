/** What the schema demands and its tables cannot say: demands that depend on a value. */
import { attribute, child } from "./element.ts";
import type { XmlElement } from "./types.ts";

/** What is wrong with this element, in words; empty when nothing is. */
export function specialProblems(element: XmlElement): string[] {
  if (element.name === "primitive" || element.name === "template") return agentProblems(element);
  if (element.name === "date_expression") return dateProblems(element);
  if (element.name === "rule") return ruleProblems(element);
  if (element.name === "nvpair" && attribute(element, "id-ref") === null && attribute(element, "name") === null) return ["<nvpair> lacks the attribute name"];
  return [];
}

function agentProblems(element: XmlElement): string[] {
  const agentClass = attribute(element, "class");
  const hasProvider = attribute(element, "provider") !== null;
  if (agentClass === "ocf" && !hasProvider) return [`<${element.name}> of class ocf lacks the attribute provider`];
  if (agentClass !== null && agentClass !== "ocf" && hasProvider) return [`provider is only allowed with class ocf, not ${agentClass}`];
  return [];
}

function ruleProblems(element: XmlElement): string[] {
  if (attribute(element, "id-ref") !== null || element.children.length > 0) return [];
  return ["<rule> needs at least one expression"];
}

function dateProblems(element: XmlElement): string[] {
  const operation = attribute(element, "operation");
  const given = ["start", "end"].filter((name) => attribute(element, name) !== null).join();
  if (child(element, "duration") !== null && operation !== "in_range") return ["<duration> is only allowed with operation in_range"];
  if (child(element, "date_spec") !== null && operation !== "date_spec") return ["<date_spec> is only allowed with operation date_spec"];
  if (operation === "in_range" && given === "") return ["date_expression in_range needs start or end"];
  if (operation === "gt" && given !== "start") return ["date_expression gt needs start and takes no end"];
  if (operation === "lt" && given !== "end") return ["date_expression lt needs end and takes no start"];
  if (operation === "date_spec" && child(element, "date_spec") === null) return ["date_expression date_spec needs <date_spec>"];
  return [];
}
