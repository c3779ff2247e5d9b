export { readState, schedule } from "./schedule.ts";
export { simulateGraph } from "./simulate.ts";
export type { Simulation } from "./simulate.ts";
export type { Assignment, Candidate, ClusterState, Decision, FailCount, FailedOperation, FencingDecision, NodeState, ResourceState, ResourceTree, Role, ScoreTerm, SummaryAction } from "./types.ts";
