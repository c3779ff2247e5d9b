/** Membership on a thread of its own inside a larger process, so that nothing the process does delays a beat. */
import { setTimeout as sleep } from "node:timers/promises";
import { QuorateError, type QuorateErrorCode, assert } from "@quorate/core";
import { type Logger, type QuorateConfig, type WorkerExit, type WorkerHandle, startWorker } from "@quorate/runtime";
import type { MembershipService } from "./service.ts";

export type ThreadRequest = { readonly kind: "close" };

export type ThreadReply =
  | { readonly kind: "started" }
  | { readonly kind: "refused"; readonly code: QuorateErrorCode; readonly message: string }
  | { readonly kind: "closed" };

export interface MembershipWorkerOptions {
  readonly config: QuorateConfig;
  readonly log: Logger;
  /** The thread ended by itself after its start. Default: the process crashes, as it would when membership ran in its main thread. */
  readonly onExit?: (exit: WorkerExit) => void;
}

const CLOSE_MS_MAX = 3_000;

/** The same service as `createMembershipService`; the thread makes its own logger from the configuration. */
export function startMembershipWorker({ config, log, onExit = crash }: MembershipWorkerOptions): MembershipService {
  let worker: WorkerHandle<ThreadRequest> | null = null;
  let closed: () => void = () => {};

  function start(): Promise<void> {
    assert(worker === null, "membership was started twice");
    return new Promise((resolve, reject) => {
      let started = false;
      worker = startWorker<ThreadRequest, ThreadReply>({
        url: threadModule(),
        data: { config },
        onMessage(reply) {
          switch (reply.kind) {
            case "started":
              started = true;
              return resolve();
            case "refused":
              void worker?.terminate();
              return reject(new QuorateError(reply.code, reply.message));
            case "closed":
              return closed();
          }
        },
        onExit(exit) {
          log.fatal({ error: exit.error, code: exit.code }, "the membership thread ended");
          if (started) onExit(exit);
          else reject(exit.error ?? new Error(`the membership thread ended with code ${exit.code}`));
        },
      });
    });
  }

  async function close(): Promise<void> {
    if (worker === null) return;
    const stop = new AbortController();
    const answered = new Promise<void>((resolve) => void (closed = resolve));
    worker.post({ kind: "close" });
    await Promise.race([answered, sleep(CLOSE_MS_MAX, undefined, { signal: stop.signal }).catch(() => undefined)]);
    stop.abort();
    await worker.terminate();
  }

  return { start, close };
}

/** Compiled or as source, the thread's module stands beside this one. */
function threadModule(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./worker-thread.ts" : "./worker-thread.js", import.meta.url);
}

function crash({ error, code }: WorkerExit): void {
  setImmediate(() => {
    throw error ?? new Error(`the membership thread ended with code ${code}`);
  });
}
