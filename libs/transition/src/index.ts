export type { Action, ActionId, ActionKind, Graph } from "./graph.ts";
