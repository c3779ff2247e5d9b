/**
 * Fencing-gateway: drives fence devices for the DC. Wires the core of @quorate/fencing to NATS, gRPC, the ledger's store and the
 * device adapters; decides nothing itself.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createFencingCore } from "@quorate/fencing";
import {
  type Bus, type Clock, type Logger, type QuorateConfig, type ReadinessState, type RpcServer, type Store, connectBus, createReadiness, openStore, readSecret,
  rpcHandler, serveRpc,
} from "@quorate/runtime";
import { FencingGatewayServiceService, type FencingGatewayServiceServer, decodeFenceRequest, encodeFenceReply, fenceReplyToProto, fenceRequestFromProto } from "@quorate/wire";
import { createAdapters } from "./adapters.ts";
import { FencingDesk } from "./fencing-desk.ts";
import { loadFencing } from "./ledger-store.ts";

export interface FencingGateway {
  start(): Promise<void>;
  /** No new requests are taken. */
  stopIntake(): Promise<void>;
  /** Waits, within a bound, until what was begun has its outcome; what has none by then is `unknown` to the next life. */
  settle(): Promise<void>;
  close(): Promise<void>;
  ready(): ReadinessState;
}

const SETTLE_MS = 10_000;
const CLOSE_DEADLINE_MS = 2_000;

export function createFencingGateway({ config, log, clock }: { config: QuorateConfig; log: Logger; clock: Clock }): FencingGateway {
  const readiness = createReadiness(["bus", "rpc", "store"]);
  const adapters = createAdapters({ agentDirectories: config.paths.fenceAgents });
  let parts: { store: Store; desk: FencingDesk; bus: Bus; rpc: RpcServer } | null = null;
  return {
    async start() {
      const store = openStore(join(config.paths.data, "fencing"));
      const core = createFencingCore({ node: config.node, stored: loadFencing(store) });
      readiness.set("store", true, "");
      const desk = new FencingDesk({ core, store, adapters, log, clock });
      const bus = await openBus(config, log);
      bus.onStatus(({ connected }) => readiness.set("bus", connected, "no nats-server answers"));
      if (bus.connected()) readiness.set("bus", true, "");
      bus.subscribe(`quorate.${config.cluster}.fencing.${config.node}`, (payload, { reply }) => {
        const request = decodeFenceRequest(payload);
        void desk.ask(request).then((answer) => reply?.(encodeFenceReply(answer)));
      });
      const rpc = await serve(config, desk, log);
      readiness.set("rpc", true, "");
      parts = { store, desk, bus, rpc };
    },
    async stopIntake() {
      readiness.stopping();
      parts?.desk.refuseNew();
    },
    settle: async () => parts?.desk.settle(SETTLE_MS),
    async close() {
      await parts?.desk.stop();
      adapters.close();
      if (parts === null) return;
      await parts.rpc.close(CLOSE_DEADLINE_MS);
      await parts.bus.close();
      await parts.store.close();
    },
    ready: () => readiness.ready(),
  };
}

async function openBus(config: QuorateConfig, log: Logger): Promise<Bus> {
  const { servers, user, passwordFile, tls } = config.nats;
  const password = passwordFile === null ? {} : { password: await readSecret(passwordFile) };
  return connectBus({ servers, name: `fencing-gateway.${config.node}`, log, ...(user === "" ? {} : { user }), ...password, ...(tls === undefined ? {} : { tls }) });
}

async function serve(config: QuorateConfig, desk: FencingDesk, log: Logger): Promise<RpcServer> {
  await mkdir(config.paths.run, { recursive: true });
  const implementation: FencingGatewayServiceServer = {
    fence: rpcHandler(async (request) => fenceReplyToProto(await desk.ask(fenceRequestFromProto(request))), log),
  };
  return serveRpc({ addresses: [`unix:${join(config.paths.run, "fencing-gateway.sock")}`], services: [{ definition: FencingGatewayServiceService, implementation }], log });
}
