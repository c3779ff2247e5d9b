/**
 * An HTTP server that keeps the events it is sent, for tests and the demo, and checks their signature as a receiver should:
 * `Quorate-Signature: sha256=<hex>` is the HMAC-SHA-256 of the body under the shared secret.
 *
 * As a program (Node 24): `node deploy/peers/webhook-sink.ts [--listen 127.0.0.1:8080] [--secret-file FILE]`; prints one JSON line when it
 * listens and one per request.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";

export interface ReceivedEvent {
  /** The signature fits the body; always false when there is no secret to check it by. */
  readonly verified: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON document; null when it is none. */
  readonly event: Readonly<Record<string, unknown>> | null;
  readonly atMs: number;
}

/** `status`: answered with it (and `location`), nothing kept. `hang`: no answer. */
export type WebhookFault = { readonly kind: "none" | "hang" } | { readonly kind: "status"; readonly status: number; readonly location?: string };

export interface WebhookSink {
  readonly url: string;
  /** In order of arrival; only those that were answered with 204. */
  events(): readonly ReceivedEvent[];
  setFault(fault: WebhookFault): void;
  close(): Promise<void>;
}

export interface WebhookSinkOptions {
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** With it, a request without a fitting signature is answered with 401 and not kept. */
  readonly secret?: string;
  readonly onEvent?: (event: ReceivedEvent) => void;
}

const BODY_MAX = 1_048_576;

export async function startWebhookSink(options: WebhookSinkOptions = {}): Promise<WebhookSink> {
  const kept: ReceivedEvent[] = [];
  let fault: WebhookFault = { kind: "none" };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (fault.kind === "hang") return;
    if (fault.kind === "status") return void response.writeHead(fault.status, fault.location === undefined ? {} : { location: fault.location }).end();
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const verified = options.secret !== undefined && signatureFits(body, headers["quorate-signature"] ?? "", options.secret);
    if (options.secret !== undefined && !verified) return void response.writeHead(401).end();
    const event = { verified, headers, event: parseObject(body), atMs: Date.now() };
    kept.push(event);
    options.onEvent?.(event);
    response.writeHead(204).end();
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(options.port ?? 0, options.address ?? "127.0.0.1", resolve));
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${address}:${port}/`,
    events: () => [...kept],
    setFault: (next) => void (fault = next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Compares in constant time. */
export function signatureFits(body: Buffer, header: string, secret: string): boolean {
  const wanted = Buffer.from(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
  const given = Buffer.from(header);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_MAX) throw new Error("body is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseObject(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { listen: { type: "string", default: "127.0.0.1:8080" }, "secret-file": { type: "string" } } });
  const [address = "127.0.0.1", port = "8080"] = values.listen.split(":");
  const file = values["secret-file"];
  const secret = file === undefined ? {} : { secret: readFileSync(file, "utf8").replace(/\r?\n$/, "") };
  const sink = await startWebhookSink({ address, port: Number(port), ...secret, onEvent: (event) => process.stdout.write(`${JSON.stringify(event)}\n`) });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void sink.close().then(() => process.exit(0)));
  process.stdout.write(`${JSON.stringify({ ready: true, url: sink.url })}\n`);
}

if (import.meta.main) await main();
