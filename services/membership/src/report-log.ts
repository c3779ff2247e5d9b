/** Says in the log what changed from one report to the next: peers, their links, connected quorum. */
import type { MembershipReport, PeerReport } from "@quorate/membership";
import type { Logger } from "@quorate/runtime";

export class ReportLog {
  readonly #log: Logger;
  #last: MembershipReport | null = null;

  constructor(log: Logger) {
    this.#log = log;
  }

  note(report: MembershipReport): void {
    const before = new Map(this.#last?.peers.map((peer) => [peer.node, peer]));
    for (const peer of report.peers) this.#notePeer(before.get(peer.node), peer);
    const { connectedQuorum } = report;
    if (this.#last?.connectedQuorum !== connectedQuorum) this.#log[connectedQuorum ? "info" : "warn"]({ connectedQuorum }, "connected quorum");
    this.#last = report;
  }

  #notePeer(before: PeerReport | undefined, { node, state, mutual, majoritySuspects, suspectedBy, bootId, session, links }: PeerReport): void {
    if (before?.state !== state || before.mutual !== mutual || before.majoritySuspects !== majoritySuspects) {
      this.#log[state === "suspected" || majoritySuspects ? "warn" : "info"]({ peer: node, state, mutual, suspectedBy, majoritySuspects }, "peer");
    }
    if (before !== undefined && before.bootId !== null && before.bootId !== bootId) this.#log.warn({ peer: node, bootId }, "peer has rebooted");
    else if (before !== undefined && before.session !== null && before.session !== session) this.#log.info({ peer: node, session }, "membership of a peer has restarted");
    if (state === "suspected") return; // all its links are down
    for (const [index, { link, up, silentMs }] of links.entries()) {
      if (before !== undefined && before.links[index]?.up !== up) this.#log[up ? "info" : "warn"]({ peer: node, link, up, silentMs }, "link to a peer");
    }
  }
}
