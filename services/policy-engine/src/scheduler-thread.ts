/** The scheduler in its own thread, so that a large decision never delays Raft or beats. Entry module of the worker. */
import { parentPort } from "node:worker_threads";
import type { Cib } from "@quorate/cib";
import { type Decision, schedule } from "@quorate/scheduler";
import { createRehearsal } from "./rehearsal.ts";

export type ScheduleRequest =
  | { readonly kind: "schedule"; readonly token: number; readonly cib: Cib; readonly wallMs: number }
  /** Nothing is waited for: see rehearsal.ts. */
  | { readonly kind: "rehearse"; readonly cib: Cib; readonly wallMs: number };

export type ScheduleReply =
  | { readonly token: number; readonly decision: Decision }
  /** The scheduler failed on this CIB. */
  | { readonly token: number; readonly decision: null; readonly problem: string };

const rehearsal = createRehearsal(() => performance.now());

parentPort?.on("message", (request: ScheduleRequest) => {
  if (request.kind === "schedule") parentPort?.postMessage(decide(request));
  else rehearsal.run(request.cib, request.wallMs);
});

function decide({ token, cib, wallMs }: Extract<ScheduleRequest, { kind: "schedule" }>): ScheduleReply {
  try {
    return { token, decision: schedule(cib, wallMs) };
  } catch (error) {
    return { token, decision: null, problem: error instanceof Error ? (error.stack ?? error.message).split("\n", 3).join(" ") : String(error) };
  }
}
