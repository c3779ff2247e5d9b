/**
 * Notifier: tells people and programs what happened in the cluster. Wires the core of @quorate/delivery to the outbox of the
 * policy-engine and to the sinks; decides nothing itself. Every node runs one; the one beside the DC delivers.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DELIVERY_DEFAULTS, type Sink, createDeliveryCore } from "@quorate/delivery";
import {
  type Bus, type Clock, type Logger, type QuorateConfig, type ReadinessState, type RpcServer, connectBus, createReadiness, readSecret, rpcHandler, serveRpc,
} from "@quorate/runtime";
import { type NotifierServiceServer, NotifierServiceService, type NotifierStatusResponseProto } from "@quorate/wire";
import { watchActive } from "./active-watch.ts";
import { DeliveryDesk } from "./delivery-desk.ts";
import { createEmailSink } from "./email-sink.ts";
import type { EventSink } from "./event-sink.ts";
import { JETSTREAM_SINK, createJetStreamSink } from "./jetstream-sink.ts";
import { createOutboxClient } from "./outbox-client.ts";
import { createWebhookSink } from "./webhook-sink.ts";

export interface Notifier {
  start(): Promise<void>;
  /** Nothing more is read or delivered. */
  stopIntake(): Promise<void>;
  /** Waits, within a bound, for deliveries under way, so that few are repeated by the next active instance. */
  settle(): Promise<void>;
  close(): Promise<void>;
  ready(): ReadinessState;
}

interface Context {
  readonly config: QuorateConfig;
  readonly log: Logger;
  readonly clock: Clock;
}

type Closer = () => Promise<void> | void;

/** Failures in a row (about a minute of them) after which an operator is told. */
const FAILING_AFTER = 8;
const SETTLE_MS = 5_000;
const CLOSE_DEADLINE_MS = 2_000;

export function createNotifier(context: Context): Notifier {
  const readiness = createReadiness(["rpc"]);
  const intake: Closer[] = [];
  const closers: Closer[] = [];
  let desk: DeliveryDesk | null = null;
  return {
    async start() {
      const started = await startNotifier({ ...context, intake, closers });
      desk = started;
      readiness.set("rpc", true, "");
    },
    async stopIntake() {
      readiness.stopping();
      for (const stop of intake) await stop();
      await desk?.drain();
    },
    settle: async () => desk?.settle(SETTLE_MS),
    async close() {
      await desk?.stop();
      for (const close of closers.toReversed()) await close();
    },
    ready: () => readiness.ready(),
  };
}

async function startNotifier({ config, log, clock, intake, closers }: Context & { intake: Closer[]; closers: Closer[] }): Promise<DeliveryDesk> {
  const bus = await openBus(config, log);
  closers.push(() => bus.close());
  const outbox = createOutboxClient(config.paths.run);
  closers.push(() => outbox.close());
  const sinks = createSinks({ config, bus, clock });
  closers.push(() => sinks.forEach((sink) => sink.close()));
  const core = createDeliveryCore({ sinks: routes(config), limits: { ...DELIVERY_DEFAULTS, retryMs: config.notifier.retryMs, failingAfter: FAILING_AFTER } });
  const desk = new DeliveryDesk({ core, sinks, outbox, node: config.node, log, clock });
  const watch = watchActive({
    outbox, node: config.node, log, clock,
    onChange: async (active) => desk.post(active ? { kind: "activate", cursors: await outbox.cursors() } : { kind: "deactivate" }),
  });
  intake.push(() => watch.close());
  const status = (): NotifierStatusResponseProto => statusOf(core, sinks, desk);
  const rpc = await serve(config, status, log);
  closers.push(() => rpc.close(CLOSE_DEADLINE_MS));
  return desk;
}

/** Every event goes to JetStream; the configuration says what goes elsewhere. */
function routes(config: QuorateConfig): readonly Sink[] {
  const configured = config.notifier.sinks.map(({ name, match }): Sink => ({ name, match, severityMin: "info" }));
  return [...configured, { name: JETSTREAM_SINK, match: ["*"], severityMin: "info" }];
}

function createSinks({ config, bus, clock }: { config: QuorateConfig; bus: Bus; clock: Clock }): readonly EventSink[] {
  const { cluster } = config;
  const { timeoutMs } = config.notifier;
  const configured = config.notifier.sinks.map((sink): EventSink => {
    switch (sink.kind) {
      case "email":
        return createEmailSink({ config: sink, cluster, timeoutMs });
      case "webhook":
        return createWebhookSink({ config: sink, cluster, timeoutMs, wallMs: () => clock.wallMs() });
    }
  });
  return [...configured, createJetStreamSink({ bus, cluster, servers: config.nodes.length })];
}

function statusOf(core: ReturnType<typeof createDeliveryCore>, sinks: readonly EventSink[], desk: DeliveryDesk): NotifierStatusResponseProto {
  const states = new Map(core.status().map((state) => [state.name, state]));
  return {
    active: core.active(),
    sinks: sinks.map(({ name, kind }) => {
      const state = states.get(name);
      return {
        name, kind,
        cursorIndex: state?.done.index ?? 0,
        cursorOrdinal: state?.done.ordinal ?? 0,
        waiting: state?.waiting ?? 0,
        deadLetters: state?.deadLetters ?? 0,
        lastError: state?.lastError ?? null,
        deliveredAtMs: desk.deliveredAtMs(name),
      };
    }),
  };
}

async function openBus(config: QuorateConfig, log: Logger): Promise<Bus> {
  const { servers, user, passwordFile, tls } = config.nats;
  const password = passwordFile === null ? {} : { password: await readSecret(passwordFile) };
  return connectBus({ servers, name: `notifier.${config.node}`, log, ...(user === "" ? {} : { user }), ...password, ...(tls === undefined ? {} : { tls }) });
}

async function serve(config: QuorateConfig, status: () => NotifierStatusResponseProto, log: Logger): Promise<RpcServer> {
  await mkdir(config.paths.run, { recursive: true });
  const implementation: NotifierServiceServer = { status: rpcHandler(() => status(), log) };
  return serveRpc({ addresses: [`unix:${join(config.paths.run, "notifier.sock")}`], services: [{ definition: NotifierServiceService, implementation }], log });
}
