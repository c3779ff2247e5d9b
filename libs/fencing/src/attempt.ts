/**
 * One attempt to do what a request asks: device after device, each with a bounded number of tries, until one confirms it
 * or the time budget is over. Pure: the core asks for the next run, hands in its result, and moves the attempt on with time.
 *
 * Off (and reboot, whose power-on comes later and is another attempt) and on: give the command, then read the status until it
 * says so. Whatever the command answered, only the status confirms. Other actions: the answer itself is the result.
 * Invariant: `succeeded` only rests on a device that answered; what timed out or could not be read is `unknown`.
 */
import type { MonotonicMs } from "@quorate/core";
import { fencingDelayMs, readActionOptions } from "./device-options.ts";
import type { DeviceResult, DeviceRun } from "./device-run.ts";
import { deviceCommand, wantedPower } from "./power-command.ts";
import { plugFor } from "./targets.ts";
import { type Trial, beginTrial, describeTrial, unconfirmedOutcome } from "./trial.ts";
import type { FenceDevice, FenceReply, FenceRequest } from "./types.ts";

type Question = "command" | "verify";

export type Phase =
  | { readonly kind: "pausing"; readonly untilMs: MonotonicMs; readonly next: Question }
  | { readonly kind: "ready"; readonly next: Question }
  | { readonly kind: "running"; readonly question: Question; readonly overdueMs: MonotonicMs }
  | { readonly kind: "ended"; readonly reply: FenceReply };

export interface Attempt {
  readonly request: FenceRequest;
  readonly chance: number;
  readonly startedMs: MonotonicMs;
  readonly deadlineMs: MonotonicMs;
  /** Devices that are through, oldest first. */
  readonly past: readonly Trial[];
  /** The device that is tried now; null when there is none left. */
  readonly trial: Trial | null;
  readonly rest: readonly FenceDevice[];
  readonly phase: Phase;
}

/** How long a device that took a command may go on saying the opposite before the command is given again. */
const VERIFY_WINDOW_MS = 10_000;
const POLL_PAUSES_MS: readonly number[] = [50, 100, 250, 500, 1_000];
const RETRY_PAUSE_MS = 250;
/** Of a device's time, so much is for one command; the rest is for the status. */
const COMMAND_SHARE = 0.6;
/** An adapter that has not answered so long after its time is taken as not answering at all. */
const OVERDUE_MS = 2_000;
const DETAIL_MAX = 1_000;

/** `receivedMs`: when the request came, from which its budget counts. `chance` in [0, 1) is for `pcmk_delay_max`. */
export function beginAttempt(request: FenceRequest, options: { readonly receivedMs: MonotonicMs; readonly nowMs: MonotonicMs; readonly chance: number }): Attempt {
  const attempt: Attempt = {
    request,
    chance: options.chance,
    startedMs: options.receivedMs,
    deadlineMs: options.receivedMs + request.timeoutMs,
    past: [],
    trial: null,
    rest: request.devices,
    phase: { kind: "ready", next: "command" },
  };
  return nextDevice(attempt, options.nowMs);
}

/** Moves on what only waited for time. */
export function resumeAttempt(attempt: Attempt, nowMs: MonotonicMs): Attempt {
  const { phase } = attempt;
  switch (phase.kind) {
    case "pausing":
      if (nowMs >= attempt.deadlineMs) return end(attempt, nowMs);
      return nowMs < phase.untilMs ? attempt : { ...attempt, phase: { kind: "ready", next: phase.next } };
    case "ready":
      return nowMs >= attempt.deadlineMs ? end(attempt, nowMs) : attempt;
    case "running":
      if (nowMs < phase.overdueMs) return attempt;
      return finishRun(attempt, { kind: "unknown", detail: "the device adapter did not answer" }, nowMs);
    case "ended":
      return attempt;
  }
}

/** When `resumeAttempt` is next of use; null when it is not. */
export function attemptWakeMs(attempt: Attempt): MonotonicMs | null {
  switch (attempt.phase.kind) {
    case "pausing":
      return Math.min(attempt.phase.untilMs, attempt.deadlineMs);
    case "ready":
      return attempt.deadlineMs;
    case "running":
      return attempt.phase.overdueMs;
    case "ended":
      return null;
  }
}

/** Starts the run that a ready attempt wants. */
export function startRun(attempt: Attempt, nowMs: MonotonicMs): { readonly attempt: Attempt; readonly run: DeviceRun } | null {
  const { phase, trial, request } = attempt;
  if (phase.kind !== "ready" || trial === null) return null;
  const asked = phase.next === "command" ? trial.command : { ...readActionOptions(trial.device, "status"), action: "status" as const };
  const leftMs = Math.min(trial.endMs, attempt.deadlineMs) - nowMs;
  const shareMs = phase.next === "command" && trial.command.verified ? Math.ceil(leftMs * COMMAND_SHARE) : leftMs;
  const timeoutMs = Math.max(1, Math.min(shareMs, asked.timeoutMs ?? shareMs));
  const run: DeviceRun = { device: trial.device, action: asked.action, actionName: asked.name, target: request.target, plug: trial.plug, timeoutMs };
  return { attempt: { ...attempt, phase: { kind: "running", question: phase.next, overdueMs: nowMs + timeoutMs + OVERDUE_MS } }, run };
}

/** Takes the result of the run in flight. */
export function finishRun(attempt: Attempt, result: DeviceResult, nowMs: MonotonicMs): Attempt {
  const { phase, trial } = attempt;
  if (phase.kind !== "running" || trial === null) return attempt;
  return phase.question === "command" ? finishCommand(attempt, trial, result, nowMs) : finishVerify(attempt, trial, result, nowMs);
}

