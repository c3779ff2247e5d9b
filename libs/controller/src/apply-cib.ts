/** Configuration changes: schema-checked, all or nothing, the same on every replica. */
import { type Cib, applyOperation, child, withChild } from "@quorate/cib";
import type { Command } from "./command.ts";
import { draft } from "./event-draft.ts";
import type { Applied, Replica } from "./replica.ts";
import { withConfiguredNodes } from "./status-section.ts";

/** Request id of the document a new cluster starts with; the first leader proposes it before anything else. */
export const INITIAL_CIB_REQUEST = "initial-cib";

export function applyCibCommand(replica: Replica, command: Extract<Command, { kind: "cib" }>): Applied {
  const refused = refusal(replica, command.requestId === INITIAL_CIB_REQUEST);
  if (refused !== null) return { events: [], error: { code: "QUORATE_CIB_STALE", message: refused } };
  if (command.operation.section === "status") {
    return { events: [], error: { code: "QUORATE_UNSAFE", message: "the status section is the cluster's own and cannot be changed from outside; see cleanup, fence confirm and node attributes" } };
  }
  const changed = applyOperation(replica.cib, command.operation);
  if (!changed.ok) {
    const issues = changed.error.issues.map((issue) => `${issue.place === null ? "" : `${issue.place.line}:${issue.place.column} `}${issue.path}: ${issue.message}`);
    return { events: [], error: { code: changed.error.code, message: issues.join("\n") } };
  }
  replica.cib = withConfiguredNodes(keepStatus(changed.value, replica.cib), [...replica.nodes.keys()]);
  replica.lastChange = { atMs: command.atMs, by: command.by };
  const { adminEpoch, epoch, numUpdates } = changed.value.version;
  const version = `${adminEpoch}.${epoch}.${numUpdates}`;
  const message = `${command.by} changed ${command.operation.section} (${command.operation.kind}); the CIB is now ${version}`;
  return { events: [draft("cib.changed", "info", command.atMs, message, { data: { version, section: command.operation.section, by: command.by } })], error: null };
}

/** The initial document comes first, and once: it must never replace what a client changed. */
function refusal(replica: Replica, initial: boolean): string | null {
  const virgin = replica.lastChange.atMs === 0;
  if (initial) return virgin ? null : "the CIB has its initial document already";
  return virgin ? "the cluster is being formed: its initial CIB is not there yet; try again" : null;
}

/** The status section is the cluster's own: a document from outside never replaces what is known to run. */
function keepStatus(changed: Cib, before: Cib): Cib {
  const status = child(before.root, "status");
  return status === null ? changed : { ...changed, root: withChild(changed.root, status) };
}
