/** This node's other services: membership tells who is heard, the executor is told what to do when the node is alone. */
import { join } from "node:path";
import type { EngineInput } from "@quorate/controller";
import type { NodeName } from "@quorate/core";
import type { Operation } from "@quorate/execution";
import type { MembershipReport } from "@quorate/membership";
import { type Logger, type QuorateConfig, createRpcClient, followStream, unaryCall } from "@quorate/runtime";
import {
  ExecutorServiceClient, MembershipServiceClient, type WatchResponseProto, type WatchResultsResponseProto, executorRequestToProto, membershipReportFromProto,
  operationResultFromProto, partToProto,
} from "@quorate/wire";
import type { StandIn } from "./stand-in.ts";

export interface Neighbours {
  start(): void;
  seed(members: readonly NodeName[]): void;
  executeLocal(operation: Operation): void;
  close(): void;
}

const RETRY_MS = 100;
const CALL_TIMEOUT_MS = 1_000;
const PROGRESS_MS = 500;

export function createNeighbours({ config, log, standIn, post }: { config: QuorateConfig; log: Logger; standIn: StandIn; post: (input: EngineInput) => void }): Neighbours {
  const membership = createRpcClient(MembershipServiceClient, `unix:${join(config.paths.run, "membership.sock")}`);
  const executor = createRpcClient(ExecutorServiceClient, `unix:${join(config.paths.run, "executor.sock")}`);
  const closers: (() => void)[] = [];
  let members: readonly NodeName[] = [];

  function tell(what: string, call: Promise<unknown>): void {
    call.catch((error: unknown) => log.debug({ what, why: error instanceof Error ? error.message : String(error) }, "a neighbour did not answer"));
  }
  const sendSeed = (): void => {
    if (members.length > 0) tell("seed", unaryCall(membership, "seed", { members: [...members] }, CALL_TIMEOUT_MS));
  };

  function onReport(report: MembershipReport): void {
    standIn.heard(report);
    post({ kind: "membership", report });
  }

  function start(): void {
    const reports = followStream<WatchResponseProto>({
      open: () => membership.watch({}),
      onMessage: ({ report }) => onReport(membershipReportFromProto(report)),
      onState: (state) => {
        log.info({ state }, "membership stream");
        standIn.onStream(state);
        if (state === "open") sendSeed(); // a membership process that restarted must know whom it should hear
      },
      retryMs: RETRY_MS,
    });
    const results = followStream<WatchResultsResponseProto>({
      open: () => executor.watchResults({}),
      onMessage: ({ result }) => void (result !== undefined && post({ kind: "localResult", result: operationResultFromProto(result) })),
      onState: () => {},
      retryMs: RETRY_MS,
    });
    const progress = setInterval(() => tell("progress", unaryCall(membership, "reportProgress", { part: partToProto("policyEngine") }, CALL_TIMEOUT_MS)), PROGRESS_MS);
    closers.push(() => reports.close(), () => results.close(), () => clearInterval(progress));
  }

  return {
    start,
    seed(next) {
      members = next;
      sendSeed();
    },
    executeLocal: (operation) => tell("executeLocal", unaryCall(executor, "submit", { request: executorRequestToProto({ kind: "executeLocal", operation }) }, CALL_TIMEOUT_MS)),
    close() {
      standIn.close();
      for (const close of closers) close();
      membership.close();
      executor.close();
    },
  };
}
