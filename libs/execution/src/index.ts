export type { ExecutorEffect, ExecutorInput, RunOutcome, StoredRecord, Time } from "./effect.ts";
export { createExecutorCore } from "./executor-core.ts";
export type { ExecutorConfig, ExecutorCore, ExecutorCoreOptions } from "./executor-core.ts";
export type { AgentName, ExecutorReply, ExecutorReport, ExecutorRequest, Operation, OperationResult, RefusalReason } from "./types.ts";
