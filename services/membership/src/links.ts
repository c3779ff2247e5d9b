/** The ways beats travel: UDP unicast on each configured network, and one NATS subject. Opens and drops what is no beat of this cluster. */
import type { NodeName } from "@quorate/core";
import type { Beat, LinkName } from "@quorate/membership";
import { type Bus, type Logger, type PacketSeal, type QuorateConfig, type UdpSocket, openUdp } from "@quorate/runtime";
import { decodeBeat, encodeBeat } from "@quorate/wire";

export interface Links {
  /** The beats of one round: those that are equal are sealed and, on NATS, sent once. */
  send(beats: readonly { readonly to: NodeName; readonly link: LinkName; readonly beat: Beat }[]): void;
  close(): Promise<void>;
}

export interface LinkOptions {
  readonly config: QuorateConfig;
  readonly log: Logger;
  readonly seal: PacketSeal;
  readonly bus: Bus;
  readonly onBeat: (link: LinkName, beat: Beat) => void;
}

export const NATS_LINK = "nats";
const PACKET_BYTES_MAX = 8_192;
const WARN_EVERY_MS = 1_000;

/** The links this node is on. */
export function linkNames({ membership, node }: QuorateConfig): readonly LinkName[] {
  return [...membership.links.filter(({ addresses }) => addresses[node] !== undefined).map(({ name }) => name), ...(membership.natsLink ? [NATS_LINK] : [])];
}

export async function openLinks(options: LinkOptions): Promise<Links> {
  const { config, bus } = options;
  const take = receiver(options);
  const subject = `quorate.${config.cluster}.beat`;
  const sockets = new Map<LinkName, UdpSocket>();
  for (const link of config.membership.links) {
    const address = link.addresses[config.node];
    if (address === undefined) continue; // this node is not on that network
    const socket = await openUdp({ bind: `${address}:${link.port}` });
    socket.onMessage((packet) => take(link.name, packet));
    sockets.set(link.name, socket);
  }
  if (config.membership.natsLink) bus.subscribe(subject, (packet) => take(NATS_LINK, packet));

  function send(beats: Parameters<Links["send"]>[0]): void {
    const sealed = new Map<Beat, Uint8Array>();
    const published = new Set<Beat>();
    for (const { to, link, beat } of beats) {
      const packet = sealed.get(beat) ?? options.seal.seal(encodeBeat(beat));
      sealed.set(beat, packet);
      if (link === NATS_LINK) {
        if (!published.has(beat)) bus.publish(subject, packet);
        published.add(beat);
      } else {
        sendUdp(link, to, packet);
      }
    }
  }

  function sendUdp(name: LinkName, to: NodeName, packet: Uint8Array): void {
    const link = config.membership.links.find((candidate) => candidate.name === name);
    const address = link?.addresses[to];
    if (link !== undefined && address !== undefined) sockets.get(name)?.send(packet, address, link.port);
  }

  return {
    send,
    close: async () => void (await Promise.all([...sockets.values()].map((socket) => socket.close()))),
  };
}

/** Checks size, seal and shape; what fails is counted and said at most once a second, for anybody can send packets. */
function receiver({ config, log, seal, onBeat }: LinkOptions): (link: LinkName, packet: Uint8Array) => void {
  let dropped = 0;
  let warnedAtMs = Number.NEGATIVE_INFINITY;
  const drop = (link: LinkName, why: string): void => {
    dropped += 1;
    const nowMs = performance.now();
    if (nowMs - warnedAtMs < WARN_EVERY_MS) return;
    warnedAtMs = nowMs;
    log.warn({ link, why, dropped }, "packets that are no beats of this cluster were dropped");
    dropped = 0;
  };
  return (link, packet) => {
    if (packet.byteLength > PACKET_BYTES_MAX) return drop(link, `longer than ${PACKET_BYTES_MAX} bytes`);
    const body = seal.open(packet);
    if (body === null) return drop(link, "not signed with the cluster key");
    let beat: Beat;
    try {
      beat = decodeBeat(body);
    } catch (error) {
      return drop(link, error instanceof Error ? error.message : String(error));
    }
    if (beat.from !== config.node) onBeat(link, beat);
  };
}
