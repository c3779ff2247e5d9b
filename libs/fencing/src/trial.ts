/** What one device did in one attempt. */
import type { MonotonicMs } from "@quorate/core";
import type { Plug } from "./host-map.ts";
import type { DeviceCommand } from "./power-command.ts";
import type { FenceDevice } from "./types.ts";

export interface Trial {
  readonly device: FenceDevice;
  readonly plug: Plug | null;
  readonly command: DeviceCommand;
  /** When this device's share of the budget is over. */
  readonly endMs: MonotonicMs;
  /** Commands given. */
  readonly tries: number;
  /** Status questions since the last command. */
  readonly polls: number;
  /** Until when the status is read again rather than the command repeated. */
  readonly windowEndMs: MonotonicMs;
  /** A command got no answer: it may still be carried out. */
  readonly inDoubt: boolean;
  /** Every command so far was certainly not carried out. */
  readonly refused: boolean;
  /** What the last status said; null when it could not be read. */
  readonly powered: boolean | null;
  readonly targets: readonly string[];
  /** Answer to the last command and to the last status question, for people. */
  readonly commandNote: string | null;
  readonly statusNote: string | null;
}

export function beginTrial(start: Pick<Trial, "device" | "plug" | "command" | "endMs">): Trial {
  return { ...start, tries: 0, polls: 0, windowEndMs: 0, inDoubt: false, refused: true, powered: null, targets: [], commandNote: null, statusNote: null };
}

/**
 * The outcome of a device that did not confirm. `failed` is a statement of fact: no command is in doubt, and either the status
 * says the opposite of what was wanted or no command was carried out. Everything else is `unknown`.
 */
export function unconfirmedOutcome(trial: Trial, wanted: boolean | null): "failed" | "unknown" {
  if (trial.inDoubt) return "unknown";
  if (trial.command.verified && wanted !== null && trial.powered === !wanted) return "failed";
  return trial.refused ? "failed" : "unknown";
}

export function describeTrial(trial: Trial): string {
  const times = trial.tries > 1 ? ` (${trial.tries} times)` : "";
  const notes = [
    trial.commandNote === null ? "no time left to ask" : `${trial.command.action}${times}: ${trial.commandNote}`,
    ...(trial.statusNote === null ? [] : [`status: ${trial.statusNote}`]),
  ];
  const plug = trial.plug === null ? "" : ` plug ${trial.plug}`;
  return `${trial.device.id}${plug}: ${notes.join("; ")}`;
}
