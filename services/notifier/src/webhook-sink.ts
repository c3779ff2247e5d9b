/**
 * Webhooks: one CloudEvent per POST. `Quorate-Signature: sha256=<hex>` is the HMAC-SHA-256 of the body under the shared secret,
 * `Quorate-Timestamp` the second of sending; any 2xx is delivered. Source: CloudEvents HTTP binding 1.0, structured mode.
 */
import { createHmac } from "node:crypto";
import { eventToCloudEvent } from "@quorate/wire";
import { type WebhookSinkConfig, readSecret } from "@quorate/runtime";
import { DELIVERED, type EventSink, notDelivered, reasonOf } from "./event-sink.ts";

/** Of the 4xx, those that time may mend: time-out, too early, too many. */
const TRANSIENT_REFUSALS: readonly number[] = [408, 425, 429];

export function createWebhookSink(options: { readonly config: WebhookSinkConfig; readonly cluster: string; readonly timeoutMs: number; readonly wallMs: () => number }): EventSink {
  const { config, cluster, timeoutMs, wallMs } = options;
  const closing = new AbortController();
  return {
    name: config.name,
    kind: "webhook",
    async deliver(event) {
      try {
        const body = JSON.stringify(eventToCloudEvent(event, cluster));
        const response = await fetch(config.url, {
          method: "POST",
          body,
          headers: { "content-type": "application/cloudevents+json; charset=utf-8", "user-agent": "quorate", "quorate-timestamp": String(Math.floor(wallMs() / 1_000)), ...(await signature(body, config.secretFile)) },
          redirect: "manual",
          signal: AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]),
        });
        await response.body?.cancel(); // what it says beside the status is of no use, and the connection is free again
        if (response.ok) return DELIVERED;
        const { status } = response;
        return notDelivered(`answered with ${status}`, status >= 400 && status < 500 && !TRANSIENT_REFUSALS.includes(status));
      } catch (error) {
        return notDelivered(fetchReason(error, timeoutMs));
      }
    },
    close: () => closing.abort(),
  };
}

async function signature(body: string, secretFile: string | null): Promise<Record<string, string>> {
  if (secretFile === null) return {};
  return { "quorate-signature": `sha256=${createHmac("sha256", await readSecret(secretFile)).update(body).digest("hex")}` };
}

/** fetch hides what happened in the cause. The URL may hold a token, so it is not repeated. */
function fetchReason(error: unknown, timeoutMs: number): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return `no answer within ${timeoutMs} ms`;
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && "code" in cause) return `cannot be reached: ${String(cause.code)}`;
  return reasonOf(error);
}
