/**
 * What the histories of two nodes together say about a live migration (1-state F6). One of them alone does not tell:
 * the source has left, or not; the target has taken over, failed, or knows nothing yet; and either may have moved on since.
 */
import type { XmlElement } from "@quorate/cib";
import { children } from "@quorate/cib";
import type { Cluster } from "../model/cluster.ts";
import { findNode } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { addActive } from "./active.ts";
import { compareEntries, historyElements, readHistoryEntry, RC, STATUS } from "./history-entry.ts";
import type { HistoryEntry } from "./history-entry.ts";
import { nodeOfEntry } from "./nodes.ts";
import type { Replay } from "./operation-result.ts";

/** Entries of the whole status section by node and `lrm_resource` id, also of nodes whose history is not (or not yet) read. */
export class HistoryIndex {
  readonly #status: XmlElement | null;
  /** Made when it is first asked for: without migrations nobody does. */
  #entries: Map<string, HistoryEntry[]> | null = null;

  constructor(status: XmlElement | null) {
    this.#status = status;
  }

  of(cluster: Cluster, node: Node, id: string): readonly HistoryEntry[] {
    this.#entries ??= readAll(cluster, this.#status);
    return this.#entries.get(`${node.index} ${id}`) ?? [];
  }
}

function readAll(cluster: Cluster, status: XmlElement | null): Map<string, HistoryEntry[]> {
  const all = new Map<string, HistoryEntry[]>();
  for (const state of status === null ? [] : children(status, "node_state")) {
    const node = nodeOfEntry(cluster, state);
    if (node === null) continue;
    for (const element of historyElements(state)) {
      const key = `${node.index} ${element.attributes["id"] ?? ""}`;
      const entries = children(element, "lrm_rsc_op").flatMap((item) => readHistoryEntry(item) ?? []);
      all.set(key, [...(all.get(key) ?? []), ...entries]);
    }
  }
  return all;
}

/**
 * Source and target as the entry names them, with what each knows of the very instance: a history of anonymous clones, which
 * bears no number, is not found, as in the reference.
 */
interface Migration {
  readonly source: Node;
  readonly target: Node;
  readonly onSource: readonly HistoryEntry[];
  readonly onTarget: readonly HistoryEntry[];
  /** `migrate_to` on the source, `migrate_from` on the target; null when there is none, or more than one. */
  readonly departure: HistoryEntry | null;
  readonly arrival: HistoryEntry | null;
}

function migrationOf({ cluster, resource, node }: Replay, entry: HistoryEntry): Migration | null {
  const { migrate_source: sourceName, migrate_target: targetName } = entry.element.attributes;
  if (sourceName === undefined || targetName === undefined) return null;
  const source = findNode(cluster, sourceName), target = findNode(cluster, targetName);
  if (source === null || target === null || node !== (entry.task === "migrate_to" ? source : target)) return null;
  const onSource = cluster.history.of(cluster, source, resource.id), onTarget = cluster.history.of(cluster, target, resource.id);
  const only = (entries: readonly HistoryEntry[], task: string, end: "migrate_source" | "migrate_target", name: string): HistoryEntry | null => {
    const found = entries.filter((one) => one.task === task && one.element.attributes[end] === name);
    return found.length === 1 ? (found[0] ?? null) : null;
  };
  return {
    source, target, onSource, onTarget,
    departure: entry.task === "migrate_to" ? entry : only(onSource, "migrate_to", "migrate_target", targetName),
    arrival: entry.task === "migrate_from" ? entry : only(onTarget, "migrate_from", "migrate_source", sourceName),
  };
}

const DECISIVE: ReadonlySet<string> = new Set(["start", "stop", "migrate_to", "migrate_from"]);

/** `sameNode`: the event is one of the entries' node. */
function actedSince(entries: readonly HistoryEntry[], event: HistoryEntry, sameNode: boolean): boolean {
  return entries.some((entry) => DECISIVE.has(entry.task) && compareEntries(entry, event, sameNode) > 0);
}

/** The state there is known from something newer than the migration. */
function knownSince(entries: readonly HistoryEntry[], event: HistoryEntry, sameNode: boolean): boolean {
  if (actedSince(entries, event, sameNode)) return true;
  const monitors = entries.filter((entry) => entry.task === "monitor");
  const [monitor] = monitors;
  return monitor !== undefined && monitors.length === 1 && monitor.rc === RC.notRunning && monitor.status === STATUS.done && compareEntries(monitor, event, sameNode) > 0;
}

/** Nothing but operations in flight is known of it there: what it is a probe will tell. */
function isUnknown(entries: readonly HistoryEntry[]): boolean {
  return entries.every((entry) => entry.rc === RC.unknown);
}

/** The agent left the source. False when later events make that irrelevant. */
export function applyDeparture(replay: Replay, entry: HistoryEntry): void {
  const migration = migrationOf(replay, entry);
  if (migration === null) return;
  const { resource } = replay;
  const { source, target, arrival } = migration;
  const movedOn = actedSince(migration.onSource, entry, true);
  const superseded = knownSince(migration.onTarget, arrival ?? entry, arrival !== null);
  if (movedOn && (arrival !== null || superseded)) return;
  replay.role = "Started";
  const taken = target.online && !superseded;
  if (arrival !== null && arrival.status !== STATUS.pending) {
    if (arrival.rc === RC.ok && arrival.status === STATUS.done) {
      replay.role = "Stopped";
      resource.danglingSources.push(source);
    } else if (taken) {
      addActive(replay.cluster, resource, target);
    } else {
      giveUpMigration(resource);
    }
    return;
  }
  if (taken) {
    if (isUnknown(migration.onTarget)) return;
    addActive(replay.cluster, resource, target);
    if (source.online) resource.partialMigration = { source, target };
  } else if (!movedOn) {
    giveUpMigration(resource);
  }
}

/** Nobody knows where it is: it has to be stopped and started. */
function giveUpMigration(resource: Resource): void {
  resource.failed = true;
  resource.mustStop = true;
  resource.mayMigrate = false;
}

/** It may have reached the target all the same. */
export function applyFailedDeparture(replay: Replay, entry: HistoryEntry): void {
  replay.role = "Started";
  const migration = migrationOf(replay, entry);
  if (migration === null) return;
  const { source, target, onSource, onTarget, arrival } = migration;
  if (!isUnknown(onTarget) && !knownSince(onTarget, arrival ?? entry, arrival !== null)) {
    if (target.online) addActive(replay.cluster, replay.resource, target);
  } else if (!actedSince(onSource, entry, true)) {
    replay.resource.danglingSources.push(source);
  }
}

/** It may still be on the source. */
export function applyFailedArrival(replay: Replay, entry: HistoryEntry): void {
  replay.role = "Started";
  const migration = migrationOf(replay, entry);
  if (migration === null) return;
  const { source, onSource, departure } = migration;
  if (!isUnknown(onSource) && !knownSince(onSource, departure ?? entry, departure !== null) && source.online) addActive(replay.cluster, replay.resource, source);
}
