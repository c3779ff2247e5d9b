/**
 * Class `stonith`: a fence device as a resource. Nothing runs for it on this node; "started" means that this node watches that the device
 * answers. The local fencing-gateway asks the device.
 */
import { join } from "node:path";
import { QuorateError } from "@quorate/core";
import type { RunOutcome } from "@quorate/execution";
import { OCF_EXIT } from "@quorate/ocf";
import { createRpcClient, unaryCall } from "@quorate/runtime";
import { FencingGatewayServiceClient, type FenceResponseProto, fenceReplyFromProto, fenceRequestToProto } from "@quorate/wire";
import { type AgentRunner, type SpawnRequest, settled } from "./agent-run.ts";

const UP: RunOutcome = { status: "done", rc: OCF_EXIT.ok, exitReason: "" };
const DOWN: RunOutcome = { status: "done", rc: OCF_EXIT.notRunning, exitReason: "" };

export function createFenceDeviceRunner({ run, node }: { run: string; node: string }): { runner: AgentRunner; close(): void } {
  const client = createRpcClient(FencingGatewayServiceClient, `unix:${join(run, "fencing-gateway.sock")}`);

  async function ask({ operation, session, callId, authority }: SpawnRequest): Promise<RunOutcome> {
    const request = fenceRequestToProto({
      authority,
      fenceId: `${node}/${session}/${callId}`,
      action: "monitor",
      target: null,
      targetBootId: null,
      devices: [{ id: operation.resource.replace(/:\d+$/, ""), agent: operation.agent.type, parameters: operation.parameters }],
      timeoutMs: operation.timeoutMs,
    });
    try {
      const response = await unaryCall<typeof request, FenceResponseProto>(client, "fence", request, operation.timeoutMs);
      const reply = fenceReplyFromProto(response);
      if (reply.outcome === "succeeded") return UP;
      return { status: "done", rc: OCF_EXIT.error, exitReason: reply.detail };
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      const status = error.code === "QUORATE_TIMEOUT" ? "timeout" : "error";
      return { status, rc: OCF_EXIT.error, exitReason: `the fencing-gateway did not answer: ${error.message}` };
    }
  }

  const runner: AgentRunner = (request) => {
    const { task, intervalMs } = request.operation;
    if (task === "stop") return settled(UP);
    if (task === "monitor" && intervalMs === 0 && !request.active) return settled(DOWN);
    if (task !== "start" && task !== "monitor") return settled({ status: "done", rc: OCF_EXIT.unimplemented, exitReason: "" });
    return { pid: null, ended: ask(request).then((outcome) => ({ outcome, lingeringGroup: null })), kill: () => {} };
  };
  return { runner, close: () => client.close() };
}
