/**
 * Executor: runs resource agents for the DC, repeats monitors, remembers what runs here. Wires the pure core of
 * `@quorate/execution` to disk, bus, gRPC and processes. Read next: executor-loop.ts, agent-run.ts.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createExecutorCore } from "@quorate/execution";
import { type Bus, type Clock, type Logger, type QuorateConfig, connectBus, createReadiness, openStore, readBootId, readSecret, serveRpc } from "@quorate/runtime";
import { ExecutorServiceService, decodeExecutorRequest, encodeExecutorReply, encodeExecutorReport } from "@quorate/wire";
import { type AgentRunner, notInstalled } from "./agent-run.ts";
import { ExecutorLoop, storedRecords } from "./executor-loop.ts";
import { createExecutorService } from "./executor-service.ts";
import { createFenceDeviceRunner } from "./fence-device-agent.ts";
import { createInitRunners } from "./init-agent.ts";
import { followMembership } from "./membership-link.ts";
import { createOcfRunner } from "./ocf-agent.ts";

export interface Executor {
  start(): Promise<void>;
  /** No new requests. Monitors are not repeated any more. */
  stopIntake(): Promise<void>;
  /** Agents under way get their results written down, within half of the shutdown deadline. */
  settle(): Promise<void>;
  /** Ends at once what the steps before have not; resources go on running. */
  close(): Promise<void>;
}

interface Context {
  readonly config: QuorateConfig;
  readonly log: Logger;
  readonly clock: Clock;
}

type Closer = () => Promise<void> | void;

/** Precision of intervals, budgets and repeated reports. */
const TICK_MS = 50;
const CLOSE_DEADLINE_MS = 1_000;

export function createExecutor(context: Context): Executor {
  const intake: Closer[] = [];
  const closers: Closer[] = [];
  let loop: ExecutorLoop | null = null;
  const stopIntake = async (): Promise<void> => {
    for (const stop of intake.splice(0)) await stop();
  };
  return {
    start: async () => {
      loop = await startExecutor({ ...context, intake, closers });
    },
    stopIntake,
    settle: async () => loop?.settle(context.config.executor.shutdownDeadlineMs / 2),
    close: async () => {
      await stopIntake();
      await loop?.stop();
      for (const close of closers.splice(0).toReversed()) await close();
    },
  };
}

async function startExecutor({ config, log, clock, intake, closers }: Context & { intake: Closer[]; closers: Closer[] }): Promise<ExecutorLoop> {
  const readiness = createReadiness(["bus", "rpc", "membership"]);
  mkdirSync(agentState(config), { recursive: true });
  const store = openStore(join(config.paths.data, "executor"));
  closers.push(() => store.close());
  const bus = await connectBus(await busOptions(config, log));
  closers.push(() => bus.close());
  const noteBus = (connected: boolean): void => readiness.set("bus", connected, "no nats-server answers");
  bus.onStatus(({ connected }) => noteBus(connected));
  noteBus(bus.connected());

  const session = randomBytes(8).toString("hex");
  const core = createExecutorCore({ node: config.node, bootId: await readBootId(config.paths.bootId), session, config: config.executor, stored: storedRecords(store) });
  const runners = createRunners(config, closers);
  const service = createExecutorService({ log, request: (request, answer) => loop.request(request, "local", answer) });
  const subject = `quorate.${config.cluster}`;
  const loop: ExecutorLoop = new ExecutorLoop({
    core, session, store, clock, log, run: runners, result: (result) => service.publish(result),
    report: (to, report) => bus.publish(`${subject}.policy.${to}`, encodeExecutorReport(report)),
  });
  loop.post({ kind: "restored" });

  const membership = followMembership({ run: config.paths.run, log, onQuorum: (connected) => loop.post({ kind: "quorum", connected }), onState: (open) => readiness.set("membership", open, "membership is not heard") });
  intake.push(() => membership.close());
  const subscription = listen(bus, `${subject}.executor.${config.node}`, { loop, log });
  intake.push(() => subscription.unsubscribe());
  const rpc = await serveRpc({ addresses: [`unix:${join(config.paths.run, "executor.sock")}`], services: [{ definition: ExecutorServiceService, implementation: service.implementation }], log });
  intake.push(() => rpc.close(CLOSE_DEADLINE_MS));
  readiness.set("rpc", true, "");
  const ticker = setInterval(() => loop.tick(() => membership.progress()), TICK_MS);
  intake.unshift(() => clearInterval(ticker));
  log.info({ session }, "executor started");
  return loop;
}

/** A payload that does not decode is dropped and said (by the bus); it is never half obeyed. One too many is not answered: the DC repeats it. */
function listen(bus: Bus, subject: string, { loop, log }: { loop: ExecutorLoop; log: Logger }): { unsubscribe(): void } {
  return bus.subscribe(subject, (payload, { reply }) => {
    const request = decodeExecutorRequest(payload);
    log.debug({ kind: request.kind }, "request");
    loop.request(request, "bus", (answer) => reply?.(encodeExecutorReply(answer)));
  });
}

function createRunners(config: QuorateConfig, closers: Closer[]): AgentRunner {
  const { node, paths } = config;
  const ocf = createOcfRunner({ directories: paths.ocfAgents, host: { node, ocfRoot: paths.ocfRoot, stateDirectory: agentState(config) } });
  const init = createInitRunners();
  const devices = createFenceDeviceRunner({ run: paths.run, node });
  closers.push(() => devices.close());
  const byClass: Readonly<Record<string, AgentRunner>> = { ocf, ...init, stonith: devices.runner };
  return (request) => {
    const { agent } = request.operation;
    return (byClass[agent.class] ?? (() => notInstalled(`class ${agent.class}`)))(request);
  };
}

/** Per node, and cleared by a reboot like everything below the run directory: nodes of a test share one file system. */
function agentState(config: QuorateConfig): string {
  return join(config.paths.run, "agents");
}

async function busOptions(config: QuorateConfig, log: Logger): Promise<Parameters<typeof connectBus>[0]> {
  const { servers, user, passwordFile, tls } = config.nats;
  const password = passwordFile === null ? null : await readSecret(passwordFile);
  return { servers, name: `executor.${config.node}`, log, ...(user === "" ? {} : { user }), ...(password === null ? {} : { password }), ...(tls === undefined ? {} : { tls }) };
}
