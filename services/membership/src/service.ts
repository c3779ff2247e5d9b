/**
 * Membership: sends and receives beats, and tells the other services of its node who is there. Wires the pure failure detector of
 * `@quorate/membership` to links and gRPC. Every input is handled to its end within one turn of the event loop, so that no queue stands
 * between a packet and its effects. Keeps nothing: a restart begins a new session and costs the node nothing.
 * Read next: packet.ts, links.ts, then @quorate/membership.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Beat, type LinkName, type Membership, type MembershipEffect, type MembershipInput, createMembership } from "@quorate/membership";
import { type Clock, type Logger, type QuorateConfig, type PacketSeal, createReadiness, readBootId, readPacketSeal, serveRpc } from "@quorate/runtime";
import { DropLog } from "./drop-log.ts";
import { type BeatLink, linkNames, openNatsLink, openUdpLink, ownLinks } from "./links.ts";
import { type MembershipRpc, createMembershipRpc } from "./membership-rpc.ts";
import { openPacket, sealBeat } from "./packet.ts";
import { ReportLog } from "./report-log.ts";

export interface MembershipService {
  /** Resolves when beats go out and the socket is served. @throws QuorateError QUORATE_CONFIG_INVALID, QUORATE_EXISTS. */
  start(): Promise<void>;
  /** Without a word to the peers: to stop this daemon is not to leave the cluster. */
  close(): Promise<void>;
}

export interface MembershipServiceOptions {
  readonly config: QuorateConfig;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Precision of beats and of suspicion. */
const TICK_MS = 20;
const CLOSE_DEADLINE_MS = 500;

export function createMembershipService(options: MembershipServiceOptions): MembershipService {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closers.splice(0).toReversed()) await step();
  };
  return {
    async start() {
      try {
        await start(options, closers);
      } catch (error) {
        await close();
        throw error;
      }
    },
    close,
  };
}

/** The socket first: a second process of this node must find out before its beats take the place of those of the first. */
async function start({ config, log, clock }: MembershipServiceOptions, closers: (() => Promise<void> | void)[]): Promise<void> {
  const readiness = createReadiness(["beats"]);
  const links = linkNames(config);
  const [seal, bootId] = await Promise.all([readPacketSeal(config.paths.keyFile), readBootId(config.paths.bootId)]);
  const self = { bootId, session: randomBytes(8).toString("hex") };
  const { beatIntervalMs, deadTimeMs } = config.membership;
  const voters = config.nodes.map(({ name }) => name);
  const core = createMembership({ node: config.node, voters, clusterId: config.cluster, links, beatIntervalMs, deadTimeMs, tickMs: TICK_MS }, self, clock.nowMs());
  const desk = new BeatDesk({ core, seal, clusterId: config.cluster, log, clock });

  mkdirSync(config.paths.run, { recursive: true });
  const rpc = await serveRpc({ addresses: [`unix:${join(config.paths.run, "membership.sock")}`], services: [desk.rpc.service], log });
  closers.push(() => rpc.close(CLOSE_DEADLINE_MS));

  const context = { config, log, onPacket: (packet: Uint8Array, link: LinkName) => desk.onPacket(packet, link) };
  const use = (link: BeatLink): void => {
    desk.addLink(link);
    closers.push(() => link.close());
  };
  for (const link of await Promise.all(ownLinks(config).map((each) => openUdpLink(each, context)))) use(link);
  desk.tick();
  const ticker = setInterval(() => desk.tick(), TICK_MS);
  closers.push(() => clearInterval(ticker));
  log.info({ session: self.session, links, upMs: Math.round(performance.now()) }, "beating");
  readiness.set("beats", true, "");
  if (config.membership.natsLink) use(await openNatsLink(context));
}

/** Between the core and the world: inputs in, effects out. */
class BeatDesk {
  readonly #core: Membership;
  readonly #seal: PacketSeal;
  readonly #clusterId: string;
  readonly #clock: Clock;
  readonly #links = new Map<LinkName, BeatLink>();
  readonly #drops: DropLog;
  readonly #reports: ReportLog;
  readonly rpc: MembershipRpc;
  #settled = false;

  constructor({ core, seal, clusterId, log, clock }: { core: Membership; seal: PacketSeal; clusterId: string; log: Logger; clock: Clock }) {
    this.#core = core;
    this.#seal = seal;
    this.#clusterId = clusterId;
    this.#clock = clock;
    this.#drops = new DropLog(log);
    this.#reports = new ReportLog(log);
    this.rpc = createMembershipRpc({
      present: () => (this.#settled ? core.report(clock.nowMs()) : null),
      progress: (part) => this.#step({ kind: "progress", nowMs: clock.nowMs(), part }),
      seed: (members) => this.#step({ kind: "seed", nowMs: clock.nowMs(), members }),
      leave: () => this.#leave(),
      log,
    });
  }

  addLink(link: BeatLink): void {
    this.#links.set(link.name, link);
  }

  tick(): void {
    const nowMs = this.#clock.nowMs();
    this.#step({ kind: "tick", nowMs });
    this.#drops.flush(nowMs);
  }

  onPacket(packet: Uint8Array, link: LinkName): void {
    const opened = openPacket(packet, this.#seal);
    if (!opened.ok) return this.#drops.count(link, opened.why);
    const { beat } = opened;
    if (beat.clusterId !== this.#clusterId) return this.#drops.count(link, "cluster");
    if (beat.link !== link) return this.#drops.count(link, "link");
    this.#step({ kind: "beat", nowMs: this.#clock.nowMs(), link, beat });
  }

  async #leave(): Promise<void> {
    this.#step({ kind: "leave", nowMs: this.#clock.nowMs() });
    await Promise.all([...this.#links.values()].map((link) => link.flush()));
  }

  #step(input: MembershipInput): void {
    this.#perform(this.#core.step(input));
  }

  /** A round holds one beat per link, repeated for each peer: it is signed once, and on a shared link sent once. */
  #perform(effects: readonly MembershipEffect[]): void {
    const sealed = new Map<Beat, Uint8Array>();
    for (const effect of effects) {
      switch (effect.kind) {
        case "sendBeat": {
          const link = this.#links.get(effect.link);
          const known = sealed.get(effect.beat);
          if (link === undefined || (known !== undefined && link.shared)) break;
          const packet = known ?? sealBeat(effect.beat, this.#seal);
          sealed.set(effect.beat, packet);
          link.send(packet, effect.to);
          break;
        }
        case "report":
          this.#settled = true;
          this.#reports.note(effect.report);
          this.rpc.publish(effect.report);
          break;
      }
    }
  }
}
