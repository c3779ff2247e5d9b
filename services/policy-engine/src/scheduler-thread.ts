/** The scheduler in its own thread, so that a large decision never delays Raft or beats. Entry module of the worker. */
import { parentPort } from "node:worker_threads";
import type { Cib } from "@quorate/cib";
import { type Decision, schedule } from "@quorate/scheduler";

export interface ScheduleRequest {
  readonly token: number;
  readonly cib: Cib;
  readonly wallMs: number;
}

export interface ScheduleReply {
  readonly token: number;
  readonly decision: Decision;
}

parentPort?.on("message", ({ token, cib, wallMs }: ScheduleRequest) => {
  const reply: ScheduleReply = { token, decision: schedule(cib, wallMs) };
  parentPort?.postMessage(reply);
});
