/** Exit codes of every command: Pacemaker's where it has one (its manual, "Exit codes"). */
import { QUORATE_ERRORS, type QuorateErrorCode } from "@quorate/core";

export const EXIT = {
  ok: 0,
  error: 1,
  usage: 64,
  badData: 65,
  noInput: 66,
  cannotCreate: 73,
  notFound: 105,
  noQuorum: 106,
  unsafe: 107,
  indeterminate: 112,
} as const;

export function exitOfCode(code: QuorateErrorCode): number {
  return QUORATE_ERRORS[code].exit;
}

/** A command that cannot do what was asked, for a reason on this side of the connection. The message says what to do. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly exit: number;

  constructor(exit: number, message: string) {
    super(message);
    this.exit = exit;
  }
}
