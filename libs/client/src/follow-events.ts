/**
 * Follows the outbox through any number of lost connections: after each, from the last event that was handed over.
 * Events come in order; a repeat (the server may send one twice) is dropped, so `onEvent` sees each once in the life of this object.
 */
import type { ClientReadableStream } from "@grpc/grpc-js";
import { QUORATE_ERRORS, QuorateError, err, ok, type ClusterEvent, type LogIndex, type Result } from "@quorate/core";
import { clusterEventFromProto, type FollowRequestProto, type FollowResponseProto } from "@quorate/wire";
import { quorateErrorOf } from "./rpc-error.ts";

/** The last event that somebody has; `{ index: 0, ordinal: 0 }`: none. */
export interface EventPosition {
  readonly index: LogIndex;
  readonly ordinal: number;
}

export interface FollowOptions {
  /** Events after this one; default: from the oldest that is kept. */
  readonly from?: EventPosition;
  /** Stay for later events; else the stream ends after the newest. */
  readonly live: boolean;
  onEvent(event: ClusterEvent): void;
  /** The stream broke. It is opened again when `willRetry`; else it is over. */
  onError(error: QuorateError, willRetry: boolean): void;
}

export interface EventStream {
  close(): void;
  /** Resolves when nothing more will come: closed, ended after the newest, or given up after an error that was reported. */
  readonly ended: Promise<void>;
}

const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 5_000;

/** Begins a stream of the server, with the channel and credentials of the client. */
export type OpenStream = (request: FollowRequestProto) => ClientReadableStream<FollowResponseProto>;

export function followEvents(open: OpenStream, options: FollowOptions): EventStream {
  let finish = (): void => {};
  const ended = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let last: EventPosition = options.from ?? { index: 0, ordinal: 0 };
  let retryMs = RETRY_FIRST_MS;
  let cancel = (): void => {};

  const broken = (error: QuorateError): void => {
    const willRetry = options.live && QUORATE_ERRORS[error.code].retryable;
    if (willRetry) {
      const timer = setTimeout(start, retryMs);
      cancel = () => clearTimeout(timer);
      retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
    } else finish();
    options.onError(error, willRetry);
  };
  const start = (): void => {
    const stream = open({ fromIndex: last.index, fromOrdinal: last.ordinal, live: options.live });
    cancel = readEvents(stream, {
      event(event) {
        if (!isAfter(event, last)) return;
        last = { index: event.index, ordinal: event.ordinal };
        retryMs = RETRY_FIRST_MS;
        options.onEvent(event);
      },
      end() {
        if (options.live) broken(new QuorateError("QUORATE_DISCONNECTED", "follow events: the server ended the stream"));
        else finish();
      },
      broken,
    });
  };
  start();
  return {
    close() {
      cancel();
      finish();
    },
    ended,
  };
}

interface EventReader {
  event(event: ClusterEvent): void;
  end(): void;
  broken(error: QuorateError): void;
}

/** Calls `end` or `broken` once, whichever comes first, and nothing after the returned function was called. */
function readEvents(stream: ClientReadableStream<FollowResponseProto>, reader: EventReader): () => void {
  let over = false;
  const broken = (cause: unknown): void => {
    if (over) return;
    over = true;
    stream.cancel();
    reader.broken(quorateErrorOf(cause, "follow events"));
  };
  stream.on("data", (message: FollowResponseProto) => {
    if (over) return;
    const event = readEvent(message);
    if (event.ok) reader.event(event.value);
    else broken(event.error);
  });
  stream.on("end", () => {
    if (over) return;
    over = true;
    reader.end();
  });
  stream.on("error", broken);
  return () => {
    over = true;
    stream.cancel();
  };
}

/** An event that cannot be read must not pass unseen, nor end the program from inside a stream. */
function readEvent(message: FollowResponseProto): Result<ClusterEvent, unknown> {
  try {
    return ok(clusterEventFromProto(message.event));
  } catch (cause) {
    return err(cause);
  }
}

function isAfter(event: ClusterEvent, position: EventPosition): boolean {
  return event.index > position.index || (event.index === position.index && event.ordinal > position.ordinal);
}
