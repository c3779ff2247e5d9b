/** One run of an agent of whatever class, as the executor's loop sees it. */
import type { ExecutorEffect, Operation, RunOutcome } from "@quorate/execution";
import { OCF_EXIT, exitReason } from "@quorate/ocf";
import { type RunResult, type RunningProcess, groupAlive } from "@quorate/runtime";
import { redact } from "./redact.ts";

export type SpawnRequest = Extract<ExecutorEffect, { kind: "spawn" }>;

export interface Ended {
  readonly outcome: RunOutcome;
  /** Group that is still alive although it was killed; null as a rule. */
  readonly lingeringGroup: number | null;
}

export interface AgentRun {
  /** Process, and process group, of the agent; null when it is none. */
  readonly pid: number | null;
  /** Never rejects. */
  readonly ended: Promise<Ended>;
  kill(): void;
}

/** Runs the agents of one or more classes. */
export type AgentRunner = (request: SpawnRequest) => AgentRun;

export function settled(outcome: RunOutcome): AgentRun {
  return { pid: null, ended: Promise.resolve({ outcome, lingeringGroup: null }), kill: () => {} };
}

/** An agent that is not there: the code tells the scheduler that it cannot be active here either. */
export function notInstalled(what: string): AgentRun {
  return settled({ status: "done", rc: OCF_EXIT.notInstalled, exitReason: `${what} is not installed` });
}

/** A run that is one process. `code` turns its exit code into an OCF one. */
export function processRun(process: RunningProcess, operation: Operation, code: (exitCode: number) => number = (exitCode) => exitCode): AgentRun {
  const ended = process.result.then((result) => ({
    outcome: outcomeOf(result, operation, code),
    lingeringGroup: result.timedOut && groupAlive(process.pid) ? process.pid : null,
  }));
  return { pid: process.pid > 0 ? process.pid : null, ended, kill: () => process.kill() };
}

export function outcomeOf(result: RunResult, operation: Operation, code: (exitCode: number) => number): RunOutcome {
  if (result.spawnError !== null) return unspawned(result.spawnError);
  if (result.timedOut) return { status: "timeout", rc: OCF_EXIT.error, exitReason: `${operation.task} did not end within ${operation.timeoutMs} ms` };
  if (result.code === null) return { status: "error", rc: OCF_EXIT.error, exitReason: `the agent was ended by ${result.signal ?? "a signal"}` };
  return { status: "done", rc: code(result.code), exitReason: redact(exitReason(result.stderr), operation.parameters) };
}

function unspawned(error: string): RunOutcome {
  if (error.includes("ENOENT")) return { status: "done", rc: OCF_EXIT.notInstalled, exitReason: "the agent or its interpreter is not installed" };
  if (error.includes("EACCES")) return { status: "done", rc: OCF_EXIT.insufficientPrivileges, exitReason: "the agent may not be executed" };
  return { status: "error", rc: OCF_EXIT.error, exitReason: `the agent could not be run: ${error}` };
}
