export { daemonDownBeat } from "./daemon-down.ts";
export type { DaemonDownOptions } from "./daemon-down.ts";
export { createMembership } from "./membership.ts";
export type { Membership, MembershipSelf } from "./membership.ts";
export { DAEMON_DOWN_MS_MAX } from "./peer.ts";
export type { Beat, LinkName, LinkReport, MembershipConfig, MembershipEffect, MembershipInput, MembershipReport, PeerReport, Progress } from "./types.ts";
