/** The executor's records: what must be known after a crash of the executor, and what of it survives a reboot. */
import type { Authority, BootId, NodeName, SessionId, WallMs } from "@quorate/core";
import type { StoredRecord } from "./effect.ts";
import type { Operation, OperationResult } from "./types.ts";

/** The newest authority ever obeyed. Outlives reboots. */
export interface GateRecord {
  readonly authority: Authority;
  readonly dc: NodeName | null;
  /** A clean leave under this authority: nothing starts until a newer one claims. */
  readonly closed: boolean;
}

/** A run that was begun; there is at most one per resource. */
export interface FlightRecord {
  readonly callId: number;
  /** Life of the executor that began it. */
  readonly session: SessionId;
  readonly operation: Operation;
  readonly pid: number | null;
  readonly startTime: string | null;
  readonly startedAtMs: WallMs;
  readonly queueMs: number;
}

interface LifeRecord {
  readonly format: 1;
  readonly bootId: BootId;
}

export interface Stored {
  /** Null in an empty store. */
  readonly bootId: BootId | null;
  readonly gate: GateRecord;
  readonly history: readonly OperationResult[];
  readonly flights: readonly FlightRecord[];
  /** Keys of everything that is void after a reboot. */
  readonly volatileKeys: readonly string[];
}

export const EMPTY_GATE: GateRecord = { authority: { term: 0, view: 0 }, dc: null, closed: false };

const LIFE_KEY = "life";
const GATE_KEY = "gate";
const HISTORY_PREFIX = "history/";
const FLIGHT_PREFIX = "flight/";

/** Names the kind of an operation: results with the same key follow each other. */
export function operationKey({ resource, task, intervalMs }: Pick<Operation, "resource" | "task" | "intervalMs">): string {
  return `${resource}/${task}/${intervalMs}`;
}

export function lifeRecord(bootId: BootId): StoredRecord {
  const record: LifeRecord = { format: 1, bootId };
  return { key: LIFE_KEY, value: JSON.stringify(record) };
}

export function gateRecord(gate: GateRecord): StoredRecord {
  return { key: GATE_KEY, value: JSON.stringify(gate) };
}

export function historyRecord(result: OperationResult): StoredRecord {
  return { key: HISTORY_PREFIX + operationKey(result.operation), value: JSON.stringify(result) };
}

export function forgottenRecord(key: string): StoredRecord {
  return { key: HISTORY_PREFIX + key, value: null };
}

export function flightRecord(flight: FlightRecord): StoredRecord {
  return { key: FLIGHT_PREFIX + flight.operation.resource, value: JSON.stringify(flight) };
}

export function landedRecord(resource: string): StoredRecord {
  return { key: FLIGHT_PREFIX + resource, value: null };
}

/** Reads a whole store. Records are trusted: they carry checksums below this layer. */
export function readStored(records: Iterable<StoredRecord>): Stored {
  let bootId: BootId | null = null;
  let gate = EMPTY_GATE;
  const history: OperationResult[] = [];
  const flights: FlightRecord[] = [];
  const volatileKeys: string[] = [];
  for (const { key, value } of records) {
    if (value === null) continue;
    if (key === LIFE_KEY) bootId = (JSON.parse(value) as LifeRecord).bootId;
    if (key === GATE_KEY) gate = JSON.parse(value) as GateRecord;
    if (key.startsWith(HISTORY_PREFIX)) history.push(JSON.parse(value) as OperationResult);
    if (key.startsWith(FLIGHT_PREFIX)) flights.push(JSON.parse(value) as FlightRecord);
    if (key.startsWith(HISTORY_PREFIX) || key.startsWith(FLIGHT_PREFIX)) volatileKeys.push(key);
  }
  return { bootId, gate, history, flights, volatileKeys };
}
