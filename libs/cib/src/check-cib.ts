/**
 * Is a tree a valid CIB of the newest schema? Structure, values, ids, references and option names, all problems at once, each
 * with path and place. Source of what is allowed: Pacemaker's published schema (pacemaker-3.9).
 */
import type { Issue } from "@quorate/core";
import { checkOptionSet } from "./check-options.ts";
import { checkReferences, collect } from "./check-references.ts";
import { checkStructure } from "./check-structure.ts";
import { attribute } from "./element.ts";
import { IssueList, walk } from "./issue-list.ts";
import type { Position } from "./issue-list.ts";
import { CONFIGURATION_SCHEMA } from "./schema-configuration.ts";
import { STATUS_SCHEMA } from "./schema-status.ts";
import type { XmlElement } from "./types.ts";

export interface CheckOptions {
  /** Severity of option names nobody knows (a misspelling, or a name an agent keeps there). Default "warning". */
  readonly unknownNames?: "warning" | "error";
  /** False: the status section, by far the largest, is not looked at. Default true. */
  readonly status?: boolean;
}

/** Empty when the tree is valid; no error when it is usable. A tree with `validate-with="none"` is not checked. */
export function checkCib(root: XmlElement, options: CheckOptions = {}): Issue[] {
  const issues = new IssueList();
  const top: Position = { element: root, above: null };
  if (root.name !== "cib") {
    issues.add("error", top, `the document element is <${root.name}>; expected <cib>`);
    return issues.list();
  }
  if (attribute(root, "validate-with") === "none") return [];
  checkStructure(top, CONFIGURATION_SCHEMA, { issues, lenient: false, stopAt: "status" });
  for (const section of root.children) {
    const position = { element: section, above: top };
    if (section.name === "configuration") checkConfiguration(position, issues, options.unknownNames ?? "warning");
    else if (section.name === "status" && options.status !== false) checkStructure(position, STATUS_SCHEMA, { issues, lenient: true });
  }
  return issues.list();
}

function checkConfiguration(position: Position, issues: IssueList, unknownNames: "warning" | "error"): void {
  const positions: Position[] = [];
  walk(position, (found) => positions.push(found));
  const known = collect(positions, issues);
  for (const found of positions) {
    checkReferences(found, known, issues);
    checkOptionSet(found, { issues, unknownNames });
  }
}
