/** The calls of PolicyService about the decisions that are kept here. Documents are passed on as they lie on disk, compressed. */
import type { Engine } from "@quorate/controller";
import { type NodeName, QuorateError } from "@quorate/core";
import { type Logger, rpcHandler } from "@quorate/runtime";
import { type GetDecisionRequestProto, type ListDecisionsRequestProto, type PolicyServiceServer, decisionRecordToProto } from "@quorate/wire";
import type { DecisionStore } from "./decision-store.ts";

export interface DecisionCallsOptions {
  readonly engine: Pick<Engine, "replica">;
  readonly decisions: DecisionStore;
  readonly node: NodeName;
  readonly log: Logger;
}

export function decisionCalls({ engine, decisions, node, log }: DecisionCallsOptions): Pick<PolicyServiceServer, "getDecision" | "listDecisions"> {
  return {
    listDecisions: rpcHandler(({ limit }: ListDecisionsRequestProto) => {
      const kept = decisions.list();
      const told = limit === 0 ? kept : kept.slice(0, limit);
      return { decisions: told.map(decisionRecordToProto), node, dc: engine.replica.view.dc };
    }, log),
    getDecision: rpcHandler(async ({ id }: GetDecisionRequestProto) => {
      const document = await decisions.read(id);
      const decision = decisions.list().find((one) => one.id === id);
      if (decision === undefined) throw new QuorateError("QUORATE_NOT_FOUND", `no decision ${id} is kept here any more`);
      return { decision: decisionRecordToProto(decision), document };
    }, log),
  };
}
