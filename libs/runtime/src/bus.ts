/**
 * The bus between services: core NATS, at most once. A client uses the first server of its list that works. When that is lost the next one
 * takes over in about 100 ms; when the first is back, and joined to the others again, the client moves home. At the moment of a move a
 * message may be lost or, rarely, seen twice. Nothing is stored: what is published while no server is reachable is dropped and counted.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Msg, type NatsConnection, type Subscription, createInbox, errors } from "@nats-io/transport-node";
import { QuorateError, assert } from "@quorate/core";
import { type Link, type LinkOptions, type TlsFiles, inboxPrefix, openFirst, openLink, reasonOf } from "./bus-link.ts";
import { deferred } from "./deferred.ts";
import type { Logger } from "./logger.ts";

export interface BusContext {
  readonly subject: string;
  /** Answers a request; null when the message was not one. */
  readonly reply: ((payload: Uint8Array) => void) | null;
}

export type BusHandler = (payload: Uint8Array, context: BusContext) => void;

export interface BusStatus {
  readonly connected: boolean;
  readonly server: string | null;
}

export interface Bus {
  /** Never throws for the state of the connection. Payloads hold at most 1 MiB. */
  publish(subject: string, payload: Uint8Array): void;
  /** Made now or when a server is reachable, and made again after each move. An error thrown by `handler` is logged. */
  subscribe(subject: string, handler: BusHandler): { unsubscribe(): void };
  /** Rejects with QUORATE_TIMEOUT, or QUORATE_DISCONNECTED: no server, nobody listens, or the connection broke (outcome unknown). */
  request(subject: string, payload: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  connected(): boolean;
  /** Called at each change from now on. */
  onStatus(handler: (status: BusStatus) => void): void;
  /** Messages dropped since the start because no server took them. */
  dropped(): number;
  /** Resolves when the server has everything published so far. Rejects with QUORATE_DISCONNECTED or QUORATE_TIMEOUT. */
  flush(): Promise<void>;
  /** Delivers what is under way, for at most two seconds, then closes. */
  close(): Promise<void>;
}

export interface BusOptions {
  /** In order of preference; the first is the local one. */
  readonly servers: readonly string[];
  readonly name: string;
  readonly user?: string;
  readonly password?: string;
  readonly tls?: TlsFiles;
  readonly log: Logger;
}

export const BUS_PAYLOAD_BYTES_MAX = 1_048_576;
/** More than this without an answer of the server means that it does not read; further messages are dropped. */
const UNCONFIRMED_BYTES_MAX = 32 * 1_048_576;
const RETRY_MS = 100;
const HOME_CHECK_MS = 2_000;
const HOME_PROBE_MS = 5_000;
/** After the first echo from home, time for the interest of every route to arrive. */
const HOME_SETTLE_MS = 300;
const RETIRE_MS = 5_000;
const CLOSE_MS = 2_000;
const REPEATED_WARNING_MS = 30_000;

interface BusSubscription {
  readonly subject: string;
  readonly handler: BusHandler;
  readonly made: Map<Link, Subscription>;
}

const buses = new WeakMap<Bus, NatsBus>();

/** Returns at once; the connection is made and kept in the background, for ever. */
export function connectBus(options: BusOptions): Promise<Bus> {
  assert(options.servers.length > 0, "a bus needs servers");
  const bus = new NatsBus(options);
  buses.set(bus, bus);
  bus.start();
  return Promise.resolve(bus);
}

/** The connection that the bus uses now; for jet-stream.ts only. */
export function connectionOf(bus: Bus): NatsConnection | null {
  return buses.get(bus)?.connection() ?? null;
}

class NatsBus implements Bus {
  readonly #options: BusOptions;
  readonly #linkOptions: LinkOptions;
  readonly #log: Logger;
  readonly #subscriptions = new Set<BusSubscription>();
  readonly #statusHandlers: ((status: BusStatus) => void)[] = [];
  readonly #stop = new AbortController();
  #active: Link | null = null;
  #connecting = false;
  #homing = false;
  #dropped = 0;
  #warnedAt = -REPEATED_WARNING_MS;
  #homeTimer: NodeJS.Timeout | null = null;

  constructor(options: BusOptions) {
    this.#options = options;
    this.#log = options.log;
    const { name, user, password, tls } = options;
    this.#linkOptions = { name, ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { password }), ...(tls === undefined ? {} : { tls }) };
  }

