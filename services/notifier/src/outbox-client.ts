/** What the notifier asks of the policy-engine of its node: whether the DC is here, the outbox, the cursors, and to note an alarm. */
import { join } from "node:path";
import type { ClusterEvent } from "@quorate/core";
import type { Alarm, Position } from "@quorate/delivery";
import { createRpcClient, followStream, unaryCall } from "@quorate/runtime";
import {
  type CommitCursorResponseProto, type CursorsResponseProto, EventServiceClient, type FollowResponseProto, PolicyServiceClient, type RaiseAlarmRequestProto,
  type StatusResponseProto, clusterEventFromProto, eventSeverityToProto,
} from "@quorate/wire";

export interface OutboxClient {
  /** Name of the DC as this node knows it; null: none. Rejects with QUORATE_DISCONNECTED or QUORATE_TIMEOUT. */
  dc(): Promise<string | null>;
  cursors(): Promise<readonly { readonly recipient: string; readonly position: Position }[]>;
  /** Resolves when it is committed. */
  commit(recipient: string, position: Position): Promise<void>;
  /** Events after `from()`, which is asked again each time the stream has to be opened again. */
  follow(from: () => Position, onEvent: (event: ClusterEvent) => void): { close(): void };
  raise(alarm: Alarm, node: string): Promise<void>;
  close(): void;
}

const CALL_MS = 3_000;
const RETRY_MS = 500;

export function createOutboxClient(runDirectory: string): OutboxClient {
  const address = `unix:${join(runDirectory, "policy-engine.sock")}`;
  const events = createRpcClient(EventServiceClient, address);
  const policy = createRpcClient(PolicyServiceClient, address);
  return {
    dc: async () => (await unaryCall<object, StatusResponseProto>(policy, "status", {}, CALL_MS)).status?.dc ?? null,
    async cursors() {
      const { cursors } = await unaryCall<object, CursorsResponseProto>(events, "cursors", {}, CALL_MS);
      return cursors.map(({ recipient, index, ordinal }) => ({ recipient, position: { index, ordinal } }));
    },
    async commit(recipient, position) {
      await unaryCall<object, CommitCursorResponseProto>(events, "commitCursor", { cursor: { recipient, ...position } }, CALL_MS);
    },
    follow: (from, onEvent) =>
      followStream<FollowResponseProto>({
        open: () => events.follow({ fromIndex: from().index, fromOrdinal: from().ordinal, live: true }),
        onMessage: ({ event }) => {
          if (event !== null) onEvent(clusterEventFromProto(event));
        },
        onState: () => {},
        retryMs: RETRY_MS,
      }),
    async raise(alarm, node) {
      const request: RaiseAlarmRequestProto = { type: alarm.type, severity: eventSeverityToProto(alarm.severity), node, message: alarm.message, data: new Map(Object.entries(alarm.data)) };
      await unaryCall(policy, "raiseAlarm", request, CALL_MS);
    },
    close: () => {
      events.close();
      policy.close();
    },
  };
}
