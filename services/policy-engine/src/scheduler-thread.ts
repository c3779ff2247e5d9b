/** The scheduler in its own thread, so that a large decision never delays Raft or beats. Entry module of the worker. */
import { parentPort } from "node:worker_threads";
import type { Cib } from "@quorate/cib";
import type { DecisionAbout } from "@quorate/controller";
import { type Decision, schedule } from "@quorate/scheduler";
import { type DecisionRecord, recordDecision } from "./decision-record.ts";
import { createRehearsal } from "./rehearsal.ts";

export type ScheduleRequest =
  | { readonly kind: "schedule"; readonly token: number; readonly cib: Cib; readonly wallMs: number; readonly about: DecisionAbout | null }
  /** Nothing is waited for: see rehearsal.ts. */
  | { readonly kind: "rehearse"; readonly cib: Cib; readonly wallMs: number };

export type ScheduleReply =
  /** For the history; comes after the decision itself. */
  | { readonly record: DecisionRecord }
  | { readonly token: number; readonly decision: Decision }
  /** The scheduler failed on this CIB. */
  | { readonly token: number; readonly decision: null; readonly problem: string };

const rehearsal = createRehearsal(() => performance.now());

parentPort?.on("message", (request: ScheduleRequest) => {
  if (request.kind === "rehearse") return rehearsal.run(request.cib, request.wallMs);
  const reply = decide(request);
  parentPort?.postMessage(reply);
  // Nobody waits for the record: the decision is under way
  if (request.about !== null && "decision" in reply && reply.decision !== null) void record(request, request.about, reply.decision);
});

async function record({ cib, wallMs }: Extract<ScheduleRequest, { kind: "schedule" }>, about: DecisionAbout, decision: Decision): Promise<void> {
  const reply: ScheduleReply = { record: await recordDecision({ cib, wallMs, about, decision }) };
  parentPort?.postMessage(reply);
}

function decide({ token, cib, wallMs }: Extract<ScheduleRequest, { kind: "schedule" }>): ScheduleReply {
  try {
    return { token, decision: schedule(cib, wallMs) };
  } catch (error) {
    return { token, decision: null, problem: error instanceof Error ? (error.stack ?? error.message).split("\n", 3).join(" ") : String(error) };
  }
}
