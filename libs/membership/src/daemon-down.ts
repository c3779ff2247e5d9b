/** Beats of a node whose membership process is gone, made by its policy-engine. Source: ARCHITECTURE D3. */
import type { SessionId } from "@quorate/core";
import type { Beat, LinkName, MembershipReport, Progress } from "./types.ts";

export interface DaemonDownOptions {
  readonly clusterId: string;
  /** Last report of the membership process that is gone: it holds the sessions that peers want echoed. */
  readonly report: MembershipReport;
  readonly link: LinkName;
  /** One life of the sender; not the session of the membership process. */
  readonly session: SessionId;
  /** Counts up in `session`, over all times that the membership process was gone. */
  readonly sequence: number;
  readonly progress: Progress;
}

/**
 * The beat to send to all peers each `beatIntervalMs`, from the moment the reports stop until they come again. It keeps this node from
 * being suspected for `DAEMON_DOWN_MS_MAX` after its last own beat, and is worth nothing to a peer that restarted meanwhile, that
 * suspects this node already or knows it under another boot id. It says nothing of other nodes: nobody here hears them.
 */
export function daemonDownBeat({ clusterId, report, link, session, sequence, progress }: DaemonDownOptions): Beat {
  const echoes = Object.fromEntries(report.peers.flatMap((peer) => (peer.session === null ? [] : [[peer.node, peer.session]])));
  const { node, bootId } = report;
  return { clusterId, from: node, bootId, session, sequence, link, echoes, hears: [], suspects: [], progress, state: "daemon-down" };
}
