/** What the demo needs from outside, fetched while there is a network: prints `{ natsServer, ocfRoot }` (null: not to be had). */
import { join } from "node:path";
import { findNatsServer } from "@quorate/runtime";
import { findResourceAgents } from "../testbed/resource-agents.ts";

const cacheDir = join(import.meta.dirname, "..", "..", "..", ".cache");
const [natsServer, ocfRoot] = [await findNatsServer(cacheDir), await findResourceAgents(cacheDir)];
process.stdout.write(JSON.stringify({ natsServer, ocfRoot }));
