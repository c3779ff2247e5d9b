/** CibService: reads from this node's replica, writes through the log, checks without touching anything. */
import { type CibOperation, applyOperation, child, liveErrors, parseCib, serializeXml } from "@quorate/cib";
import type { Engine } from "@quorate/controller";
import { QuorateError } from "@quorate/core";
import { type Clock, type Logger, rpcHandler } from "@quorate/runtime";
import {
  type ApplyRequestProto, type CibServiceServer, type QueryRequestProto, type VerifyRequestProto, cibOperationFromProto, cibSectionFromProto, cibVersionToProto,
  issueToProto,
} from "@quorate/wire";
import type { Requests } from "./requests.ts";

export interface CibServiceOptions {
  readonly engine: Engine;
  readonly requests: Requests;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createCibService({ engine, requests, clock, log }: CibServiceOptions): CibServiceServer {
  const { replica } = engine;

  function query(request: QueryRequestProto): { xml: string; version: ReturnType<typeof cibVersionToProto>; dc: string | undefined; haveQuorum: boolean } {
    const section = cibSectionFromProto(request.section);
    const configuration = child(replica.cib.root, "configuration");
    const found = section === "all" ? replica.cib.root : section === "configuration" || section === "status" ? child(replica.cib.root, section) : configuration === null ? null : child(configuration, section);
    if (found === null) throw new QuorateError("QUORATE_NOT_FOUND", `the CIB has no section ${section}`);
    const haveQuorum = engine.connectedQuorum && engine.raftStatus.leader !== null;
    return { xml: serializeXml(found, { indent: true }), version: cibVersionToProto(replica.cib.version), dc: engine.raftStatus.leader ?? undefined, haveQuorum };
  }

  /** What this release cannot run is refused before it becomes an entry; whether the change itself is good, the log decides. */
  function refuseLimits(operation: CibOperation): void {
    const changed = applyOperation(replica.cib, operation);
    const problems = changed.ok ? liveErrors(changed.value.root) : [];
    if (problems.length > 0) throw new QuorateError("QUORATE_CIB_INVALID", problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  }

  return {
    query: rpcHandler(query, log),
    apply: rpcHandler(async (request: ApplyRequestProto) => {
      const operation = cibOperationFromProto(request.operation);
      refuseLimits(operation);
      await requests.submit((requestId) => ({ kind: "cib", atMs: clock.wallMs(), requestId, by: request.by, operation }));
      return { version: cibVersionToProto(replica.cib.version) };
    }, log),
    verify: rpcHandler(({ xml }: VerifyRequestProto) => {
      const parsed = parseCib(xml);
      return { issues: (parsed.ok ? parsed.value.issues : parsed.error.issues).map(issueToProto) };
    }, log),
  };
}
