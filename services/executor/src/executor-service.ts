/** gRPC for this node's own services: submit a request, watch results. Source: proto/quorate/executor/v1/executor_service.proto. */
import type { ExecutorReply, ExecutorRequest, OperationResult } from "@quorate/execution";
import { type Logger, type RpcService, type RpcStream, rpcHandler, rpcStreamHandler } from "@quorate/runtime";
import {
  type SubmitRequestProto, type SubmitResponseProto, type WatchResultsRequestProto, type WatchResultsResponseProto, executorReplyToProto,
  executorRequestFromProto, operationResultToProto,
} from "@quorate/wire";

export interface ExecutorRpc {
  readonly implementation: RpcService["implementation"];
  /** Tells everybody who watches. */
  publish(result: OperationResult): void;
}

export function createExecutorService({ log, request }: { log: Logger; request: (request: ExecutorRequest, answer: (reply: ExecutorReply) => void) => void }): ExecutorRpc {
  const watchers = new Set<RpcStream<WatchResultsResponseProto>>();
  return {
    implementation: {
      submit: rpcHandler<SubmitRequestProto, SubmitResponseProto>(async (message) => {
        const decoded = executorRequestFromProto(message.request);
        const reply = await new Promise<ExecutorReply>((resolve) => request(decoded, resolve));
        return { reply: executorReplyToProto(reply) };
      }, log),
      watchResults: rpcStreamHandler<WatchResultsRequestProto, WatchResultsResponseProto>((_message, stream) => {
        watchers.add(stream);
        stream.onClose(() => watchers.delete(stream));
      }, { log }),
    },
    publish(result) {
      const message = { result: operationResultToProto(result) };
      for (const stream of watchers) stream.send(message);
    },
  };
}
