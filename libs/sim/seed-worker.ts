/** Runs seeds for run.ts on a thread of its own: one message in per seed, one out. */
import { parentPort } from "node:worker_threads";
import { type ScenarioOptions, runScenario } from "@quorate/sim";

parentPort?.on("message", (options: ScenarioOptions) => parentPort?.postMessage(runScenario(options)));
