/** One service in a thread of this process. Entry module of the worker; see threaded-service.ts for the other end. */
import { parentPort, workerData } from "node:worker_threads";
import { type QuorateConfig, createLogger, systemClock } from "@quorate/runtime";

export type ThreadedName = "membership" | "notifier";

export interface ThreadData {
  readonly service: ThreadedName;
  readonly config: QuorateConfig;
}

/** A named step of the service's life, and its answer. */
export interface ThreadRequest {
  readonly step: string;
}
export interface ThreadReply {
  readonly step: string;
  readonly error: string | null;
}

type Steps = Readonly<Record<string, () => Promise<void>>>;

const { service, config } = workerData as ThreadData;
const log = createLogger({ service, node: config.node, level: config.log.level });
const steps: Steps = await createSteps();

parentPort?.on("message", ({ step }: ThreadRequest) => void run(step));

async function run(step: string): Promise<void> {
  let error: string | null = null;
  try {
    await steps[step]?.();
  } catch (cause) {
    error = cause instanceof Error ? cause.message : String(cause);
  }
  parentPort?.postMessage({ step, error } satisfies ThreadReply);
}

async function createSteps(): Promise<Steps> {
  switch (service) {
    case "membership": {
      const { createMembershipService } = await import("@quorate/service-membership");
      const membership = createMembershipService({ config, log, clock: systemClock });
      return { start: () => membership.start(), close: () => membership.close() };
    }
    case "notifier": {
      const { createNotifier } = await import("@quorate/service-notifier");
      const notifier = createNotifier({ config, log, clock: systemClock });
      return { start: () => notifier.start(), stopIntake: () => notifier.stopIntake(), settle: () => notifier.settle(), close: () => notifier.close() };
    }
  }
}
