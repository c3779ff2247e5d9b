/** This node's membership service: says whether there is connected quorum, and hears that the executor makes progress. */
import { join } from "node:path";
import { type Logger, createRpcClient, followStream, unaryCall } from "@quorate/runtime";
import { MembershipServiceClient, type WatchResponseProto, membershipReportFromProto, partToProto } from "@quorate/wire";

export interface MembershipLink {
  /** Called by the loop as it turns; passed on each 500 ms. A loop that hangs is so seen by the whole cluster. */
  progress(): void;
  close(): void;
}

const RETRY_MS = 100;
const PROGRESS_MS = 500;
const CALL_TIMEOUT_MS = 1_000;

export function followMembership({ run, log, onQuorum, onState }: { run: string; log: Logger; onQuorum: (connected: boolean) => void; onState: (open: boolean) => void }): MembershipLink {
  const client = createRpcClient(MembershipServiceClient, `unix:${join(run, "membership.sock")}`);
  let toldAtMs = Number.NEGATIVE_INFINITY;
  let quorum: boolean | null = null;
  const stream = followStream<WatchResponseProto>({
    open: () => client.watch({}),
    onMessage: ({ report }) => {
      if (report === undefined) return;
      const { connectedQuorum } = membershipReportFromProto(report);
      if (connectedQuorum !== quorum) log.info({ connectedQuorum }, "connected quorum");
      quorum = connectedQuorum;
      onQuorum(connectedQuorum);
    },
    onState: (state) => onState(state === "open"),
    retryMs: RETRY_MS,
  });
  return {
    progress() {
      if (performance.now() - toldAtMs < PROGRESS_MS) return;
      toldAtMs = performance.now();
      unaryCall(client, "reportProgress", { part: partToProto("executor") }, CALL_TIMEOUT_MS).catch((error: unknown) => {
        log.debug({ why: error instanceof Error ? error.message : String(error) }, "membership did not take the progress report");
      });
    },
    close() {
      stream.close();
      client.close();
    },
  };
}
