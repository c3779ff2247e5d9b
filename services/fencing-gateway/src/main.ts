/** Fencing-gateway: switches nodes off for the DC and says only what the devices confirmed. Read next: service.ts, then @quorate/fencing. */
import { createLogger, loadConfig, runUntilSignal, systemClock } from "@quorate/runtime";
import { createFencingGateway } from "./service.ts";

const STOP_DEADLINE_MS = 20_000;

const config = loadConfig({ file: null, env: process.env });
const log = createLogger({ service: "fencing-gateway", node: config.node, level: config.log.level });
const gateway = createFencingGateway({ config, log, clock: systemClock });

await runUntilSignal({
  log,
  deadlineMs: STOP_DEADLINE_MS,
  start: () => gateway.start(),
  stop: [
    ["stop intake", () => gateway.stopIntake()], // new requests are refused: another gateway is asked
    ["settle attempts", () => gateway.settle()], // an off that was begun gets its outcome recorded and answered
    ["close", () => gateway.close()],
  ],
});
