/** Finds out whether this notifier is the active one: the one beside the DC. */
import type { Clock, Logger } from "@quorate/runtime";
import { reasonOf } from "./event-sink.ts";
import type { OutboxClient } from "./outbox-client.ts";

const POLL_MS = 1_000;
/** A policy-engine that is silent so long is not beside us any more: another instance will deliver. */
const SILENCE_MS = 5_000;

/** Calls `onChange` with the first answer and at each change. An activation that throws is tried again at the next poll. */
export function watchActive(options: { readonly outbox: OutboxClient; readonly node: string; readonly log: Logger; readonly clock: Clock; readonly onChange: (active: boolean) => Promise<void> }): { close(): void } {
  const { outbox, node, log, clock, onChange } = options;
  let active = false;
  let heardMs = clock.nowMs();
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  async function set(next: boolean, reason: string): Promise<void> {
    if (next === active || closed) return;
    await onChange(next);
    active = next;
    log.info({ active, reason }, active ? "delivering" : "not delivering");
  }

  async function poll(): Promise<void> {
    try {
      const dc = await outbox.dc();
      heardMs = clock.nowMs();
      await set(dc === node, dc === null ? "no DC is known" : `the DC is ${dc}`);
    } catch (error) {
      log.debug({ reason: reasonOf(error) }, "policy-engine does not answer");
      if (clock.nowMs() - heardMs > SILENCE_MS) await set(false, "the policy-engine does not answer");
    }
    if (!closed) timer = setTimeout(() => void poll(), POLL_MS);
  }

  void poll();
  return {
    close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
