/** Datagrams of the membership links. Losing one is normal; nothing here retries. */
import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { QuorateError } from "@quorate/core";
import { parseHostPort } from "./host-port.ts";

export interface UdpAddress {
  readonly host: string;
  readonly port: number;
}

export interface UdpSocket {
  /** The address that was really bound (port 0 asks for a free one). */
  readonly address: UdpAddress;
  /** Fire and forget. `host` is a numeric address: names would cost a resolver call per datagram. */
  send(payload: Uint8Array, host: string, port: number): void;
  onMessage(handler: (payload: Uint8Array, from: UdpAddress) => void): void;
  /** Datagrams that the kernel refused since the start (no route, buffer full), for a gauge. */
  sendErrors(): number;
  close(): Promise<void>;
}

export interface UdpOptions {
  /** "host:port"; IPv6 as "[::1]:7694". */
  readonly bind: string;
  /** Multicast group to join, with the address of the interface to use. Datagrams to the group are sent with ttl 1. */
  readonly multicast?: { readonly group: string; readonly interfaceAddress: string };
}

/** @throws QuorateError QUORATE_CONFIG_INVALID when the address cannot be bound. */
export async function openUdp(options: UdpOptions): Promise<UdpSocket> {
  const { host, port } = parseHostPort(options.bind);
  const socket = createSocket({ type: isIPv6(host) ? "udp6" : "udp4", reuseAddr: options.multicast !== undefined });
  let errors = 0;
  await new Promise<void>((resolve, reject) => {
    socket.once("error", (error) => reject(new QuorateError("QUORATE_CONFIG_INVALID", `udp ${options.bind}: ${error.message}`, { cause: error })));
    socket.bind({ port, address: host, exclusive: options.multicast === undefined }, resolve);
  });
  socket.removeAllListeners("error").on("error", () => void (errors += 1));
  if (options.multicast !== undefined) {
    socket.addMembership(options.multicast.group, options.multicast.interfaceAddress);
    socket.setMulticastInterface(options.multicast.interfaceAddress);
    socket.setMulticastTTL(1);
  }
  const bound = socket.address();
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  let open = true;
  return {
    address: { host: bound.address, port: bound.port },
    send(payload, toHost, toPort) {
      if (open) socket.send(payload, toPort, toHost, (error) => void (errors += error === null ? 0 : 1));
    },
    onMessage: (handler) => void socket.on("message", (payload, from) => handler(payload, { host: from.address, port: from.port })),
    sendErrors: () => errors,
    close() {
      if (open) socket.close();
      open = false;
      return closed;
    },
  };
}
