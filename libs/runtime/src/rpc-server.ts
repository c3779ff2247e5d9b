/** Serving gRPC on unix sockets, and on TCP when the configuration says so. */
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { connect as dial } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  Metadata, Server, ServerCredentials, type ServerUnaryCall, type ServerWritableStream, type ServiceDefinition,
  type UntypedServiceImplementation, type handleServerStreamingCall, type handleUnaryCall, logVerbosity, setLogVerbosity,
} from "@grpc/grpc-js";
import { AssertionError, QuorateError } from "@quorate/core";
import type { TlsFiles } from "./bus-link.ts";
import { deferred } from "./deferred.ts";
import type { Logger } from "./logger.ts";
import { rpcChannelOptions } from "./rpc-client.ts";
import { statusOf } from "./rpc-status.ts";

export interface RpcService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

export interface RpcServerOptions {
  /** "unix:/run/quorate/x.sock" or "host:port"; port 0 asks for a free one. */
  readonly addresses: readonly string[];
  readonly services: readonly RpcService[];
  /** Mutual TLS for the TCP addresses; without it they are plain (loopback only). */
  readonly tls?: TlsFiles;
  readonly log: Logger;
}

export interface RpcServer {
  /** The addresses as clients write them, with the real ports. */
  readonly addresses: readonly string[];
  /** No new calls; those under way may finish within the deadline and are then cut. */
  close(deadlineMs: number): Promise<void>;
}

/** Group may connect, others not. */
const SOCKET_MODE = 0o660;
/** Messages a slow reader of a stream may be behind. */
const STREAM_BACKLOG_MAX = 1_000;

/**
 * Serves until closed. A socket file left by a process that is gone is replaced.
 * @throws QuorateError QUORATE_EXISTS when somebody answers on the socket, QUORATE_CONFIG_INVALID when an address cannot be bound.
 */
export async function serveRpc(options: RpcServerOptions): Promise<RpcServer> {
  setLogVerbosity(logVerbosity.NONE); // grpc-js writes to stderr what it also returns as errors
  const server = new Server(rpcChannelOptions);
  for (const { definition, implementation } of options.services) server.addService(definition, implementation);
  const bound: string[] = [];
  const close = async (deadlineMs: number): Promise<void> => {
    const stop = new AbortController();
    const graceful = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    await Promise.race([graceful, sleep(deadlineMs, undefined, { signal: stop.signal })]);
    stop.abort();
    server.forceShutdown();
    for (const address of bound) if (address.startsWith("unix:")) rmSync(socketPath(address), { force: true });
  };
  try {
    for (const address of options.addresses) bound.push(await bind(server, address, options.tls));
  } catch (error) {
    await close(0);
    throw error;
  }
  options.log.debug({ addresses: bound }, "rpc served");
  return { addresses: bound, close };
}

function socketPath(address: string): string {
  return address.slice("unix:".length);
}

async function bind(server: Server, address: string, tls: TlsFiles | undefined): Promise<string> {
  const unix = address.startsWith("unix:");
  if (unix) await removeStaleSocket(socketPath(address));
  const credentials = unix || tls === undefined ? ServerCredentials.createInsecure() : mutualTls(tls);
  const { promise, resolve, reject } = deferred<number>();
  server.bindAsync(address, credentials, (error, port) => {
    if (error === null) resolve(port);
    else reject(new QuorateError("QUORATE_CONFIG_INVALID", `rpc ${address}: ${error.message}`, { cause: error }));
  });
  const port = await promise;
  if (unix) chmodSync(socketPath(address), SOCKET_MODE);
  return unix ? address : address.replace(/:\d+$/, `:${port}`);
}

function mutualTls(tls: TlsFiles): ServerCredentials {
  return ServerCredentials.createSsl(readFileSync(tls.caFile), [{ cert_chain: readFileSync(tls.certFile), private_key: readFileSync(tls.keyFile) }], true);
}

async function removeStaleSocket(path: string): Promise<void> {
  const { promise, resolve } = deferred<boolean>();
  const socket = dial(path, () => resolve(true)).on("error", () => resolve(false));
  const alive = await promise;
  socket.destroy();
  if (alive) throw new QuorateError("QUORATE_EXISTS", `${path}: another process serves this socket`, { details: { path } });
  rmSync(path, { force: true });
}

/**
 * A unary implementation from an async function. QuorateErrors reach the client as they are; other errors are logged and become INTERNAL;
 * a failed assertion ends the process.
 */
export function rpcHandler<Req, Res>(handle: (request: Req, call: ServerUnaryCall<Req, Res>) => Promise<Res> | Res, log?: Logger): handleUnaryCall<Req, Res> {
  return (call, callback) => {
    const answer = async (): Promise<void> => {
      let response: Res;
      try {
        response = await handle(call.request, call);
      } catch (error) {
        noteBug(error, call.getPath(), log);
        return callback(statusOf(error));
      }
      callback(null, response);
    };
    void answer();
  };
}

/** The sending end of a server stream. */
export interface RpcStream<Res> {
  /**
   * Queues a message. When the reader is `STREAM_BACKLOG_MAX` behind, the stream ends with QUORATE_OVERLOADED instead: the reader
   * opens it again and starts from the present state. False once the stream is over.
   */
  send(message: Res): boolean;
  /** Orderly end. */
  end(): void;
  fail(error: QuorateError): void;
  /** Called once when the stream is over, whoever ended it. */
  onClose(handler: () => void): void;
}

/** A server-streaming implementation. `open` runs once per reader; an error it throws ends the stream. */
export function rpcStreamHandler<Req, Res>(
  open: (request: Req, stream: RpcStream<Res>, call: ServerWritableStream<Req, Res>) => Promise<void> | void,
  options: { log?: Logger; backlogMax?: number } = {},
): handleServerStreamingCall<Req, Res> {
  return (call) => {
    const stream = openSendingEnd(call, options.backlogMax ?? STREAM_BACKLOG_MAX);
    call.sendMetadata(new Metadata()); // tells the reader that the stream is open before there is anything to say
    const run = async (): Promise<void> => open(call.request, stream, call);
    run().catch((error: unknown) => {
      noteBug(error, call.getPath(), options.log);
      stream.fail(error);
    });
  };
}

function openSendingEnd<Req, Res>(call: ServerWritableStream<Req, Res>, backlogMax: number): RpcStream<Res> & { fail(error: unknown): void } {
  let over = false;
  const handlers: (() => void)[] = [];
  const finish = (): void => {
    if (over) return;
    over = true;
    for (const handler of handlers.splice(0)) handler();
  };
  call.on("close", finish).on("cancelled", finish).on("error", finish);
  const fail = (error: unknown): void => {
    if (over) return;
    call.emit("error", Object.assign(new Error("stream failed"), statusOf(error))); // how grpc-js is told to end with a status
    finish();
  };
  return {
    send(message) {
      if (over || call.cancelled) return false;
      if (call.writableLength >= backlogMax) {
        fail(new QuorateError("QUORATE_OVERLOADED", `the reader is ${backlogMax} messages behind`));
        return false;
      }
      call.write(message);
      return true;
    },
    end() {
      if (over) return;
      call.end();
      finish();
    },
    fail,
    onClose: (handler) => void (over ? handler() : handlers.push(handler)),
  };
}

function noteBug(error: unknown, path: string, log: Logger | undefined): void {
  if (error instanceof AssertionError) {
    setImmediate(() => {
      throw error;
    });
  } else if (!(error instanceof QuorateError)) log?.error({ error, path }, "rpc handler failed");
}
