/** Changes asked for by clients of this node, on their way to the leader and back as applied entries. */
import type { MonotonicMs, NodeName } from "@quorate/core";
import type { Command } from "./command.ts";

/** Commands a client may ask for. */
export type RequestCommand = Extract<Command, { kind: "cib" | "fenceConfirmed" | "cleanup" | "attribute" | "alarm" | "cursor" }>;

const KINDS: ReadonlySet<string> = new Set<RequestCommand["kind"]>(["cib", "fenceConfirmed", "cleanup", "attribute", "alarm", "cursor"]);

/** Whether another node may hand this over: everything else is the DC's own to say. */
export function isRequestCommand(command: Command): command is RequestCommand {
  return KINDS.has(command.kind);
}

const RESEND_MS = 1_000;

interface Waiting {
  readonly command: Command;
  readonly untilMs: MonotonicMs;
  sentAtMs: MonotonicMs;
  sentTo: NodeName | null;
}

export class RequestDesk {
  readonly #timeoutMs: number;
  readonly #waiting = new Map<string, Waiting>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  add(requestId: string, command: Command, nowMs: MonotonicMs): void {
    this.#waiting.set(requestId, { command, untilMs: nowMs + this.#timeoutMs, sentAtMs: Number.NEGATIVE_INFINITY, sentTo: null });
  }

  /** Commands to hand to the leader now: new ones, and those that were not applied after a while or went to another leader. */
  due(nowMs: MonotonicMs, leader: NodeName | null): readonly Command[] {
    if (leader === null) return [];
    const due = [...this.#waiting.values()].filter(({ sentAtMs, sentTo }) => sentTo !== leader || nowMs - sentAtMs >= RESEND_MS);
    for (const waiting of due) {
      waiting.sentAtMs = nowMs;
      waiting.sentTo = leader;
    }
    return due.map(({ command }) => command);
  }

  /** The request's entry was applied here; false when nobody on this node waits for it. */
  done(requestId: string): boolean {
    return this.#waiting.delete(requestId);
  }

  /** Gives up what waited too long. */
  expire(nowMs: MonotonicMs): readonly string[] {
    const late = [...this.#waiting].filter(([, { untilMs }]) => nowMs > untilMs).map(([requestId]) => requestId);
    for (const requestId of late) this.#waiting.delete(requestId);
    return late;
  }
}
