/** What one entry of the history means (1-state F5): remapping of exit codes, success and failure. */
import { requestAction } from "../actions/action-table.ts";
import { bundleOf } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import { canFence } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { cloneOf } from "../model/resource.ts";
import { parseRole, rank } from "../model/role.ts";
import type { Role } from "../types.ts";
import { checkExpiry } from "./failure-expiry.ts";
import { isProbe, RC, STATUS, STATUS_NAMES } from "./history-entry.ts";
import type { HistoryEntry } from "./history-entry.ts";
import { banFrom, bannedWhole } from "./history-resource.ts";
import { applyDeparture, applyFailedArrival, applyFailedDeparture } from "./migration-history.ts";
import { onFailOf, operationOptions } from "./operations.ts";
import type { OnFail } from "./operations.ts";
import { addNodeScore, ban, banEverywhere } from "./resources.ts";

/** The state of reading one `lrm_resource`. */
export interface Replay {
  readonly cluster: Cluster;
  readonly resource: Resource;
  readonly node: Node;
  readonly entries: readonly HistoryEntry[];
  role: Role;
  onFail: OnFail;
  lastFailure: HistoryEntry | null;
  /** In words. */
  failedHere: string | null;
}

const SEVERITY: Readonly<Record<OnFail, number>> = {
  ignore: 0, demote: 1, restart: 2, "reset-remote": 3, "restart-container": 4, migrate: 5, block: 6, stop: 7, standby: 8, fence: 9,
};

function worse(a: OnFail, b: OnFail): OnFail {
  return SEVERITY[b] > SEVERITY[a] ? b : a;
}

function roleWhenActive(resource: Resource): Role {
  return cloneOf(resource)?.clone?.promotable === true ? "Unpromoted" : "Started";
}

interface Outcome {
  rc: number;
  status: number;
  readonly targetRc: number;
}

export function applyOperation(replay: Replay, entry: HistoryEntry): void {
  if (entry.task === "notify" || entry.task === "meta-data") return;
  const { cluster, resource, node } = replay;
  const maskable = bundleOf(resource) === null && isProbe(entry) && (entry.rc === RC.notInstalled || entry.rc === RC.invalidParameter || entry.status === STATUS.notInstalled);
  const expired = entry.status !== STATUS.notInstalled && checkExpiry(replay, entry);
  const outcome = remap(replay, entry, maskable);
  if (expired && maskable && entry.rc !== entry.targetRc) {
    if (rank(replay.role) <= rank("Stopped")) replay.role = "Unknown";
    return;
  }
  if (expired && outcome.rc !== entry.targetRc) {
    if (entry.intervalMs === 0) return;
    if (node.online && !node.unclean) {
      cluster.expiredMonitors.add(entry.element);
      return;
    }
  }
  if (maskable) {
    replay.role = "Stopped";
    noteFailedOperation(replay, entry, entry.status);
    banFrom(cluster, resource, node, replay.failedHere ?? "");
    return;
  }
  byStatus(replay, entry, outcome);
}

/** Exit codes mean different things in different operations. */
function remap(replay: Replay, entry: HistoryEntry, maskable: boolean): Outcome {
  const outcome: Outcome = { rc: entry.rc, status: entry.status, targetRc: entry.targetRc };
  if (entry.task === "monitor" && outcome.rc === RC.degraded) outcome.rc = RC.ok;
  if (entry.task === "monitor" && outcome.rc === RC.degradedPromoted) outcome.rc = RC.runningPromoted;
  if (maskable) {
    clearFailures(replay);
    outcome.status = STATUS.done;
    outcome.rc = RC.notRunning;
  }
  if (outcome.status !== STATUS.done && outcome.status !== STATUS.error) return outcome;
  outcome.status = outcome.targetRc === -1 || outcome.targetRc !== outcome.rc ? STATUS.error : STATUS.done;
  byExitCode(replay, entry, outcome);
  return outcome;
}

