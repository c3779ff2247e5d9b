export { injectOperation } from "./inject-operation.ts";
export type { Injected, PretendedResult } from "./inject-operation.ts";
export { readState, schedule } from "./schedule.ts";
export { simulateGraph } from "./simulate.ts";
export type { Simulation } from "./simulate.ts";
export type { Amounts, Assignment, Candidate, ClusterState, Decision, FailCount, FailedOperation, FencingDecision, NodeState, ResourceState, ResourceTree, Role, ScoreTerm, SummaryAction, UtilizationReport } from "./types.ts";
