/**
 * The Designated Controller: on the Raft leader's node it keeps the view, claims executors, and drives the cluster
 * from one decision of the scheduler to the next. Pure: everything that happens comes in through the methods, everything
 * to be done goes out through `drain`. It never rests on what is not committed: views, joins, fencing and results
 * take effect when their entry is applied. Source: ARCHITECTURE sections 1, D4 and D5.
 */
import { type Authority, type LogIndex, type NodeName, type SessionId, compareAuthority } from "@quorate/core";
import type { ExecutorReply, ExecutorReport } from "@quorate/execution";
import type { FenceReply } from "@quorate/fencing";
import type { MembershipReport } from "@quorate/membership";
import type { Decision } from "@quorate/scheduler";
import type { Action } from "@quorate/transition";
import type { Command, CommandOutcome } from "./command.ts";
import type { DcEffect, Time } from "./effects.ts";
import { type CommandBody, ExecutorLink, type LinkNews, type OutgoingRequest } from "./executor-link.ts";
import { FenceDesk, type FenceDeskContext, type FenceNews } from "./fence-desk.ts";
import { FencedWatch } from "./fenced-watch.ts";
import { reasonsOf } from "./reasons.ts";
import type { Replica } from "./replica.ts";
import { isFailure, isSurprise } from "./history.ts";
import { TransitionRun } from "./transition-run.ts";
import { type ViewProposal, type ViewRules, proposeView, viewDiffers } from "./view-policy.ts";

export interface DcConfig extends ViewRules {
  readonly node: NodeName;
  /** Life of this policy-engine; stands in transition keys, with the term. */
  readonly session: SessionId;
  /** Silence of an executor to a claim after which its node is lost. */
  readonly claimTimeoutMs: number;
}

const UNDECIDED_PAUSE_MS = 10_000;
/** A proposal that was not applied within this time was lost with a leader: it is made again. */
const PROPOSAL_PATIENCE_MS = 3_000;

interface Leading {
  readonly term: number;
  /** The view this leader committed itself; null until then. */
  authority: Authority | null;
  readonly links: Map<NodeName, ExecutorLink>;
  /** Nodes whose history of this leadership is in the log. */
  readonly joined: Set<NodeName>;
  readonly joining: Set<NodeName>;
  readonly uncommandable: Map<NodeName, string>;
  /** Nodes on which operations of an earlier DC go on. */
  readonly waitingFor: Set<NodeName>;
  /** Highest sequence of a report that came while waiting. */
  readonly reportsSeen: Map<NodeName, number>;
  readonly reportsProposed: Map<NodeName, { readonly session: SessionId; readonly sequence: number }>;
  viewProposedAtMs: number | null;
  /** Why the scheduler must run; null when it need not. */
  dirty: string | null;
  scheduling: { readonly token: number; readonly trigger: string } | null;
  /** The scheduler failed last time, and is asked again then; null: it decided. */
  undecidedUntilMs: number | null;
  run: TransitionRun | null;
  recheckAtMs: number | null;
  /** When somebody else was last asked to lead, and how often. */
  handOver: { readonly askedAtMs: number; readonly times: number } | null;
}

export class Dc {
  readonly #config: DcConfig;
  readonly #replica: Replica;
  /** Since when this node's present membership process listens. */
  #listeningSinceMs: number;
  readonly #desk: FenceDesk = new FenceDesk();
  readonly #watch: FencedWatch = new FencedWatch();
  #report: MembershipReport | null = null;
  #leading: Leading | null = null;
  #effects: DcEffect[] = [];
  #token = 0;
  #requestToken = 0;
  #awaited: readonly NodeName[] = [];

  constructor(options: { config: DcConfig; replica: Replica; startedAtMs: number }) {
    this.#config = options.config;
    this.#replica = options.replica;
    this.#listeningSinceMs = options.startedAtMs;
  }

  /** Effects since the last call, to be performed in order. */
  drain(): readonly DcEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** Nodes a cold start is waiting for; empty when it waits for none. */
  get awaited(): readonly NodeName[] {
    return this.#leading === null ? [] : this.#awaited;
  }

