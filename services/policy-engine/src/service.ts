/**
 * Policy-engine: the Raft log, the CIB, the outbox, and on the leader's node the DC. Wires `Engine` to disk, bus, gRPC
 * and the scheduler's thread. Read next: engine-loop.ts, then @quorate/controller.
 */
import { createHash, randomBytes, randomInt } from "node:crypto";
import { join } from "node:path";
import { emptyCib, liveErrors, parseCib } from "@quorate/cib";
import { Engine, type EngineConfig, type EngineEffect, type EngineInput, type EngineStored } from "@quorate/controller";
import { QuorateError } from "@quorate/core";
import { type Bus, type Clock, type Logger, type QuorateConfig, type RpcServer, configHash, connectBus, createReadiness, openStore, readPacketSeal, readSecret, readText, serveRpc } from "@quorate/runtime";
import { CibServiceService, EventServiceService, PolicyServiceService, decodeCommand, decodeExecutorReport, encodeCommand } from "@quorate/wire";
import { createCibService } from "./cib-service.ts";
import { openDecisionStore } from "./decision-store.ts";
import { EngineLoop } from "./engine-loop.ts";
import { createEventService } from "./event-service.ts";
import { createLogStore } from "./log-store.ts";
import { createNeighbours } from "./neighbours.ts";
import { createOutbox } from "./outbox.ts";
import { readPeerPacket } from "./peer-packet.ts";
import { createPerformer } from "./performer.ts";
import { createPolicyService } from "./policy-service.ts";
import { createRequests } from "./requests.ts";
import { createSchedulerDesk } from "./scheduler-desk.ts";
import { createStandIn } from "./stand-in.ts";
import { subjectsOf } from "./subjects.ts";

export interface PolicyEngine {
  start(): Promise<void>;
  /** No new calls and no new steps; what is under way is finished. */
  stopIntake(): Promise<void>;
  close(): Promise<void>;
}

const CLOSE_DEADLINE_MS = 2_000;
const REHEARSE_MS = 250;
/** Of one decision. The largest clusters take a second. */
const SCHEDULE_TIMEOUT_MS = 60_000;

/** Times that no operator needs to tune. */
const FIXED = { campaignStaggerMs: 60, helloIntervalMs: 200, requestTimeoutMs: 10_000, aloneGraceMs: 10_000, admitProgressMs: 2_000 } as const;

export function createPolicyEngine({ config, log, clock }: { config: QuorateConfig; log: Logger; clock: Clock }): PolicyEngine {
  const closers: (() => Promise<void> | void)[] = [];
  const intake: (() => Promise<void> | void)[] = [];
  return {
    start: async () => startPolicyEngine({ config, log, clock, closers, intake }),
    stopIntake: async () => {
      for (const stop of intake) await stop();
    },
    close: async () => {
      for (const close of closers.toReversed()) await close();
    },
  };
}

interface Start {
  readonly config: QuorateConfig;
  readonly log: Logger;
  readonly clock: Clock;
  readonly closers: (() => Promise<void> | void)[];
  readonly intake: (() => Promise<void> | void)[];
}

