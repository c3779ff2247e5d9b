/** What membership services say to each other (beats) and to their node's other services (reports). */
import type { BootId, MonotonicMs, NodeName, SessionId } from "@quorate/core";

/** Name of a way beats travel: "nats", or "udp" with the network's name, for example "udp:san". */
export type LinkName = string;

/** Ages in ms since the part last showed progress; null when it was never heard in this life of the node. */
export interface Progress {
  /** Age of the policy-engine's last sign of life to this membership service. */
  readonly policyEngineAgeMs: number | null;
  readonly executorAgeMs: number | null;
}

/** One beat; sent to every peer on every link each `beatIntervalMs`, and at once when what `hears` says changes. */
export interface Beat {
  readonly clusterId: string;
  readonly from: NodeName;
  readonly bootId: BootId;
  /** New at each start of the sending process; peers echo it. */
  readonly session: SessionId;
  /** Counts up in one session. */
  readonly sequence: number;
  readonly link: LinkName;
  /** Sessions of peers as this sender last received them: a receiver counts a beat only if its own session stands here. */
  readonly echoes: Readonly<Record<NodeName, SessionId>>;
  /** Peers the sender does not suspect now, sorted. */
  readonly hears: readonly NodeName[];
  /** Peers the sender suspects: heard before (or seeded by the view) and silent since, sorted. Peers never heard are in neither list. */
  readonly suspects: readonly NodeName[];
  readonly progress: Progress;
  /**
   * "leaving": the process is on its way out in good order. "daemon-down": the policy-engine beats for a dead membership process
   * (see `daemonDownBeat`); such a beat has a session and sequence of its own, and of its content only identity and echoes are used.
   */
  readonly state: "up" | "leaving" | "daemon-down";
}

export interface LinkReport {
  readonly link: LinkName;
  /** ms since the last counted beat; null when none yet. */
  readonly silentMs: number | null;
  readonly up: boolean;
}

export interface PeerReport {
  readonly node: NodeName;
  /**
   * `pending`: never heard in this life of the process; one that was seeded becomes `suspected` after the dead time.
   * `alive`, `suspected`: this node's own view. `leaving`: alive, and it says that it leaves.
   */
  readonly state: "pending" | "alive" | "suspected" | "leaving";
  readonly bootId: BootId | null;
  readonly session: SessionId | null;
  /** Voters (this node counted) that suspect it now, sorted. */
  readonly suspectedBy: readonly NodeName[];
  /** `suspectedBy.length > voters / 2`. */
  readonly majoritySuspects: boolean;
  /**
   * We hear it and it hears us: its beats, which count only when they echo our session, list us in `hears`. When only one direction
   * works, the side that hears says `alive` and not mutual, the other side suspects.
   */
  readonly mutual: boolean;
  readonly progress: Progress | null;
  readonly links: readonly LinkReport[];
}

/**
 * State of membership as this node sees it; sent to subscribers at each change and at least every second. A process that has just
 * started knows nothing yet: it sends none before all voters are mutual with it, or the dead time has passed.
 */
export interface MembershipReport {
  readonly node: NodeName;
  readonly bootId: BootId;
  readonly session: SessionId;
  /** Counts up; a subscriber ignores an older one of the same session. */
  readonly sequence: number;
  /** More than half of the voters (this node counted) are mutual with this node. */
  readonly connectedQuorum: boolean;
  readonly peers: readonly PeerReport[];
}

export interface MembershipConfig {
  readonly node: NodeName;
  readonly voters: readonly NodeName[];
  readonly clusterId: string;
  readonly links: readonly LinkName[];
  /** Default 100. */
  readonly beatIntervalMs: number;
  /** Silence on all links after which a peer is suspected. Default 600; at least 3 beats. */
  readonly deadTimeMs: number;
  /** Interval at which the host gives ticks; a tick after more than twice that is late. Default: a quarter of `beatIntervalMs`. */
  readonly tickMs?: number;
}

export type MembershipInput =
  | { readonly kind: "tick"; readonly nowMs: MonotonicMs }
  | { readonly kind: "beat"; readonly nowMs: MonotonicMs; readonly link: LinkName; readonly beat: Beat }
  /** A part of this node showed progress. */
  | { readonly kind: "progress"; readonly nowMs: MonotonicMs; readonly part: "policyEngine" | "executor" }
  /** Members of the live view: peers expected to be heard, so that their silence counts after a restart of this process. */
  | { readonly kind: "seed"; readonly nowMs: MonotonicMs; readonly members: readonly NodeName[] }
  | { readonly kind: "leave"; readonly nowMs: MonotonicMs };

export type MembershipEffect =
  | { readonly kind: "sendBeat"; readonly to: NodeName; readonly link: LinkName; readonly beat: Beat }
  | { readonly kind: "report"; readonly report: MembershipReport };
