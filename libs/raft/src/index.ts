export type { Entry, HardState, Input, Message, RaftConfig, RaftStatus, Ready, Role, StoredState } from "./types.ts";
