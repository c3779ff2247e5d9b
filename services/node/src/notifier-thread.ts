/** The notifier on a thread of its own: making mails and web requests never delays a decision. */
import { QuorateError } from "@quorate/core";
import { type QuorateConfig, startWorker } from "@quorate/runtime";
import type { NotifierReply, NotifierStep } from "./notifier-worker.ts";

export interface NotifierThread {
  /** Runs a step of the service's life in the thread. @throws QuorateError QUORATE_SPAWN_FAILED with what the thread says. */
  run(step: NotifierStep): Promise<void>;
}

/** A thread that ends by itself ends the process, as a crash of the service in the main thread would. */
export function notifierThread(config: QuorateConfig): NotifierThread {
  const waiting = new Map<NotifierStep, (error: string | null) => void>();
  const own = import.meta.url;
  const worker = startWorker<NotifierStep, NotifierReply>({
    url: new URL(`./notifier-worker${own.endsWith(".ts") ? ".ts" : ".js"}`, own),
    data: { config },
    onMessage: ({ step, error }) => {
      waiting.get(step)?.(error);
      waiting.delete(step);
    },
    onExit: ({ code, error }) => {
      throw new QuorateError("QUORATE_SPAWN_FAILED", `the notifier's thread ended with code ${code}`, { cause: error });
    },
  });
  return {
    async run(step) {
      const done = new Promise<string | null>((resolve) => waiting.set(step, resolve));
      worker.post(step);
      const error = await done;
      if (error !== null) throw new QuorateError("QUORATE_SPAWN_FAILED", `notifier: ${error}`);
      if (step === "close") await worker.terminate();
    },
  };
}
