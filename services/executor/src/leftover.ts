/**
 * Agents that outlive the executor. Each run carries a marker in its environment, so that it is found even when the executor died
 * before it could write down the pid. Daemons that an agent leaves behind inherit the marker, but they are no longer the agent: only
 * the process of the agent itself counts.
 */
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutorEffect } from "@quorate/execution";
import { groupAlive, killGroup, processStartTime } from "@quorate/runtime";

const MARKER = "QUORATE_RUN";
const POLL_MS = { first: 10, max: 1_000 };

interface RunId {
  readonly session: string;
  readonly callId: number;
}

export function runMarker({ session, callId }: RunId): Record<string, string> {
  return { [MARKER]: `${session}.${callId}` };
}

/**
 * Kills what is left of a run and resolves when nobody of it lives. When the agent itself is gone its group is left alone: what remains of it
 * is the daemon that it started.
 */
export async function reap(effect: Extract<ExecutorEffect, { kind: "reap" }>, signal: AbortSignal): Promise<void> {
  const pid = effect.pid ?? findRun(effect);
  if (pid === null) return;
  const startTime = processStartTime(pid);
  if (startTime === null || (effect.startTime !== null && startTime !== effect.startTime)) return;
  await killUntilGone(pid, signal);
}

/** Kills a group until nobody of it lives. A process in an uninterruptible wait can take as long as its disk. */
export async function killUntilGone(group: number, signal: AbortSignal): Promise<void> {
  for (let waitMs = POLL_MS.first; !signal.aborted && groupAlive(group); waitMs = Math.min(waitMs * 2, POLL_MS.max)) {
    killGroup(group);
    await sleep(waitMs, undefined, { ref: false });
  }
}

/** The process that was started for a run: it carries the marker, leads its group, and is still the agent with its action. */
function findRun(effect: Extract<ExecutorEffect, { kind: "reap" }>): number | null {
  const marker = `${MARKER}=${effect.session}.${effect.callId}`;
  const { agent, task } = effect.operation;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const environment = readProc(name, "environ");
    if (!environment.split("\0").includes(marker)) continue;
    const words = readProc(name, "cmdline").split("\0");
    const action = words.includes(task) || (task === "monitor" && words.includes("status")); // init scripts call it so
    const isAgent = action && words.some((word) => word.split("/").at(-1) === agent.type);
    if (isAgent && groupAlive(Number(name))) return Number(name);
  }
  return null;
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return ""; // gone, or somebody else's
  }
}
