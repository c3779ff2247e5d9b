/** Membership: who is there, as this node hears it. Read next: service.ts, then @quorate/membership. */
import { setPriority } from "node:os";
import { DEFAULT_CONFIG_FILE, createLogger, loadConfig, runUntilSignal, systemClock } from "@quorate/runtime";
import { createMembershipService } from "./service.ts";

const STOP_DEADLINE_MS = 5_000;
const NICE = -20;

const config = loadConfig({ file: process.env["QUORATE_CONFIG"] ?? DEFAULT_CONFIG_FILE, env: process.env });
const log = createLogger({ service: "membership", node: config.node, level: config.log.level });
const membership = createMembershipService({ config, log, clock: systemClock });

try {
  setPriority(NICE); // the unit gives real-time scheduling; this is what a process can do for itself
} catch {
  log.debug({}, "no privilege to raise the priority");
}

await runUntilSignal({ log, deadlineMs: STOP_DEADLINE_MS, start: () => membership.start(), stop: [["close", () => membership.close()]] });
