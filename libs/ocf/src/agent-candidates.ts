/** Under which names an agent is looked for. */

export interface CandidateName {
  readonly provider: string;
  readonly type: string;
}

/**
 * The name as configured, then what stands in for it. `external:Filesystem` of the 2007 document is a script that the
 * administrator copied from heartbeat's: on a node that does not have the copy, heartbeat's own does the same.
 */
export function agentCandidates(agent: { readonly provider: string | null; readonly type: string }): readonly CandidateName[] {
  const provider = agent.provider ?? "heartbeat";
  const own = { provider, type: agent.type };
  return provider === "external" && agent.type === "Filesystem" ? [own, { provider: "heartbeat", type: "Filesystem" }] : [own];
}
