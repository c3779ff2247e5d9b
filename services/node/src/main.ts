/** quorate-node: all services of a node in one process. Read next: service.ts, then each service's own. */
import { DEFAULT_CONFIG_FILE, createLogger, loadConfig, runUntilSignal, systemClock } from "@quorate/runtime";
import { createNode } from "./service.ts";

const STOP_DEADLINE_MS = 30_000;

const config = loadConfig({ file: process.env["QUORATE_CONFIG"] ?? DEFAULT_CONFIG_FILE, env: process.env });
const log = createLogger({ service: "node", node: config.node, level: config.log.level });
const node = createNode({ config, clock: systemClock });

await runUntilSignal({ log, deadlineMs: STOP_DEADLINE_MS, start: () => node.start(), stop: node.stop });
