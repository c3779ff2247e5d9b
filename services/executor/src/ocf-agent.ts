/** Agents of class `ocf`: `<directory>/<provider>/<type> ACTION`, parameters in the environment. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type AgentHost, agentCandidates, operationEnvironment } from "@quorate/ocf";
import { runProcess } from "@quorate/runtime";
import { type AgentRunner, notInstalled, processRun } from "./agent-run.ts";
import { runMarker } from "./leftover.ts";

/** No separators and no leading dot: a name from the CIB never leads out of the agents' directories. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/;

export function createOcfRunner({ directories, host }: { directories: readonly string[]; host: AgentHost }): AgentRunner {
  return ({ operation, session, callId }) => {
    const { provider, type } = operation.agent;
    const command = findAgent(directories, agentCandidates(operation.agent));
    if (command === null) return notInstalled(`agent ocf:${provider ?? "heartbeat"}:${type}`);
    const env = { ...operationEnvironment(operation, host), ...runMarker({ session, callId }) };
    return processRun(runProcess({ command, args: [operation.task], env, timeoutMs: operation.timeoutMs, cwd: "/" }), operation);
  };
}

/** Looked up at each run: agents come and go with packages. The first name that is there wins, in the first directory that has it. */
function findAgent(directories: readonly string[], candidates: readonly { readonly provider: string; readonly type: string }[]): string | null {
  for (const { provider, type } of candidates) {
    if (!NAME.test(provider) || !NAME.test(type)) continue;
    const path = directories.map((directory) => join(directory, provider, type)).find((file) => existsSync(file));
    if (path !== undefined) return path;
  }
  return null;
}
