import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Operation, RunOutcome } from "@quorate/execution";
import { type RunningProcess, groupAlive, processStartTime, rpcHandler, runProcess, serveRpc, silentLogger } from "@quorate/runtime";
import { FencingGatewayServiceService, type FenceRequestProto, type FenceResponseProto, fenceReplyToProto, fenceRequestFromProto } from "@quorate/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AgentRunner } from "./agent-run.ts";
import { createFenceDeviceRunner } from "./fence-device-agent.ts";
import { createInitRunners } from "./init-agent.ts";
import { reap, runMarker } from "./leftover.ts";
import { createOcfRunner } from "./ocf-agent.ts";
import { redact } from "./redact.ts";

let dir: string;
beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), "quorate-classes-"))));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function script(path: string, text: string): string {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

function operation(task: string, agent: Operation["agent"], more: Partial<Operation> = {}): Operation {
  return { transitionKey: "k", resource: "r:0", agent, task, intervalMs: 0, timeoutMs: 3_000, targetRc: 0, parameters: {}, meta: {}, ...more };
}

async function run(runner: AgentRunner, what: Operation, active = false): Promise<RunOutcome> {
  const { outcome } = await runner({ kind: "spawn", callId: 7, session: "s", authority: { term: 3, view: 4 }, operation: what, active }).ended;
  return outcome;
}

describe("class ocf", () => {
  const host = { node: "n", ocfRoot: "/usr/lib/ocf", stateDirectory: "/tmp" };
  const ocf = { class: "ocf", provider: "p", type: "t" };

  test("the first directory that has the agent wins; a name never leads out of them", async () => {
    script(join(dir, "one/p/t"), "exit 8");
    script(join(dir, "two/p/t"), "exit 0");
    script(join(dir, "two/p/u"), "exit 9");
    script(join(dir, "outside"), "exit 0");
    const runner = createOcfRunner({ directories: [join(dir, "one"), join(dir, "two")], host });
    expect(await run(runner, operation("monitor", ocf))).toMatchObject({ status: "done", rc: 8 });
    expect(await run(runner, operation("monitor", { ...ocf, type: "u" }))).toMatchObject({ status: "done", rc: 9 });
    for (const agent of [{ ...ocf, provider: "..", type: "outside" }, { ...ocf, type: "../../outside" }, { ...ocf, type: "" }]) {
      expect(await run(runner, operation("monitor", agent))).toMatchObject({ status: "done", rc: 5 });
    }
  });

  test.each([
    { name: "a signal is an error", text: "kill -SEGV $$", want: { status: "error", rc: 1, exitReason: "the agent was ended by SIGSEGV" } },
    { name: "time over is a timeout", text: "sleep 60", want: { status: "timeout", rc: 1, exitReason: "monitor did not end within 100 ms" } },
    { name: "a missing interpreter is not installed", text: "", first: "#!/nowhere/sh", want: { status: "done", rc: 5 } },
    { name: "a file that is no program may not be executed", text: "", mode: 0o644, want: { status: "done", rc: 4 } },
  ])("$name", async ({ text, first, mode, want }) => {
    const path = script(join(dir, "odd/p/t"), text);
    if (first !== undefined) writeFileSync(path, `${first}\n`);
    chmodSync(path, mode ?? 0o755);
    const runner = createOcfRunner({ directories: [join(dir, "odd")], host });
    expect(await run(runner, operation("monitor", ocf, { timeoutMs: 100 }))).toMatchObject(want);
  });
});

describe("classes lsb, systemd and service", () => {
  const agent = (type: string, cls = "lsb"): Operation["agent"] => ({ class: cls, provider: null, type });

  test("an init script's status is mapped; what it does not know is unimplemented; an absent one is not installed", async () => {
    const { lsb } = createInitRunners({ scripts: join(dir, "init.d") });
    script(join(dir, "init.d/web"), `case $1 in status) exit 3;; start) exit 0;; stop) exit 1;; esac`);
    const codes = [];
    for (const task of ["monitor", "start", "stop", "promote"]) codes.push((await run(lsb, operation(task, agent("web")))).rc);
    expect(codes).toEqual([7, 0, 1, 3]);
    expect(await run(lsb, operation("monitor", agent("../init.d/web")))).toMatchObject({ rc: 5 });
    expect(await run(lsb, operation("monitor", agent("absent")))).toMatchObject({ rc: 5 });
  });

  /** Speaks like systemctl of the unit in the file `state`. */
  function unit(state: string): AgentRunner {
    writeFileSync(join(dir, "state"), state);
    const systemctl = script(join(dir, "systemctl"), `echo "$*" >> ${dir}/systemctl.log
case "$*" in
  is-active*) read -r s < ${dir}/state; echo $s; [ $s = activating ] && echo active > ${dir}/state; [ $s = active ];;
  *start*) exit 0;;
  *stop*) exit 5;;
esac`);
    return createInitRunners({ scripts: join(dir, "init.d"), systemctl }).systemd;
  }

  test.each([
    { state: "active", rc: 0 }, { state: "reloading", rc: 0 }, { state: "inactive", rc: 7 }, { state: "failed", rc: 7 }, { state: "activating", rc: 0 },
  ])("a unit that is $state is $rc", async ({ state, rc }) => expect(await run(unit(state), operation("monitor", agent("web", "systemd")))).toMatchObject({ status: "done", rc }));

  test("a unit that never settles is a timeout", async () => {
    expect(await run(unit("deactivating"), operation("monitor", agent("web", "systemd"), { timeoutMs: 300 }))).toMatchObject({ status: "timeout" });
  });

  test("start waits for the unit; stopping what does not exist is done; service prefers the init script", async () => {
    const systemd = unit("active");
    expect(await run(systemd, operation("start", agent("web@1", "systemd")))).toMatchObject({ rc: 0 });
    expect(await run(systemd, operation("stop", agent("gone.socket", "systemd")))).toMatchObject({ rc: 0 });
    expect(readFileSync(join(dir, "systemctl.log"), "utf8").trim().split("\n").slice(-2)).toEqual(["--no-ask-password start web@1.service", "--no-ask-password stop gone.socket"]);
    script(join(dir, "init.d/both"), "exit 6");
    const { service } = createInitRunners({ scripts: join(dir, "init.d"), systemctl: join(dir, "systemctl") });
    expect(await run(service, operation("start", agent("both", "service")))).toMatchObject({ rc: 6 });
    expect(await run(service, operation("start", agent("only-a-unit", "service")))).toMatchObject({ rc: 0 });
  });
});

describe("class stonith", () => {
  const agent = { class: "stonith", provider: null, type: "apc-pdu-snmp" };

  test("start and monitor ask the gateway for the device; a probe of what was not started does not", async () => {
    const asked: ReturnType<typeof fenceRequestFromProto>[] = [];
    let outcome: "succeeded" | "failed" = "succeeded";
    const fence = rpcHandler<FenceRequestProto, FenceResponseProto>((message) => {
      const request = fenceRequestFromProto(message);
      asked.push(request);
      return fenceReplyToProto({ fenceId: request.fenceId, outcome, device: null, detail: "no answer from 10.0.0.9", powered: null, targets: [], elapsedMs: 1 });
    });
    const gateway = await serveRpc({ addresses: [`unix:${dir}/fencing-gateway.sock`], services: [{ definition: FencingGatewayServiceService, implementation: { fence } }], log: silentLogger });
    const devices = createFenceDeviceRunner({ run: dir, node: "n1" });
    expect(await run(devices.runner, operation("monitor", agent))).toMatchObject({ rc: 7 });
    expect(await run(devices.runner, operation("stop", agent))).toMatchObject({ rc: 0 });
    expect(asked).toEqual([]);
    expect(await run(devices.runner, operation("start", agent, { parameters: { ip: "10.0.0.9" } }))).toMatchObject({ rc: 0 });
    expect(asked).toMatchObject([{ authority: { term: 3, view: 4 }, action: "monitor", target: null, devices: [{ id: "r", agent: "apc-pdu-snmp", parameters: { ip: "10.0.0.9" } }], timeoutMs: 3_000 }]);
    outcome = "failed";
    expect(await run(devices.runner, operation("monitor", agent), true)).toMatchObject({ status: "done", rc: 1, exitReason: "no answer from 10.0.0.9" });
    await gateway.close(0);
    expect(await run(devices.runner, operation("start", agent, { timeoutMs: 200 }))).toMatchObject({ rc: 1, exitReason: expect.stringContaining("did not answer") });
    devices.close();
  });
});

describe("what is left of a former life", () => {
  const slow = operation("start", { class: "ocf", provider: "p", type: "slow" });
  const effect = { kind: "reap", session: "former", operation: slow, pid: null, startTime: null } as const;
  const signal = new AbortController().signal;

  function leftover(callId: number): RunningProcess {
    const command = script(join(dir, "left/p/slow"), "sleep 733 & sleep 733");
    return runProcess({ command, args: ["start"], env: { PATH: "/usr/bin:/bin", ...runMarker({ session: "former", callId }) }, timeoutMs: 60_000 });
  }

  test("a run without a known pid is found by its marker, and killed with all that it started", async () => {
    const process = leftover(11);
    await expect.poll(() => readFileSync(`/proc/${process.pid}/cmdline`, "utf8")).toContain("slow");
    await reap({ ...effect, callId: 12 }, signal);
    expect(groupAlive(process.pid)).toBe(true);
    await reap({ ...effect, callId: 11 }, signal);
    expect(groupAlive(process.pid)).toBe(false);
    await process.result;
  });

  test("a pid that was given to another process since is left alone", async () => {
    const process = leftover(13);
    await reap({ ...effect, callId: 13, pid: process.pid, startTime: "1" }, signal);
    expect(groupAlive(process.pid)).toBe(true);
    await reap({ ...effect, callId: 13, pid: process.pid, startTime: processStartTime(process.pid) }, signal);
    expect(groupAlive(process.pid)).toBe(false);
    await process.result;
  });

  test("a daemon that a finished agent left behind is not the agent", async () => {
    const daemon = runProcess({ command: "sleep", args: ["734"], env: { PATH: "/usr/bin:/bin", ...runMarker({ session: "former", callId: 14 }) }, timeoutMs: 60_000 });
    await reap({ ...effect, callId: 14 }, signal);
    expect(groupAlive(daemon.pid)).toBe(true);
    daemon.kill();
    await daemon.result;
  });
});

test("values of parameters that look secret are not repeated", () => {
  expect(redact("login admin with hunter22 failed: hunter22", { passwd: "hunter22", login: "admin", snmp_community: "" })).toBe("login admin with [redacted] failed: [redacted]");
});
