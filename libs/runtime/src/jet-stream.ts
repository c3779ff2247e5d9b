/**
 * The copy of the event stream for subscribers (ARCHITECTURE D9). Nothing that decides waits for it: every call here has a time limit, and
 * JetStream being away is an error of that call.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type JetStreamManager, RetentionPolicy, StorageType, type StreamConfig, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { type NatsConnection, errors, nanos } from "@nats-io/transport-node";
import { QuorateError } from "@quorate/core";
import { type Bus, connectionOf } from "./bus.ts";
import { reasonOf } from "./bus-link.ts";

export interface EventStream {
  /**
   * Stores one event. `msgId` is the event's id: one published again within the duplicate window is stored once.
   * Rejects with QUORATE_DISCONNECTED or QUORATE_TIMEOUT; the event may be stored all the same.
   */
  publishEvent(subject: string, msgId: string, payload: Uint8Array): Promise<void>;
  /** Id of the newest event in the stream; null when it is empty. Rejects like `publishEvent`. */
  lastEventId(): Promise<string | null>;
}

export interface EventStreamOptions {
  readonly bus: Bus;
  readonly cluster: string;
  /** Number of nats-servers in the mesh; the stream has min(3, servers) replicas. */
  readonly servers: number;
  readonly timeoutMs?: number;
  readonly maxAgeMs?: number;
  readonly maxBytes?: number;
}

const TIMEOUT_MS = 2_000;
const MAX_AGE_MS = 7 * 86_400_000;
const MAX_BYTES = 256 * 1_048_576;
const DUPLICATE_WINDOW_MS = 600_000;

export function eventStreamName(cluster: string): string {
  return `QUORATE_EVENTS_${cluster.replaceAll(/[^A-Za-z0-9_-]/g, "_")}`;
}

/**
 * Makes sure that the stream exists with these bounds (an existing one is updated), and returns the way into it.
 * Rejects with QUORATE_DISCONNECTED or QUORATE_TIMEOUT: call again later.
 */
export async function ensureEventStream(options: EventStreamOptions): Promise<EventStream> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const stream = eventStreamName(options.cluster);
  const config = streamConfig(stream, options);
  await limited(options.bus, timeoutMs, "create event stream", async (connection) => {
    const manager = await jetstreamManager(connection, { timeout: timeoutMs, checkAPI: false });
    await createOrUpdate(manager, config);
  });
  return {
    publishEvent: (subject, msgId, payload) =>
      limited(options.bus, timeoutMs, `publish event ${msgId}`, async (connection) => {
        await jetstream(connection).publish(subject, payload, { msgID: msgId, timeout: timeoutMs, expect: { streamName: stream } });
      }),
    lastEventId: () =>
      limited(options.bus, timeoutMs, "read last event", async (connection) => {
        const manager = await jetstreamManager(connection, { timeout: timeoutMs, checkAPI: false });
        const message = await manager.streams.getMessage(stream, { last_by_subj: `quorate.${options.cluster}.events.>` });
        return message?.header.get("Nats-Msg-Id") || null;
      }),
  };
}

function streamConfig(name: string, options: EventStreamOptions): Partial<StreamConfig> & { name: string } {
  return {
    name,
    subjects: [`quorate.${options.cluster}.events.>`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: Math.max(1, Math.min(3, options.servers)),
    max_age: nanos(options.maxAgeMs ?? MAX_AGE_MS),
    max_bytes: options.maxBytes ?? MAX_BYTES,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
  };
}

async function createOrUpdate(manager: JetStreamManager, config: Partial<StreamConfig> & { name: string }): Promise<void> {
  try {
    await manager.streams.info(config.name);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await manager.streams.add(config);
    return;
  }
  await manager.streams.update(config.name, config);
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && (("code" in error && (error.code === 10_059 || error.code === 404)) || /stream not found/i.test(error.message));
}

/** Runs one exchange with JetStream within the limit and maps its errors. */
async function limited<T>(bus: Bus, timeoutMs: number, what: string, run: (connection: NatsConnection) => Promise<T>): Promise<T> {
  const connection = connectionOf(bus);
  if (connection === null) throw new QuorateError("QUORATE_DISCONNECTED", `${what}: no server is reachable`);
  const stop = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: stop.signal }).then(() => {
    throw new QuorateError("QUORATE_TIMEOUT", `${what}: no answer within ${timeoutMs} ms`);
  });
  late.catch(() => {}); // aborted when the exchange is over
  try {
    return await Promise.race([run(connection), late]);
  } catch (cause) {
    if (cause instanceof QuorateError) throw cause;
    const code = cause instanceof errors.TimeoutError ? "QUORATE_TIMEOUT" : "QUORATE_DISCONNECTED";
    throw new QuorateError(code, `${what}: ${reasonOf(cause)}`, { cause });
  } finally {
    stop.abort();
  }
}
