/** EventService: the outbox for notifiers and followers, and how far each recipient is. */
import type { Engine } from "@quorate/controller";
import { type ClusterEvent, QuorateError } from "@quorate/core";
import { type Logger, rpcHandler, rpcStreamHandler } from "@quorate/runtime";
import { type CommitCursorRequestProto, type EventServiceServer, type FollowRequestProto, type FollowResponseProto, clusterEventToProto } from "@quorate/wire";
import type { Outbox } from "./outbox.ts";
import type { Requests } from "./requests.ts";

export interface EventServiceOptions {
  readonly engine: Engine;
  readonly requests: Requests;
  readonly outbox: Outbox;
  readonly log: Logger;
}

/** Events of the past handed out at once; a reader that is further behind asks again from where it is. */
const BACKLOG_MAX = 50_000;

export function createEventService({ engine, requests, outbox, log }: EventServiceOptions): EventServiceServer {
  return {
    follow: rpcStreamHandler<FollowRequestProto, FollowResponseProto>(({ fromIndex, fromOrdinal, live }, stream) => {
      const send = (events: readonly ClusterEvent[]): void => {
        for (const event of events) stream.send({ event: clusterEventToProto(event) });
      };
      // Both in one turn of the event loop: nothing is committed between the past and the live part.
      send(outbox.after({ index: fromIndex, ordinal: fromOrdinal }));
      if (!live) stream.end();
      else stream.onClose(outbox.follow(send));
    }, { log, backlogMax: BACKLOG_MAX }),
    commitCursor: rpcHandler(async ({ cursor }: CommitCursorRequestProto) => {
      if (cursor === undefined || cursor === null) throw new QuorateError("QUORATE_WIRE_INVALID", "CommitCursorRequest.cursor is missing");
      await requests.submit(() => ({ kind: "cursor", recipient: cursor.recipient, index: cursor.index, ordinal: cursor.ordinal }));
      return {};
    }, log),
    cursors: rpcHandler(() => ({ cursors: [...engine.replica.cursors].map(([recipient, place]) => ({ recipient, ...place })) }), log),
  };
}
