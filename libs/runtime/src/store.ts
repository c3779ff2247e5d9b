/**
 * Durable key-value records of one service: one lmdb environment per process.
 * Classic LMDB commits (`overlappingSync: false`): pages are written and fdatasynced, then the meta page is written and synced, then
 * the promise resolves. All batches that wait together share one commit; each is applied whole or not at all.
 * A record is stored as crc32 (4 bytes, big endian, over key and value) followed by the value.
 */
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { QuorateError, assert } from "@quorate/core";
import { open } from "lmdb";

export type StoreChange = { readonly put: string; readonly value: Uint8Array } | { readonly remove: string };

export interface Store {
  /** The committed value, a copy. @throws QuorateError QUORATE_STORE_CORRUPT with `details.key` when its checksum differs. */
  get(key: string): Uint8Array | null;
  /** Committed records whose key begins with `prefix`, in UTF-8 order, from one snapshot. Throws like `get`. */
  range(prefix: string): Iterable<[key: string, value: Uint8Array]>;
  /**
   * Applies the changes as one atomic batch, after every batch written before it. Resolves when it is fsynced.
   * Rejects with QUORATE_STORE_CORRUPT when the disk refuses; what is on disk is then unknown and the process should end.
   */
  write(batch: readonly StoreChange[]): Promise<void>;
  /** Waits for writes under way, then closes. */
  close(): Promise<void>;
}

const CHECKSUM_BYTES = 4;
/** LMDB's limit for keys is 1978 bytes with the default page size. */
const KEY_BYTES_MAX = 1024;

function checksum(key: string, value: Uint8Array): number {
  return crc32(value, crc32(key));
}

function seal(key: string, value: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(CHECKSUM_BYTES + value.byteLength);
  record.writeUInt32BE(checksum(key, value), 0);
  record.set(value, CHECKSUM_BYTES);
  return record;
}

function unseal(path: string, key: string, record: Buffer): Uint8Array {
  const value = record.subarray(CHECKSUM_BYTES);
  if (record.byteLength < CHECKSUM_BYTES || record.readUInt32BE(0) !== checksum(key, value)) {
    throw new QuorateError("QUORATE_STORE_CORRUPT", `${path}: checksum of record "${key}" differs`, { details: { path, key } });
  }
  return value;
}

/** Opens (and creates) the environment in the directory `path`. @throws QuorateError QUORATE_STORE_CORRUPT when it is not one of ours. */
export function openStore(path: string): Store {
  const db = openEnvironment(path);
  return {
    get(key) {
      const record = db.getBinary(key);
      return record === undefined ? null : unseal(path, key, record);
    },
    *range(prefix) {
      for (const { key, value } of db.getRange({ start: prefix })) {
        if (!key.startsWith(prefix)) return;
        yield [key, unseal(path, key, value)];
      }
    },
    async write(batch) {
      if (batch.length === 0) return;
      const written = db.batch(() => {
        for (const change of batch) {
          if ("put" in change) {
            assert(change.put !== "" && Buffer.byteLength(change.put) <= KEY_BYTES_MAX, `store key of ${change.put.length} characters`);
            void db.put(change.put, seal(change.put, change.value));
          } else void db.remove(change.remove);
        }
      });
      try {
        await written;
      } catch (cause) {
        throw new QuorateError("QUORATE_STORE_CORRUPT", `${path}: write failed: ${String(cause)}`, { cause, details: { path } });
      }
    },
    close: () => db.close(),
  };
}

function openEnvironment(path: string): import("lmdb").RootDatabase<Buffer, string> {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const db = open<Buffer, string>({ path, noSubdir: false, encoding: "binary", overlappingSync: false, maxDbs: 1 });
    chmodSync(path, 0o700);
    for (const directory of [path, dirname(path)]) syncDirectory(directory); // a new file is durable only with its name
    return db;
  } catch (cause) {
    throw new QuorateError("QUORATE_STORE_CORRUPT", `${path}: cannot open: ${String(cause)}`, { cause, details: { path } });
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