  start(): void {
    void this.#connect();
    if (this.#options.servers.length > 1) this.#homeTimer = setInterval(() => void this.#moveHome(), HOME_CHECK_MS).unref();
  }

  connection(): NatsConnection | null {
    return this.#active?.connection ?? null;
  }

  publish(subject: string, payload: Uint8Array): void {
    assert(payload.byteLength <= BUS_PAYLOAD_BYTES_MAX, `${payload.byteLength} bytes on ${subject}`);
    this.#send(this.#active, subject, payload);
  }

  subscribe(subject: string, handler: BusHandler): { unsubscribe(): void } {
    const subscription: BusSubscription = { subject, handler, made: new Map() };
    this.#subscriptions.add(subscription);
    if (this.#active !== null) this.#make(subscription, this.#active);
    return {
      unsubscribe: () => {
        this.#subscriptions.delete(subscription);
        for (const [link, made] of subscription.made) if (!link.connection.isClosed()) made.unsubscribe();
        subscription.made.clear();
      },
    };
  }

  async request(subject: string, payload: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const link = this.#active;
    if (link === null) throw new QuorateError("QUORATE_DISCONNECTED", `request on ${subject}: no server is reachable`);
    link.pendingRequests += 1;
    try {
      return (await link.connection.request(subject, payload, { timeout: Math.max(1, timeoutMs) })).data;
    } catch (cause) {
      if (cause instanceof errors.TimeoutError) throw new QuorateError("QUORATE_TIMEOUT", `request on ${subject}: no answer within ${timeoutMs} ms`, { cause });
      const reason = cause instanceof errors.NoRespondersError ? "nobody listens" : reasonOf(cause);
      throw new QuorateError("QUORATE_DISCONNECTED", `request on ${subject}: ${reason}`, { cause });
    } finally {
      link.pendingRequests -= 1;
    }
  }

  connected(): boolean {
    return this.#active !== null;
  }

  onStatus(handler: (status: BusStatus) => void): void {
    this.#statusHandlers.push(handler);
  }

  dropped(): number {
    return this.#dropped;
  }

  async flush(): Promise<void> {
    const link = this.#active;
    if (link === null) throw new QuorateError("QUORATE_DISCONNECTED", "flush: no server is reachable");
    const outcome = await Promise.race([
      link.connection.flush().then(() => "flushed" as const),
      link.lost.then(() => "lost" as const),
      sleep(CLOSE_MS, "late" as const, { ref: false }),
    ]);
    if (outcome === "lost") throw new QuorateError("QUORATE_DISCONNECTED", "flush: the connection broke");
    if (outcome === "late") throw new QuorateError("QUORATE_TIMEOUT", `flush: no answer within ${CLOSE_MS} ms`);
  }

  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    if (this.#homeTimer !== null) clearInterval(this.#homeTimer);
    const link = this.#active;
    if (link === null) return;
    await Promise.race([link.connection.drain().catch(() => undefined), sleep(CLOSE_MS, undefined, { ref: false })]);
    this.#active = null;
    void link.connection.close();
  }

  /** Tries all servers again and again until one accepts. */
  async #connect(): Promise<void> {
    if (this.#connecting) return;
    this.#connecting = true;
    try {
      while (this.#active === null && !this.#stop.signal.aborted) {
        try {
          const link = await openFirst(this.#options.servers, this.#linkOptions);
          if (this.#stop.signal.aborted || this.#active !== null) void link.connection.close();
          else this.#use(link);
        } catch (error) {
          this.#warnNoServer(error);
          await sleep(RETRY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
        }
      }
    } finally {
      this.#connecting = false;
    }
  }

  #use(link: Link): void {
    for (const subscription of this.#subscriptions) if (!subscription.made.has(link)) this.#make(subscription, link);
    this.#active = link;
    this.#warnedAt = -REPEATED_WARNING_MS;
    this.#log.info({ server: link.server, local: link.index === 0 }, "bus connected");
    this.#report();
    void link.lost.then((reason) => this.#onLost(link, reason));
  }

  #onLost(link: Link, reason: string): void {
    for (const subscription of this.#subscriptions) subscription.made.delete(link);
    if (link !== this.#active) return;
    this.#active = null;
    if (this.#stop.signal.aborted) return;
    this.#log.warn({ server: link.server, reason }, "bus connection lost");
    this.#report();
    void this.#connect();
  }

  /**
   * Goes back to the first server once it is known to be joined to the rest: something published there must arrive at
   * the connection in use. A server accepts clients before its routes are up, and would cut us off from the others.
   */
  async #moveHome(): Promise<void> {
    const [home] = this.#options.servers;
    const away = this.#active;
    if (this.#homing || home === undefined || away === null || away.index === 0) return;
    this.#homing = true;
    let link: Link | null = null;
    try {
      link = await openLink(home, 0, this.#linkOptions);
      for (const subscription of this.#subscriptions) this.#make(subscription, link);
      const joined = await this.#joined(link, away);
      if (joined && this.#active === away && !link.connection.isClosed() && !this.#stop.signal.aborted) {
        this.#use(link);
        link = null;
        void this.#retire(away);
      }
    } catch (error) {
      this.#log.debug({ server: home, reason: reasonOf(error) }, "local bus server still away");
    } finally {
      if (link !== null) this.#discard(link);
      this.#homing = false;
    }
  }

  async #joined(home: Link, away: Link): Promise<boolean> {
    const subject = createInbox(inboxPrefix(this.#options.user));
    const { promise, resolve } = deferred<boolean>();
    const echo = away.connection.subscribe(subject, { callback: () => resolve(true) });
    const publisher = setInterval(() => this.#send(home, subject, new Uint8Array()), 50);
    try {
      const gone = Promise.race([home.lost, away.lost]).then(() => false);
      const joined = await Promise.race([promise, gone, sleep(HOME_PROBE_MS, false, { ref: false })]);
      if (joined) await sleep(HOME_SETTLE_MS);
      return joined;
    } finally {
      clearInterval(publisher);
      if (!away.connection.isClosed()) echo.unsubscribe();
    }
  }

  /** Leaves a connection whose place was taken; requests on it still get their answers. */
  async #retire(link: Link): Promise<void> {
    const until = performance.now() + RETIRE_MS;
    while (link.pendingRequests > 0 && performance.now() < until && !this.#stop.signal.aborted) await sleep(50, undefined, { ref: false });
    this.#discard(link);
  }

  #discard(link: Link): void {
    for (const subscription of this.#subscriptions) subscription.made.delete(link);
    void link.connection.close();
  }

  #make(subscription: BusSubscription, link: Link): void {
    const callback = (error: Error | null, message: Msg): void => {
      if (error !== null) this.#log.error({ error, subject: subscription.subject }, "bus subscription refused");
      else if (link === this.#active) this.#deliver(subscription, link, message);
    };
    subscription.made.set(link, link.connection.subscribe(subscription.subject, { callback }));
  }

  #deliver(subscription: BusSubscription, link: Link, message: Msg): void {
    const answerTo = message.reply;
    const reply = answerTo === undefined || answerTo === "" ? null : (payload: Uint8Array): void => this.#send(link, answerTo, payload);
    try {
      subscription.handler(message.data, { subject: message.subject, reply });
    } catch (error) {
      this.#log.error({ error, subject: message.subject }, "handler of a bus message failed");
    }
  }

  #send(link: Link | null, subject: string, payload: Uint8Array): void {
    if (link === null || link.connection.isClosed() || link.unconfirmedBytes > UNCONFIRMED_BYTES_MAX) {
      this.#dropped += 1;
      return;
    }
    try {
      link.connection.publish(subject, payload);
      link.unconfirmedBytes += payload.byteLength;
    } catch (error) {
      this.#dropped += 1;
      this.#log.warn({ error, subject }, "bus message dropped");
    }
  }

  #warnNoServer(error: unknown): void {
    const now = performance.now();
    if (now - this.#warnedAt < REPEATED_WARNING_MS) return;
    this.#warnedAt = now;
    this.#log.warn({ reason: reasonOf(error) }, "no bus server is reachable; trying on");
  }

  #report(): void {
    const status = { connected: this.#active !== null, server: this.#active?.server ?? null };
    for (const handler of this.#statusHandlers) {
      try {
        handler(status);
      } catch (error) {
        this.#log.error({ error }, "handler of a bus status failed");
      }
    }
  }
}
