/** One worker thread with a typed conversation: the scheduler, or membership inside quorate-node. */
import { type TransferListItem, Worker } from "node:worker_threads";

export interface WorkerHandle<Request> {
  post(message: Request, transfer?: readonly TransferListItem[]): void;
  /** Stops the thread where it stands. `onExit` is not called for a stop that we asked for. */
  terminate(): Promise<void>;
}

/** Why the thread is gone; a worker never ends by itself. */
export interface WorkerExit {
  readonly code: number;
  readonly error: Error | null;
}

/**
 * Starts the module at `url` in a thread. Type stripping is on in threads as in the parent, so a `.ts` url works under Node 24.
 * An exception in the thread arrives once, as `onExit` with the error.
 */
export function startWorker<Request, Reply>(options: {
  url: URL;
  data: unknown;
  onMessage: (message: Reply) => void;
  onExit: (exit: WorkerExit) => void;
}): WorkerHandle<Request> {
  const worker = new Worker(options.url, { workerData: options.data });
  let stopped = false;
  let error: Error | null = null;
  worker.on("message", (message: Reply) => {
    if (!stopped) options.onMessage(message);
  });
  worker.on("error", (cause) => void (error = cause instanceof Error ? cause : new Error(String(cause))));
  worker.on("exit", (code) => {
    if (!stopped) options.onExit({ code, error });
    stopped = true;
  });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    terminate: async () => {
      stopped = true;
      await worker.terminate();
    },
  };
}
