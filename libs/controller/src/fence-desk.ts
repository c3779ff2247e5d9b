/**
 * Fencing as the DC drives it: sentence into the log, then the gateway, then the outcome into the log.
 * An attempt that fails or stays unknown is repeated through another gateway after a growing pause; it never counts as done.
 * Where the topology names several devices for a level, the attempt is one request after the other, and done when all are.
 */
import { type XmlElement, attribute, child, children, readNvpairs } from "@quorate/cib";
import { type Authority, type BootId, type NodeName, assert } from "@quorate/core";
import type { FenceAction, FenceDevice, FenceReply, FenceRequest } from "@quorate/fencing";
import { activeOn } from "./activity.ts";
import type { Command } from "./command.ts";
import type { DcEffect, Time } from "./effects.ts";
import { type FenceLevel, fencePlan } from "./fence-plan.ts";
import type { Replica } from "./replica.ts";
import { resourceIndex } from "./resource-index.ts";

const PAUSE_FIRST_MS = 500;
const PAUSE_MAX_MS = 30_000;
/** A gateway gets this much longer than its own budget before its answer counts as unknown. */
const REPLY_SLACK_MS = 2_000;
const POWER_ON_MS = 30_000;

interface Attempt {
  readonly fenceId: string;
  readonly target: NodeName;
  readonly actionId: number;
  readonly gateway: NodeName;
  /** Of each request. */
  readonly timeoutMs: number;
  /** Tried in order until one of them is done in all its parts. */
  readonly plan: readonly FenceLevel[];
  readonly action: FenceAction;
  stage: "sentencing" | "requested" | "recording";
  deadlineMs: number;
  /** The request under way: which part of which level, under what id, in whose name. */
  level: number;
  part: number;
  requests: number;
  authority: Authority | null;
  targetBootId: BootId | null;
  /** What came of the requests before. */
  readonly devices: string[];
  readonly details: string[];
  unknown: boolean;
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
      if (attempt.stage === "requested" && time.nowMs > attempt.deadlineMs) effects.push(...this.#goOn(attempt, { outcome: "unknown", device: null, detail: `no answer from the fencing-gateway on ${attempt.gateway}` }, time));
    }
    return { effects, news };
  }

  /** The sentence is in the log: now the device may be touched. */
  onFenceStarted(fenceId: string, context: FenceDeskContext): readonly DcEffect[] {
    const attempt = this.#attempts.find((other) => other.fenceId === fenceId);
    if (attempt === undefined || attempt.stage !== "sentencing") return [];
    attempt.stage = "requested";
    attempt.authority = context.authority;
    attempt.targetBootId = context.replica.nodes.get(attempt.target)?.bootId ?? null;
    return [this.#ask(attempt)];
  }

  onReply(reply: FenceReply, time: Time): readonly DcEffect[] {
    const attempt = this.#attempts.find((other) => requestId(other) === reply.fenceId);
    if (attempt === undefined || attempt.stage !== "requested") return [];
    const outcome = reply.outcome === "refused" ? "failed" : reply.outcome;
    return this.#goOn(attempt, { outcome, device: reply.device, detail: reply.detail }, time);
  }

  /** A level counts when all of its parts are done; when one is not, the next level is tried from its beginning. */
  #goOn(attempt: Attempt, { outcome, device, detail }: { outcome: "succeeded" | "failed" | "unknown"; device: string | null; detail: string }, time: Time): readonly DcEffect[] {
    attempt.details.push(detail);
    attempt.unknown ||= outcome === "unknown";
    const done = outcome === "succeeded";
    if (done && device !== null) attempt.devices.push(device);
    const level = attempt.plan[attempt.level]!;
    if (done && attempt.part + 1 === level.length) return [...this.#powerOn(attempt, level), this.#record(attempt, "succeeded", attempt.devices.length === 0 ? null : attempt.devices.join(","), time)];
    if (!done && attempt.level + 1 === attempt.plan.length) return [this.#record(attempt, attempt.unknown ? "unknown" : "failed", device, time)];
    if (!done) attempt.devices.length = 0;
    attempt.part = done ? attempt.part + 1 : 0;
    attempt.level += done ? 0 : 1;
    attempt.requests += 1;
    attempt.deadlineMs = time.nowMs + attempt.timeoutMs + REPLY_SLACK_MS;
    return [this.#ask(attempt)];
  }

  /** Devices that work together must all be off at one moment, so none of them brings the power back by itself. */
  #ask(attempt: Attempt): DcEffect {
    const level = attempt.plan[attempt.level]!;
    const action = level.length > 1 && attempt.action === "reboot" ? "off" : attempt.action;
    return request(attempt, { action, fenceId: requestId(attempt), devices: level[attempt.part]!, timeoutMs: attempt.timeoutMs });
  }

  /** The other half of a reboot by several devices. Nobody waits for it: the target was off. */
  #powerOn(attempt: Attempt, level: FenceLevel): readonly DcEffect[] {
    if (attempt.action !== "reboot" || level.length === 1) return [];
    return level.map((devices, part) => request(attempt, { action: "on", fenceId: `${attempt.fenceId}/on/${part}`, devices, timeoutMs: POWER_ON_MS }));
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
    const liars = disprovedDevices(replica, waiting.target);
    const plan = fencePlan({ cib: replica.cib, target: waiting.target, devices: fenceDevices(replica).filter(({ id }) => !liars.has(id)) });
    const candidates = [...new Set(plan.flat(2))];
    if (candidates.length === 0) return liars.size === 0 ? `no fence device can switch ${waiting.target}` : `${[...liars].join(", ")} confirmed that ${waiting.target} is off, which it is not; no other fence device can switch it`;
    const gateways = members.filter((member) => member !== waiting.target);
    if (gateways.length === 0) return "no node is left to act as fencing-gateway";
    const failed = this.#failures.get(waiting.target)?.count ?? 0;
    const ready = gateways.filter((member) => candidates.some(({ id }) => isStartedOn(replica, id, member)));
    const ranked = [...new Set([...(ready.includes(node) ? [node] : []), ...ready, ...gateways])];
    const gateway = ranked[failed % ranked.length]!;
    this.#counter += 1;
    const fenceId = `${transition}.${this.#counter}.${waiting.target}.${time.wallMs}`;
    const timeoutMs = Math.floor(waiting.timeoutMs / plan.flat().length);
    this.#attempts.push({
      fenceId, target: waiting.target, actionId: waiting.actionId, gateway, plan, action: waiting.action, timeoutMs, deadlineMs: time.nowMs + timeoutMs + REPLY_SLACK_MS,
      stage: "sentencing", level: 0, part: 0, requests: 0, authority: null, targetBootId: null, devices: [], details: [], unknown: false,
    });
    const bootId = replica.nodes.get(waiting.target)?.bootId ?? null;
    return {
      kind: "fenceStarted", atMs: time.wallMs, fenceId, target: waiting.target, bootId, action: waiting.action, gateway,
      devices: candidates.map(({ id }) => id), reason: waiting.reason,
    };
  }

  #record(attempt: Attempt, outcome: "succeeded" | "failed" | "unknown", device: string | null, time: Time): DcEffect {
    attempt.stage = "recording";
    return { kind: "propose", command: { kind: "fenceEnded", atMs: time.wallMs, fenceId: attempt.fenceId, outcome, device, detail: attempt.details.join(" + ") } };
  }

  #countFailure(target: NodeName, time: Time): void {
    const count = (this.#failures.get(target)?.count ?? 0) + 1;
    this.#failures.set(target, { count, notBeforeMs: time.nowMs + Math.min(PAUSE_FIRST_MS * 2 ** (count - 1), PAUSE_MAX_MS) });
  }
}

/** Id of the request under way; the gateway knows each by its own. */
function requestId({ fenceId, requests }: Attempt): string {
  return requests === 0 ? fenceId : `${fenceId}/${requests}`;
}

function request({ gateway, authority, target, targetBootId }: Attempt, what: Pick<FenceRequest, "action" | "fenceId" | "devices" | "timeoutMs">): DcEffect {
  assert(authority !== null, `fencing of ${target} is asked for before its sentence`);
  return { kind: "fenceRequest", gateway, request: { authority, target, targetBootId, ...what } };
}

/** Devices that said of the target's present life that it is off, when it was not (D5): they switch something else. */
function disprovedDevices(replica: Replica, target: NodeName): ReadonlySet<string> {
  const bootId = replica.nodes.get(target)?.bootId ?? null;
  const wrong = replica.fences.filter((fence) => fence.target === target && fence.bootId === bootId && fence.contradicted === true);
  return new Set(wrong.flatMap(({ device }) => device?.split(",") ?? []));
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
