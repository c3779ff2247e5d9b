/** Notifier: tells people and programs what happened in the cluster. Read next: service.ts, then @quorate/delivery. */
import { createLogger, loadConfig, runUntilSignal, systemClock } from "@quorate/runtime";
import { createNotifier } from "./service.ts";

const STOP_DEADLINE_MS = 15_000;

const config = loadConfig({ file: null, env: process.env });
const log = createLogger({ service: "notifier", node: config.node, level: config.log.level });
const notifier = createNotifier({ config, log, clock: systemClock });

await runUntilSignal({
  log,
  deadlineMs: STOP_DEADLINE_MS,
  start: () => notifier.start(),
  stop: [
    ["stop intake", () => notifier.stopIntake()], // the outbox keeps what is not delivered
    ["settle deliveries", () => notifier.settle()], // what is on its way need not be sent twice
    ["close", () => notifier.close()],
  ],
});
