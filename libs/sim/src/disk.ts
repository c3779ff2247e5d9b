/** The disks of one node: what survives. A write that was not synced when the power went is there or is not. */
import type { StoredIdentity } from "@quorate/controller";
import type { StoredRecord } from "@quorate/execution";
import type { LedgerEntry, StoredFencing } from "@quorate/fencing";
import type { Entry, HardState } from "@quorate/raft";

export class NodeDisk {
  readonly identity: { value: StoredIdentity };
  hardState: HardState = { term: 0, votedFor: null, commit: 0 };
  entries: Entry[] = [];
  readonly executor: Map<string, string> = new Map();
  fencing: StoredFencing = { authority: null, ledger: [] };

  constructor(storeId: string) {
    this.identity = { value: { storeId, clusterUuid: null, roster: null } };
  }

  saveRaft({ hardState, append, identity }: { readonly hardState: HardState | null; readonly append: readonly Entry[]; readonly identity: StoredIdentity | null }): void {
    if (identity !== null) this.identity.value = identity;
    if (append.length > 0) this.entries = [...this.entries.slice(0, append[0]!.index - 1), ...append];
    if (hardState !== null) this.hardState = hardState;
  }

  saveExecutor(records: readonly StoredRecord[]): void {
    for (const { key, value } of records) {
      if (value === null) this.executor.delete(key);
      else this.executor.set(key, value);
    }
  }

  saveFencing({ authority, put, remove }: { readonly authority: StoredFencing["authority"]; readonly put: readonly LedgerEntry[]; readonly remove: readonly string[] }): void {
    const ledger = new Map(this.fencing.ledger.map((entry) => [entry.fenceId, entry]));
    for (const entry of put) ledger.set(entry.fenceId, entry);
    for (const fenceId of remove) ledger.delete(fenceId);
    this.fencing = { authority: authority ?? this.fencing.authority, ledger: [...ledger.values()] };
  }
}
