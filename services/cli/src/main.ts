#!/usr/bin/env node
/** The quorate command. Read next: run-cli.ts, then commands/. */
import { readFileSync } from "node:fs";
import { processEnvironment } from "./environment.ts";
import { runCli } from "./run-cli.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

process.exitCode = await runCli(process.argv.slice(2), processEnvironment(), version);
