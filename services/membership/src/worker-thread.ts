/** The thread that `startMembershipWorker` starts. Entry module of the worker. */
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { QuorateError } from "@quorate/core";
import { type QuorateConfig, createLogger, systemClock } from "@quorate/runtime";
import { createMembershipService } from "./service.ts";
import type { ThreadReply, ThreadRequest } from "./worker.ts";

const { config } = workerData as { readonly config: QuorateConfig };
const log = createLogger({ service: "membership", node: config.node, level: config.log.level });
const membership = createMembershipService({ config, log, clock: systemClock });
const say = (reply: ThreadReply): void => parentPort?.postMessage(reply);

try {
  setPriority(-20); // on Linux of the calling thread only
} catch (error) {
  log.debug({ error }, "priority stays as it is");
}

parentPort?.on("message", ({ kind }: ThreadRequest) => {
  switch (kind) {
    case "close":
      void membership.close().then(() => say({ kind: "closed" }));
  }
});

try {
  await membership.start();
  say({ kind: "started" });
} catch (error) {
  if (!(error instanceof QuorateError)) throw error;
  say({ kind: "refused", code: error.code, message: error.message });
}
