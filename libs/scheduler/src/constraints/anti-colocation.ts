/** Resources that must never share a node hand it over in order: one leaves before the other comes (3-actions U21). */
import { actionKey } from "../actions/action-table.ts";
import { ORDER } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Colocation, Resource } from "../model/resource.ts";
import { INFINITY } from "../model/score.ts";
import type { Role } from "../types.ts";
import { storeOrdering } from "../order/stored-orderings.ts";

export function orderAntiColocated(cluster: Cluster, { score, dependent, primary, dependentRole, primaryRole }: Colocation): void {
  if (score > -INFINITY) return;
  const pair = (from: Resource, fromRole: Role, to: Resource, toRole: Role): void => {
    for (const lose of losing(fromRole)) {
      for (const gain of gaining(toRole)) {
        storeOrdering(cluster, { resource: from, key: actionKey(from, lose, 0) }, { resource: to, key: actionKey(to, gain, 0) }, ORDER.antiColocation);
      }
    }
  };
  pair(dependent, dependentRole, primary, primaryRole);
  pair(primary, primaryRole, dependent, dependentRole);
}

function losing(role: Role): readonly string[] {
  if (role === "Promoted") return ["demote"];
  return role === "Unpromoted" ? ["stop", "promote"] : ["stop"];
}

function gaining(role: Role): readonly string[] {
  if (role === "Promoted") return ["promote"];
  return role === "Unpromoted" ? ["start", "demote"] : ["start"];
}
