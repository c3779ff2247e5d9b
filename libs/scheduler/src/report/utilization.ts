/** What nodes offer, what is put on them, and what is left. */
import type { Capacity } from "../model/capacity.ts";
import type { Cluster } from "../model/cluster.ts";
import { leavesOf } from "../model/resource.ts";
import type { Amounts, UtilizationReport } from "../types.ts";

/** To be called before anything is assigned; what it returns, after. */
export function watchUtilization(cluster: Cluster): () => UtilizationReport {
  const offers = cluster.nodes.map((node) => ({ node, amounts: amountsOf(node.free) }));
  return () => {
    const leaves = cluster.resources.flatMap(leavesOf);
    if (offers.every(({ node }) => node.free.size === 0) && leaves.every(({ utilization }) => utilization.size === 0)) return { nodes: [], resources: [] };
    return {
      nodes: offers.map(({ node, amounts }) => ({ node: node.name, offers: amounts, left: amountsOf(node.free) })),
      resources: leaves.flatMap(({ id, assigned, utilization }) => (assigned === null ? [] : [{ resource: id, node: assigned.name, takes: amountsOf(utilization) }])),
    };
  };
}

function amountsOf(capacity: Capacity): Amounts {
  return Object.fromEntries([...capacity].toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))));
}
