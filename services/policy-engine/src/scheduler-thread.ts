/** The scheduler in its own thread, so that a large decision never delays Raft or beats. Entry module of the worker. */
import { parentPort } from "node:worker_threads";
import type { Cib } from "@quorate/cib";
import { type Decision, schedule } from "@quorate/scheduler";
import { createRehearsal } from "./rehearsal.ts";

export type ScheduleRequest =
  | { readonly kind: "schedule"; readonly token: number; readonly cib: Cib; readonly wallMs: number }
  /** Nothing is waited for: see rehearsal.ts. */
  | { readonly kind: "rehearse"; readonly cib: Cib; readonly wallMs: number };

export interface ScheduleReply {
  readonly token: number;
  readonly decision: Decision;
}

const rehearsal = createRehearsal(() => performance.now());

parentPort?.on("message", (request: ScheduleRequest) => {
  if (request.kind === "rehearse") return rehearsal.run(request.cib, request.wallMs);
  const reply: ScheduleReply = { token: request.token, decision: schedule(request.cib, request.wallMs) };
  parentPort?.postMessage(reply);
});
