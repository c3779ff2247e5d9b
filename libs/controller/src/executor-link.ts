/**
 * The DC's end of the conversation with one executor: claim, then numbered commands, each repeated until it is taken.
 * Go-back-N: the executor takes commands in order only, and says which one it wants next. Source: ARCHITECTURE D4.
 */
import { type Authority, type MonotonicMs, type NodeName, type SessionId, compareAuthority } from "@quorate/core";
import type { ExecutorReply, ExecutorRequest, Operation } from "@quorate/execution";

/** A request on its way; `token` comes back with the reply. Tokens of a DC grow and are never used again. */
export interface OutgoingRequest {
  readonly node: NodeName;
  readonly token: number;
  readonly request: ExecutorRequest;
  readonly timeoutMs: number;
}

export type LinkNews =
  /** `restarted`: it is another session than before, so that what was under way may be lost. */
  | { readonly kind: "claimed"; readonly reply: Extract<ExecutorReply, { kind: "claimed" }>; readonly restarted: boolean }
  /** The commands with these tags were taken. */
  | { readonly kind: "taken"; readonly tags: readonly string[] }
  /** The executor restarted: it must be claimed again; what was under way may be lost. */
  | { readonly kind: "restarted" }
  /** A newer authority exists: this DC is deposed as far as this executor goes. */
  | { readonly kind: "deposed"; readonly authority: Authority }
  /** The executor will not take this command; `tags` names it. */
  | { readonly kind: "refused"; readonly tags: readonly string[]; readonly message: string };

export type CommandBody =
  | { readonly kind: "execute"; readonly budgetMs: number; readonly operation: Operation }
  | { readonly kind: "cancel"; readonly resource: string; readonly task: string; readonly intervalMs: number }
  | { readonly kind: "forget"; readonly resource: string };

const REQUEST_TIMEOUT_MS = 1_000;
const RESEND_MS = 300;
const PING_MS = 1_000;

interface Pending {
  readonly sequence: number;
  readonly tag: string;
  readonly body: CommandBody;
}

export class ExecutorLink {
  readonly node: NodeName;
  #authority: Authority;
  #session: SessionId | null = null;
  /** The session that took commands last; null when none has. */
  #lastSession: SessionId | null = null;
  #nextSequence = 1;
  #pending: Pending[] = [];
  #reportSequence = 0;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  #heardAtMs: MonotonicMs;
  readonly #nextToken: () => number;
  /** Replies to requests before this one are of a session, or of a claim, that is over. */
  #firstToken = 0;
  /** The last going back: to which sequence and when. Every command after a gap is refused alike, and one answer is enough. */
  #wentBack: { readonly to: number; readonly atMs: MonotonicMs } | null = null;

  constructor({ node, authority, nextToken }: { node: NodeName; authority: Authority; nextToken: () => number }, nowMs: MonotonicMs) {
    this.node = node;
    this.#authority = authority;
    this.#nextToken = nextToken;
    this.#heardAtMs = nowMs;
  }

  get claimed(): boolean {
    return this.#session !== null;
  }

  get session(): SessionId | null {
    return this.#session;
  }

  get authority(): Authority {
    return this.#authority;
  }

  /** Time since the executor last answered anything. */
  silentMs(nowMs: MonotonicMs): number {
    return nowMs - this.#heardAtMs;
  }

  /** Starts over under a (new) authority; commands not taken yet are kept and sent after the claim. */
  claim(authority: Authority, dc: NodeName, nowMs: MonotonicMs): OutgoingRequest {
    this.#authority = authority;
    this.#session = null;
    this.#sentAtMs = nowMs;
    const request = this.#out({ kind: "claim", authority, dc });
    this.#firstToken = request.token;
    return request;
  }

  /** The executor's life ended: what it had not taken died with the transition. */
  forgetCommands(): void {
    this.#pending = [];
    this.#nextSequence = 1;
    this.#session = null;
    this.#lastSession = null;
  }

  /** Asks again after a pause, because operations of an earlier DC are still under way there. */
  reclaimLater(nowMs: MonotonicMs): void {
    this.#session = null;
    this.#sentAtMs = nowMs;
    this.#firstToken = this.#nextToken();
  }

