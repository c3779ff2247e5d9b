/** Turns a change asked for by a client into an entry, and the entry's outcome into the client's answer. */
import { randomUUID } from "node:crypto";
import type { Answer, CommandOutcome, EngineInput, RequestCommand } from "@quorate/controller";
import { QUORATE_ERRORS, QuorateError, type QuorateErrorCode } from "@quorate/core";

export interface Requests {
  /** Resolves when the change is committed and applied here. @throws QuorateError of the refusal, or QUORATE_NO_QUORUM. */
  submit(make: (requestId: string) => RequestCommand): Promise<CommandOutcome>;
  answer(answer: Answer): void;
}

const WAITING_MAX = 1_000;

export function createRequests(post: (input: EngineInput) => void): Requests {
  const waiting = new Map<string, (outcome: CommandOutcome) => void>();
  return {
    async submit(make) {
      if (waiting.size >= WAITING_MAX) throw new QuorateError("QUORATE_OVERLOADED", `${WAITING_MAX} requests wait already`);
      const requestId = randomUUID();
      const outcome = await new Promise<CommandOutcome>((resolve, reject) => {
        waiting.set(requestId, resolve);
        try {
          post({ kind: "request", requestId, command: make(requestId) });
        } catch (error) {
          waiting.delete(requestId);
          reject(error);
        }
      });
      if (outcome.error !== null) throw new QuorateError(knownCode(outcome.error.code), outcome.error.message);
      return outcome;
    },
    answer({ requestId, outcome }) {
      const resolve = waiting.get(requestId);
      waiting.delete(requestId);
      resolve?.(outcome);
    },
  };
}

function knownCode(code: string): QuorateErrorCode {
  return code in QUORATE_ERRORS ? (code as QuorateErrorCode) : "QUORATE_UNSAFE";
}
