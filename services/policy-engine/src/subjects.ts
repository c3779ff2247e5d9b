/** Subjects of ARCHITECTURE section 6 that the policy-engine uses. */
import type { NodeName } from "@quorate/core";

export interface Subjects {
  raft(node: NodeName): string;
  executor(node: NodeName): string;
  policy(node: NodeName): string;
  fencing(node: NodeName): string;
}

export function subjectsOf(cluster: string): Subjects {
  const prefix = `quorate.${cluster}`;
  return {
    raft: (node) => `${prefix}.raft.${node}`,
    executor: (node) => `${prefix}.executor.${node}`,
    policy: (node) => `${prefix}.policy.${node}`,
    fencing: (node) => `${prefix}.fencing.${node}`,
  };
}