function finishCommand(attempt: Attempt, before: Trial, result: DeviceResult, nowMs: MonotonicMs): Attempt {
  const asksPower = before.command.action === "status";
  const trial: Trial = {
    ...before,
    tries: before.tries + 1,
    polls: 0,
    inDoubt: before.inDoubt || result.kind === "unknown",
    refused: before.refused && result.kind === "failed",
    windowEndMs: result.kind === "done" ? nowMs + VERIFY_WINDOW_MS : nowMs,
    commandNote: result.detail,
    targets: result.kind === "done" ? result.targets : [],
    powered: result.kind === "done" && asksPower ? result.powered : before.powered,
  };
  if (trial.command.verified) return goOn(attempt, trial, { next: "verify", pauseMs: 0, nowMs });
  const answered = result.kind === "done" && !(asksPower && result.powered === null);
  return answered ? confirmed(attempt, trial, nowMs) : tryAgain(attempt, trial, nowMs);
}

function finishVerify(attempt: Attempt, before: Trial, result: DeviceResult, nowMs: MonotonicMs): Attempt {
  const powered = result.kind === "done" ? result.powered : null;
  const trial: Trial = { ...before, powered, polls: before.polls + 1, statusNote: result.detail };
  if (powered !== null && powered === wantedPower(attempt.request.action)) return confirmed(attempt, trial, nowMs);
  const pauseMs = POLL_PAUSES_MS[Math.min(before.polls, POLL_PAUSES_MS.length - 1)] ?? RETRY_PAUSE_MS;
  if (nowMs + pauseMs >= trial.windowEndMs) return tryAgain(attempt, trial, nowMs);
  return goOn(attempt, trial, { next: "verify", pauseMs, nowMs });
}

function tryAgain(attempt: Attempt, trial: Trial, nowMs: MonotonicMs): Attempt {
  if (trial.tries < trial.command.tries) return goOn(attempt, trial, { next: "command", pauseMs: RETRY_PAUSE_MS, nowMs });
  return nextDevice(setAside(attempt, trial), nowMs);
}

/** Asks the same device again after a pause, or gives it up when its time would be over by then. */
function goOn(attempt: Attempt, trial: Trial, then: { readonly next: Question; readonly pauseMs: number; readonly nowMs: MonotonicMs }): Attempt {
  const untilMs = then.nowMs + then.pauseMs;
  if (untilMs >= Math.min(trial.endMs, attempt.deadlineMs)) return nextDevice(setAside(attempt, trial), then.nowMs);
  const phase: Phase = then.pauseMs === 0 ? { kind: "ready", next: then.next } : { kind: "pausing", untilMs, next: then.next };
  return { ...attempt, trial, phase };
}

function setAside(attempt: Attempt, trial: Trial): Attempt {
  return { ...attempt, past: [...attempt.past, trial], trial: null };
}

function nextDevice(attempt: Attempt, nowMs: MonotonicMs): Attempt {
  const { action, target } = attempt.request;
  const usable = attempt.rest.filter((device) => target === null || plugFor(target, device) !== null);
  const [device, ...rest] = usable;
  if (device === undefined || nowMs >= attempt.deadlineMs) return end(attempt, nowMs);
  const trial = beginTrial({
    device,
    plug: target === null ? null : plugFor(target, device),
    command: deviceCommand(action, device),
    endMs: nowMs + Math.floor((attempt.deadlineMs - nowMs) / usable.length),
  });
  const delays = target !== null && attempt.past.length === 0 && wantedPower(action) === false;
  return goOn({ ...attempt, rest, trial }, trial, { next: "command", pauseMs: delays ? fencingDelayMs(device, target, attempt.chance) : 0, nowMs });
}

function confirmed(attempt: Attempt, trial: Trial, nowMs: MonotonicMs): Attempt {
  return finish(setAside(attempt, trial), "succeeded", nowMs);
}

/** No device confirmed it. */
function end(attempt: Attempt, nowMs: MonotonicMs): Attempt {
  const now = attempt.trial === null ? attempt : setAside(attempt, attempt.trial);
  const wanted = wantedPower(attempt.request.action);
  const failed = now.past.every((trial) => unconfirmedOutcome(trial, wanted) === "failed");
  return finish(now, failed ? "failed" : "unknown", nowMs);
}

function finish(attempt: Attempt, outcome: "succeeded" | "failed" | "unknown", nowMs: MonotonicMs): Attempt {
  const { request, past } = attempt;
  const last = past.at(-1);
  const late = nowMs >= attempt.deadlineMs ? "; the time budget is over" : "";
  const tried = past.length === 0 ? `no device was tried for ${request.target ?? "the request"}: none of ${request.devices.length} is known to feed it` : past.map(describeTrial).join(" | ");
  const reply: FenceReply = {
    fenceId: request.fenceId,
    outcome,
    device: last?.device.id ?? null,
    detail: (past.length === 0 && late !== "" ? "the time budget was over before a device was tried" : tried + late).slice(0, DETAIL_MAX),
    powered: request.action === "status" && outcome === "succeeded" ? (last?.powered ?? null) : null,
    targets: request.action === "list" && outcome === "succeeded" ? (last?.targets ?? []) : [],
    elapsedMs: nowMs - attempt.startedMs,
  };
  return { ...attempt, phase: { kind: "ended", reply } };
}
