/** Executor: runs the resource agents of this node. Read next: service.ts, then @quorate/execution. */
import { createLogger, loadConfig, runUntilSignal, systemClock } from "@quorate/runtime";
import { createExecutor } from "./service.ts";

const config = loadConfig({ file: process.env["QUORATE_CONFIG"] ?? null, env: process.env });
const log = createLogger({ service: "executor", node: config.node, level: config.log.level });
const executor = createExecutor({ config, log, clock: systemClock });

await runUntilSignal({
  log,
  deadlineMs: config.executor.shutdownDeadlineMs,
  start: () => executor.start(),
  stop: [
    ["stop intake", () => executor.stopIntake()], // no new commands, no more monitors
    ["settle agents", () => executor.settle()], // an agent that was started gets its result written down
    ["close", () => executor.close()], // bus and store last; resources go on running
  ],
});
