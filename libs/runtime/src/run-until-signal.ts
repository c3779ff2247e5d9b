import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "./logger.ts";

export interface Lifecycle {
  readonly log: Logger;
  /** Bound of the whole orderly stop. */
  readonly deadlineMs: number;
  readonly start: () => Promise<void>;
  /** Steps run in this order on SIGTERM or SIGINT. Each must be safe to call once start() has been called. */
  readonly stop: ReadonlyArray<readonly [name: string, step: () => Promise<void>]>;
}

/**
 * Runs a service until a signal asks it to stop, then exits: 0 after an orderly stop, 1 otherwise.
 * A crash is never turned into an orderly leave: peers must see a lost node and fence it. A signal that comes during
 * the start stops the service after the start. A second signal exits at once.
 */
export async function runUntilSignal({ log, deadlineMs, start, stop }: Lifecycle): Promise<never> {
  const crash = (error: unknown, message: string): never => {
    log.fatal({ error }, message);
    process.exit(1);
  };
  process.on("uncaughtException", (error) => crash(error, "uncaught exception"));
  process.on("unhandledRejection", (error) => crash(error, "unhandled rejection"));
  const stopping = new Promise<string>((resolve) => {
    let signals = 0;
    const onSignal = (name: string): void => {
      signals += 1;
      if (signals > 1) crash(null, `second signal ${name}`);
      resolve(name);
    };
    for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => onSignal(name));
  });

  setInterval(() => {}, 2 ** 30); // signal handlers alone do not keep the event loop alive (exit code 13)
  await start();
  log.info({ signal: await stopping }, "stopping");
  void sleep(deadlineMs).then(() => crash(null, `stop took longer than ${deadlineMs} ms`));
  for (const [name, run] of stop) {
    await run();
    log.info({ step: name }, "stopped");
  }
  process.exit(0);
}
