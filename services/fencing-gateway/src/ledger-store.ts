/** The gateway's durable memory: the newest authority it obeyed and the ledger. JSON records; they hold no secrets. */
import type { Authority } from "@quorate/core";
import type { LedgerEntry, PersistEffect, StoredFencing } from "@quorate/fencing";
import type { Store } from "@quorate/runtime";

const AUTHORITY_KEY = "authority";
const LEDGER_PREFIX = "ledger/";

/** @throws QuorateError QUORATE_STORE_CORRUPT */
export function loadFencing(store: Store): StoredFencing {
  const authority = store.get(AUTHORITY_KEY);
  return {
    authority: authority === null ? null : parse<Authority>(authority),
    ledger: [...store.range(LEDGER_PREFIX)].map(([, value]) => parse<LedgerEntry>(value)),
  };
}

/** Resolves when it is on disk. */
export async function persistFencing(store: Store, { authority, put, remove }: PersistEffect): Promise<void> {
  await store.write([
    ...(authority === null ? [] : [{ put: AUTHORITY_KEY, value: bytes(authority) }]),
    ...put.map((entry) => ({ put: key(entry.fenceId), value: bytes(entry) })),
    ...remove.map((fenceId) => ({ remove: key(fenceId) })),
  ]);
}

function key(fenceId: string): string {
  return `${LEDGER_PREFIX}${fenceId}`;
}

function parse<T>(value: Uint8Array): T {
  return JSON.parse(new TextDecoder().decode(value)) as T;
}

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
