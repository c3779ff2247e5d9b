/**
 * Brings a document of any age to the newest schema: Heartbeat 2.0, then pacemaker-1.x, 2.x, 3.x. What changes in meaning, or was
 * decided on the administrator's behalf, is said in the issues (warnings). The version numbers stay.
 */
import type { Issue } from "@quorate/core";
import { attribute, withAttribute } from "./element.ts";
import { IssueList } from "./issue-list.ts";
import type { XmlElement } from "./types.ts";
import { upgradeAcls } from "./upgrade-acls.ts";
import { isHeartbeat, upgradeHeartbeat } from "./upgrade-heartbeat.ts";
import { completeIds } from "./upgrade-ids.ts";
import { UpgradeNotes, mapChild } from "./upgrade-notes.ts";
import { upgradeOptionNames } from "./upgrade-options.ts";

/** The newest schema, and the one every loaded document has afterwards (but for `none`). */
export const SCHEMA_NAME = "pacemaker-3.9";

export interface Upgraded {
  readonly root: XmlElement;
  readonly issues: readonly Issue[];
}

/** A document with `validate-with="none"` is left as it is. An unknown schema is an error among the issues. */
export function upgradeCib(root: XmlElement): Upgraded {
  const schema = attribute(root, "validate-with");
  if (schema === "none") return { root, issues: [] };
  const notes = new UpgradeNotes();
  const heartbeat = isHeartbeat(root);
  const age = heartbeat ? 0 : schemaAge(schema);
  if (age === null) return { root, issues: unknownSchema(root, schema ?? "") };
  if (schema === null && !heartbeat) notes.add({ element: root, above: null }, `no validate-with: read as ${SCHEMA_NAME}`);
  let result = heartbeat ? upgradeHeartbeat(root, notes) : root;
  if (age < 2) result = upgradeAcls(result, notes);
  if (age < 3) result = upgradeOptionNames(result, notes);
  if (age < 3) result = mapChild(result, "configuration", (configuration) => completeIds(configuration, heartbeat));
  return { root: withAttribute(result, "validate-with", SCHEMA_NAME), issues: notes.issues() };
}

/** The major version; null for a name that nobody knows or that is newer than we are. */
function schemaAge(schema: string | null): number | null {
  if (schema === null) return 3;
  const found = /^pacemaker-([0-3])\.(\d{1,2})$/.exec(schema);
  if (found === null) return schema === "pacemaker-next" ? 3 : null;
  const [major, minor] = [Number(found[1]), Number(found[2])];
  return minor <= (NEWEST_MINOR[major] ?? -1) ? major : null;
}

/** pacemaker-3.10 differs from 3.9 in nothing that we read. */
const NEWEST_MINOR: Readonly<Record<number, number>> = { 0: 7, 1: 3, 2: 10, 3: 10 };

function unknownSchema(root: XmlElement, schema: string): Issue[] {
  const issues = new IssueList();
  issues.add("error", { element: root, above: null }, `validate-with="${schema}" is no schema of Heartbeat or Pacemaker up to ${SCHEMA_NAME}`);
  return issues.list();
}
