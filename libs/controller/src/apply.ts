/**
 * Applies one command of the log to the replica. Deterministic; the only code that changes a `Replica`.
 * Events are derived here and nowhere else (ARCHITECTURE D9).
 */
import type { ClusterEvent, LogIndex } from "@quorate/core";
import { INITIAL_CIB_REQUEST, applyCibCommand } from "./apply-cib.ts";
import { applyFenceConfirmed, applyFenceEnded, applyFenceStarted } from "./apply-fencing.ts";
import { applyCleanup, applyResults, setTransientAttribute } from "./apply-results.ts";
import { applyTransitionEnded, applyTransitionStarted } from "./apply-transition.ts";
import { applyJoined, applyView } from "./apply-view.ts";
import type { Command, CommandOutcome } from "./command.ts";
import { type Applied, OUTBOX_KEPT_MAX, OUTBOX_KEPT_MIN, REQUESTS_REMEMBERED_MAX, type Replica } from "./replica.ts";

/** Looking through the outbox costs as much as it holds. */
const TRIM_EVERY_ENTRIES = 50;

/** Applies the command of entry `index`. A refused command changes nothing but the applied index. */
export function applyCommand(replica: Replica, index: LogIndex, command: Command): CommandOutcome {
  replica.applied = index;
  const requestId = "requestId" in command ? command.requestId : null;
  if (requestId !== null && replica.requests.has(requestId)) return { index, error: replica.requests.get(requestId)!, events: [] };
  const { events: drafts, error } = dispatch(replica, index, command);
  // A refused initial document may be mended and proposed again; for all others the first outcome stands.
  if (requestId !== null && (requestId !== INITIAL_CIB_REQUEST || error === null)) remember(replica, requestId, error);
  const events = drafts.map((draft, ordinal): ClusterEvent => ({ index, ordinal, ...draft }));
  replica.outbox.push(...events);
  trimOutbox(replica);
  return { index, error, events };
}

function dispatch(replica: Replica, index: LogIndex, command: Command): Applied {
  switch (command.kind) {
    case "view":
      return applyView(replica, index, command);
    case "joined":
      return applyJoined(replica, command);
    case "results":
      return applyResults(replica, command);
    case "cib":
      return applyCibCommand(replica, command);
    case "fenceStarted":
      return applyFenceStarted(replica, command);
    case "fenceEnded":
      return applyFenceEnded(replica, command);
    case "fenceConfirmed":
      return applyFenceConfirmed(replica, command);
    case "transitionStarted":
      return applyTransitionStarted(replica, command);
    case "transitionEnded":
      return applyTransitionEnded(replica, command);
    case "cleanup":
      return applyCleanup(replica, command);
    case "attribute":
      return setTransientAttribute(replica, command);
    case "alarm":
      return { events: [{ type: command.type, severity: command.severity, atMs: command.atMs, node: command.node, resource: command.resource, message: command.message, data: command.data }], error: null };
    case "cursor":
      return applyCursor(replica, command);
  }
}

/** A cursor only moves forward. */
function applyCursor(replica: Replica, command: Extract<Command, { kind: "cursor" }>): Applied {
  const before = replica.cursors.get(command.recipient);
  if (before === undefined || before.index < command.index || (before.index === command.index && before.ordinal < command.ordinal)) {
    replica.cursors.set(command.recipient, { index: command.index, ordinal: command.ordinal });
  }
  return { events: [], error: null };
}

function remember(replica: Replica, requestId: string, error: CommandOutcome["error"]): void {
  replica.requests.set(requestId, error);
  if (replica.requests.size > REQUESTS_REMEMBERED_MAX) replica.requests.delete(replica.requests.keys().next().value!);
}

/** Keeps every event some recipient has not confirmed, up to a bound, and the newest ones for those who ask later. */
function trimOutbox(replica: Replica): void {
  if (replica.outbox.length < 2 * OUTBOX_KEPT_MIN || replica.applied % TRIM_EVERY_ENTRIES !== 0) return;
  const safe = Math.min(...[...replica.cursors.values()].map(({ index }) => index), Number.POSITIVE_INFINITY);
  const removable = replica.outbox.slice(0, -OUTBOX_KEPT_MIN).findLastIndex((event) => event.index < safe) + 1;
  replica.outbox.splice(0, Math.max(removable, replica.outbox.length - OUTBOX_KEPT_MAX));
}
