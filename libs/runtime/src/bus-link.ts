/** One connection to one nats-server: opening it, and noticing that it is dead. Which server is used is decided in bus.ts. */
import { connect as dialTcp } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type NatsConnection, connect } from "@nats-io/transport-node";
import { QuorateError } from "@quorate/core";
import { deferred } from "./deferred.ts";

/** Certificates of mutual TLS: paths of PEM files. */
export interface TlsFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface LinkOptions {
  readonly name: string;
  readonly user?: string;
  readonly password?: string;
  readonly tls?: TlsFiles;
}

export interface Link {
  readonly server: string;
  /** Position in the configured list; 0 is the local server. */
  readonly index: number;
  readonly connection: NatsConnection;
  /** Resolves once, with the reason, when the connection is gone; never rejects. */
  readonly lost: Promise<string>;
  /** Bytes published since the server last answered a ping. */
  unconfirmedBytes: number;
  /** Requests that wait for an answer on this connection. */
  pendingRequests: number;
}

/** A server that does not accept within this time is passed over; on a LAN it answers in well under a millisecond. */
const CONNECT_TIMEOUT_MS = 1_000;
/** How long a server may be silent before the next one is tried as well. */
const STAGGER_MS = 100;
const PING_INTERVAL_MS = 500;
/** A server that leaves a ping unanswered this long is left: it is stopped, or the way to it is cut. */
const PING_TIMEOUT_MS = 1_500;

/** Replies to this client arrive below this subject; permissions of one user never cover those of another. */
export function inboxPrefix(user: string | undefined): string {
  return user === undefined || user === "" ? "_INBOX" : `_INBOX.${user}`;
}

/**
 * Connects to the first server of the list that answers, in list order. The next one is tried when the one before failed, or said nothing for
 * `STAGGER_MS`, so that dead hosts cost little. Rejects with every server's reason.
 */
export function openFirst(servers: readonly string[], options: LinkOptions): Promise<Link> {
  const { promise, resolve, reject } = deferred<Link>();
  const reasons: string[] = [];
  let next = 0;
  let failed = 0;
  let settled = false;
  const tryNext = (): void => {
    const index = next;
    const server = servers[index];
    if (settled || server === undefined) return;
    next += 1;
    const stagger = setTimeout(tryNext, STAGGER_MS);
    openLink(server, index, options).then(
      (link) => {
        clearTimeout(stagger);
        if (settled) return void link.connection.close();
        settled = true;
        resolve(link);
      },
      (error: unknown) => {
        clearTimeout(stagger);
        reasons.push(`${server}: ${reasonOf(error)}`);
        failed += 1;
        if (failed === servers.length) reject(new QuorateError("QUORATE_DISCONNECTED", reasons.join("; ")));
        else tryNext();
      },
    );
  };
  tryNext();
  return promise;
}

/** Connects to one server. Rejects with the client's error. */
export async function openLink(server: string, index: number, options: LinkOptions): Promise<Link> {
  await probeTcp(server);
  const connection = await connect({
    servers: [server],
    name: options.name,
    ...(options.user === undefined || options.user === "" ? {} : { user: options.user, pass: options.password ?? "" }),
    ...(options.tls === undefined ? {} : { tls: { ...options.tls } }),
    inboxPrefix: inboxPrefix(options.user),
    timeout: CONNECT_TIMEOUT_MS,
    reconnect: false,
    ignoreClusterUpdates: true,
    noAsyncTraces: true,
    pingInterval: 3_600_000, // our own pings also bound what is in flight
  });
  const link: Link = { server, index, connection, lost: Promise.resolve(""), unconfirmedBytes: 0, pendingRequests: 0 };
  const closed = connection.closed().then((error) => (error === undefined ? "closed by the server" : reasonOf(error)));
  return Object.assign(link, { lost: Promise.race([closed, pingUntilSilent(link)]) });
}

/** The client library leaves sockets behind that time out while connecting; this finds out first, and leaves nothing. */
function probeTcp(server: string): Promise<void> {
  const url = new URL(server.includes("://") ? server : `nats://${server}`);
  const { promise, resolve, reject } = deferred<undefined>();
  const socket = dialTcp({ host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 4222) });
  const timer = setTimeout(() => socket.destroy(new Error("no answer")), CONNECT_TIMEOUT_MS);
  socket.on("connect", () => {
    resolve(undefined);
    socket.destroy();
  });
  socket.on("error", reject);
  socket.on("close", () => clearTimeout(timer));
  return promise;
}

async function pingUntilSilent(link: Link): Promise<string> {
  for (;;) {
    await sleep(PING_INTERVAL_MS, undefined, { ref: false });
    if (link.connection.isClosed()) return "closed";
    const before = link.unconfirmedBytes;
    if (!(await answersPing(link))) {
      void link.connection.close();
      return `no answer to a ping for ${PING_TIMEOUT_MS} ms`;
    }
    link.unconfirmedBytes -= before;
  }
}

async function answersPing(link: Link): Promise<boolean> {
  let answered = false;
  const pong = link.connection.flush().then(
    () => void (answered = true),
    () => undefined,
  );
  await Promise.race([pong, sleep(PING_TIMEOUT_MS, undefined, { ref: false })]);
  // When this process itself was held up, the answer may be waiting behind the timer.
  if (!answered) await Promise.race([pong, sleep(50, undefined, { ref: false })]);
  return answered;
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