function byExitCode(replay: Replay, entry: HistoryEntry, outcome: Outcome): void {
  const { resource } = replay;
  const probe = isProbe(entry);
  switch (outcome.rc) {
    case RC.ok:
      if (probe && outcome.targetRc === RC.notRunning) outcome.status = STATUS.done;
      return;
    case RC.notRunning:
      if (!probe && outcome.targetRc !== RC.notRunning && resource.managed) return;
      outcome.status = STATUS.done;
      replay.role = "Stopped";
      replay.onFail = "ignore";
      resource.nextRole = "Unknown";
      return;
    case RC.runningPromoted:
      if (probe && outcome.rc !== outcome.targetRc) outcome.status = STATUS.done;
      replay.role = "Promoted";
      return;
    case RC.failedPromoted:
      outcome.status = STATUS.error;
      replay.role = "Promoted";
      return;
    case RC.notConfigured:
      outcome.status = STATUS.errorFatal;
      return;
    case RC.unimplemented:
      if (entry.intervalMs > 0) outcome.status = STATUS.notSupported;
      else hardError(replay, entry, outcome);
      return;
    case RC.notInstalled:
    case RC.invalidParameter:
    case RC.permission:
      hardError(replay, entry, outcome);
      return;
    default:
      if (outcome.status === STATUS.done) outcome.status = STATUS.error;
  }
}

/** A stop that can never work, on a node that cannot be fenced: nothing more may be done. */
function hardError(replay: Replay, entry: HistoryEntry, outcome: Outcome): void {
  outcome.status = STATUS.errorHard;
  if (entry.task === "stop" && !canFence(replay.cluster, replay.node)) {
    replay.resource.managed = false;
    replay.resource.blocked = true;
  }
}

function byStatus(replay: Replay, entry: HistoryEntry, outcome: Outcome): void {
  switch (outcome.status) {
    case STATUS.cancelled:
      return;
    case STATUS.pending:
      applyPending(replay, entry);
      return;
    case STATUS.done:
      applySuccess(replay, entry, outcome.rc);
      return;
    case STATUS.notInstalled:
      if (onFailOf(replay.cluster, replay.resource, entry.task, entry.intervalMs) === "ignore") replay.onFail = "migrate";
      applyFailure(replay, entry, outcome);
      banFrom(replay.cluster, replay.resource, replay.node, replay.failedHere ?? "");
      return;
    case STATUS.noFenceDevice:
    case STATUS.noSecrets:
      outcome.status = STATUS.errorHard;
      applyError(replay, entry, outcome);
      return;
    case STATUS.notConnected:
      failConnection(replay.node);
      applyError(replay, entry, outcome);
      return;
    default:
      applyError(replay, entry, outcome);
  }
}

/** A member could not reach the remote or guest node. */
function failConnection({ connection }: Node): void {
  if (connection?.managed !== true) return;
  connection.failed = true;
  connection.mustStop = true;
}

function applyPending(replay: Replay, entry: HistoryEntry): void {
  const { resource, node } = replay;
  if (entry.task === "start") {
    resource.startPending = true;
    if (rank(replay.role) < rank("Started")) replay.role = roleWhenActive(resource);
  } else if (entry.task === "promote") {
    replay.role = "Promoted";
  } else if (entry.task === "migrate_to" && node.unclean) {
    const target = replay.cluster.nodes.find((one) => one.name === entry.element.attributes["migrate_target"]);
    if (target !== undefined) requestAction(replay.cluster, { resource, task: "stop", node: target, optional: false });
  }
  if (resource.pending === null && !isProbe(entry)) resource.pending = { task: entry.task, node };
}

function applyError(replay: Replay, entry: HistoryEntry, outcome: Outcome): void {
  const { cluster, resource, node } = replay;
  const onFail = onFailOf(cluster, resource, entry.task, entry.intervalMs);
  if (onFail === "ignore" || (onFail === "restart-container" && entry.task === "stop")) {
    applySuccess(replay, entry, outcome.targetRc);
    resource.failureIgnored = true;
    noteFailedOperation(replay, entry, outcome.status);
    if (onFail === "restart-container" && SEVERITY[replay.onFail] <= SEVERITY.restart) replay.onFail = onFail;
    return;
  }
  applyFailure(replay, entry, outcome);
  if (outcome.status === STATUS.errorHard) banFrom(cluster, resource, node, replay.failedHere ?? "");
  if (outcome.status === STATUS.errorFatal) banEverywhere(cluster, bannedWhole(resource), ban("failcount", replay.failedHere ?? ""));
}

