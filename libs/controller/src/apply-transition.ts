/** What was decided and how it ended, kept so that `why` answers from data. */
import type { Command } from "./command.ts";
import { draft } from "./event-draft.ts";
import { type Applied, DECISIONS_PER_RESOURCE_MAX, type Replica } from "./replica.ts";

export function applyTransitionStarted(replica: Replica, command: Extract<Command, { kind: "transitionStarted" }>): Applied {
  replica.transition = command.transition;
  for (const reason of command.reasons) {
    const before = replica.decisions.get(reason.resource) ?? [];
    const record = { transition: command.transition, atMs: command.atMs, trigger: command.trigger, reason };
    replica.decisions.set(reason.resource, [...before, record].slice(-DECISIONS_PER_RESOURCE_MAX));
  }
  return { events: [], error: null };
}

export function applyTransitionEnded(_replica: Replica, command: Extract<Command, { kind: "transitionEnded" }>): Applied {
  const { transition, outcome, detail, atMs } = command;
  const severity = outcome === "failed" ? "warning" : "info";
  const word = outcome === "complete" ? "completed" : outcome;
  return { events: [draft(`transition.${word}`, severity, atMs, `Transition ${transition} ${word}: ${detail}`, { data: { transition: String(transition) } })], error: null };
}