  /** Queues a command; it is sent at once when the executor is claimed. */
  send(tag: string, body: CommandBody, nowMs: MonotonicMs): OutgoingRequest[] {
    const pending = { sequence: this.#nextSequence++, tag, body };
    this.#pending.push(pending);
    if (this.#session === null) return [];
    this.#sentAtMs = nowMs;
    return [this.#command(pending)];
  }

  /** Tells the executor which reports are safe in the log. */
  acknowledge(reportSequence: number): OutgoingRequest[] {
    this.#reportSequence = Math.max(this.#reportSequence, reportSequence);
    if (this.#session === null) return [];
    return [this.#out({ kind: "acknowledge", authority: this.#authority, session: this.#session, reportSequence: this.#reportSequence })];
  }

  /** Repeats what was not answered; asks for a sign of life when there is nothing else to say. */
  tick(dc: NodeName, nowMs: MonotonicMs): OutgoingRequest[] {
    const idle = nowMs - this.#sentAtMs;
    if (this.#session === null) {
      if (idle < RESEND_MS) return [];
      this.#sentAtMs = nowMs;
      return [this.#out({ kind: "claim", authority: this.#authority, dc })]; // the answer to the first will do as well
    }
    if (this.#pending.length > 0 && idle >= RESEND_MS) {
      this.#sentAtMs = nowMs;
      return this.#pending.map((pending) => this.#command(pending));
    }
    if (this.#pending.length === 0 && idle >= PING_MS) {
      this.#sentAtMs = nowMs;
      return this.acknowledge(this.#reportSequence);
    }
    return [];
  }

  /** A reply to the request with this token. Late ones prove that the executor lives, and nothing more. */
  receive(token: number, reply: ExecutorReply, nowMs: MonotonicMs): { readonly news: readonly LinkNews[]; readonly send: readonly OutgoingRequest[] } {
    this.#heardAtMs = nowMs;
    if (token < this.#firstToken) return { news: [], send: [] };
    switch (reply.kind) {
      case "claimed":
        return this.#onClaimed(reply, nowMs);
      case "accepted": {
        const tags = this.#pending.filter(({ sequence }) => sequence <= reply.sequence).map(({ tag }) => tag);
        this.#pending = this.#pending.filter(({ sequence }) => sequence > reply.sequence);
        return { news: tags.length > 0 ? [{ kind: "taken", tags }] : [], send: [] };
      }
      case "refused":
        return this.#onRefused(reply, nowMs);
    }
  }

  #onClaimed(reply: Extract<ExecutorReply, { kind: "claimed" }>, nowMs: MonotonicMs): ReturnType<ExecutorLink["receive"]> {
    if (this.#session !== null || compareAuthority(reply.authority, this.#authority) !== 0) return { news: [], send: [] };
    const restarted = this.#lastSession !== null && this.#lastSession !== reply.session;
    if (restarted) this.#pending = [];
    if (this.#lastSession !== reply.session) this.#reportSequence = 0; // reports are numbered anew in every session
    this.#session = reply.session;
    this.#lastSession = reply.session;
    this.#firstToken = this.#nextToken();
    this.#pending = this.#pending.map((pending, index) => ({ ...pending, sequence: index + 1 }));
    this.#nextSequence = this.#pending.length + 1;
    this.#wentBack = null;
    this.#sentAtMs = nowMs;
    return { news: [{ kind: "claimed", reply, restarted }], send: this.#pending.map((pending) => this.#command(pending)) };
  }

  #onRefused(reply: Extract<ExecutorReply, { kind: "refused" }>, nowMs: MonotonicMs): ReturnType<ExecutorLink["receive"]> {
    switch (reply.reason) {
      case "stale-authority":
        if (compareAuthority(reply.authority, this.#authority) <= 0) return { news: [], send: [] };
        return { news: [{ kind: "deposed", authority: reply.authority }], send: [] };
      case "wrong-session":
      case "not-claimed":
        if (this.#session === null || this.#session === reply.session) return { news: [], send: [] };
        return { news: [{ kind: "restarted" }], send: [] };
      case "out-of-order":
        return { news: [], send: this.#goBack(reply.expected, nowMs) };
      case "no-quorum":
      case "overloaded":
        this.#wentBack = { to: reply.expected, atMs: nowMs };
        return { news: [], send: [] }; // the tick repeats the command until it is taken or the node is lost
      case "closed":
      case "fenced":
      case "invalid": {
        const tags = this.#pending.filter(({ sequence }) => sequence === reply.expected).map(({ tag }) => tag);
        return { news: tags.length > 0 ? [{ kind: "refused", tags, message: reply.message }] : [], send: [] };
      }
    }
  }

  #goBack(expected: number, nowMs: MonotonicMs): OutgoingRequest[] {
    if (this.#wentBack !== null && expected <= this.#wentBack.to && nowMs - this.#wentBack.atMs < RESEND_MS) return [];
    this.#wentBack = { to: expected, atMs: nowMs };
    this.#sentAtMs = nowMs;
    return this.#pending.filter(({ sequence }) => sequence >= expected).map((pending) => this.#command(pending));
  }

  #command({ sequence, body }: Pending): OutgoingRequest {
    const head = { authority: this.#authority, session: this.#session!, sequence };
    return this.#out({ ...body, ...head });
  }

  #out(request: ExecutorRequest): OutgoingRequest {
    return { node: this.node, token: this.#nextToken(), request, timeoutMs: REQUEST_TIMEOUT_MS };
  }
}
