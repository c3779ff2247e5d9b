export type { Beat, LinkName, LinkReport, MembershipConfig, MembershipEffect, MembershipInput, MembershipReport, PeerReport, Progress } from "./types.ts";