function applySuccess(replay: Replay, entry: HistoryEntry, rc: number): void {
  const active = roleWhenActive(replay.resource);
  const atLeastActive = (): void => {
    if (rank(replay.role) < rank("Started")) replay.role = active;
  };
  let clears = false;
  if (rc === RC.notInstalled) {
    replay.role = "Stopped";
  } else if (rc === RC.notRunning) {
    clears = true;
  } else {
    switch (entry.task) {
      case "monitor":
        clears = replay.lastFailure !== null && replay.lastFailure.key === entry.key;
        atLeastActive();
        break;
      case "start": replay.role = "Started"; clears = true; break;
      case "stop": replay.role = "Stopped"; clears = true; break;
      case "promote": replay.role = "Promoted"; clears = true; break;
      case "demote": replay.role = "Unpromoted"; clears = replay.onFail === "demote"; break;
      case "migrate_from": replay.role = "Started"; clears = true; break;
      case "migrate_to": applyDeparture(replay, entry); break;
      default: atLeastActive();
    }
  }
  if (clears) clearFailures(replay);
}

/** Failures that need more than a success to be forgotten stay. */
function clearFailures(replay: Replay): void {
  switch (replay.onFail) {
    case "stop": case "fence": case "migrate": case "standby":
      return;
    case "reset-remote":
      if (replay.resource.reconnectMs > 0) return;
      break;
    case "ignore": case "demote": case "restart": case "restart-container": case "block":
      break;
  }
  replay.onFail = "ignore";
  replay.resource.nextRole = "Unknown";
}

function applyFailure(replay: Replay, entry: HistoryEntry, outcome: Outcome): void {
  const { cluster, resource, node } = replay;
  replay.lastFailure = entry;
  noteFailedOperation(replay, entry, outcome.status);
  const onFail = onFailOf(cluster, resource, entry.task, entry.intervalMs);
  replay.onFail = worse(replay.onFail, onFail);
  if (entry.task === "stop") {
    addNodeScore(cluster, resource, node.index, ban("failcount", replay.failedHere ?? ""));
  } else if (entry.task === "migrate_to") {
    applyFailedDeparture(replay, entry);
  } else if (entry.task === "migrate_from") {
    applyFailedArrival(replay, entry);
  } else if (entry.task === "promote") {
    replay.role = "Promoted";
  } else if (entry.task === "demote") {
    if (onFail === "block") {
      replay.role = "Promoted";
      resource.nextRole = "Stopped";
    } else {
      replay.role = outcome.rc === RC.notRunning ? "Stopped" : "Unpromoted";
    }
  }
  if (isProbe(entry) && outcome.rc === RC.notInstalled) replay.role = "Stopped";
  else if (rank(replay.role) < rank("Started")) replay.role = roleWhenActive(resource);
  const failRole = roleAfterFailure(replay, entry, onFail);
  if (failRole !== "Started" && rank(resource.nextRole) < rank(failRole)) resource.nextRole = failRole;
  if (failRole === "Stopped") banEverywhere(cluster, bannedWhole(resource), ban("failcount", replay.failedHere ?? ""));
  resource.failures.set(node.index, replay.failedHere ?? "");
}

function roleAfterFailure(replay: Replay, entry: HistoryEntry, onFail: OnFail): Role {
  const given = operationOptions(replay.cluster, replay.resource, entry.task, entry.intervalMs).meta.get("role_after_failure");
  if (given !== undefined) return parseRole(given) ?? "Started";
  if (onFail === "stop" || (onFail === "reset-remote" && replay.resource.reconnectMs > 0)) return "Stopped";
  return entry.task === "promote" ? "Unpromoted" : "Started";
}

function noteFailedOperation(replay: Replay, entry: HistoryEntry, status: number): void {
  const { cluster, resource, node } = replay;
  const seconds = entry.changedAt;
  const name = isProbe(entry) ? "probe" : entry.task;
  replay.failedHere = `${name} of ${resource.configId} failed on ${node.name} (rc=${entry.rc}, ${STATUS_NAMES[status] ?? "error"})`;
  cluster.failedOperations.push({
    node: node.name, resource: resource.id, task: entry.task, intervalMs: entry.intervalMs, rc: entry.rc,
    status: STATUS_NAMES[entry.status] ?? "error", exitReason: entry.element.attributes["exit-reason"] ?? "",
    atMs: seconds === null ? null : seconds * 1000, execMs: execTime(entry),
  });
}

function execTime(entry: HistoryEntry): number | null {
  const value = Number.parseInt(entry.element.attributes["exec-time"] ?? "", 10);
  return Number.isNaN(value) ? null : value;
}

