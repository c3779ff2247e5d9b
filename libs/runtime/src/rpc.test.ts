import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ClientReadableStream, type MethodDefinition, type ServiceDefinition, makeClientConstructor, status } from "@grpc/grpc-js";
import { AssertionError, QUORATE_ERRORS, QuorateError, type QuorateErrorCode } from "@quorate/core";
import { afterAll, afterEach, expect, test } from "vitest";
import { type Logger, silentLogger } from "./logger.ts";
import { createRpcClient, followStream, unaryCall } from "./rpc-client.ts";
import { type RpcServer, type RpcStream, rpcHandler, rpcStreamHandler, serveRpc } from "./rpc-server.ts";

const dir = mkdtempSync(join(tmpdir(), "quorate-rpc-"));
const toBytes = (value: string): Buffer => Buffer.from(value);
const toText = (bytes: Buffer): string => bytes.toString();
const method = (name: string, responseStream: boolean): MethodDefinition<string, string> => ({
  path: `/test.Service/${name}`, requestStream: false, responseStream,
  requestSerialize: toBytes, requestDeserialize: toText, responseSerialize: toBytes, responseDeserialize: toText,
});
const definition: ServiceDefinition = { ask: method("Ask", false), watch: method("Watch", true) };
const TestClient = makeClientConstructor(definition, "test.Service") as unknown as new (...args: ConstructorParameters<typeof Client>) => Client & {
  watch(request: string): ClientReadableStream<string>;
};

let sockets = 0;
const socket = (): string => `unix:${join(dir, `s${(sockets += 1)}.sock`)}`;
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Ask = (request: string) => Promise<string> | string;
type Watch = (request: string, stream: RpcStream<string>) => Promise<void> | void;

async function serve(address: string, options: { ask?: Ask; watch?: Watch; log?: Logger; backlogMax?: number }): Promise<RpcServer> {
  const { ask = (request: string) => request, watch = () => {}, log = silentLogger } = options;
  const implementation = {
    ask: rpcHandler<string, string>(ask, log),
    watch: rpcStreamHandler<string, string>(watch, { log, ...(options.backlogMax === undefined ? {} : { backlogMax: options.backlogMax }) }),
  };
  const server = await serveRpc({ addresses: [address], services: [{ definition, implementation }], log });
  cleanups.push(() => server.close(0));
  return server;
}

function client(address: string): InstanceType<typeof TestClient> {
  const made = createRpcClient(TestClient, address);
  cleanups.push(() => made.close());
  return made;
}

const ask = (to: Client, request: string, timeoutMs = 2_000): Promise<string> => unaryCall<string, string>(to, "ask", request, timeoutMs);

test("a call over a unix socket, which only the owner and the group may use", async () => {
  const address = socket();
  await serve(address, { ask: (request) => `${request}!` });
  expect(await ask(client(address), "hi")).toBe("hi!");
  expect(statSync(address.slice(5)).mode & 0o777).toBe(0o660);
});

test("a call over TCP on a port that was free", async () => {
  const server = await serve("127.0.0.1:0", {});
  expect(await ask(client(server.addresses[0] ?? ""), "tcp")).toBe("tcp");
});

test.each(Object.keys(QUORATE_ERRORS) as QuorateErrorCode[])("%s arrives with code, message and details, under its gRPC status", async (code) => {
  const address = socket();
  await serve(address, { ask: () => { throw new QuorateError(code, `größe: 100% "of" it`, { details: { key: "a/b", line: 7 } }); } });
  const error = await ask(client(address), "x").catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(QuorateError);
  expect(error).toMatchObject({ code, message: `größe: 100% "of" it`, details: { key: "a/b", line: 7 }, cause: { code: status[QUORATE_ERRORS[code].grpc] } });
});

test("a server that does not answer is QUORATE_TIMEOUT, none at all is QUORATE_DISCONNECTED, and a bug there is neither and stays secret", async () => {
  const address = socket();
  const logged: unknown[] = [];
  const log = { ...silentLogger, debug: () => {}, error: (fields: unknown) => void logged.push(fields) } as unknown as Logger;
  const hang = new Promise<string>(() => {});
  await serve(address, { ask: (request) => (request === "hang" ? hang : Promise.reject(new TypeError("password=geheim"))), log });
  await expect(ask(client(address), "hang", 100)).rejects.toMatchObject({ code: "QUORATE_TIMEOUT" });
  await expect(ask(client(socket()), "x")).rejects.toMatchObject({ code: "QUORATE_DISCONNECTED" });
  const error = (await ask(client(address), "bug").catch((caught: unknown) => caught)) as QuorateError;
  expect([error.code, error.message.includes("geheim"), logged.length]).toEqual(["QUORATE_WIRE_INVALID", false, 1]);
});

