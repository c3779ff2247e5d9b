/** From an action of the graph to the command an executor understands. */
import type { Operation } from "@quorate/execution";
import { assert } from "@quorate/core";
import type { Action } from "@quorate/transition";

/** Instead of a time-out of 0, which would wait for ever. Pacemaker's default for operations. */
const TIMEOUT_DEFAULT_MS = 20_000;

/** `session` names the DC's life; with it no result of another walk is ever taken for one of this. */
export function operationOf(action: Action, { transition, session }: { transition: number; session: string }): Operation {
  assert(action.resource !== null && action.agent !== null, `action ${action.key} has no resource or agent`);
  return {
    transitionKey: transitionKey(action, { transition, session }),
    resource: action.resource,
    agent: action.agent,
    task: action.task,
    intervalMs: action.intervalMs,
    timeoutMs: action.timeoutMs > 0 ? action.timeoutMs : TIMEOUT_DEFAULT_MS,
    targetRc: action.targetRc,
    parameters: action.parameters,
    meta: action.meta,
  };
}

/** `<action>:<transition>:<target rc>:<session>`: the form old tools and the scheduler's reader expect. */
export function transitionKey(action: Action, { transition, session }: { transition: number; session: string }): string {
  return `${action.id}:${transition}:${action.targetRc}:${session}`;
}

/** The action id in a key of this transition and session; null for any other. */
export function actionIdOf(key: string, { transition, session }: { transition: number; session: string }): number | null {
  const [id, number, , uuid] = key.split(":");
  return uuid === session && Number(number) === transition ? Number(id) : null;
}
