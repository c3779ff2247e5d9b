/** Membership: who is there. Read next: service.ts, then @quorate/membership. */
import { setPriority } from "node:os";
import { createLogger, loadConfig, runUntilSignal, systemClock } from "@quorate/runtime";
import { createMembershipService } from "./service.ts";

const STOP_DEADLINE_MS = 5_000;
/** Beats must not wait for whoever else is busy. Real-time scheduling (SCHED_RR) is for the systemd unit: Node cannot ask for it. */
const PRIORITY = -20;

const config = loadConfig({ file: process.env["QUORATE_CONFIG"] ?? null, env: process.env });
const log = createLogger({ service: "membership", node: config.node, level: config.log.level });
const membership = createMembershipService({ config, log, clock: systemClock });

try {
  setPriority(PRIORITY);
} catch (error) {
  log.debug({ error }, "priority stays as it is");
}

await runUntilSignal({
  log,
  deadlineMs: STOP_DEADLINE_MS,
  start: () => membership.start(),
  stop: [["close", () => membership.close()]], // no leave: a restart of this daemon is not a leave of the node
});