test("a failed assertion in a handler ends the process instead of becoming an answer only", async () => {
  const address = socket();
  await serve(address, { ask: () => { throw new AssertionError("wrong program"); } });
  const thrown = new Promise<unknown>((resolve) => {
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException").once("uncaughtException", (error) => {
      for (const listener of listeners) process.on("uncaughtException", listener);
      resolve(error);
    });
  });
  await expect(ask(client(address), "x")).rejects.toMatchObject({ code: "QUORATE_WIRE_INVALID" });
  expect(await thrown).toMatchObject({ message: "wrong program" });
});

test("a stale socket file is replaced, one that is served is not", async () => {
  const address = socket();
  writeFileSync(address.slice(5), "");
  await serve(address, {});
  await expect(serve(address, {})).rejects.toMatchObject({ code: "QUORATE_EXISTS" });
  expect(await ask(client(address), "still there")).toBe("still there");
});

test("an address that cannot be bound is QUORATE_CONFIG_INVALID", async () => {
  await expect(serve("203.0.113.1:1", {})).rejects.toMatchObject({ code: "QUORATE_CONFIG_INVALID" });
  await expect(serve(`unix:${dir}/no/such/dir.sock`, {})).rejects.toMatchObject({ code: "QUORATE_CONFIG_INVALID" });
});

test("close lets a call finish within the deadline, and cuts it after", async () => {
  const address = socket();
  const server = await serve(address, { ask: async (request) => { await sleep(Number(request)); return "done"; } });
  const caller = client(address);
  const [quick, slow] = [ask(caller, "150"), ask(caller, "5000", 10_000)];
  const outcome = slow.catch((error: unknown) => error);
  await sleep(50);
  const startedAt = performance.now();
  await server.close(400);
  const tookMs = performance.now() - startedAt;
  expect(await quick).toBe("done");
  expect(await outcome).toMatchObject({ code: "QUORATE_DISCONNECTED" });
  expect(tookMs).toBeGreaterThan(350);
  expect(tookMs).toBeLessThan(1_500);
});

/** Follows `watch` and keeps the trace: messages, +open and -closed. */
function follow(address: string): { trace: string[]; close(): void } {
  const from = client(address);
  const trace: string[] = [];
  const following = followStream<string>({
    open: () => from.watch("from start"), onMessage: (message) => trace.push(message),
    onState: (state) => trace.push(state === "open" ? "+" : "-"), retryMs: 20,
  });
  cleanups.push(() => following.close());
  return { trace, close: () => following.close() };
}

test("a stream is open before the first message, ends, and is opened again; close ends it for good and tells the server", async () => {
  const address = socket();
  let opened = 0;
  let gone = 0;
  await serve(address, {
    watch: (request, stream) => {
      opened += 1;
      stream.onClose(() => void (gone += 1));
      if (opened === 1) {
        stream.send(`${request} 1`);
        stream.send("2");
        stream.end();
      } else if (opened === 2) stream.fail(new QuorateError("QUORATE_NOT_DC", "moved"));
      else if (opened === 3) throw new QuorateError("QUORATE_NOT_DC", "moved");
    },
  });
  const following = follow(address);
  const { trace } = following;
  await expect.poll(() => trace.join(" ")).toBe("+ from start 1 2 - + - + - +");
  following.close();
  await expect.poll(() => gone).toBe(4);
  await sleep(60);
  expect([opened, trace.at(-1)]).toEqual([4, "+"]);
});

test("a stream follows its server through a restart", async () => {
  const address = socket();
  const first = await serve(address, { watch: (_, stream) => void stream.send("one") });
  const { trace } = follow(address);
  await expect.poll(() => trace.join(" ")).toBe("+ one");
  await first.close(0);
  await expect.poll(() => trace.join(" ")).toBe("+ one -");
  const restartedAt = performance.now();
  await serve(address, { watch: (_, stream) => void stream.send("two") });
  await expect.poll(() => trace.join(" "), { interval: 5 }).toBe("+ one - + two");
  process.stdout.write(`rpc: stream open again ${(performance.now() - restartedAt).toFixed(0)} ms after the restart\n`);
});

test("a reader that falls behind is cut with QUORATE_OVERLOADED instead of filling memory", async () => {
  const address = socket();
  let sent = 0;
  await serve(address, {
    watch: (_, stream) => {
      while (stream.send("x".repeat(10_000))) sent += 1;
    },
    backlogMax: 100,
  });
  const stream = client(address).watch("x");
  const error = await new Promise<{ metadata: { get(key: string): unknown[] } }>((resolve) => stream.on("error", resolve as never).resume());
  expect(error.metadata.get("quorate-code")).toEqual(["QUORATE_OVERLOADED"]);
  expect(sent).toBeLessThanOrEqual(101);
});
