import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type ServiceDefinition, makeClientConstructor } from "@grpc/grpc-js";
import { afterAll, describe, expect, test } from "vitest";
import type { TlsFiles } from "./bus-link.ts";
import { connectBus } from "./bus.ts";
import { freePorts } from "./free-ports.ts";
import { silentLogger } from "./logger.ts";
import { findNatsServer, startNatsServer } from "./nats-server.ts";
import { createRpcClient, unaryCall } from "./rpc-client.ts";
import { rpcHandler, serveRpc } from "./rpc-server.ts";

const dir = mkdtempSync(join(tmpdir(), "quorate-tls-"));
const openssl = (...args: string[]): void => void execFileSync("openssl", args, { stdio: "ignore", cwd: dir });
const hasOpenssl = (() => {
  try {
    openssl("version");
    return true;
  } catch {
    return false;
  }
})();
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Files of a node whose certificate is signed by an authority of that name. */
function issue(authority: string, node: string): TlsFiles {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  try {
    openssl("x509", "-in", `${authority}.pem`, "-noout");
  } catch {
    openssl("req", "-x509", ...key, "-keyout", `${authority}.key`, "-out", `${authority}.pem`, "-days", "2", "-subj", `/CN=${authority}`);
  }
  writeFileSync(join(dir, "ext"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  openssl("req", ...key, "-keyout", `${node}.key`, "-out", `${node}.csr`, "-subj", `/CN=${node}`);
  openssl("x509", "-req", "-in", `${node}.csr`, "-CA", `${authority}.pem`, "-CAkey", `${authority}.key`, "-CAcreateserial", "-days", "2", "-extfile", "ext", "-out", `${node}.pem`);
  return { caFile: join(dir, `${authority}.pem`), certFile: join(dir, `${node}.pem`), keyFile: join(dir, `${node}.key`) };
}

describe.runIf(hasOpenssl)("mutual TLS", () => {
  const ours = hasOpenssl ? issue("ours", "node1") : null;
  const theirs = hasOpenssl ? issue("theirs", "stranger") : null;
  const files = ours as TlsFiles;
  const strange = { ...(theirs as TlsFiles), caFile: files?.caFile ?? "" };

  test("rpc: our certificate is served; none, or a stranger's, is not", async () => {
    const text = (value: string): Buffer => Buffer.from(value);
    const definition: ServiceDefinition = {
      ask: { path: "/t.T/Ask", requestStream: false, responseStream: false, requestSerialize: text, requestDeserialize: String, responseSerialize: text, responseDeserialize: String },
    };
    const TestClient = makeClientConstructor(definition, "t.T") as unknown as new (...args: ConstructorParameters<typeof Client>) => Client;
    const server = await serveRpc({ addresses: ["127.0.0.1:0"], services: [{ definition, implementation: { ask: rpcHandler((request: string) => request) } }], tls: files, log: silentLogger });
    const outcomes: string[] = [];
    for (const tls of [files, undefined, strange]) {
      const client = createRpcClient(TestClient, server.addresses[0] ?? "", tls);
      outcomes.push(await unaryCall<string, string>(client, "ask", "hi", 2_000).catch((error: { code: string }) => error.code));
      client.close();
    }
    await server.close(0);
    expect(outcomes).toEqual(["hi", "QUORATE_DISCONNECTED", "QUORATE_DISCONNECTED"]);
  });

  test("bus: two servers join by certificate; a client with ours connects, none or a stranger's does not", async () => {
    const binary = await findNatsServer(join(dir, "cache"));
    const ports = await freePorts(4);
    const server = (index: number) => startNatsServer({
      binary, dir: join(dir, `s${index}`), name: `s${index}`, cluster: "t", listen: `127.0.0.1:${ports[index]}`, clusterListen: `127.0.0.1:${ports[index + 2]}`,
      routes: ports.slice(2).map((port) => `127.0.0.1:${port}`), storeDir: join(dir, `s${index}`), jetStream: false, tls: files,
    });
    const servers = [await server(0), await server(1)];
    const bus = (index: number, tls?: TlsFiles) => connectBus({ servers: [servers[index]?.url ?? ""], name: "t", log: silentLogger, ...(tls === undefined ? {} : { tls }) });
    const buses = [await bus(0, files), await bus(1, files), await bus(0), await bus(0, strange)];
    const [first, second, none, stranger] = buses;
    let heard = 0;
    second?.subscribe("x", () => void (heard += 1));
    await expect.poll(() => { first?.publish("x", new Uint8Array()); return heard; }, { timeout: 5_000 }).toBeGreaterThan(0);
    expect([none?.connected(), stranger?.connected()]).toEqual([false, false]);
    for (const each of buses) await each.close();
    for (const each of servers) await each.stop();
  }, 15_000);
});
