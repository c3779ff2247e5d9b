/**
 * Membership: sends beats, hears those of others, and tells this node's services who is there. Wires the pure detector
 * to UDP, NATS, gRPC and the clock. Stateless. Read next: links.ts, then @quorate/membership.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Membership, type MembershipEffect, type MembershipInput, type MembershipReport, createMembership } from "@quorate/membership";
import { type Bus, type Clock, type Logger, type QuorateConfig, connectBus, createReadiness, readBootId, readPacketSeal, readSecret, rpcHandler, rpcStreamHandler, serveRpc } from "@quorate/runtime";
import {
  type MembershipServiceServer, MembershipServiceService, type ReportProgressRequestProto, type SeedRequestProto, type WatchRequestProto, type WatchResponseProto,
  membershipReportToProto, partFromProto,
} from "@quorate/wire";
import { type Links, linkNames, openLinks } from "./links.ts";

export interface MembershipService {
  start(): Promise<void>;
  /** Says goodbye to the peers, then stops. */
  close(): Promise<void>;
}

/** Precision of suspicion. */
const TICK_MS = 20;
const CLOSE_DEADLINE_MS = 500;
type Closer = () => Promise<void> | void;

export function createMembershipService({ config, log, clock }: { config: QuorateConfig; log: Logger; clock: Clock }): MembershipService {
  const closers: Closer[] = [];
  return {
    start: () => startMembership({ config, log, clock, closers }),
    close: async () => {
      for (const close of closers.splice(0).toReversed()) await close();
    },
  };
}

async function startMembership({ config, log, clock, closers }: { config: QuorateConfig; log: Logger; clock: Clock; closers: Closer[] }): Promise<void> {
  const readiness = createReadiness(["links", "rpc"]);
  const seal = await readPacketSeal(config.paths.keyFile);
  const bus = await openBus(config, log);
  closers.push(() => bus.close());
  const watchers = new Set<(report: MembershipReport) => void>();
  let links: Links | null = null;
  const perform = (effects: readonly MembershipEffect[]): void => {
    links?.send(effects.filter((effect) => effect.kind === "sendBeat"));
    for (const effect of effects) if (effect.kind === "report") for (const watcher of watchers) watcher(effect.report);
  };
  const take = (input: MembershipInput): void => perform(core.step(input));
  const core: Membership = await createCore(config, clock);
  links = await openLinks({ config, log, seal, bus, onBeat: (link, beat) => take({ kind: "beat", nowMs: clock.nowMs(), link, beat }) });
  closers.push(() => links?.close());
  readiness.set("links", true, "");
  const ticker = setInterval(() => take({ kind: "tick", nowMs: clock.nowMs() }), TICK_MS);
  closers.push(() => clearInterval(ticker));
  const implementation = rpcService({ core, watchers, take, clock, log });
  const rpc = await serveRpc({ addresses: [`unix:${join(config.paths.run, "membership.sock")}`], services: [{ definition: MembershipServiceService, implementation }] as unknown as Parameters<typeof serveRpc>[0]["services"], log });
  closers.push(() => rpc.close(CLOSE_DEADLINE_MS));
  readiness.set("rpc", true, "");
  log.info({ links: linkNames(config).join(" ") }, "membership is up");
}

async function createCore(config: QuorateConfig, clock: Clock): Promise<Membership> {
  const { beatIntervalMs, deadTimeMs } = config.membership;
  const settings = { node: config.node, voters: config.nodes.map(({ name }) => name), clusterId: config.cluster, links: linkNames(config), beatIntervalMs, deadTimeMs };
  return createMembership(settings, { bootId: await readBootId(config.paths.bootId), session: randomBytes(8).toString("hex") }, clock.nowMs());
}

async function openBus(config: QuorateConfig, log: Logger): Promise<Bus> {
  const { servers, user, passwordFile, tls } = config.nats;
  const password = passwordFile === null ? null : await readSecret(passwordFile);
  return connectBus({ servers, name: `membership.${config.node}`, log, ...(user === "" ? {} : { user }), ...(password === null ? {} : { password }), ...(tls === undefined ? {} : { tls }) });
}

function rpcService({ core, watchers, take, clock, log }: { core: Membership; watchers: Set<(report: MembershipReport) => void>; take: (input: MembershipInput) => void; clock: Clock; log: Logger }): MembershipServiceServer {
  return {
    watch: rpcStreamHandler<WatchRequestProto, WatchResponseProto>((_request, stream) => {
      const send = (report: MembershipReport): void => void stream.send({ report: membershipReportToProto(report) });
      watchers.add(send);
      stream.onClose(() => watchers.delete(send));
      send(core.report(clock.nowMs()));
    }, { log }),
    reportProgress: rpcHandler(({ part }: ReportProgressRequestProto) => {
      take({ kind: "progress", nowMs: clock.nowMs(), part: partFromProto(part) });
      return {};
    }, log),
    seed: rpcHandler(({ members }: SeedRequestProto) => {
      take({ kind: "seed", nowMs: clock.nowMs(), members });
      return {};
    }, log),
    leave: rpcHandler(() => {
      take({ kind: "leave", nowMs: clock.nowMs() });
      return {};
    }, log),
  };
}
