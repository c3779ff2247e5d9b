export type { AgentName, ExecutorReply, ExecutorReport, ExecutorRequest, Operation, OperationResult, RefusalReason } from "./types.ts";