async function startPolicyEngine({ config, log, clock, closers, intake }: Start): Promise<void> {
  const readiness = createReadiness(["bus", "rpc", "leader"]);
  const store = openStore(join(config.paths.data, "policy-engine"));
  closers.push(() => store.close());
  const logStore = createLogStore(store);
  const stored = await logStore.load();
  const engine = new Engine({
    config: await engineConfig(config, stored),
    codec: { encode: encodeCommand, decode: decodeCommand },
    stored,
    emptyCib: emptyCib(),
    seed: randomInt(2 ** 31),
    hash: (text) => createHash("sha256").update(text).digest("hex").slice(0, 32),
    time: { nowMs: clock.nowMs(), wallMs: clock.wallMs() },
  });
  const bus = await connectBus(await busOptions(config, log));
  closers.push(() => bus.close());
  bus.onStatus(({ connected, server }) => readiness.set("bus", connected, server === null ? "no nats-server answers" : ""));

  const outbox = createOutbox(engine.replica);
  const post = (input: EngineInput): void => loop.post(input);
  const decisions = await openDecisionStore({ folder: join(config.paths.data, "decisions"), log });
  closers.push(() => decisions.close());
  const scheduler = createSchedulerDesk({ post, log, keep: (record) => decisions.keep(record), url: new URL(`./scheduler-thread${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url), timeoutMs: SCHEDULE_TIMEOUT_MS });
  closers.push(() => scheduler.close());
  const neighbours = createNeighbours({ config, log, standIn: createStandIn({ config, bus, seal: await readPacketSeal(config.paths.keyFile) }), post });
  closers.push(() => neighbours.close());
  const requests = createRequests(post);
  const performer = createPerformer({ config, log, bus, subjects: subjectsOf(config.cluster), scheduler, neighbours, requests, outbox, readiness, post });
  const loop: EngineLoop = new EngineLoop({ engine, clock, save: (effect) => logStore.save(effect), perform: (effect: Exclude<EngineEffect, { kind: "persist" }>) => performer.perform(effect), onCrash: (error) => crash(log, error) });
  intake.push(() => loop.stop());

  listen({ config, bus, post, log });
  const ticker = setInterval(() => post({ kind: "tick" }), config.policyEngine.tickMs);
  const rehearsals = setInterval(() => void (engine.raftStatus.leader !== null && scheduler.rehearse(engine.replica.cib, clock.wallMs())), REHEARSE_MS);
  intake.unshift(() => clearInterval(ticker), () => clearInterval(rehearsals));
  const services = [
    { definition: PolicyServiceService, implementation: createPolicyService({ config, engine, requests, outbox, decisions, clock, log }) },
    { definition: CibServiceService, implementation: createCibService({ engine, requests, clock, log }) },
    { definition: EventServiceService, implementation: createEventService({ engine, requests, outbox, log }) },
  ];
  const addresses = [`unix:${join(config.paths.run, "policy-engine.sock")}`, ...(config.rpc.listen === null ? [] : [config.rpc.listen])];
  const rpc: RpcServer = await serveRpc({ addresses, services: services as Parameters<typeof serveRpc>[0]["services"], log, ...(config.rpc.tls === undefined ? {} : { tls: config.rpc.tls }) });
  intake.unshift(() => rpc.close(CLOSE_DEADLINE_MS));
  readiness.set("rpc", true, "");
  neighbours.start();
}

async function engineConfig(config: QuorateConfig, stored: EngineStored): Promise<EngineConfig> {
  const { policyEngine, membership } = config;
  return {
    ...FIXED,
    cluster: config.cluster,
    node: config.node,
    session: randomBytes(8).toString("hex"),
    voters: config.nodes.map(({ name }) => name),
    configHash: configHash(config),
    electionTicks: policyEngine.electionTicks,
    heartbeatTicks: policyEngine.heartbeatTicks,
    claimTimeoutMs: policyEngine.claimTimeoutMs,
    initialDeadTimeMs: policyEngine.initialDeadTimeMs,
    commandDeadTimeMs: membership.commandDeadTimeMs,
    initialCib: stored.hardState.commit > 0 ? null : await readInitialCib(policyEngine.initialCib),
  };
}

/** Only a store without history needs it. @throws QuorateError QUORATE_CONFIG_INVALID with every problem of the document. */
async function readInitialCib(file: string | null): Promise<string | null> {
  if (file === null) return null;
  const text = await readText(file);
  const parsed = parseCib(text);
  const issues = parsed.ok ? liveErrors(parsed.value.cib.root) : parsed.error.issues;
  if (issues.length === 0) return text;
  const problems = issues.map(({ place, path, message }) => `${file}:${place === null ? "" : `${place.line}:${place.column}: `}${path}: ${message}`);
  throw new QuorateError("QUORATE_CONFIG_INVALID", `policyEngine.initialCib is not a CIB that can be run:\n${problems.join("\n")}`);
}

async function busOptions(config: QuorateConfig, log: Logger): Promise<Parameters<typeof connectBus>[0]> {
  const { servers, user, passwordFile, tls } = config.nats;
  const password = passwordFile === null ? null : await readSecret(passwordFile);
  return { servers, name: `policy-engine.${config.node}`, log, ...(user === "" ? {} : { user }), ...(password === null ? {} : { password }), ...(tls === undefined ? {} : { tls }) };
}

/** What arrives on the bus. A payload that does not decode is dropped and said: it is never half obeyed. */
function listen({ config, bus, post, log }: { config: QuorateConfig; bus: Bus; post: (input: EngineInput) => void; log: Logger }): void {
  const subjects = subjectsOf(config.cluster);
  bus.subscribe(subjects.raft(config.node), (payload) => post({ kind: "packet", packet: readPeerPacket(payload) }));
  bus.subscribe(subjects.policy(config.node), (payload) => post({ kind: "executorReport", report: decodeExecutorReport(payload) }));
  log.debug({ node: config.node }, "listening");
}

/** A crash stays a crash: peers must see it. */
function crash(log: Logger, error: unknown): never {
  log.fatal({ error }, "policy-engine cannot go on");
  process.exit(1);
}
