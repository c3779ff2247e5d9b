/** What the system's own service manager runs: classes `lsb` (init scripts), `systemd` (units) and `service` (whichever there is). */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunOutcome } from "@quorate/execution";
import { AGENT_PATH, OCF_EXIT, ocfCodeOfLsb } from "@quorate/ocf";
import { type RunningProcess, runProcess } from "@quorate/runtime";
import { type AgentRun, type AgentRunner, type SpawnRequest, notInstalled, outcomeOf, processRun, settled } from "./agent-run.ts";
import { runMarker } from "./leftover.ts";

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@:\\+-]*$/;
const LSB_ACTIONS: Readonly<Record<string, string>> = { start: "start", stop: "stop", monitor: "status", reload: "reload" };
/** How often a unit that is on its way up or down is asked again. */
const SETTLE_MS = 250;
const UNIMPLEMENTED: RunOutcome = { status: "done", rc: OCF_EXIT.unimplemented, exitReason: "" };

export interface InitRunners {
  readonly lsb: AgentRunner;
  readonly systemd: AgentRunner;
  readonly service: AgentRunner;
}

export function createInitRunners({ scripts = "/etc/init.d", systemctl = "systemctl" }: { scripts?: string; systemctl?: string } = {}): InitRunners {
  const lsb: AgentRunner = (request) => {
    const { type } = request.operation.agent;
    const command = join(scripts, type);
    if (!NAME.test(type) || !existsSync(command)) return notInstalled(`init script ${type}`);
    const action = LSB_ACTIONS[request.operation.task];
    if (action === undefined) return settled(UNIMPLEMENTED);
    return processRun(execute(command, [action], request), request.operation, (code) => ocfCodeOfLsb(action, code));
  };
  const systemd: AgentRunner = (request) => {
    const { type } = request.operation.agent;
    if (!NAME.test(type)) return notInstalled(`unit ${type}`);
    const unit = /\.(service|socket|mount|timer|path)$/.test(type) ? type : `${type}.service`;
    switch (request.operation.task) {
      case "start":
      case "reload":
        return processRun(execute(systemctl, ["--no-ask-password", request.operation.task, unit], request), request.operation, (code) => ocfCodeOfLsb("start", code));
      case "stop": // 5: no such unit, which is as stopped as can be
        return processRun(execute(systemctl, ["--no-ask-password", "stop", unit], request), request.operation, (code) => (code === 5 ? OCF_EXIT.ok : ocfCodeOfLsb("stop", code)));
      case "monitor":
        return watchUnit(systemctl, unit, request);
      default:
        return settled(UNIMPLEMENTED);
    }
  };
  return { lsb, systemd, service: (request) => (existsSync(join(scripts, request.operation.agent.type)) ? lsb : systemd)(request) };
}

function execute(command: string, args: readonly string[], request: SpawnRequest, timeoutMs: number = request.operation.timeoutMs): RunningProcess {
  return runProcess({ command, args, env: { PATH: AGENT_PATH, LC_ALL: "C", ...runMarker(request) }, timeoutMs, cwd: "/" });
}

/** A unit between two states is asked again until it is in one, or the time is over. */
function watchUnit(systemctl: string, unit: string, request: SpawnRequest): AgentRun {
  const { operation } = request;
  let current: RunningProcess | null = null;
  let killed = false;
  const watch = async (): Promise<RunOutcome> => {
    const until = performance.now() + operation.timeoutMs;
    while (!killed && performance.now() < until) {
      current = execute(systemctl, ["is-active", unit], request, Math.max(1, Math.ceil(until - performance.now())));
      const result = await current.result;
      const state = result.stdout.trim();
      if (state !== "activating" && state !== "deactivating") return outcomeOf(result, operation, () => rcOfUnit(state));
      await sleep(SETTLE_MS);
    }
    return { status: "timeout", rc: OCF_EXIT.error, exitReason: `${unit} did not settle within ${operation.timeoutMs} ms` };
  };
  const ended = watch().then((outcome) => ({ outcome, lingeringGroup: null }));
  const kill = (): void => {
    killed = true;
    current?.kill();
  };
  return { pid: null, ended, kill };
}

/** A failed unit does not run; it is the scheduler that knows whether it should. */
function rcOfUnit(state: string): number {
  return state === "active" || state === "reloading" ? OCF_EXIT.ok : OCF_EXIT.notRunning;
}
