/**
 * Delivery of the outbox to all recipients while this instance is the active one (it stands beside the DC). Every event that a
 * recipient wants is delivered at least once and in order; what was not yet committed when another instance takes over is
 * delivered again, with the same event id. Source: ARCHITECTURE D9 and invariant 6.
 */
import type { ClusterEvent, MonotonicMs } from "@quorate/core";
import { BEGINNING, type Position } from "./position.ts";
import { type DeliveryLimits, Recipient, type RecipientEffect, type RecipientStatus } from "./recipient.ts";
import type { Sink } from "./routing.ts";

export type DeliveryInput =
  /** This instance is to deliver, from these cursors on; a recipient without one begins with the oldest event kept. */
  | { readonly kind: "activate"; readonly cursors: readonly { readonly recipient: string; readonly position: Position }[] }
  /** Another instance delivers; everything under way is forgotten, results that still come are ignored. */
  | { readonly kind: "deactivate" }
  /** This instance is about to stop: nothing new is begun, results still count and are committed. */
  | { readonly kind: "drain" }
  /** Read for the `follow` with that id. */
  | { readonly kind: "event"; readonly recipient: string; readonly followId: number; readonly event: ClusterEvent }
  | { readonly kind: "delivered"; readonly recipient: string; readonly deliveryId: number }
  /** `permanent`: the recipient says that trying again is of no use; it is tried again all the same, but somebody is told at once. */
  | { readonly kind: "failed"; readonly recipient: string; readonly deliveryId: number; readonly reason: string; readonly permanent: boolean }
  | { readonly kind: "committed"; readonly recipient: string; readonly position: Position; readonly ok: boolean }
  /** Time has passed; see `nextWakeMs`. */
  | { readonly kind: "tick" };

/** Effects of one step; they may be performed at the same time. */
export type DeliveryEffect = RecipientEffect;

export interface DeliveryCore {
  step(input: DeliveryInput, nowMs: MonotonicMs): readonly DeliveryEffect[];
  /** When a `tick` is next of use; null when only inputs can change anything. */
  nextWakeMs(): MonotonicMs | null;
  active(): boolean;
  /** From where a recipient's reading of the outbox goes on; the beginning for one that is not known. */
  position(recipient: string): Position;
  /** In the order of the sinks; empty while not active. */
  status(): readonly RecipientStatus[];
}

export const DELIVERY_DEFAULTS: DeliveryLimits = {
  retryMs: { first: 500, max: 30_000 },
  failingAfter: 5,
  deadLetterAfter: null,
  queueMax: 256,
  commitIntervalMs: 250,
};

export function createDeliveryCore(options: { readonly sinks: readonly Sink[]; readonly limits: DeliveryLimits }): DeliveryCore {
  let recipients: ReadonlyMap<string, Recipient> | null = null;
  let lastId = 0;

  function begin(cursors: readonly { readonly recipient: string; readonly position: Position }[]): void {
    const known = new Map(cursors.map(({ recipient, position }) => [recipient, position]));
    const nextId = (): number => (lastId += 1);
    recipients = new Map(options.sinks.map((sink) => [sink.name, new Recipient({ sink, limits: options.limits, cursor: known.get(sink.name) ?? BEGINNING, nextId })]));
  }

  function take(input: DeliveryInput, nowMs: MonotonicMs): readonly DeliveryEffect[] {
    switch (input.kind) {
      case "activate":
        if (recipients === null) begin(input.cursors);
        return [];
      case "deactivate": {
        const names = [...(recipients?.keys() ?? [])];
        recipients = null;
        return names.map((recipient) => ({ kind: "unfollow", recipient }));
      }
      case "drain":
        for (const recipient of recipients?.values() ?? []) recipient.drain();
        return [];
      case "event":
        recipients?.get(input.recipient)?.take(input.followId, input.event);
        return [];
      case "delivered":
        return recipients?.get(input.recipient)?.delivered(input.deliveryId) ?? [];
      case "failed":
        return recipients?.get(input.recipient)?.failed(input.deliveryId, { reason: input.reason, permanent: input.permanent, nowMs }) ?? [];
      case "committed":
        recipients?.get(input.recipient)?.committed(input.position, input.ok, nowMs);
        return [];
      case "tick":
        return [];
    }
  }

  return {
    step(input, nowMs) {
      const effects = take(input, nowMs);
      const next = [...(recipients?.values() ?? [])].flatMap((recipient) => recipient.advance(nowMs));
      return [...effects, ...next];
    },
    nextWakeMs() {
      const wakes = [...(recipients?.values() ?? [])].map((recipient) => recipient.nextWakeMs()).filter((wake) => wake !== null);
      return wakes.length === 0 ? null : Math.min(...wakes);
    },
    active: () => recipients !== null,
    position: (recipient) => recipients?.get(recipient)?.position() ?? BEGINNING,
    status: () => [...(recipients?.values() ?? [])].map((recipient) => recipient.status()),
  };
}
