/**
 * What this node knows of one peer: which of its beats count, since when it is silent, what it last said.
 *
 * A beat counts only if it proves that the peer lives now and has heard this very process: it echoes this process's session, is of no
 * earlier session of the peer, and is newer than all before it on its link. Whoever repeats recorded packets has none of that.
 * What does not count may still teach: from the first beat of an unknown session this node learns what to echo.
 * Signatures were checked before. Source: ARCHITECTURE D3.
 */
import type { BootId, MonotonicMs, NodeName, SessionId } from "@quorate/core";
import type { Beat, LinkName, LinkReport } from "./types.ts";

/** What became of a beat. `learned`: it does not count, but the peer needs an answer to find out our session. */
export type Reception = "counted" | "learned" | "ignored";

export interface PeerConfig {
  readonly node: NodeName;
  /** This node, and the session of this process. */
  readonly self: { readonly node: NodeName; readonly session: SessionId };
  readonly links: readonly LinkName[];
  readonly beatIntervalMs: number;
  readonly deadTimeMs: number;
}

/** How long beats of the policy-engine may stand in for those of the node's membership process. */
export const DAEMON_DOWN_MS_MAX = 5_000;
/** Earlier sessions of a peer that are remembered. More restarts than this in one life of this process, and the first are forgotten. */
const RETIRED_MAX = 1_024;
/** A session that was heard within this many beat intervals is not doubted for a beat of another that proves nothing. */
const TRUSTED_INTERVALS = 2;

interface Way {
  heardAtMs: MonotonicMs | null;
  /** Last sequence on this link in the adopted session. */
  sequence: number;
  up: boolean;
}

export class Peer {
  readonly node: NodeName;
  readonly #config: PeerConfig;
  readonly #ways: Map<LinkName, Way>;
  readonly #retired = new Set<SessionId>();
  #session: SessionId | null = null;
  #bootId: BootId | null = null;
  #echo: SessionId | null = null;
  #unknown: SessionId | null = null;
  #standIn: { session: SessionId; sequence: number } | null = null;
  #heardAtMs: MonotonicMs | null = null;
  #silentSinceMs: MonotonicMs | null = null;
  #suspected = false;
  #latest: Beat | null = null;

  constructor(config: PeerConfig) {
    this.node = config.node;
    this.#config = config;
    this.#ways = new Map(config.links.map((link) => [link, { heardAtMs: null, sequence: -1, up: false }]));
  }

  /** Session of the last counted beat. */
  get session(): SessionId | null {
    return this.#session;
  }

  get bootId(): BootId | null {
    return this.#bootId;
  }

  /** What this node's beats echo to the peer; null before its first beat. */
  get echo(): SessionId | null {
    return this.#echo;
  }

  /** The last counted beat. */
  get latest(): Beat | null {
    return this.#latest;
  }

  get suspected(): boolean {
    return this.#suspected;
  }

  /** Heard in this life of this process, and not suspected. */
  get heard(): boolean {
    return this.#heardAtMs !== null && !this.#suspected;
  }

