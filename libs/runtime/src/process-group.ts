/** What /proc says about processes and process groups. */
import { readFileSync, readdirSync } from "node:fs";

interface ProcessStat {
  readonly state: string;
  readonly group: number;
  /** Clock ticks since boot. With the pid it names one process for ever. */
  readonly startTime: string;
}

/** Fields after the command name, which itself may hold spaces and parentheses (proc(5), "stat"). */
function readStat(pid: number | string): ProcessStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return null; // gone
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, , group] = fields;
  const startTime = fields[19];
  if (state === undefined || group === undefined || startTime === undefined) return null;
  return { state, group: Number(group), startTime };
}

/** Start time of a live process, field 22 of its stat; null when it is gone or a zombie. Guards against a pid used again. */
export function processStartTime(pid: number): string | null {
  const stat = readStat(pid);
  return stat === null || stat.state === "Z" || stat.state === "X" ? null : stat.startTime;
}

/** True while the group has a member that is not a zombie: zombies hold nothing, and some containers never reap them. */
export function groupAlive(pgid: number): boolean {
  try {
    process.kill(-pgid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return readdirSync("/proc").some((name) => {
    if (!/^\d/.test(name)) return false;
    const stat = readStat(name);
    return stat !== null && stat.group === pgid && stat.state !== "Z" && stat.state !== "X";
  });
}

/** SIGKILL for every member; nothing when there is none. The caller checks with `groupAlive`: a process in an uninterruptible wait stays. */
export function killGroup(pgid: number): void {
  if (pgid <= 1) return; // 0 and 1 would mean ourselves and everybody
  try {
    process.kill(-pgid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH" && (error as NodeJS.ErrnoException).code !== "EPERM") throw error;
  }
}
