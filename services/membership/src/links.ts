/** The ways beats travel: datagrams to each peer, and one subject of the bus that every membership service reads. */
import { QuorateError } from "@quorate/core";
import type { NodeName } from "@quorate/core";
import type { LinkName } from "@quorate/membership";
import { type Bus, type LinkConfig, type Logger, type QuorateConfig, type UdpSocket, connectBus, openUdp, readSecret } from "@quorate/runtime";

export const NATS_LINK: LinkName = "nats";

export interface BeatLink {
  readonly name: LinkName;
  /** Whether one sending reaches all peers. */
  readonly shared: boolean;
  /** Fire and forget. A peer that is not on this link is passed over. */
  send(packet: Uint8Array, to: NodeName): void;
  /** Resolves when what was sent has left this process, or could not. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export type PacketHandler = (packet: Uint8Array, link: LinkName) => void;

interface LinkContext {
  readonly config: QuorateConfig;
  readonly log: Logger;
  readonly onPacket: PacketHandler;
}

const REBIND_MS = 1_000;

/** UDP links that this node has an address on, in the order of the configuration. */
export function ownLinks({ node, membership }: QuorateConfig): readonly LinkConfig[] {
  return membership.links.filter(({ addresses }) => addresses[node] !== undefined);
}

/** Names of all links of this node. @throws QuorateError QUORATE_CONFIG_INVALID when it has none, or a name is taken. */
export function linkNames(config: QuorateConfig): readonly LinkName[] {
  const names = [...ownLinks(config).map(({ name }) => name), ...(config.membership.natsLink ? [NATS_LINK] : [])];
  const invalid = (problem: string): QuorateError => new QuorateError("QUORATE_CONFIG_INVALID", `membership.links: ${problem}`);
  if (names.length === 0) throw invalid(`${config.node} has an address on none of them, and natsLink is false`);
  if (new Set(names).size < names.length) throw invalid(`"${NATS_LINK}" is the name of the link over the bus`);
  return names;
}

/** A link whose address cannot be bound (yet) does not stop the others: it is tried again every second. Resolves after the first try. */
export async function openUdpLink(link: LinkConfig, { config, log, onPacket }: LinkContext): Promise<BeatLink> {
  const { name, port, addresses } = link;
  const own = addresses[config.node] ?? "";
  let socket: UdpSocket | null = null;
  let retry: NodeJS.Timeout | null = null;
  let closed = false;
  let warned = false;
  const bind = async (): Promise<void> => {
    try {
      const opened = await openUdp({ bind: `${own.includes(":") ? `[${own}]` : own}:${port}` });
      if (closed) return await opened.close();
      opened.onMessage((packet) => onPacket(packet, name));
      socket = opened;
      log.info({ link: name, address: own, port }, "link open");
    } catch (error) {
      if (!warned) log.warn({ link: name, error }, "link cannot be opened; trying on");
      warned = true;
      if (!closed) retry = setTimeout(() => void bind(), REBIND_MS);
    }
  };
  await bind();
  return {
    name,
    shared: false,
    send(packet, to) {
      const address = addresses[to];
      if (address !== undefined) socket?.send(packet, address, port);
    },
    flush: () => Promise.resolve(), // a datagram is with the kernel when send returns
    async close() {
      closed = true;
      if (retry !== null) clearTimeout(retry);
      await socket?.close();
    },
  };
}

/** The bus may be away at any time; then this link is silent. Our own beats come back from the subject and are passed over by the core. */
export async function openNatsLink({ config, log, onPacket }: LinkContext): Promise<BeatLink> {
  const bus: Bus = await connectBus(await busOptions(config, log));
  const subject = `quorate.${config.cluster}.beat`;
  bus.subscribe(subject, (packet) => onPacket(packet, NATS_LINK));
  return {
    name: NATS_LINK,
    shared: true,
    send: (packet) => bus.publish(subject, packet),
    flush: () => bus.flush().catch((error: unknown) => log.debug({ error }, "bus not flushed")),
    close: () => bus.close(),
  };
}

async function busOptions(config: QuorateConfig, log: Logger): Promise<Parameters<typeof connectBus>[0]> {
  const { servers, user, passwordFile, tls } = config.nats;
  const password = passwordFile === null ? null : await readSecret(passwordFile);
  return { servers, name: `membership.${config.node}`, log, ...(user === "" ? {} : { user }), ...(password === null ? {} : { password }), ...(tls === undefined ? {} : { tls }) };
}