  /** Links on which its beats come. */
  get upLinks(): number {
    let up = 0;
    for (const way of this.#ways.values()) up += Number(way.up);
    return up;
  }

  /** Its own beats come, so that what they say of others is of now; not so while the policy-engine stands in. */
  get testifies(): boolean {
    return this.heard && this.upLinks > 0;
  }

  receive(beat: Beat, link: LinkName, nowMs: MonotonicMs): Reception {
    const way = this.#ways.get(link);
    if (way === undefined || this.#retired.has(beat.session)) return "ignored";
    const { self } = this.#config;
    const echoed = beat.echoes[self.node] === self.session;
    if (beat.state === "daemon-down") return echoed && this.#standsIn(beat, nowMs) ? "counted" : "ignored";
    if (!echoed) return this.#learn(beat.session, nowMs);
    if (beat.session !== this.#session) this.#adopt(beat);
    if (beat.sequence <= way.sequence) return "ignored";
    way.sequence = beat.sequence;
    way.heardAtMs = nowMs;
    way.up = true;
    this.#heardAtMs = nowMs;
    this.#silentSinceMs = nowMs;
    this.#suspected = false;
    if (this.#latest === null || beat.sequence > this.#latest.sequence) this.#latest = beat;
    return "counted";
  }

  /** A member of the live view: from now on its silence counts, though this process never heard it. */
  expect(nowMs: MonotonicMs): void {
    this.#silentSinceMs ??= nowMs;
  }

  /** Time in which nobody listened, up to now, is taken out of every silence. */
  excludePause(pausedMs: number, nowMs: MonotonicMs): void {
    const later = (atMs: MonotonicMs | null): MonotonicMs | null => (atMs === null ? null : Math.min(atMs + pausedMs, nowMs));
    this.#heardAtMs = later(this.#heardAtMs);
    this.#silentSinceMs = later(this.#silentSinceMs);
    for (const way of this.#ways.values()) way.heardAtMs = later(way.heardAtMs);
  }

  /** Suspects the peer after `limitMs` of silence. Tells what changed. */
  checkSilence(nowMs: MonotonicMs, limitMs: number): { readonly suspicion: boolean; readonly links: boolean } {
    let links = false;
    for (const way of this.#ways.values()) {
      if (!way.up || nowMs - (way.heardAtMs ?? nowMs) < limitMs) continue;
      way.up = false;
      links = true;
    }
    if (this.#suspected || this.#silentSinceMs === null || nowMs - this.#silentSinceMs < limitMs) return { suspicion: false, links };
    this.#suspected = true;
    return { suspicion: true, links };
  }

  linkReports(nowMs: MonotonicMs): LinkReport[] {
    return [...this.#ways].map(([link, { heardAtMs, up }]) => ({ link, silentMs: heardAtMs === null ? null : nowMs - heardAtMs, up }));
  }

  /** Such a beat proves nothing of the present, so it never displaces a session that does. */
  #learn(session: SessionId, nowMs: MonotonicMs): Reception {
    if (session === this.#session) return "ignored"; // it has still to hear of us
    const trustedMs = TRUSTED_INTERVALS * this.#config.beatIntervalMs;
    const trusted = this.#session !== null && this.#heardAtMs !== null && nowMs - this.#heardAtMs < trustedMs;
    const first = session !== this.#unknown;
    this.#unknown = session;
    if (trusted || session === this.#echo) return first ? "learned" : "ignored";
    this.#echo = session;
    return "learned";
  }

  #adopt(beat: Beat): void {
    const before = [this.#session, this.#echo];
    this.#session = beat.session;
    this.#echo = beat.session;
    for (const old of before) if (old !== null) this.#retire(old);
    this.#bootId = beat.bootId;
    this.#latest = null;
    for (const way of this.#ways.values()) way.sequence = -1;
  }

  /** Only for a node that is heard, in its known boot, and never for longer than `DAEMON_DOWN_MS_MAX` after its own last beat. */
  #standsIn(beat: Beat, nowMs: MonotonicMs): boolean {
    if (!this.heard || this.#heardAtMs === null || beat.bootId !== this.#bootId) return false;
    const known = this.#standIn;
    if (known?.session === beat.session && beat.sequence <= known.sequence) return false;
    if (known !== null && known.session !== beat.session) this.#retire(known.session);
    this.#standIn = { session: beat.session, sequence: beat.sequence };
    const untilMs = this.#heardAtMs + Math.max(DAEMON_DOWN_MS_MAX - this.#config.deadTimeMs, 0);
    this.#silentSinceMs = Math.max(this.#silentSinceMs ?? untilMs, Math.min(nowMs, untilMs));
    return true;
  }

  #retire(session: SessionId): void {
    if (session === this.#session) return; // a stand-in may go on under the name of the process it stands in for
    this.#retired.add(session);
    const [oldest] = this.#retired;
    if (this.#retired.size > RETIRED_MAX && oldest !== undefined) this.#retired.delete(oldest);
  }
}
