/** The whole status as text, in the order and words that users of crm_mon know. Pure: the same status gives the same text. */
import type { ClusterStatus } from "@quorate/wire";
import { bullet, section, wrap } from "./layout.ts";
import { renderFailCounts, renderFailedOperations, renderFenceRecords } from "./render-history.ts";
import { renderNodes } from "./render-nodes.ts";
import { countResources, renderResources } from "./render-resources.ts";
import type { TimeText } from "./time-text.ts";

export interface StatusOptions {
  /** Show resources that run nowhere too. */
  readonly inactive: boolean;
  readonly time: TimeText;
}

/** Ends with a line feed. */
export function renderStatus(status: ClusterStatus, { inactive, time }: StatusOptions): string {
  const { fencingHistory } = status;
  const failed = fencingHistory.filter(({ outcome }) => outcome === "failed" || outcome === "unknown");
  const ended = fencingHistory.filter((record) => !failed.includes(record));
  const lines = [
    "Cluster Summary:",
    ...summaryLines(status, time),
    ...warningLines(status),
    ...section(0, "Node List", renderNodes(status.nodes, { depth: 1, pendingNodes: status.pendingNodes })),
    ...section(0, inactive ? "Full List of Resources" : "Active Resources", resourceLines(status, inactive)),
    ...section(0, "Migration Summary", renderFailCounts(status.failCounts, time)),
    ...section(0, "Failed Resource Actions", renderFailedOperations(status.failedOperations, time)),
    ...section(0, "Failed Fencing Actions", renderFenceRecords(failed, time)),
    ...section(0, "Pending Fencing Actions", renderFenceRecords(status.pendingFencing, time)),
    ...section(0, "Fencing History", renderFenceRecords(ended, time)),
  ];
  return `${lines.join("\n")}\n`;
}

function summaryLines(status: ClusterStatus, time: TimeText): string[] {
  const { votes, cibVersion, lastChange, view } = status;
  const quorum = `partition ${status.haveQuorum ? "with quorum" : "WITHOUT quorum"}`;
  const version = `${cibVersion.adminEpoch}.${cibVersion.epoch}.${cibVersion.numUpdates}`;
  const changed = lastChange === null ? "" : ` ${time(lastChange.atMs)}${lastChange.by === null ? "" : ` by ${lastChange.by}`}`;
  const { instances, disabled, blocked } = countResources(status.resources);
  const notes = [...(disabled > 0 ? [`${disabled} DISABLED`] : []), ...(blocked > 0 ? [`${blocked} BLOCKED from further action due to failure`] : [])];
  return [
    ...bullet(1, `Cluster: ${status.cluster}`),
    ...bullet(1, `Stack: ${status.stack}`),
    ...bullet(1, `Current DC: ${status.dc === null ? "NONE" : `${status.dc} (feature level ${status.featureLevel})`} - ${quorum}`),
    ...bullet(1, `Votes: ${votes.present} of ${votes.expected} present, ${votes.needed} needed for quorum`),
    ...bullet(1, view === null ? "View: none yet" : `View: ${view.id} with ${plural(view.members.length, "member")}`),
    ...bullet(1, `CIB version: ${version}`),
    ...bullet(1, `Last updated: ${time(status.atMs)} on ${status.node}`),
    ...bullet(1, `Last change: ${changed}`).map((line) => line.trimEnd()),
    ...bullet(1, `${plural(status.nodes.length, "node")} configured`),
    ...bullet(1, `${plural(instances, "resource instance")} configured${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`),
  ];
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** What the server says the operator must know, and maintenance, loudly. */
function warningLines({ warnings, options }: ClusterStatus): string[] {
  const maintenance = "Resource management is DISABLED (maintenance-mode): nothing is started, stopped or recovered";
  const all = options.maintenanceMode ? [...warnings, maintenance] : warnings;
  if (all.length === 0) return [];
  return ["", ...all.flatMap((text) => wrap(text, { first: "  *** ", rest: "      " }))];
}

function resourceLines({ resources, nodes }: ClusterStatus, inactive: boolean): string[] {
  const lines = renderResources(resources, { depth: 1, inactive, nodes });
  return lines.length > 0 ? lines : [inactive ? "  * No resources" : "  * No active resources"];
}
