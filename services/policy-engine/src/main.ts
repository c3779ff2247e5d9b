/** Policy-engine: consensus, the CIB, the outbox, and the DC where it leads. Read next: service.ts, then @quorate/controller. */
import { DEFAULT_CONFIG_FILE, createLogger, loadConfig, runUntilSignal, systemClock } from "@quorate/runtime";
import { createPolicyEngine } from "./service.ts";

const config = loadConfig({ file: process.env["QUORATE_CONFIG"] ?? DEFAULT_CONFIG_FILE, env: process.env });
const log = createLogger({ service: "policy-engine", node: config.node, level: config.log.level });
const policyEngine = createPolicyEngine({ config, log, clock: systemClock });

await runUntilSignal({
  log,
  deadlineMs: 10_000,
  start: () => policyEngine.start(),
  stop: [
    ["stop intake", () => policyEngine.stopIntake()], // no new calls; the entry under way reaches the disk
    ["close", () => policyEngine.close()], // bus and store last: answers leave through them
  ],
});
