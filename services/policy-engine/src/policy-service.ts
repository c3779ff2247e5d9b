/** PolicyService: what people ask and order. Writes go through the log; reads are answered from this node's replica. */
import { type Engine, explain } from "@quorate/controller";
import { QuorateError } from "@quorate/core";
import { type Clock, type Logger, type QuorateConfig, rpcHandler } from "@quorate/runtime";
import {
  type CleanupRequestProto, type ConfirmFenceRequestProto, type FenceHistoryRequestProto, type FenceNodeRequestProto, type FenceNodeResponseProto,
  type PolicyServiceServer, type RaiseAlarmRequestProto, type SetAttributeRequestProto, type WhyRequestProto, clusterStatusToProto, eventSeverityFromProto,
  fenceActionFromProto, fenceOutcomeToProto, fenceRecordToProto,
} from "@quorate/wire";
import { decisionCalls } from "./decision-calls.ts";
import type { DecisionStore } from "./decision-store.ts";
import type { Outbox } from "./outbox.ts";
import type { Requests } from "./requests.ts";
import { clusterStatus, fenceRecord } from "./status-view.ts";

export interface PolicyServiceOptions {
  readonly config: QuorateConfig;
  readonly engine: Engine;
  readonly requests: Requests;
  readonly outbox: Outbox;
  readonly decisions: DecisionStore;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Longest wait for the outcome of a fencing that somebody asked for. */
const FENCE_WAIT_MS = 120_000;

export function createPolicyService({ config, engine, requests, outbox, decisions, clock, log }: PolicyServiceOptions): PolicyServiceServer {
  const startedAtMs = clock.nowMs();
  const source = { engine, cluster: config.cluster, node: config.node, initialDeadTimeMs: config.policyEngine.initialDeadTimeMs, startedAtMs };
  const time = (): { nowMs: number; wallMs: number } => ({ nowMs: clock.nowMs(), wallMs: clock.wallMs() });

  function why({ resource, node }: WhyRequestProto): { lines: string[]; json: string | undefined } {
    const explained = explain(engine.replica, { resource, node: node ?? null, nowMs: clock.wallMs() });
    if (!explained.ok) throw new QuorateError("QUORATE_NOT_FOUND", explained.error);
    return { lines: [...explained.value.lines], json: JSON.stringify(explained.value.facts) };
  }

  /** Asks by the node attribute `terminate`, which the scheduler turns into a fencing; waits for what becomes of it. */
  async function fenceNode({ node, action, by }: FenceNodeRequestProto): Promise<FenceNodeResponseProto> {
    if (!engine.replica.nodes.has(node)) throw new QuorateError("QUORATE_NOT_FOUND", `no node ${node}`);
    if (!["off", "reboot"].includes(fenceActionFromProto(action))) throw new QuorateError("QUORATE_UNSAFE", "only off and reboot can be asked for; stonith-action of the CIB decides which");
    const ended = waitForFence(outbox, node);
    try {
      await requests.submit((requestId) => ({ kind: "attribute", atMs: clock.wallMs(), requestId, node, name: "terminate", value: "true" }));
      log.warn({ node, by }, "fencing asked for");
      return await ended.outcome;
    } finally {
      ended.cancel();
    }
  }

  return {
    status: rpcHandler(() => ({ status: clusterStatusToProto(clusterStatus(source, time())) }), log),
    why: rpcHandler(why, log),
    fenceNode: rpcHandler(fenceNode, log),
    confirmFence: rpcHandler(async ({ node, by }: ConfirmFenceRequestProto) => {
      const heard = engine.report?.peers.find((peer) => peer.node === node)?.state === "alive";
      if (heard) throw new QuorateError("QUORATE_UNSAFE", `${node} is heard right now: it is not off`);
      await requests.submit((requestId) => ({ kind: "fenceConfirmed", atMs: clock.wallMs(), requestId, target: node, by }));
      return {};
    }, log),
    fenceHistory: rpcHandler(({ node }: FenceHistoryRequestProto) => {
      const records = engine.replica.fences.filter(({ target }) => (node ?? null) === null || target === node).toReversed();
      return { records: records.map((record) => fenceRecordToProto(fenceRecord(record))) };
    }, log),
    cleanup: rpcHandler(async ({ resource, node, by }: CleanupRequestProto) => {
      await requests.submit((requestId) => ({ kind: "cleanup", atMs: clock.wallMs(), requestId, resource, node: node ?? null, by }));
      return {};
    }, log),
    setAttribute: rpcHandler(async ({ node, name, value }: SetAttributeRequestProto) => {
      await requests.submit((requestId) => ({ kind: "attribute", atMs: clock.wallMs(), requestId, node, name, value: value ?? null }));
      return {};
    }, log),
    raiseAlarm: rpcHandler(async ({ type, severity, node, resource, message, data }: RaiseAlarmRequestProto) => {
      const about = { node: node ?? null, resource: resource ?? null, message, data: Object.fromEntries(data) };
      await requests.submit((requestId) => ({ kind: "alarm", atMs: clock.wallMs(), requestId, type, severity: eventSeverityFromProto(severity), ...about }));
      return {};
    }, log),
    ...decisionCalls({ engine, decisions, node: config.node, log }),
  };
}

/** The next outcome of a fencing of `node`, from the event stream; cancelled when nobody waits any more. */
function waitForFence(outbox: Outbox, node: string): { readonly outcome: Promise<FenceNodeResponseProto>; cancel(): void } {
  let resolve: (response: FenceNodeResponseProto) => void = () => {};
  let reject: (error: QuorateError) => void = () => {};
  const promise = new Promise<FenceNodeResponseProto>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  const stop = outbox.follow((events) => {
    const end = events.find((event) => event.node === node && (event.type === "fencing.succeeded" || event.type === "fencing.failed"));
    if (end === undefined) return;
    const outcome = end.type === "fencing.succeeded" ? "succeeded" : end.data["outcome"] === "unknown" ? "unknown" : "failed";
    resolve({ outcome: fenceOutcomeToProto(outcome), detail: end.message });
  });
  const timer = setTimeout(() => reject(new QuorateError("QUORATE_TIMEOUT", `no outcome of the fencing of ${node} within ${FENCE_WAIT_MS} ms; it goes on`)), FENCE_WAIT_MS);
  promise.catch(() => {});
  return {
    outcome: promise,
    cancel() {
      clearTimeout(timer);
      stop();
    },
  };
}
