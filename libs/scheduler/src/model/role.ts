/** Roles in their order (1-state A10). Legacy names are read, never written. */
import type { Role } from "../types.ts";

const RANK: Readonly<Record<Role, number>> = { Unknown: 0, Stopped: 1, Started: 2, Unpromoted: 3, Promoted: 4 };

const NAMES: Readonly<Record<string, Role>> = {
  unknown: "Unknown", stopped: "Stopped", started: "Started",
  unpromoted: "Unpromoted", slave: "Unpromoted", promoted: "Promoted", master: "Promoted",
};

export function rank(role: Role): number {
  return RANK[role];
}

/** Null when the text names no role. */
export function parseRole(text: string): Role | null {
  return NAMES[text.toLowerCase()] ?? null;
}
