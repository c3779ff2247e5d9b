/**
 * What goes into and comes out of the consensus core. Shape after etcd-io/raft: `step` in, `Ready` out.
 * The caller must make `hardState` and `append` durable (fsync) before it sends any of `messages`.
 */
import type { LogIndex, NodeName } from "@quorate/core";

export interface Entry {
  readonly index: LogIndex;
  readonly term: number;
  /** Empty for the entry a new leader commits first. */
  readonly data: Uint8Array;
}

/** What must survive a power cut beside the log. */
export interface HardState {
  readonly term: number;
  readonly votedFor: NodeName | null;
  readonly commit: LogIndex;
}

export type Message = { readonly from: NodeName; readonly to: NodeName; readonly term: number } & (
  | { readonly kind: "preVote" | "vote"; readonly lastIndex: LogIndex; readonly lastTerm: number; /** leader transfer: ignore the lease */ readonly force: boolean }
  | { readonly kind: "preVoteReply" | "voteReply"; readonly granted: boolean }
  | { readonly kind: "append"; readonly prevIndex: LogIndex; readonly prevTerm: number; readonly entries: readonly Entry[]; readonly commit: LogIndex; /** tick of the leader's term at which it was sent, echoed: proves the lease */ readonly round: number }
  | { readonly kind: "appendReply"; readonly accepted: boolean; /** last index known equal, or a hint where to go on */ readonly index: LogIndex; readonly round: number }
  | { readonly kind: "timeoutNow" }
);

export type Role = "follower" | "preCandidate" | "candidate" | "leader";

export type Input =
  | { readonly kind: "tick" }
  | { readonly kind: "message"; readonly message: Message }
  | { readonly kind: "propose"; readonly data: readonly Uint8Array[] }
  /** The failure detector's verdict: this peer is dead. Drops the lease it gives if it leads. */
  | { readonly kind: "peerDead"; readonly node: NodeName }
  /** Campaign now (after `peerDead` for the leader; the caller staggers by rank). */
  | { readonly kind: "campaign" }
  | { readonly kind: "transfer"; readonly to: NodeName };

/** Effects of one or more inputs, in the order they must be performed: persist, then send, then apply. */
export interface Ready {
  /** Set when it changed. Written with `append` in one atomic batch, so that `commit` never passes the stored log. */
  readonly hardState: HardState | null;
  /** Entries to append; the stored log from `append[0].index` on is replaced by them. */
  readonly append: readonly Entry[];
  readonly messages: readonly Message[];
  /** Newly committed entries in order, each exactly once per life of the process. */
  readonly committed: readonly Entry[];
  /** Set when role, leader or term changed. */
  readonly status: RaftStatus | null;
  /** Proposals that were not taken (no leader, transfer under way): the caller answers its client. */
  readonly rejected: readonly Uint8Array[];
}

export interface RaftStatus {
  readonly role: Role;
  readonly term: number;
  readonly leader: NodeName | null;
  readonly commit: LogIndex;
  /** A leader only: a majority answered what it sent less than `electionTicks` ago. A hint, never a proof. */
  readonly leaseHeld: boolean;
}

export interface RaftConfig {
  readonly node: NodeName;
  /** All voters, this node included, in the order of the configuration. */
  readonly voters: readonly NodeName[];
  /** Ticks without a leader before a campaign: drawn from [electionTicks, 2 * electionTicks). */
  readonly electionTicks: number;
  /** Ticks between heartbeats of a leader; < electionTicks / 2. */
  readonly heartbeatTicks: number;
  /** Bytes of entry data in one append message at most (one entry always fits). */
  readonly appendBytesMax: number;
  /** Entries sent and not yet acknowledged per follower at most. */
  readonly inFlightMax: number;
}

/** What is read from disk at start. Entries start at index 1 and have no gap. */
export interface StoredState {
  readonly hardState: HardState;
  readonly entries: readonly Entry[];
}
