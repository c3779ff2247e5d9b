export type { Assignment, Candidate, ClusterState, Decision, FailCount, FailedOperation, FencingDecision, NodeState, ResourceState, ResourceTree, Role, ScoreTerm, SummaryAction } from "./types.ts";
