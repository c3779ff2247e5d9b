/**
 * The policy engine: CIB and time in; graph, assignments and reasons out. Pure; same input, same output, byte for byte.
 * The phases stand here in their order; each works on one `Cluster` that lives only as long as the call.
 * Rules: Pacemaker's scheduler, of which this is a reimplementation from described behaviour.
 */
import type { Cib } from "@quorate/cib";
import { child } from "@quorate/cib";
import { planActions } from "./actions/collectives.ts";
import { clearOrphanFailCounts, planDefinitionChanges } from "./actions/definition-changes.ts";
import { planFencingAndShutdown } from "./actions/fencing.ts";
import { planNotifications } from "./actions/notifications.ts";
import { planProbes } from "./actions/probes.ts";
import { assignAll } from "./assign/assign.ts";
import { addInternalColocations, applyCriteria } from "./assign/criteria.ts";
import { orderRemoteActions, voidOrderingsOfHeld } from "./order/remote-orderings.ts";
import { readConstraints } from "./constraints/read-constraints.ts";
import type { Cluster } from "./model/cluster.ts";
import { applyStoredOrderings, orderProbes } from "./order/apply-stored.ts";
import { addInternalOrderings } from "./order/internal-orderings.ts";
import { breakLoadLoops } from "./order/load-loops.ts";
import { blockColocated, propagate } from "./order/propagate.ts";
import { reportState } from "./read/report-state.ts";
import { recordDevices } from "./read/device-digests.ts";
import { recordLocks } from "./read/shutdown-locks.ts";
import { readCluster } from "./read/state.ts";
import { reportAssignments } from "./report/assignments.ts";
import { buildGraph } from "./report/graph.ts";
import { summarizeActions, summarizeFencing } from "./report/summary.ts";
import { watchUtilization } from "./report/utilization.ts";
import { collectWarnings } from "./report/warnings.ts";
import type { ClusterState, Decision } from "./types.ts";

/** The known state, before anything is decided. */
export function readState(cib: Cib, nowMs: number): ClusterState {
  return reportState(readCluster(cib, nowMs).cluster);
}

/** `nowMs`: wall time, against which dates, timeouts of failures and rules are held. */
export function schedule(cib: Cib, nowMs: number): Decision {
  const { cluster, histories } = readCluster(cib, nowMs);
  const state = reportState(cluster);

  readConstraints(cluster, child(child(cib.root, "configuration") ?? cib.root, "constraints"));
  applyCriteria(cluster);
  for (const resource of cluster.resources) addInternalColocations(cluster, resource);
  for (const resource of cluster.resources) addInternalOrderings(cluster, resource);
  planDefinitionChanges(cluster, histories);

  const configured = [...cluster.resources];
  const utilization = watchUtilization(cluster);
  assignAll(cluster);
  for (const check of cluster.deferred) check();

  planProbes(cluster);
  clearOrphanFailCounts(cluster);
  for (const resource of cluster.resources) planActions(cluster, resource);
  orderRemoteActions(cluster);
  planFencingAndShutdown(cluster);

  order(cluster);
  recordLocks(cluster);
  recordDevices(cluster);
  planNotifications(cluster);
  // Placement may have sorted them; what is told goes in the order of the CIB
  cluster.resources.splice(0, cluster.resources.length, ...configured);

  const { graph, stuck } = buildGraph(cluster);
  return {
    state,
    assignments: reportAssignments(cluster),
    utilization: utilization(),
    fencing: summarizeFencing(cluster),
    actions: summarizeActions(cluster),
    graph,
    stuck,
    warnings: collectWarnings(cluster),
  };
}

/** Orderings take effect once all actions exist. */
function order(cluster: Cluster): void {
  applyStoredOrderings(cluster);
  for (const action of cluster.actions.all) blockColocated(cluster, action);
  orderProbes(cluster);
  propagate(cluster);
  voidOrderingsOfHeld(cluster);
  breakLoadLoops(cluster);
}
