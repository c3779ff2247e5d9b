import { createHmac, randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Beat, type MembershipEffect, type MembershipReport, createMembership } from "@quorate/membership";
import { type Clock, type Logger, type QuorateConfig, connectBus, openUdp, readBootId, readSecret, rpcHandler, rpcStreamHandler, serveRpc } from "@quorate/runtime";
import { MembershipServiceService, decodeBeat, encodeBeat, membershipReportToProto, partFromProto } from "@quorate/wire";
export function createTemporaryMembership({ config, log, clock }: { config: QuorateConfig; log: Logger; clock: Clock }): { start(): Promise<void>; close(): Promise<void> } {
  const closers: (() => Promise<void> | void)[] = [];
  return {
    async start() {
      const key = await readSecret(config.paths.keyFile);
      const bus = await connectBus({ servers: config.nats.servers, name: `membership.${config.node}`, log });
      const links = [...config.membership.links.map((l) => l.name), "nats"];
      const core = createMembership({ node: config.node, voters: config.nodes.map((n) => n.name), clusterId: config.cluster, links, beatIntervalMs: config.membership.beatIntervalMs, deadTimeMs: config.membership.deadTimeMs }, { bootId: await readBootId(config.paths.bootId), session: randomBytes(8).toString("hex") }, clock.nowMs());
      const watchers = new Set<(r: MembershipReport) => void>();
      const sockets = new Map<string, { send(p: Uint8Array, h: string, port: number): void }>();
      const seal = (b: Beat): Buffer => { const body = encodeBeat(b); return Buffer.concat([createHmac("sha256", key).update(body).digest(), body]); };
      const open = (p: Uint8Array): Beat => { const buf = Buffer.from(p); const body = buf.subarray(32); if (!createHmac("sha256", key).update(body).digest().equals(buf.subarray(0, 32))) throw new Error("bad key"); return decodeBeat(body); };
      const perform = (effects: readonly MembershipEffect[]): void => {
        const cache = new Map<string, Buffer>(); let natsSent = false;
        for (const e of effects) {
          if (e.kind === "report") { for (const w of watchers) w(e.report); continue; }
          if (e.link === "nats") { if (!natsSent) bus.publish(`quorate.${config.cluster}.beat`, seal(e.beat)); natsSent = true; continue; }
          const link = config.membership.links.find((l) => l.name === e.link)!;
          if (!cache.has(e.link)) cache.set(e.link, seal(e.beat));
          const address = link.addresses[e.to]; if (address !== undefined) sockets.get(e.link)?.send(cache.get(e.link)!, address, link.port);
        }
      };
      const take = (link: string, p: Uint8Array): void => { try { const beat = open(p); if (beat.from !== config.node) perform(core.step({ kind: "beat", nowMs: clock.nowMs(), link, beat })); } catch (error) { log.debug({ error }, "beat dropped"); } };
      for (const link of config.membership.links) { const socket = await openUdp({ bind: `${link.addresses[config.node]}:${link.port}` }); sockets.set(link.name, socket); socket.onMessage((p) => take(link.name, p)); closers.push(() => socket.close()); }
      bus.subscribe(`quorate.${config.cluster}.beat`, (p) => take("nats", p));
      const timer = setInterval(() => perform(core.step({ kind: "tick", nowMs: clock.nowMs() })), 20);
      closers.push(() => clearInterval(timer), () => bus.close());
      const server = await serveRpc({ addresses: [`unix:${join(config.paths.run, "membership.sock")}`], log, services: [{ definition: MembershipServiceService, implementation: {
        watch: rpcStreamHandler<object, object>((_r, stream) => { const w = (r: MembershipReport): void => void stream.send({ report: membershipReportToProto(r) }); watchers.add(w); w(core.report(clock.nowMs())); stream.onClose(() => watchers.delete(w)); }),
        reportProgress: rpcHandler((r: { part: never }) => { perform(core.step({ kind: "progress", nowMs: clock.nowMs(), part: partFromProto(r.part) })); return {}; }),
        seed: rpcHandler((r: { members: string[] }) => { perform(core.step({ kind: "seed", nowMs: clock.nowMs(), members: r.members })); return {}; }),
        leave: rpcHandler(() => { perform(core.step({ kind: "leave", nowMs: clock.nowMs() })); return {}; }),
      } }] as never });
      closers.push(() => server.close(500));
    },
    async close() { for (const c of closers.toReversed()) await c(); },
  };
}
