export type { Action, ActionId, ActionKind, Graph } from "./graph.ts";
export { restrictToNode } from "./restrict.ts";
export { BATCH_LIMIT_DEFAULT, Walk } from "./walk.ts";
export type { WalkEffect, WalkOutcome } from "./walk.ts";
