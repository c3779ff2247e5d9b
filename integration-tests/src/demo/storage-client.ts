/** A client of one virtual address that tries again and again, as a PVFS2 client does, and notes when it got no answer. */
import { connect } from "node:net";

export interface StorageClient {
  /** Wall clock of the first attempt without an answer after `sinceMs`; null when there was none. */
  firstFailureAfter(sinceMs: number): number | null;
  /** Wall clock of the first answer after the last failure since `sinceMs`, and not before `notBeforeMs`. */
  recoveredAfter(sinceMs: number, notBeforeMs?: number): number | null;
  stop(): void;
}

const EVERY_MS = 15;
const ATTEMPT_MS = 150;

export function startStorageClient(address: string, port: number): StorageClient {
  const failures: number[] = [];
  const successes: number[] = [];
  let stopped = false;
  const attempt = (): void => {
    if (stopped) return;
    const next = (): void => void setTimeout(attempt, EVERY_MS);
    const socket = connect({ host: address, port, timeout: ATTEMPT_MS });
    let done = false;
    const finish = (ok: boolean): void => {
      if (done) return;
      done = true;
      (ok ? successes : failures).push(Date.now());
      socket.destroy();
      next();
    };
    socket.once("connect", () => finish(true)).once("timeout", () => finish(false)).once("error", () => finish(false));
  };
  attempt();
  return {
    firstFailureAfter: (sinceMs) => failures.find((at) => at >= sinceMs) ?? null,
    recoveredAfter: (sinceMs, notBeforeMs = 0) => {
      const lastFailure = failures.findLast((at) => at >= sinceMs);
      return lastFailure === undefined ? null : (successes.find((at) => at > lastFailure && at >= notBeforeMs) ?? null);
    },
    stop: () => void (stopped = true),
  };
}
