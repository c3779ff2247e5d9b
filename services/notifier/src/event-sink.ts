/** How one kind of recipient is told of an event. When and how often is @quorate/delivery's. */
import type { ClusterEvent } from "@quorate/core";

export type DeliveryOutcome =
  | { readonly ok: true }
  /** `reason` holds no secret. `permanent`: the recipient says that trying again is of no use. */
  | { readonly ok: false; readonly reason: string; readonly permanent: boolean };

export interface EventSink {
  readonly name: string;
  /** email, webhook or jetstream. */
  readonly kind: string;
  /** Answers within the configured time; never rejects. The same event may be given again. */
  deliver(event: ClusterEvent): Promise<DeliveryOutcome>;
  close(): void;
}

export const DELIVERED: DeliveryOutcome = { ok: true };

export function notDelivered(reason: string, permanent = false): DeliveryOutcome {
  return { ok: false, reason, permanent };
}

/** The text of an error without its stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
