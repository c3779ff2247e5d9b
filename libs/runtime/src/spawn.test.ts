import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { groupAlive, killGroup, processStartTime } from "./process-group.ts";
import { type RunOptions, runProcess } from "./spawn.ts";

const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" };
const shell = (script: string, more: Partial<RunOptions> = {}) => runProcess({ command: "sh", args: ["-c", script], env, timeoutMs: 5_000, ...more });

test.each([
  { name: "exit code 0 and both streams", script: "echo out; echo err >&2", want: { code: 0, signal: null, stdout: "out\n", stderr: "err\n", timedOut: false, spawnError: null } },
  { name: "another exit code", script: "exit 7", want: { code: 7, signal: null, timedOut: false } },
  { name: "a signal", script: "kill -TERM $$", want: { code: null, signal: "SIGTERM", timedOut: false } },
  { name: "input", script: "cat", more: { stdin: "action=off\nport=2\n" }, want: { code: 0, stdout: "action=off\nport=2\n" } },
  { name: "input that nobody reads", script: "exit 0", more: { stdin: "x".repeat(1_000_000) }, want: { code: 0, spawnError: null } },
  { name: "only the given environment", script: "echo [$A][$HOME]", more: { env: { ...env, A: "1" } }, want: { stdout: "[1][]\n" } },
  { name: "working directory", script: "pwd", more: { cwd: "/" }, want: { stdout: "/\n" } },
  { name: "the tail of long output", script: "seq 1 100000; echo end", more: { outputLimit: 20 }, want: { code: 0, stdout: "98\n99999\n100000\nend\n".slice(-20) } },
  { name: "all of output that fits", script: "seq 1 10000", want: { stdout: Array.from({ length: 10_000 }, (_, i) => `${i + 1}\n`).join("") } },
  { name: "UTF-8 cut by a read", script: "printf 'gr\\303'; sleep 0.05; printf '\\266\\303\\237e'", want: { stdout: "größe" } },
])("result carries $name", async ({ script, more, want }) => {
  expect(await shell(script, more).result).toMatchObject(want);
});

test.each([
  { name: "a command that does not exist", command: "/nonexistent/agent", error: /ENOENT/ },
  { name: "a file that is not executable", command: "/etc/passwd", error: /EACCES/ },
  { name: "a working directory that does not exist", command: "true", more: { cwd: "/nonexistent" }, error: /ENOENT/ },
  { name: "an argument that no command can have", command: "true", more: { args: ["a\0b"] }, error: /null bytes/ },
])("$name is a result, not an exception", async ({ command, more, error }) => {
  const process = runProcess({ command, args: [], env, timeoutMs: 1_000, ...more });
  expect(await process.result).toMatchObject({ code: null, signal: null, timedOut: false, spawnError: expect.stringMatching(error) });
  expect(process.pid).toBe(0);
  process.kill();
});

test("a daemon that holds stdout open does not hold the result, is not killed, and may go on writing", async () => {
  const agent = shell("(sleep 0.2; echo late; echo later >&2; sleep 60) & echo hi");
  const result = await agent.result;
  expect(result).toMatchObject({ code: 0, stdout: "hi\n", timedOut: false });
  expect(result.elapsedMs).toBeLessThan(1_000);
  await sleep(400);
  expect(groupAlive(agent.pid)).toBe(true);
  agent.kill();
  await expect.poll(() => groupAlive(agent.pid)).toBe(false);
});

test("all output is there when many commands write and end at once while daemons hold their pipes", async () => {
  const want = Array.from({ length: 5_000 }, (_, i) => `${i + 1}\n`).join("");
  const agents = Array.from({ length: 12 }, () => shell("sleep 60 & exec seq 1 5000"));
  const outputs = await Promise.all(agents.map(async (agent) => (await agent.result).stdout));
  for (const agent of agents) agent.kill();
  expect(outputs.filter((output) => output !== want)).toEqual([]);
});

test("the result of a killed group waits for a member that takes time to die", async () => {
  // Giving back this much memory takes the kernel a while after SIGKILL; the leader is gone at once.
  const agent = shell("head -c 150000000 /dev/zero | tail -c 150000000 | sleep 60 & wait", { timeoutMs: 700 });
  const alive = agent.result.then(() => groupAlive(agent.pid));
  expect(await alive).toBe(false);
});

test("timeout kills the whole group, children that ignore TERM included, and the result waits until it is gone", async () => {
  const agent = shell("trap '' TERM; (trap '' TERM; sleep 60) & (sleep 61 & sleep 62) & echo started; sleep 63", { timeoutMs: 300 });
  const result = await agent.result;
  expect(result).toMatchObject({ code: null, signal: "SIGKILL", timedOut: true, stdout: "started\n" });
  expect(groupAlive(agent.pid)).toBe(false);
  expect(result.elapsedMs).toBeGreaterThanOrEqual(290);
});

test("kill ends the group at once and is not a timeout", async () => {
  const agent = shell("sleep 60 & sleep 60");
  await sleep(50);
  agent.kill();
  expect(await agent.result).toMatchObject({ signal: "SIGKILL", timedOut: false });
  expect(groupAlive(agent.pid)).toBe(false);
});

test("the group of a process is its own, not ours", async () => {
  const agent = shell("sleep 60");
  const fields = readFileSync(`/proc/${agent.pid}/stat`, "utf8").split(") ")[1]?.split(" ");
  expect(fields?.slice(2, 4)).toEqual([String(agent.pid), String(agent.pid)]); // group and session
  agent.kill();
  await agent.result;
});

test("start time: the same while the process lives, different for another, null when it is gone", async () => {
  const [a, own] = [shell("sleep 60"), processStartTime(process.pid)];
  const start = processStartTime(a.pid);
  expect(start).toMatch(/^\d+$/);
  expect(processStartTime(a.pid)).toBe(start);
  expect(start).not.toBe(own);
  a.kill();
  await a.result;
  expect(processStartTime(a.pid)).toBeNull();
});

test("a group of zombies only is not alive", async () => {
  // The child leaves its group leader unreaped for a while: python's parent never waits.
  const holder = runProcess({ command: "sh", args: ["-c", "setsid sh -c 'echo $$; exit 0' & exec sleep 60"], env, timeoutMs: 10_000 });
  await sleep(200);
  const zombie = Number(readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8").trim().split(" ")[0]);
  expect(readFileSync(`/proc/${zombie}/stat`, "utf8")).toContain(") Z ");
  expect(groupAlive(zombie)).toBe(false);
  holder.kill();
  await holder.result;
});

test("killing a group that is gone, or the ids that mean everybody, does nothing", () => {
  for (const pgid of [0, 1, -1, 4_000_000]) killGroup(pgid);
  expect(groupAlive(4_000_000)).toBe(false);
});
