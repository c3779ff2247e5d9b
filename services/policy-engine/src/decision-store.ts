/**
 * The decisions that this node's policy-engine made as DC, in files of its state directory: bounded in count and bytes, the oldest go first.
 * A history for people: nothing of the cluster rests on it, so a file that cannot be written or read is said and otherwise left out.
 * A file is one line of JSON (the head), a line feed, and the compressed document. Only the owner may read it.
 */
import { mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { QuorateError } from "@quorate/core";
import type { Logger } from "@quorate/runtime";
import type { DecisionHead, DecisionRecord } from "./decision-record.ts";

export interface KeptDecision extends DecisionHead {
  /** Rising; never used twice in one state directory while any record is left. */
  readonly id: number;
  /** Of its file. */
  readonly bytes: number;
}

export interface DecisionStore {
  /** Returns at once; what cannot be kept is logged. */
  keep(record: DecisionRecord): void;
  /** Newest first. */
  list(): readonly KeptDecision[];
  /** The compressed document. @throws QuorateError QUORATE_NOT_FOUND */
  read(id: number): Promise<Uint8Array>;
  /** What waits to be written is written. */
  close(): Promise<void>;
}

export interface DecisionStoreLimits {
  readonly count: number;
  readonly bytes: number;
}

export const DECISION_LIMITS: DecisionStoreLimits = { count: 1_000, bytes: 64 * 1_048_576 };

/** Records that may wait for the disk; beyond this new ones are dropped. */
const WAITING_MAX = 32;
/** A head is one line; a longer one is none of ours. */
const HEAD_BYTES_MAX = 16_384;
const NAME = /^(\d{10})\.decision$/;

export async function openDecisionStore({ folder, log, limits = DECISION_LIMITS }: { readonly folder: string; readonly log: Logger; readonly limits?: DecisionStoreLimits }): Promise<DecisionStore> {
  const kept = await readHeads(folder, log);
  let nextId = 1 + Math.max(0, ...kept.map(({ id }) => id));
  let waiting = 0;
  let writing: Promise<void> = Promise.resolve();

  async function write(id: number, { head, document }: DecisionRecord): Promise<void> {
    const content = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), document]);
    const path = join(folder, fileName(id));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(`${path}.tmp`, content, { mode: 0o600 });
    await rename(`${path}.tmp`, path);
    kept.push({ ...head, id, bytes: content.byteLength });
    await dropOldest();
  }

  async function dropOldest(): Promise<void> {
    let bytes = kept.reduce((sum, one) => sum + one.bytes, 0);
    while (kept.length > limits.count || (bytes > limits.bytes && kept.length > 1)) {
      const [oldest] = kept.splice(0, 1);
      if (oldest === undefined) return;
      bytes -= oldest.bytes;
      await rm(join(folder, fileName(oldest.id)), { force: true });
    }
  }

  return {
    keep(record) {
      if (waiting >= WAITING_MAX) return log.warn({ waiting }, "a decision is not kept in the history: the disk is too slow");
      const id = nextId++;
      waiting += 1;
      writing = writing.then(() => write(id, record)).catch((error: unknown) => log.warn({ decision: id, why: textOf(error) }, "a decision cannot be kept in the history")).finally(() => {
        waiting -= 1;
      });
    },
    list: () => kept.toReversed(),
    async read(id) {
      if (!kept.some((one) => one.id === id)) throw new QuorateError("QUORATE_NOT_FOUND", `no decision ${id} is kept here`);
      try {
        const content = await readFile(join(folder, fileName(id)));
        return content.subarray(content.indexOf(0x0a) + 1);
      } catch (error) {
        throw new QuorateError("QUORATE_NOT_FOUND", `decision ${id} cannot be read: ${textOf(error)}`, { cause: error });
      }
    },
    close: () => writing,
  };
}

function fileName(id: number): string {
  return `${String(id).padStart(10, "0")}.decision`;
}

/** Oldest first. What is half written or damaged is left out. */
async function readHeads(folder: string, log: Logger): Promise<KeptDecision[]> {
  const kept: KeptDecision[] = [];
  for (const name of (await namesIn(folder, log)).toSorted()) {
    const id = NAME.exec(name)?.[1];
    if (id === undefined) continue;
    try {
      const head = await readHead(join(folder, name));
      if (head !== null) kept.push({ ...head, id: Number(id), bytes: (await stat(join(folder, name))).size });
      else log.warn({ file: name }, "a decision in the history is damaged and left out");
    } catch (error) {
      log.warn({ file: name, why: textOf(error) }, "a decision in the history cannot be read");
    }
  }
  return kept;
}

async function namesIn(folder: string, log: Logger): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") log.warn({ folder, why: textOf(error) }, "the history of decisions cannot be read");
    return [];
  }
}

async function readHead(path: string): Promise<DecisionHead | null> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES_MAX), 0, HEAD_BYTES_MAX, 0);
    const end = buffer.subarray(0, bytesRead).indexOf(0x0a);
    return end < 0 ? null : headOf(buffer.toString("utf8", 0, end));
  } finally {
    await file.close();
  }
}

function headOf(line: string): DecisionHead | null {
  try {
    const { atMs, trigger, transition, actions, fencing, digest } = JSON.parse(line) as Partial<DecisionHead>;
    const whole = typeof atMs === "number" && typeof trigger === "string" && typeof actions === "number" && typeof digest === "string" && Array.isArray(fencing);
    return whole ? { atMs, trigger, transition: transition ?? null, actions, fencing, digest } : null;
  } catch {
    return null; // not JSON: the caller tells that it is damaged
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
