/**
 * What a valid CIB may ask for and a running cluster does not do in this release (docs/architecture.md, "Not in the first release").
 * Said by `cib verify`; with `--live` these are errors, and a policy-engine takes no document with them.
 */
import type { Issue } from "@quorate/core";
import { makeCib } from "./cib.ts";
import { attribute, child, descendants } from "./element.ts";
import { clusterOption } from "./nvpair.ts";
import type { XmlElement } from "./types.ts";
import { parseBoolean, readIntervalMs } from "./values.ts";

/** Warnings that hold for every CIB that is to run, in document order. */
export function runtimeWarnings(root: XmlElement): Issue[] {
  const policy = clusterOption(makeCib(root), "no-quorum-policy");
  if (policy?.toLowerCase() !== "ignore") return [];
  const pair = [...descendants(root)].find((element) => element.name === "nvpair" && attribute(element, "name") === "no-quorum-policy" && attribute(element, "value") === policy);
  const message = "no-quorum-policy=ignore is accepted for simulation only: a running cluster treats it as freeze, because ignoring quorum can run a resource twice";
  return [{ severity: "warning", path: "/cib/configuration/crm_config", place: pair?.place ?? null, message }];
}

/** Errors for a CIB that is to be loaded into a running cluster, in document order. */
export function liveErrors(root: XmlElement): Issue[] {
  const configuration = child(root, "configuration") ?? root;
  return [...descendants(configuration)].flatMap((element) => {
    const problem = liveProblem(element);
    if (problem === null) return [];
    const id = attribute(element, "id");
    const path = `/cib/configuration//${element.name}${id === null ? "" : `[@id="${id}"]`}`;
    return [{ severity: "error" as const, path, place: element.place, message: `${problem}; this release knows it in simulation only` }];
  });
}

function liveProblem(element: XmlElement): string | null {
  const is = (name: string, value: string): boolean => attribute(element, name) === value;
  switch (element.name) {
    case "bundle":
      return "bundles cannot run in a live cluster yet";
    case "primitive":
      return is("class", "ocf") && is("provider", "pacemaker") && is("type", "remote") ? "remote nodes cannot run in a live cluster yet" : null;
    case "nvpair":
      if ((is("name", "provides") || is("name", "requires")) && is("value", "unfencing")) return "nodes are not unfenced in a live cluster yet";
      if (is("name", "shutdown-lock") && parseBoolean(attribute(element, "value") ?? "") === true) return "shutdown locks are not kept in a live cluster yet";
      if (is("name", "priority-fencing-delay") && (readIntervalMs(attribute(element, "value") ?? "") ?? 0) > 0) return "fencing is not delayed by priority in a live cluster yet";
      return is("name", "remote-node") ? "guest nodes (meta attribute remote-node) cannot run in a live cluster yet" : null;
    case "node":
      return is("type", "remote") ? "remote nodes cannot run in a live cluster yet" : null;
    case "rsc_ticket":
      return "tickets are not granted or revoked in a live cluster yet";
    default:
      return null;
  }
}
