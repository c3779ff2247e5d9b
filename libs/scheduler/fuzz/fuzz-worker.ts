/** Decides one spoilt CIB after another; the main thread watches the clock. */
import { parentPort } from "node:worker_threads";
import { decideSpoilt } from "./decide-spoilt.ts";

/** Beside the text: the wall time to decide at. */
export interface FuzzJob {
  readonly text: string;
  readonly nowMs: number;
}

parentPort?.on("message", ({ text, nowMs }: FuzzJob) => parentPort?.postMessage(decideSpoilt(text, nowMs)));
