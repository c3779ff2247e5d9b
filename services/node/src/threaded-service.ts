/** A service of this process on a thread of its own: what the others compute never delays it, nor it them. */
import { QuorateError } from "@quorate/core";
import { type QuorateConfig, startWorker } from "@quorate/runtime";
import type { ThreadData, ThreadReply, ThreadRequest, ThreadedName } from "./service-thread.ts";

export interface ThreadedService {
  /** Runs a step of the service's life in the thread. @throws QuorateError QUORATE_SPAWN_FAILED with what the thread says. */
  run(step: "start" | "stopIntake" | "settle" | "close"): Promise<void>;
}

/** A thread that ends by itself ends the process: a node without membership is none. */
export function threadedService(service: ThreadedName, config: QuorateConfig): ThreadedService {
  const waiting = new Map<string, (error: string | null) => void>();
  const own = import.meta.url;
  const worker = startWorker<ThreadRequest, ThreadReply>({
    url: new URL(`./service-thread${own.endsWith(".ts") ? ".ts" : ".js"}`, own),
    data: { service, config } satisfies ThreadData,
    onMessage: ({ step, error }) => {
      waiting.get(step)?.(error);
      waiting.delete(step);
    },
    onExit: ({ code, error }) => {
      throw new QuorateError("QUORATE_SPAWN_FAILED", `the thread of ${service} ended with code ${code}`, { cause: error });
    },
  });
  return {
    async run(step) {
      const done = new Promise<string | null>((resolve) => waiting.set(step, resolve));
      worker.post({ step });
      const error = await done;
      if (error !== null) throw new QuorateError("QUORATE_SPAWN_FAILED", `${service}: ${error}`);
      if (step === "close") await worker.terminate();
    },
  };
}
