/** Things an administrator should know about a decision. */
import type { Cluster } from "../model/cluster.ts";
import { canFence } from "../model/cluster.ts";

export function collectWarnings(cluster: Cluster): string[] {
  const warnings = [...cluster.warnings];
  const { fencingEnabled } = cluster.options;
  if (!fencingEnabled) warnings.push("Fencing is disabled (stonith-enabled=false): resources of a lost node are started elsewhere without proof that it is down");
  if (fencingEnabled && !cluster.haveFenceDevice) warnings.push("Fencing is enabled but no fence device is configured: nothing is started or moved");
  if (!cluster.haveQuorum && cluster.options.noQuorumPolicy !== "ignore") warnings.push(`The cluster has no quorum; no-quorum-policy is ${cluster.options.noQuorumPolicy}`);
  for (const node of cluster.nodes) {
    if (node.unclean && fencingEnabled && !canFence(cluster, node)) warnings.push(`${node.name} is unclean and cannot be fenced`);
  }
  return warnings;
}
