/** Performs the engine's effects other than writing to disk. Nothing here waits: answers come back as inputs. */
import type { EngineEffect, EngineInput } from "@quorate/controller";
import type { Bus, Logger, QuorateConfig, Readiness } from "@quorate/runtime";
import { decodeExecutorReply, decodeFenceReply, encodeExecutorRequest, encodeFenceRequest, encodeRaftPacket } from "@quorate/wire";
import type { Neighbours } from "./neighbours.ts";
import type { Outbox } from "./outbox.ts";
import type { Requests } from "./requests.ts";
import type { SchedulerDesk } from "./scheduler-desk.ts";
import type { Subjects } from "./subjects.ts";

export interface PerformerOptions {
  readonly config: QuorateConfig;
  readonly log: Logger;
  readonly bus: Bus;
  readonly subjects: Subjects;
  readonly scheduler: SchedulerDesk;
  readonly neighbours: Neighbours;
  readonly requests: Requests;
  readonly outbox: Outbox;
  readonly readiness: Readiness;
  readonly post: (input: EngineInput) => void;
}

type Effect = Exclude<EngineEffect, { readonly kind: "persist" }>;
type Of<K extends Effect["kind"]> = Extract<Effect, { readonly kind: K }>;

/** Beyond the gateway's own budget, before the request itself counts as lost. */
const FENCE_SLACK_MS = 1_000;

export function createPerformer(options: PerformerOptions): { perform(effect: Effect): void } {
  return { perform: (effect) => perform(options, effect) };
}

function perform(options: PerformerOptions, effect: Effect): void {
  const { bus, subjects, log } = options;
  switch (effect.kind) {
    case "send":
      bus.publish(subjects.raft(effect.to), encodeRaftPacket(effect.packet));
      return;
    case "answer":
      options.requests.answer(effect.answer);
      return;
    case "events":
      for (const { type, message, index } of effect.events) log.info({ event: type, index }, message);
      options.outbox.publish(effect.events);
      return;
    case "seed":
      options.neighbours.seed(effect.members);
      return;
    case "raftStatus":
      log.info({ role: effect.status.role, term: effect.status.term, leader: effect.status.leader ?? "" }, "raft");
      options.readiness.set("leader", effect.status.leader !== null, "no leader is known");
      return;
    case "executorRequest":
      void askExecutor(options, effect);
      return;
    case "fenceRequest":
      void askGateway(options, effect);
      return;
    case "schedule":
      log.debug({ request: effect.token }, "scheduler asked");
      options.scheduler.ask(effect.token, effect.cib, effect.wallMs, effect.about ?? null);
      return;
    case "executeLocal":
      options.neighbours.executeLocal(effect.operation);
      return;
    case "log":
      log[effect.level](effect.fields, effect.message);
      return;
  }
}

async function askExecutor({ bus, subjects, log, post }: PerformerOptions, { node, token, request, timeoutMs }: Of<"executorRequest">): Promise<void> {
  try {
    const reply = decodeExecutorReply(await bus.request(subjects.executor(node), encodeExecutorRequest(request), timeoutMs));
    post({ kind: "executorReply", node, token, reply });
  } catch (error) {
    log.debug({ node, request: request.kind, why: text(error) }, "executor did not answer"); // the DC repeats it and counts the silence
  }
}

async function askGateway({ bus, subjects, log, post }: PerformerOptions, { gateway, request }: Of<"fenceRequest">): Promise<void> {
  try {
    const payload = await bus.request(subjects.fencing(gateway), encodeFenceRequest(request), request.timeoutMs + FENCE_SLACK_MS);
    post({ kind: "fenceReply", reply: decodeFenceReply(payload) });
  } catch (error) {
    log.warn({ gateway, node: request.target, why: text(error) }, "fencing-gateway did not answer");
    // Whether the request reached it is not known: a connection that broke tells no more than silence.
    post({ kind: "fenceReply", reply: { fenceId: request.fenceId, outcome: "unknown", device: null, detail: `fencing-gateway on ${gateway}: ${text(error)}`, powered: null, targets: [], elapsedMs: 0 } });
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
