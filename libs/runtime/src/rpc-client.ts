/** Calling gRPC services: one call, or a stream that is opened again for ever. */
import { readFileSync } from "node:fs";
import {
  type ChannelOptions, type Client, type ClientReadableStream, type ChannelCredentials, Metadata, type ServiceError, credentials,
} from "@grpc/grpc-js";
import type { TlsFiles } from "./bus-link.ts";
import { quorateErrorOf } from "./rpc-status.ts";

/** Snapshots travel by gRPC, so messages may be large. Reconnection is quick: the peers are daemons that restart in a fraction of a second. */
export const rpcChannelOptions: ChannelOptions = {
  "grpc.max_receive_message_length": 64 * 1_048_576,
  "grpc.max_send_message_length": 64 * 1_048_576,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.min_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 500,
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.enable_http_proxy": 0,
};

export type RpcClientConstructor<C> = new (address: string, credentials: ChannelCredentials, options?: Partial<ChannelOptions>) => C;

/** A client of the class that ts-proto generated. Nothing is dialled before the first call. Close it with `client.close()`. */
export function createRpcClient<C>(ClientConstructor: RpcClientConstructor<C>, address: string, tls?: TlsFiles): C {
  const secure = tls !== undefined && !address.startsWith("unix:");
  const channel = secure
    ? credentials.createSsl(readFileSync(tls.caFile), readFileSync(tls.keyFile), readFileSync(tls.certFile))
    : credentials.createInsecure();
  return new ClientConstructor(address, channel, rpcChannelOptions);
}

type UnaryMethod<Req, Res> = (
  request: Req, metadata: Metadata, options: { deadline: number }, callback: (error: ServiceError | null, response?: Res) => void,
) => unknown;

/**
 * One call of `method` (its name on the generated client, for example "submit"). Rejects with the QuorateError of the server, or with
 * QUORATE_TIMEOUT or QUORATE_DISCONNECTED, after which the outcome is unknown.
 */
export function unaryCall<Req, Res>(client: Client, method: string, request: Req, timeoutMs: number): Promise<Res> {
  const call = (client as unknown as Record<string, UnaryMethod<Req, Res> | undefined>)[method];
  if (typeof call !== "function") return Promise.reject(new TypeError(`client has no method ${method}`));
  return new Promise((resolve, reject) => {
    call.call(client, request, new Metadata(), { deadline: Date.now() + timeoutMs }, (error, response) => {
      if (error === null) resolve(response as Res);
      else reject(quorateErrorOf(error, method));
    });
  });
}

/** Follows a server stream. "open" is reported when the server has accepted it, "closed" when it ended; then it is opened again after `retryMs`. */
export function followStream<Res>(options: {
  open: () => ClientReadableStream<Res>;
  onMessage(message: Res): void;
  onState(state: "open" | "closed"): void;
  retryMs: number;
}): { close(): void } {
  let stopped = false;
  let current: ClientReadableStream<Res> | null = null;
  let retry: NodeJS.Timeout | null = null;
  const start = (): void => {
    const stream = options.open();
    current = stream;
    let state: "opening" | "open" | "closed" = "opening";
    const opened = (): void => {
      if (stopped || state !== "opening") return;
      state = "open";
      options.onState("open");
    };
    const closed = (): void => {
      if (state === "closed") return;
      const wasOpen = state === "open";
      state = "closed";
      if (stopped) return;
      if (wasOpen) options.onState("closed");
      retry = setTimeout(start, options.retryMs);
    };
    stream.on("metadata", opened);
    stream.on("data", (message: Res) => {
      opened();
      if (!stopped && state === "open") options.onMessage(message);
    });
    stream.on("error", closed).on("end", closed).on("close", closed);
  };
  start();
  return {
    close() {
      stopped = true;
      if (retry !== null) clearTimeout(retry);
      current?.cancel();
    },
  };
}
