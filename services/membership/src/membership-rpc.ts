/** The gRPC side: the other services of this node watch reports, say that they make progress, and say whom to expect. */
import type { NodeName } from "@quorate/core";
import type { MembershipInput, MembershipReport } from "@quorate/membership";
import { type Logger, type RpcService, type RpcStream, rpcHandler, rpcStreamHandler } from "@quorate/runtime";
import {
  MembershipServiceService, type LeaveRequestProto, type LeaveResponseProto, type ReportProgressRequestProto, type ReportProgressResponseProto, type SeedRequestProto,
  type SeedResponseProto, type WatchRequestProto, type WatchResponseProto, membershipReportToProto, partFromProto,
} from "@quorate/wire";

export interface MembershipRpc {
  readonly service: RpcService;
  /** To every watcher. */
  publish(report: MembershipReport): void;
}

export interface MembershipRpcOptions {
  /** What is known now; null while this process has just started and knows nothing yet. */
  readonly present: () => MembershipReport | null;
  readonly progress: (part: Extract<MembershipInput, { kind: "progress" }>["part"]) => void;
  readonly seed: (members: readonly NodeName[]) => void;
  /** Resolves when every link has sent it. */
  readonly leave: () => Promise<void>;
  readonly log: Logger;
}

/** A watcher further behind than this is cut off; it comes again and gets the newest report. */
const BACKLOG_MAX = 64;

export function createMembershipRpc({ present, progress, seed, leave, log }: MembershipRpcOptions): MembershipRpc {
  const watchers = new Set<RpcStream<WatchResponseProto>>();
  const implementation = {
    watch: rpcStreamHandler<WatchRequestProto, WatchResponseProto>((_request, stream) => {
      const report = present();
      if (report !== null) stream.send({ report: membershipReportToProto(report) });
      watchers.add(stream);
      stream.onClose(() => watchers.delete(stream));
    }, { log, backlogMax: BACKLOG_MAX }),
    reportProgress: rpcHandler<ReportProgressRequestProto, ReportProgressResponseProto>(({ part }) => {
      progress(partFromProto(part));
      return {};
    }, log),
    seed: rpcHandler<SeedRequestProto, SeedResponseProto>(({ members }) => {
      seed(members);
      return {};
    }, log),
    leave: rpcHandler<LeaveRequestProto, LeaveResponseProto>(async () => {
      await leave();
      return {};
    }, log),
  };
  return {
    service: { definition: MembershipServiceService, implementation },
    publish(report) {
      if (watchers.size === 0) return;
      const message = { report: membershipReportToProto(report) };
      for (const watcher of watchers) watcher.send(message);
    },
  };
}
