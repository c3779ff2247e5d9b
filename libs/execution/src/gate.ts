/**
 * Whom the executor obeys. Source: ARCHITECTURE D4.
 * Invariants: the authority never goes back, also across restarts; commands of one session are taken in order, each once;
 * nothing is taken before a claim in this life of the executor.
 */
import { type Authority, type MonotonicMs, type NodeName, type SessionId, compareAuthority } from "@quorate/core";
import { md5Hex } from "@quorate/ocf";
import type { GateRecord } from "./stored.ts";
import type { RefusalReason } from "./types.ts";

export interface Refusal {
  readonly reason: RefusalReason;
  readonly message: string;
}

export class Gate {
  readonly #life: SessionId;
  readonly #membershipLossMs: number;
  #record: GateRecord;
  #session: SessionId;
  #claimed = false;
  #claims = 0;
  #taken = 0;
  #connected = false;
  #heardAtMs: MonotonicMs = Number.NEGATIVE_INFINITY;

  constructor(options: { record: GateRecord; life: SessionId; membershipLossMs: number }) {
    this.#record = options.record;
    this.#life = options.life;
    this.#session = options.life;
    this.#membershipLossMs = options.membershipLossMs;
  }

  get record(): GateRecord {
    return this.#record;
  }

  get session(): SessionId {
    return this.#session;
  }

  /** Highest sequence taken in this session. */
  get taken(): number {
    return this.#taken;
  }

  /** The DC that results go to; null before the first claim of this life. */
  get dc(): NodeName | null {
    return this.#claimed ? this.#record.dc : null;
  }

  /** Silence of membership counts as no quorum. */
  hasQuorum(nowMs: MonotonicMs): boolean {
    return this.#connected && nowMs - this.#heardAtMs <= this.#membershipLossMs;
  }

  quorum(connected: boolean, nowMs: MonotonicMs): void {
    this.#connected = connected;
    this.#heardAtMs = nowMs;
  }

  /**
   * Takes an authority that is not older. Repeated by the same DC before any command, it changes nothing. After commands it may be
   * a late copy or a DC that starts over, and numbers alone could not tell the old commands from new ones: a new session begins.
   */
  claim(authority: Authority, dc: NodeName): Refusal | null {
    const order = compareAuthority(authority, this.#record.authority);
    if (order < 0) return { reason: "stale-authority", message: `a newer authority was seen: term ${this.#record.authority.term}, view ${this.#record.authority.view}` };
    if (order === 0 && this.#record.dc !== null && this.#record.dc !== dc) return { reason: "invalid", message: `this authority is ${this.#record.dc}'s` };
    if (order === 0 && this.#record.closed) return { reason: "closed", message: "the gate is closed; only a newer authority opens it" };
    if (order === 0 && this.#claimed && this.#taken > 0) {
      this.#claims += 1;
      this.#session = md5Hex(`${this.#life}/${this.#claims}`).slice(0, 16);
    }
    this.#taken = 0;
    this.#claimed = true;
    this.#record = { authority, dc, closed: false };
    return null;
  }

  /** Whether a request in this name is heard at all. */
  check(request: { readonly authority: Authority; readonly session: SessionId }): Refusal | null {
    const order = compareAuthority(request.authority, this.#record.authority);
    if (order < 0) return { reason: "stale-authority", message: `a newer authority was seen: term ${this.#record.authority.term}, view ${this.#record.authority.view}` };
    if (order > 0 || !this.#claimed) return { reason: "not-claimed", message: "this authority has not claimed the executor" };
    if (request.session !== this.#session) return { reason: "wrong-session", message: "the session has changed" };
    return null;
  }

  /** Where a sequence stands: "next" may be taken (see `take`), "taken" was before, or the refusal of a gap. */
  order(sequence: number): "next" | "taken" | Refusal {
    if (sequence <= this.#taken) return "taken";
    if (sequence === this.#taken + 1) return "next";
    return { reason: "out-of-order", message: `sequence ${sequence} came before ${this.#taken + 1}` };
  }

  take(): void {
    this.#taken += 1;
  }

  close(): void {
    this.#record = { ...this.#record, closed: true };
  }
}
