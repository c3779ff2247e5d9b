/** Runs a program and says what it cost: CPU of user and system as the shell's `times` has it, and the greatest memory seen. */
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

export interface Cost {
  readonly cpuS: number;
  readonly wallS: number;
  /** Peak resident memory in KiB, looked at every few milliseconds. */
  readonly peakKb: number;
  readonly stdout: string;
}

const LOOK_MS = 10;

/** Null when the program is not there, failed or took too long. */
export async function measure(command: readonly string[], { timeoutMs, env }: { timeoutMs: number; env: Record<string, string> }): Promise<Cost | null> {
  const startedMs = performance.now();
  // bash waits for the program and tells the CPU of it in its last line.
  const script = `TIMEFORMAT='quorate-cpu %U %S'; time "$@"`;
  const child = spawn("bash", ["-c", script, "bench", ...command], { env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  let peakKb = 0;
  child.stdout.setEncoding("utf8").on("data", (part: string) => void (stdout += part.length > 100_000 ? "" : part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => void (stderr = (stderr + part).slice(-10_000)));
  const look = setInterval(() => void (peakKb = Math.max(peakKb, ...childrenOf(child.pid ?? 0).map(residentPeakKb))), LOOK_MS);
  const limit = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", resolve);
  });
  clearInterval(look);
  clearTimeout(limit);
  const [, user, system] = /quorate-cpu ([\d.]+) ([\d.]+)/.exec(stderr) ?? [];
  if (code !== 0 || user === undefined) return null;
  return { cpuS: Number(user) + Number(system), wallS: (performance.now() - startedMs) / 1_000, peakKb, stdout };
}

function childrenOf(pid: number): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && new RegExp(`^\\d+ \\(.*\\) \\S ${pid} `).test(read(`/proc/${name}/stat`)));
}

function residentPeakKb(pid: string): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // it ended meanwhile
  }
}
