export { createRaft } from "./raft.ts";
export type { Raft } from "./raft.ts";
export type { Entry, HardState, Input, Message, RaftConfig, RaftStatus, Ready, Role, StoredState } from "./types.ts";
