/** The notifier in a thread of quorate-node. Entry module of the worker; see notifier-thread.ts for the other end. */
import { parentPort, workerData } from "node:worker_threads";
import { type QuorateConfig, createLogger, systemClock } from "@quorate/runtime";
import { createNotifier } from "@quorate/service-notifier";

export type NotifierStep = "start" | "stopIntake" | "settle" | "close";

export interface NotifierReply {
  readonly step: NotifierStep;
  /** In words; null when the step was done. */
  readonly error: string | null;
}

const { config } = workerData as { readonly config: QuorateConfig };
const log = createLogger({ service: "notifier", node: config.node, level: config.log.level });
const notifier = createNotifier({ config, log, clock: systemClock });

parentPort?.on("message", (step: NotifierStep) => void run(step));

async function run(step: NotifierStep): Promise<void> {
  let error: string | null = null;
  try {
    await notifier[step]();
  } catch (cause) {
    error = cause instanceof Error ? cause.message : String(cause);
  }
  parentPort?.postMessage({ step, error } satisfies NotifierReply);
}
