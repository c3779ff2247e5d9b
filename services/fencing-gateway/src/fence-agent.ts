/**
 * Fence agents of the field (`fence_*`): parameters as `key=value` lines on stdin, the result in the exit code.
 * Source: ClusterLabs FenceAgentAPI.
 */
import { join } from "node:path";
import { type DeviceResult, type DeviceRun, agentParameters, readDeviceOptions } from "@quorate/fencing";
import { type RunResult, type RunningProcess, exists, runProcess } from "@quorate/runtime";
import type { DeviceAdapter } from "./device-adapter.ts";

const AGENT_NAME = /^fence_[A-Za-z0-9_-]{1,64}$/;
const DETAIL_MAX = 200;
const OUTPUT_MAX = 16_384;
/** Parameters whose values must not show in what an agent printed. */
const SECRET_NAME = /pass|pwd|secret|token|key|community|cred/i;

/** `directories` are searched in order for the agent. */
export function createFenceAgents(options: { readonly directories: readonly string[] }): DeviceAdapter {
  const under = new Set<RunningProcess>();
  return {
    async run(run) {
      const command = await findAgent(run.device.agent, options.directories);
      if (command === null) return { kind: "failed", detail: `no fence agent ${run.device.agent} in ${options.directories.join(", ")}` };
      const input = agentInput(run);
      if (input === null) return { kind: "failed", detail: "a parameter holds a line break" };
      const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
      const process = runProcess({ command, args: [], env, stdin: input, timeoutMs: run.timeoutMs, outputLimit: OUTPUT_MAX });
      under.add(process);
      const result = await process.result;
      under.delete(process);
      return readResult(run, result);
    },
    close: () => {
      for (const process of under) process.kill();
    },
  };
}

async function findAgent(name: string, directories: readonly string[]): Promise<string | null> {
  if (!AGENT_NAME.test(name)) return null;
  for (const directory of directories) if (await exists(join(directory, name))) return join(directory, name);
  return null;
}

/** Null when a value would end its line early and so inject another parameter. */
function agentInput(run: DeviceRun): string | null {
  const { hostArgument } = readDeviceOptions(run.device);
  const lines: Record<string, string> = { ...agentParameters(run.device), action: run.actionName };
  if (run.target !== null) lines["nodename"] = run.target;
  if (run.plug !== null && hostArgument !== null) lines[hostArgument] = run.plug;
  const entries = Object.entries(lines);
  if (entries.some((entry) => entry.some((text) => /[\r\n\0]/.test(text)))) return null;
  return entries.map(([name, value]) => `${name}=${value}\n`).join("");
}

function readResult(run: DeviceRun, result: RunResult): DeviceResult {
  if (result.spawnError !== null) return { kind: "failed", detail: `${run.device.agent} could not be started: ${result.spawnError}` };
  if (result.timedOut) return { kind: "unknown", detail: `${run.device.agent} killed after ${run.timeoutMs} ms` };
  if (result.code === null) return { kind: "unknown", detail: `${run.device.agent} ended by ${result.signal ?? "a signal"}` };
  const said = lastWords(run, result);
  if (run.action === "status") return readStatus(run, result.code, result, said);
  if (result.code !== 0) return { kind: "unverified", detail: `exit ${result.code}${said}` };
  const targets = run.action === "list" ? readList(result.stdout) : [];
  return { kind: "done", powered: null, targets, detail: "exit 0" };
}

/**
 * 0 is on, 2 is off, anything else no answer. Exit code 2 is also what an interpreter gives when it cannot read the agent or
 * its arguments, so an agent that talks must say "off" for it to be believed.
 */
function readStatus(run: DeviceRun, code: number, { stdout, stderr }: RunResult, said: string): DeviceResult {
  if (code === 0) return { kind: "done", powered: true, targets: [], detail: "on" };
  if (code !== 2) return { kind: "unverified", detail: `exit ${code}${said}` };
  const talks = `${stdout}${stderr}`.trim() !== "";
  if (talks && !/\boff\b/i.test(stdout)) return { kind: "unverified", detail: `${run.device.agent} exit 2 without saying off${said}` };
  return { kind: "done", powered: false, targets: [], detail: "off" };
}

/** Lines `plug,alias` (or `plug` alone). */
function readList(stdout: string): readonly string[] {
  return stdout.split("\n").map((line) => (line.split(",")[0] ?? "").trim()).filter((plug) => plug !== "");
}

/** The last line the agent printed, without secrets, to go into a detail. */
function lastWords(run: DeviceRun, { stdout, stderr }: RunResult): string {
  const line = `${stdout}\n${stderr}`.split("\n").map((one) => one.trim()).findLast((one) => one !== "");
  if (line === undefined) return "";
  const secrets = Object.entries(run.device.parameters).filter(([name, value]) => SECRET_NAME.test(name) && value !== "").map(([, value]) => value);
  secrets.sort((a, b) => b.length - a.length); // one that holds another goes first, or its rest would stay
  return `: ${secrets.reduce((text, secret) => text.replaceAll(secret, "***"), line).slice(0, DETAIL_MAX)}`;
}
