/**
 * Child processes: resource agents and fence agents. Each runs in its own session and process group, so that one signal reaches all that it
 * started. A daemon that an agent leaves behind may hold stdout and stderr open; the end of the agent is the end of the run.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { setImmediate as nextRound, setTimeout as sleep } from "node:timers/promises";
import { deferred } from "./deferred.ts";
import { groupAlive, killGroup } from "./process-group.ts";

export interface RunOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; nothing is inherited. */
  readonly env: Record<string, string>;
  readonly stdin?: string;
  readonly timeoutMs: number;
  /** Characters kept of each stream, the last ones. Default 64 KiB. */
  readonly outputLimit?: number;
  readonly cwd?: string;
}

export interface RunResult {
  /** Exit code, null when a signal ended it or it never ran. */
  readonly code: number | null;
  readonly signal: string | null;
  /** The whole group was killed because the time was over. What the agent had done by then is unknown. */
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
  /** Why the command could not be started (not found, not executable, no more processes); null when it ran. */
  readonly spawnError: string | null;
}

export interface RunningProcess {
  /** Also the id of the process group; 0 when the command could not be started. */
  readonly pid: number;
  /** Never rejects. After a timeout or `kill` it resolves when the group is gone, or 5 s after the kill (see `groupAlive`). */
  readonly result: Promise<RunResult>;
  /** SIGKILL for the whole group. */
  kill(): void;
}

interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

const OUTPUT_LIMIT = 65_536;
/**
 * The event loop reads the pipes before it reports the exit, and what the process wrote was there by then; the rounds are for a poll that was
 * full. Waiting for the end of the pipes instead would wait for every daemon that inherited them.
 */
const DRAIN_ROUNDS = 2;
const GROUP_GONE_MS = 5_000;

/** Starts a command at once. Arguments and environment are given as they are; no shell is involved. */
export function runProcess(options: RunOptions): RunningProcess {
  const startedAt = performance.now();
  const failed = (error: unknown): RunningProcess => ({
    pid: 0,
    result: Promise.resolve({
      code: null, signal: null, timedOut: false, stdout: "", stderr: "",
      elapsedMs: performance.now() - startedAt, spawnError: error instanceof Error ? error.message : String(error),
    }),
    kill: () => {},
  });
  let child: ChildProcessWithoutNullStreams;
  try {
    child = spawn(options.command, [...options.args], {
      env: options.env, detached: true, stdio: "pipe",
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
  } catch (error) {
    return failed(error);
  }
  const { pid } = child;
  if (pid === undefined) {
    const error = new Promise<Error>((resolve) => child.once("error", resolve));
    return { ...failed(null), result: error.then((cause) => failed(cause).result) };
  }
  return supervise(child, pid, options, startedAt);
}

function supervise(child: ChildProcessWithoutNullStreams, pid: number, options: RunOptions, startedAt: number): RunningProcess {
  const { promise: unkillable, resolve: giveUp } = deferred<Exit>();
  let patience: NodeJS.Timeout | null = null;
  let timedOut = false;
  const kill = (): void => {
    killGroup(pid);
    patience ??= setTimeout(() => giveUp({ code: null, signal: null }), GROUP_GONE_MS);
  };
  const stdout = keepTail(child.stdout, options.outputLimit ?? OUTPUT_LIMIT);
  const stderr = keepTail(child.stderr, options.outputLimit ?? OUTPUT_LIMIT);
  child.on("error", () => {}); // a failed kill or stdin; the exit tells the rest
  child.stdin.on("error", () => {}); // an agent need not read its input
  child.stdin.end(options.stdin ?? "");
  const exited = new Promise<Exit>((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, options.timeoutMs);

  const finish = async (): Promise<RunResult> => {
    const { code, signal } = await Promise.race([exited, unkillable]); // one that waits for a disk does not exit, whatever it is sent
    clearTimeout(timer);
    for (let round = 0; round < DRAIN_ROUNDS; round += 1) await nextRound();
    if (patience !== null && (code !== null || signal !== null)) await groupGone(pid);
    if (patience !== null) clearTimeout(patience);
    const result = { code, signal, timedOut, stdout: stdout.text(), stderr: stderr.text(), elapsedMs: performance.now() - startedAt, spawnError: null };
    stdout.release();
    stderr.release();
    return result;
  };
  return { pid, result: finish(), kill };
}

/** Kill can meet a member that is just forking, so it is repeated until nobody is left. */
async function groupGone(pgid: number): Promise<void> {
  const until = performance.now() + GROUP_GONE_MS;
  for (let waitMs = 1; groupAlive(pgid) && performance.now() < until; waitMs = Math.min(waitMs * 2, 50)) {
    killGroup(pgid);
    await sleep(waitMs);
  }
}

interface Tail {
  text(): string;
  /** Forgets the text. A daemon that still writes is read and ignored, so that it neither blocks nor gets SIGPIPE. */
  release(): void;
}

function keepTail(stream: NodeJS.ReadableStream & { unref?: () => void }, limit: number): Tail {
  let chunks: string[] = [];
  let length = 0;
  let kept = true;
  stream.setEncoding("utf8");
  stream.on("error", () => {});
  stream.on("data", (chunk: string) => {
    if (!kept) return;
    chunks.push(chunk);
    length += chunk.length;
    if (length <= 2 * limit) return;
    chunks = [chunks.join("").slice(-limit)];
    length = limit;
  });
  return {
    text: () => (limit === 0 ? "" : chunks.join("").slice(-limit)),
    release: () => {
      kept = false;
      chunks = [];
      stream.unref?.();
    },
  };
}