  get leading(): boolean {
    return this.#leading !== null;
  }

  /** The first entry of this leader's term is applied: everything committed before is known. */
  lead(term: number, time: Time): void {
    this.#leading = {
      term, authority: null, links: new Map(), joined: new Set(), joining: new Set(), uncommandable: new Map(),
      waitingFor: new Set(), reportsSeen: new Map(), reportsProposed: new Map(),
      viewProposedAtMs: null, dirty: "a new DC takes over", scheduling: null, undecidedUntilMs: null, run: null, recheckAtMs: null, handOver: null,
    };
    this.#closeOpenFences(time);
    this.#advance(time);
  }

  stepDown(): void {
    this.#leading = null;
    this.#desk.abandon();
  }

  onMembership(report: MembershipReport, time: Time): void {
    if (this.#report !== null && this.#report.session !== report.session) this.#listeningSinceMs = time.nowMs;
    this.#report = report;
    this.#watch.onReport(report, this.#replica, time.nowMs);
    this.#advance(time);
  }

  tick(time: Time): void {
    const leading = this.#leading;
    if (leading === null) return;
    for (const link of leading.links.values()) {
      this.#request(link.tick(this.#config.node, time.nowMs));
      const silentMs = link.silentMs(time.nowMs);
      const limitMs = link.claimed ? this.#config.commandDeadTimeMs : this.#config.claimTimeoutMs;
      if (silentMs > limitMs) this.#declareUncommandable(link, `its executor did not answer for ${Math.round(silentMs)} ms`);
    }
    if (leading.recheckAtMs !== null && time.wallMs >= leading.recheckAtMs) {
      leading.recheckAtMs = null;
      leading.dirty ??= "a rule changes with time";
    }
    if (leading.viewProposedAtMs !== null && time.nowMs - leading.viewProposedAtMs > PROPOSAL_PATIENCE_MS) leading.viewProposedAtMs = null;
    this.#advance(time);
  }

  onExecutorReply({ node, token, reply }: { readonly node: NodeName; readonly token: number; readonly reply: ExecutorReply }, time: Time): void {
    const link = this.#leading?.links.get(node);
    if (link === undefined) return;
    const { news, send } = link.receive(token, reply, time.nowMs);
    this.#request(send);
    for (const item of news) this.#onLinkNews(link, item, time);
    this.#advance(time);
  }

  /** Results on their way into the log. */
  onExecutorReport(report: ExecutorReport, time: Time): void {
    const leading = this.#leading;
    const link = leading?.links.get(report.node);
    if (leading === null || link === undefined) return;
    if (!link.claimed) return this.#reclaimOnNews(link, report, time);
    if (link.session !== report.session) {
      this.#request(link.acknowledge(0)); // late, or the executor restarted: its answer tells
      return;
    }
    if (!leading.joined.has(report.node) && !leading.joining.has(report.node)) return;
    const record = this.#replica.nodes.get(report.node);
    const known = record?.session === report.session ? record.reportSequence : 0;
    const proposed = leading.reportsProposed.get(report.node);
    const highest = Math.max(known, proposed?.session === report.session ? proposed.sequence : 0);
    if (report.sequence <= known) this.#request(link.acknowledge(known));
    if (report.sequence <= highest || report.results.length === 0) return;
    leading.reportsProposed.set(report.node, { session: report.session, sequence: report.sequence });
    const results = report.results.slice(-Math.min(report.results.length, report.sequence - highest)); // the rest is in the log or on its way
    this.#effects.push({ kind: "propose", command: { kind: "results", atMs: time.wallMs, node: report.node, session: report.session, reportSequence: report.sequence, results } });
  }

  onFenceReply(reply: FenceReply, time: Time): void {
    if (this.#leading === null) return;
    this.#effects.push(...this.#desk.onReply(reply, time));
  }

  onScheduled(token: number, decision: Decision, time: Time): void {
    const leading = this.#leading;
    if (leading === null || leading.scheduling?.token !== token) return;
    const { trigger } = leading.scheduling;
    leading.scheduling = null;
    leading.undecidedUntilMs = null;
    leading.recheckAtMs = decision.graph.recheckAtMs;
    for (const warning of decision.warnings) this.#effects.push({ kind: "log", level: "warn", message: warning, fields: {} });
    // Something changed while the scheduler thought: its answer is about a world that is gone.
    if (leading.dirty === null && decision.graph.actions.some(({ kind }) => kind !== "pseudo")) this.#startRun(leading, { decision, trigger }, time);
    this.#advance(time);
  }

  /** Without a decision nothing is done. Asked again after a pause; administrators are told once. */
  onScheduleFailed(token: number, why: string, time: Time): void {
    const leading = this.#leading;
    if (leading === null || leading.scheduling?.token !== token) return;
    const { trigger } = leading.scheduling;
    leading.scheduling = null;
    leading.dirty ??= trigger;
    this.#effects.push({ kind: "log", level: "error", message: "the scheduler gave no decision: nothing is changed until it does", fields: { why } });
    if (leading.undecidedUntilMs === null) {
      const message = `No decision about "${trigger}": the policy failed (${why}). Nothing is started, stopped or moved until it can decide.`;
      const command: Command = { kind: "alarm", atMs: time.wallMs, requestId: `${this.#config.session}/undecided/${token}`, type: "policy.undecided", severity: "critical", node: null, resource: null, message, data: { trigger, why } };
      this.#effects.push({ kind: "propose", command });
    }
    leading.undecidedUntilMs = time.nowMs + UNDECIDED_PAUSE_MS;
  }

  /** Every applied entry passes here, after the replica changed. */
  onApplied(index: LogIndex, command: Command, outcome: CommandOutcome, time: Time): void {
    const leading = this.#leading;
    if (leading === null) return;
    switch (command.kind) {
      case "view":
        this.#onView(leading, index, command, time);
        break;
      case "joined":
        leading.joining.delete(command.node);
        if (outcome.error === null) {
          leading.joined.add(command.node);
          leading.dirty ??= `${command.node} joined`;
        }
        break;
      case "results":
        this.#onResults(leading, command, time);
        break;
      case "fenceStarted":
        this.#effects.push(...this.#desk.onFenceStarted(command.fenceId, this.#deskContext(leading)));
        break;
      case "fenceEnded":
        for (const news of this.#desk.onFenceEnded(command, time)) this.#onFenceNews(leading, news, time);
        break;
      case "fenceConfirmed":
      case "cib":
      case "cleanup":
      case "attribute":
        this.#onChange(leading, command, outcome, time);
        break;
      case "transitionStarted":
      case "transitionEnded":
      case "alarm":
      case "cursor":
        break;
    }
    this.#advance(time);
  }

  #onView(leading: Leading, index: LogIndex, command: Extract<Command, { kind: "view" }>, time: Time): void {
    leading.viewProposedAtMs = null;
    if (command.dc !== this.#config.node) return;
    leading.authority = { term: leading.term, view: index };
    const members = new Set(command.members.map(({ node }) => node));
    for (const node of leading.links.keys()) if (!members.has(node)) this.#dropNode(leading, node, time);
    for (const { node } of command.members) {
      const record = this.#replica.nodes.get(node);
      if (record?.session === null) this.#dropNode(leading, node, time); // a new life: what the old one was told is void
      const link = leading.links.get(node) ?? this.#newLink(node, leading.authority, time);
      leading.links.set(node, link);
      this.#request([link.claim(leading.authority, this.#config.node, time.nowMs)]);
    }
    leading.dirty ??= command.gone.length > 0 ? `${command.gone.map(({ node }) => node).join(", ")} ${command.gone.length > 1 ? "were" : "was"} lost` : "a new view";
  }

  #newLink(node: NodeName, authority: Authority, time: Time): ExecutorLink {
    return new ExecutorLink({ node, authority, nextToken: () => ++this.#requestToken }, time.nowMs);
  }

  #dropNode(leading: Leading, node: NodeName, time: Time): void {
    leading.links.delete(node);
    leading.joined.delete(node);
    leading.joining.delete(node);
    leading.uncommandable.delete(node);
    leading.waitingFor.delete(node);
    leading.reportsSeen.delete(node);
    leading.reportsProposed.delete(node);
    leading.run?.onNodeGone(node, time);
  }

  #onResults(leading: Leading, command: Extract<Command, { kind: "results" }>, time: Time): void {
    const link = leading.links.get(command.node);
    if (link !== undefined && link.session === command.session) this.#request(link.acknowledge(command.reportSequence));
    for (const result of command.results) {
      // The graph was made for a world in which a probe finds what it expects. Nothing after one that does not may begin.
      if (isSurprise(result)) this.#abortRun(leading, `a probe of ${result.operation.resource} on ${command.node} found what was not known`, time);
      const expected = leading.run?.onResult(result, time) ?? false;
      if (!expected && result.status !== "cancelled") leading.dirty ??= `${result.operation.task} of ${result.operation.resource} on ${command.node} ${isFailure(result) ? "failed" : "came late"}`;
      else if (expected && isFailure(result)) leading.dirty ??= `${result.operation.task} of ${result.operation.resource} on ${command.node} failed`;
    }
  }

  #onChange(leading: Leading, command: Extract<Command, { kind: "cib" | "cleanup" | "attribute" | "fenceConfirmed" }>, outcome: CommandOutcome, time: Time): void {
    const mine = command.requestId.startsWith(`${this.#nameOf(leading)}/`);
    if (mine) leading.run?.onProposalApplied(command.requestId, time);
    else if (outcome.error === null) leading.dirty ??= command.kind === "cib" ? `${command.by} changed the CIB` : `${command.kind} by request`;
  }

  #onLinkNews(link: ExecutorLink, news: LinkNews, time: Time): void {
    const leading = this.#leading;
    if (leading === null) return;
    switch (news.kind) {
      case "claimed":
        if (news.restarted) this.#onRestarted(leading, link, time);
        this.#onClaimed(leading, link, news.reply, time);
        return;
      case "taken":
        for (const tag of news.tags) leading.run?.onTaken(tag, time);
        return;
      case "refused":
        for (const tag of news.tags) leading.run?.onRefused(tag, news.message, time);
        return;
      case "restarted":
        this.#onRestarted(leading, link, time);
        link.forgetCommands();
        if (leading.authority !== null) this.#request([link.claim(leading.authority, this.#config.node, time.nowMs)]);
        return;
      case "deposed":
        this.#effects.push({ kind: "log", level: "warn", message: "an executor obeys a newer DC", fields: { node: link.node, term: news.authority.term, view: news.authority.view } });
        return;
    }
  }

  /** What the executor was told before may be lost with its life: the run goes on without it, and its history is read again. */
  #onRestarted(leading: Leading, link: ExecutorLink, time: Time): void {
    this.#effects.push({ kind: "log", level: "warn", message: "executor restarted: claiming it again", fields: { node: link.node } });
    leading.joined.delete(link.node);
    leading.joining.delete(link.node);
    leading.reportsSeen.delete(link.node);
    leading.run?.onNodeGone(link.node, time);
    leading.dirty ??= `the executor of ${link.node} restarted`;
  }

  /** A first claim brings the history into the log; a repeated one (new view, same DC and session) finds it there already. */
  #onClaimed(leading: Leading, link: ExecutorLink, reply: Extract<ExecutorReply, { kind: "claimed" }>, time: Time): void {
    leading.uncommandable.delete(link.node);
    const member = this.#replica.view.members.find(({ node }) => node === link.node);
    if (member === undefined || member.bootId !== reply.bootId) return;
    const known = this.#replica.nodes.get(link.node)?.session === reply.session;
    if (known && leading.joined.has(link.node)) return;
    if (reply.inFlight.length > 0) return this.#waitForInFlight(leading, link, time);
    leading.waitingFor.delete(link.node);
    leading.joined.delete(link.node);
    leading.joining.add(link.node);
    this.#effects.push({ kind: "propose", command: { kind: "joined", atMs: time.wallMs, node: link.node, bootId: reply.bootId, session: reply.session, history: reply.history } });
  }

  /** Operations of an earlier DC still run there: their outcome must be in the history before anything is decided. */
  #waitForInFlight(leading: Leading, link: ExecutorLink, time: Time): void {
    leading.waitingFor.add(link.node);
    link.reclaimLater(time.nowMs);
  }

  /** Something ended there since it was asked last: perhaps it was what we wait for. */
  #reclaimOnNews(link: ExecutorLink, report: ExecutorReport, time: Time): void {
    const leading = this.#leading;
    if (leading === null || !leading.waitingFor.has(link.node) || compareAuthority(report.authority, link.authority) !== 0) return;
    if (report.sequence <= (leading.reportsSeen.get(link.node) ?? 0)) return;
    leading.reportsSeen.set(link.node, report.sequence);
    this.#request([link.claim(link.authority, this.#config.node, time.nowMs)]);
  }

  #onFenceNews(leading: Leading, { actionId, succeeded, detail }: FenceNews, time: Time): void {
    if (succeeded) leading.run?.actionSucceeded(actionId, time);
    else {
      leading.dirty ??= `fencing failed: ${detail}`;
      leading.run?.actionFailed(actionId, detail, time);
    }
  }

  #startRun(leading: Leading, { decision, trigger }: { decision: Decision; trigger: string }, time: Time): void {
    const transition = this.#replica.transition + 1;
    this.#effects.push({ kind: "propose", command: { kind: "transitionStarted", atMs: time.wallMs, transition, trigger, reasons: reasonsOf(decision) } });
    const ports = {
      command: (node: NodeName, tag: string, body: CommandBody): void => this.#send({ node, tag, body }, time),
      fence: (action: Action): void =>
        this.#desk.request({ target: action.node!, action: action.task === "off" || action.task === "on" ? action.task : "reboot", actionId: action.id, timeoutMs: action.timeoutMs, reason: action.reason }),
      emit: (effect: DcEffect): void => void this.#effects.push(effect),
    };
    leading.run = new TransitionRun({ transition, trigger, graph: decision.graph, session: this.#nameOf(leading), replica: this.#replica, ports });
    leading.run.begin(time);
  }

  /** Names what is ordered. Of one leadership only: the next may count from the same transition, when this one's are lost with its entries. */
  #nameOf({ term }: Leading): string {
    return `${this.#config.session}-${term}`;
  }

  #send({ node, tag, body }: { node: NodeName; tag: string; body: CommandBody }, time: Time): void {
    const link = this.#leading?.links.get(node);
    if (link === undefined) this.#leading?.run?.onRefused(tag, `${node} is not in the view`, time);
    else this.#request(link.send(tag, body, time.nowMs));
  }

  /** What follows from the state as it is now; called after everything that happens. */
  #advance(time: Time): void {
    const leading = this.#leading;
    const report = this.#report;
    if (leading === null || report === null || !report.connectedQuorum) return;
    this.#considerHandOver(leading, report, time);
    const proposal = proposeView({
      replica: this.#replica, report, nowMs: time.nowMs, startedAtMs: this.#listeningSinceMs, ownView: leading.authority !== null,
      uncommandable: leading.uncommandable, contradicted: this.#watch.contradicted, rules: this.#config,
    });
    this.#awaited = proposal.awaited;
    if (this.#changeView(leading, proposal, time)) return;
    this.#advanceRun(leading, time);
    if (leading.dirty === null || leading.run !== null || leading.scheduling !== null || !this.#maySchedule(leading, time)) return;
    this.#token += 1;
    leading.scheduling = { token: this.#token, trigger: leading.dirty };
    leading.dirty = null;
    this.#effects.push({ kind: "schedule", token: this.#token, cib: this.#replica.cib, wallMs: time.wallMs, about: { trigger: leading.scheduling.trigger, transition: this.#replica.transition + 1 } });
  }

  #changeView(leading: Leading, proposal: ViewProposal, time: Time): boolean {
    if (leading.viewProposedAtMs !== null) return true;
    if (leading.authority !== null && !viewDiffers(proposal, this.#replica, this.#config.node)) return false;
    leading.viewProposedAtMs = time.nowMs;
    this.#effects.push({ kind: "propose", command: { kind: "view", atMs: time.wallMs, dc: this.#config.node, members: proposal.members, gone: proposal.gone } });
    return true;
  }

  #advanceRun(leading: Leading, time: Time): void {
    const { run } = leading;
    if (run === null) return;
    if (leading.dirty !== null) this.#abortRun(leading, leading.dirty, time);
    const { effects, news } = this.#desk.advance(this.#deskContext(leading), time, run.transition);
    this.#effects.push(...effects);
    for (const item of news) this.#onFenceNews(leading, item, time);
    if (run.end === null) return;
    leading.run = null;
    this.#effects.push({ kind: "propose", command: { kind: "transitionEnded", atMs: time.wallMs, transition: run.transition, outcome: run.end.outcome, detail: run.end.detail } });
    if (run.end.outcome === "failed") leading.dirty ??= run.end.detail;
  }

  /** The run begins nothing more, and the scheduler is asked again when what is in flight has ended. */
  #abortRun(leading: Leading, why: string, time: Time): void {
    leading.dirty ??= why;
    const { run } = leading;
    if (run === null || run.aborting) return;
    run.abort(why, time);
    for (const actionId of this.#desk.giveUpWaiting()) run.actionFailed(actionId, why, time);
  }

  /** Nothing is decided before every member's history is known, nor while a cold start waits for nodes. */
  #maySchedule(leading: Leading, time: Time): boolean {
    if (time.nowMs < (leading.undecidedUntilMs ?? 0) || leading.authority === null || this.#awaited.length > 0 || !this.#desk.idle) return false;
    return this.#replica.view.members.every(({ node }) => leading.joined.has(node));
  }

  #declareUncommandable(link: ExecutorLink, reason: string): void {
    const leading = this.#leading;
    if (leading === null || leading.uncommandable.has(link.node)) return;
    leading.uncommandable.set(link.node, reason);
  }

  /**
   * No view of its own making leaves a DC out. So one that cannot command its own node, or whose fencing came to nothing, must let somebody
   * else lead, who can; asked for again, and of another, for as long as nobody has taken over.
   */
  #considerHandOver(leading: Leading, report: MembershipReport, time: Time): void {
    const { node } = this.#config;
    const sentenced = this.#desk.idle && this.#replica.fencedBootIds.has(report.bootId);
    if (!sentenced && !leading.uncommandable.has(node)) return;
    if (leading.handOver !== null && time.nowMs - leading.handOver.askedAtMs < PROPOSAL_PATIENCE_MS) return;
    const able = report.peers.filter((peer) => peer.state === "alive" && peer.mutual && !leading.uncommandable.has(peer.node));
    if (able.length === 0) return;
    const times = leading.handOver === null ? 0 : leading.handOver.times + 1;
    leading.handOver = { askedAtMs: time.nowMs, times };
    this.#effects.push({ kind: "transferLeadership", to: able[times % able.length]!.node });
  }

  #deskContext(leading: Leading): FenceDeskContext {
    const members = this.#replica.view.members.map(({ node }) => node).filter((node) => leading.links.get(node)?.claimed ?? false);
    return { replica: this.#replica, authority: leading.authority ?? { term: leading.term, view: 0 }, node: this.#config.node, members };
  }

  /** A fencing that an earlier DC began has an unknown result here: it is closed as such, and the scheduler asks for a new one. */
  #closeOpenFences(time: Time): void {
    for (const { fenceId, outcome } of this.#replica.fences) {
      if (outcome !== "pending") continue;
      this.#effects.push({ kind: "propose", command: { kind: "fenceEnded", atMs: time.wallMs, fenceId, outcome: "unknown", device: null, detail: "the DC that asked for it is gone" } });
    }
  }

  #request(requests: readonly OutgoingRequest[]): void {
    for (const request of requests) this.#effects.push({ kind: "executorRequest", ...request });
  }
}
