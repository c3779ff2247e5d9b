/** The Raft log, its hard state and the store's identity, in lmdb. A truncation and the entries that replace it are one batch. */
import { randomBytes } from "node:crypto";
import type { EngineStored, StoredIdentity } from "@quorate/controller";
import { QuorateError } from "@quorate/core";
import type { Entry, HardState } from "@quorate/raft";
import type { Store, StoreChange } from "@quorate/runtime";
import { decodeEntry, decodeHardState, encodeEntry, encodeHardState } from "@quorate/wire";

const HARD_STATE = "raft/hard-state";
const IDENTITY = "raft/identity";
const LOG_PREFIX = "raft/log/";

export interface LogStore {
  /** What was durable when the process started. A new store gets its identity here. */
  load(): Promise<EngineStored>;
  save(change: { readonly hardState: HardState | null; readonly append: readonly Entry[]; readonly identity: StoredIdentity | null }): Promise<void>;
}

export function createLogStore(store: Store): LogStore {
  let lastIndex = 0;
  return {
    async load() {
      const identity = await loadIdentity(store);
      const stored = store.get(HARD_STATE);
      const hardState = stored === null ? { term: 0, votedFor: null, commit: 0 } : decodeHardState(stored);
      const entries = [...store.range(LOG_PREFIX)].map(([, value]) => decodeEntry(value));
      const gap = entries.findIndex(({ index }, at) => index !== at + 1);
      if (gap >= 0) throw new QuorateError("QUORATE_STORE_CORRUPT", `raft log: entry ${gap + 1} is missing`, { details: { index: gap + 1 } });
      lastIndex = entries.length;
      return { identity, hardState, entries };
    },
    async save({ hardState, append, identity }) {
      const batch: StoreChange[] = append.map((entry) => ({ put: keyOf(entry.index), value: encodeEntry(entry) }));
      const last = append.at(-1)?.index ?? lastIndex;
      for (let index = last + 1; index <= lastIndex; index++) batch.push({ remove: keyOf(index) });
      if (hardState !== null) batch.push({ put: HARD_STATE, value: encodeHardState(hardState) });
      if (identity !== null) batch.push({ put: IDENTITY, value: new TextEncoder().encode(JSON.stringify(identity)) });
      await store.write(batch);
      lastIndex = last;
    },
  };
}

async function loadIdentity(store: Store): Promise<StoredIdentity> {
  const stored = store.get(IDENTITY);
  if (stored !== null) return JSON.parse(new TextDecoder().decode(stored)) as StoredIdentity;
  const identity: StoredIdentity = { storeId: randomBytes(16).toString("hex"), clusterUuid: null, roster: null };
  await store.write([{ put: IDENTITY, value: new TextEncoder().encode(JSON.stringify(identity)) }]);
  return identity;
}

/** Fixed width, so that keys sort by index. */
function keyOf(index: number): string {
  return `${LOG_PREFIX}${String(index).padStart(16, "0")}`;
}
