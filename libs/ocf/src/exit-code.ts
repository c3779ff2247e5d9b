/** Exit codes of resource agents. Source: OCF Resource Agent API 1.1, section "Exit status codes"; degraded ones are Pacemaker's. */

export const OCF_EXIT = {
  ok: 0,
  error: 1,
  invalidParameter: 2,
  unimplemented: 3,
  insufficientPrivileges: 4,
  notInstalled: 5,
  notConfigured: 6,
  notRunning: 7,
  promoted: 8,
  promotedFailed: 9,
  degraded: 190,
  promotedDegraded: 191,
} as const;

/** What status displays call a code. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [OCF_EXIT.ok, "ok"],
  [OCF_EXIT.error, "error"],
  [OCF_EXIT.invalidParameter, "invalid parameter"],
  [OCF_EXIT.unimplemented, "unimplemented feature"],
  [OCF_EXIT.insufficientPrivileges, "insufficient privileges"],
  [OCF_EXIT.notInstalled, "not installed"],
  [OCF_EXIT.notConfigured, "not configured"],
  [OCF_EXIT.notRunning, "not running"],
  [OCF_EXIT.promoted, "promoted"],
  [OCF_EXIT.promotedFailed, "promoted (failed)"],
  [OCF_EXIT.degraded, "degraded"],
  [OCF_EXIT.promotedDegraded, "promoted (degraded)"],
]);

export function ocfExitName(rc: number): string {
  return NAMES.get(rc) ?? `unknown (${rc})`;
}

/** Codes by which a monitor says that the resource is active, in whatever health. */
export function meansActive(rc: number): boolean {
  return rc === OCF_EXIT.ok || rc === OCF_EXIT.promoted || rc === OCF_EXIT.degraded || rc === OCF_EXIT.promotedDegraded;
}

const LSB_STATUS: Readonly<Record<number, number>> = { 0: OCF_EXIT.ok, 1: OCF_EXIT.error, 2: OCF_EXIT.error, 3: OCF_EXIT.notRunning, 4: OCF_EXIT.insufficientPrivileges };
const LSB_ACTION: Readonly<Record<number, number>> = {
  0: OCF_EXIT.ok, 2: OCF_EXIT.invalidParameter, 3: OCF_EXIT.unimplemented, 4: OCF_EXIT.insufficientPrivileges,
  5: OCF_EXIT.notInstalled, 6: OCF_EXIT.notConfigured, 7: OCF_EXIT.notRunning,
};

/**
 * OCF code for what an init script answered. `status` has codes of its own (3: stopped; 1 and 2: dead with a pid or lock
 * file left); for the other actions both standards agree. Source: LSB 5.0, "Init Script Actions".
 */
export function ocfCodeOfLsb(action: string, code: number): number {
  return (action === "status" ? LSB_STATUS[code] : LSB_ACTION[code]) ?? OCF_EXIT.error;
}
