/**
 * Fencing as the DC drives it: sentence into the log, then the gateway, then the outcome into the log.
 * An attempt that fails or stays unknown is repeated through another gateway after a growing pause; it never counts as done.
 */
import { type XmlElement, attribute, child, children, readNvpairs } from "@quorate/cib";
import type { Authority, NodeName } from "@quorate/core";
import { type FenceAction, type FenceDevice, type FenceReply, devicesFor, readDeviceOptions } from "@quorate/fencing";
import { activeOn } from "./activity.ts";
import type { Command } from "./command.ts";
import type { DcEffect, Time } from "./effects.ts";
import type { Replica } from "./replica.ts";
import { resourceIndex } from "./resource-index.ts";

const PAUSE_FIRST_MS = 500;
const PAUSE_MAX_MS = 30_000;
/** A gateway gets this much longer than its own budget before its answer counts as unknown. */
const REPLY_SLACK_MS = 2_000;

interface Attempt {
  readonly fenceId: string;
  readonly target: NodeName;
  readonly actionId: number;
  readonly gateway: NodeName;
  readonly deadlineMs: number;
  readonly timeoutMs: number;
  readonly devices: readonly FenceDevice[];
  readonly action: FenceAction;
  stage: "sentencing" | "requested" | "recording";
}

interface Waiting {
  readonly target: NodeName;
  readonly action: FenceAction;
  readonly actionId: number;
  readonly timeoutMs: number;
  readonly reason: string;
}

export interface FenceDeskContext {
  readonly replica: Replica;
  readonly authority: Authority;
  readonly node: NodeName;
  /** Nodes that can be asked to act as gateway. */
  readonly members: readonly NodeName[];
}

/** `finished`: the walk's action `actionId` is done. */
export type FenceNews = { readonly actionId: number; readonly succeeded: boolean; readonly detail: string };

export class FenceDesk {
  #attempts: Attempt[] = [];
  #waiting: Waiting[] = [];
  /** Failures in a row per target, and when it may be tried again. */
  readonly #failures = new Map<NodeName, { readonly count: number; readonly notBeforeMs: number }>();
  #counter = 0;

  /** Asks for a node to be fenced on behalf of an action of the walk. */
  request(waiting: Waiting): void {
    this.#waiting.push(waiting);
  }

  /** The walk was aborted: what was not yet sentenced is given up. Returns their action ids. */
  giveUpWaiting(): readonly number[] {
    const given = this.#waiting.map(({ actionId }) => actionId);
    this.#waiting = [];
    return given;
  }

  /** This node is not the DC any more. */
  abandon(): void {
    this.#waiting = [];
    this.#attempts = [];
  }

  get idle(): boolean {
    return this.#attempts.length === 0 && this.#waiting.length === 0;
  }

  /** Sentences what is due and times out what was not answered. */
  advance(context: FenceDeskContext, time: Time, transition: number): { readonly effects: readonly DcEffect[]; readonly news: readonly FenceNews[] } {
    const effects: DcEffect[] = [];
    const news: FenceNews[] = [];
    for (const waiting of this.#waiting) {
      if ((this.#failures.get(waiting.target)?.notBeforeMs ?? 0) > time.nowMs) continue;
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      const sentence = this.#sentence(context, waiting, time, transition);
      if (typeof sentence === "string") {
        this.#countFailure(waiting.target, time);
        effects.push({ kind: "log", level: "error", message: "cannot fence", fields: { node: waiting.target, why: sentence } });
        news.push({ actionId: waiting.actionId, succeeded: false, detail: sentence });
      } else {
        effects.push({ kind: "propose", command: sentence });
      }
    }
    for (const attempt of this.#attempts) {
      if (attempt.stage === "requested" && time.nowMs > attempt.deadlineMs) effects.push(this.#record(attempt, "unknown", null, `no answer from the fencing-gateway on ${attempt.gateway}`, time));
    }
    return { effects, news };
  }

  /** The sentence is in the log: now the device may be touched. */
  onFenceStarted(fenceId: string, context: FenceDeskContext): readonly DcEffect[] {
    const attempt = this.#attempts.find((other) => other.fenceId === fenceId);
    if (attempt === undefined || attempt.stage !== "sentencing") return [];
    attempt.stage = "requested";
    const targetBootId = context.replica.nodes.get(attempt.target)?.bootId ?? null;
    const { action, target, devices, timeoutMs } = attempt;
    return [{ kind: "fenceRequest", gateway: attempt.gateway, request: { authority: context.authority, fenceId, action, target, targetBootId, devices, timeoutMs } }];
  }

  onReply(reply: FenceReply, time: Time): readonly DcEffect[] {
    const attempt = this.#attempts.find(({ fenceId }) => fenceId === reply.fenceId);
    if (attempt === undefined || attempt.stage !== "requested") return [];
    const outcome = reply.outcome === "refused" ? "failed" : reply.outcome;
    return [this.#record(attempt, outcome, reply.device, reply.detail, time)];
  }

  /** The outcome is in the log: now the walk may rest on it. */
  onFenceEnded(command: Extract<Command, { kind: "fenceEnded" }>, time: Time): readonly FenceNews[] {
    const attempt = this.#attempts.find(({ fenceId }) => fenceId === command.fenceId);
    if (attempt === undefined) return [];
    this.#attempts = this.#attempts.filter((other) => other !== attempt);
    const succeeded = command.outcome === "succeeded";
    if (succeeded) this.#failures.delete(attempt.target);
    else this.#countFailure(attempt.target, time);
    return [{ actionId: attempt.actionId, succeeded, detail: command.detail }];
  }

  #sentence({ replica, members, node }: FenceDeskContext, waiting: Waiting, time: Time, transition: number): Command | string {
    const candidates = candidateDevices(replica, waiting.target);
    if (candidates.length === 0) return `no fence device can switch ${waiting.target}`;
    const gateways = members.filter((member) => member !== waiting.target);
    if (gateways.length === 0) return "no node is left to act as fencing-gateway";
    const failed = this.#failures.get(waiting.target)?.count ?? 0;
    const ready = gateways.filter((member) => candidates.some(({ id }) => isStartedOn(replica, id, member)));
    const ranked = [...new Set([...(ready.includes(node) ? [node] : []), ...ready, ...gateways])];
    const gateway = ranked[failed % ranked.length]!;
    this.#counter += 1;
    const fenceId = `${transition}.${this.#counter}.${waiting.target}.${time.wallMs}`;
    this.#attempts.push({
      fenceId, target: waiting.target, actionId: waiting.actionId, gateway, devices: candidates, action: waiting.action,
      timeoutMs: waiting.timeoutMs, deadlineMs: time.nowMs + waiting.timeoutMs + REPLY_SLACK_MS, stage: "sentencing",
    });
    const bootId = replica.nodes.get(waiting.target)?.bootId ?? null;
    return {
      kind: "fenceStarted", atMs: time.wallMs, fenceId, target: waiting.target, bootId, action: waiting.action, gateway,
      devices: candidates.map(({ id }) => id), reason: waiting.reason,
    };
  }

  #record(attempt: Attempt, outcome: "succeeded" | "failed" | "unknown", device: string | null, detail: string, time: Time): DcEffect {
    attempt.stage = "recording";
    return { kind: "propose", command: { kind: "fenceEnded", atMs: time.wallMs, fenceId: attempt.fenceId, outcome, device, detail } };
  }

  #countFailure(target: NodeName, time: Time): void {
    const count = (this.#failures.get(target)?.count ?? 0) + 1;
    this.#failures.set(target, { count, notBeforeMs: time.nowMs + Math.min(PAUSE_FIRST_MS * 2 ** (count - 1), PAUSE_MAX_MS) });
  }
}

/** Devices known to switch the target; else those that can be asked for what they switch (the gateway asks). */
function candidateDevices(replica: Replica, target: NodeName): readonly FenceDevice[] {
  const devices = fenceDevices(replica);
  const known = devicesFor(target, devices).map(({ device }) => device);
  return known.length > 0 ? known : devices.filter((device) => ["dynamic-list", "status"].includes(readDeviceOptions(device).hostCheck));
}

/** Fence devices of the configuration, in CIB order. */
export function fenceDevices(replica: Replica): readonly FenceDevice[] {
  const index = resourceIndex(replica);
  return [...index.elementOf.values()].filter((element) => element.name === "primitive" && attribute(element, "class") === "stonith").map(deviceOf);
}

function deviceOf(primitive: XmlElement): FenceDevice {
  const parameters: Record<string, string> = {};
  for (const set of children(primitive, "instance_attributes")) for (const [name, value] of readNvpairs(set)) parameters[name] ??= value;
  return { id: attribute(primitive, "id") ?? "", agent: attribute(primitive, "type") ?? "", parameters };
}

function isStartedOn(replica: Replica, device: string, node: NodeName): boolean {
  return activeOn(replica, device).includes(node);
}

export function hasFencing(replica: Replica): boolean {
  const configuration = child(replica.cib.root, "configuration");
  return configuration !== null && fenceDevices(replica).length > 0;
}
