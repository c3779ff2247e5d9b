/** The end of an assignment, and its taking back (2-assignment B7, B8). */
import { giveCapacityBack, takeCapacity } from "../model/capacity.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { leavesOf } from "../model/resource.ts";

/** Makes the choice final. Without a node its stop becomes necessary and its start impossible. */
export function settle(resource: Resource, node: Node | null, choice: string): void {
  resource.provisional = false;
  resource.assigned = node;
  resource.choice = choice;
  if (node !== null) {
    node.assignedCount++;
    takeCapacity(node.free, resource.utilization);
    return;
  }
  resource.nextRole = "Stopped";
  for (const action of resource.actions) {
    if (action.task === "stop") action.optional = false;
    else if (action.task === "start" || (action.intervalMs > 0 && action.targetRc !== 7)) action.runnable = false;
  }
}

/** Takes an assignment back. */
export function unsettle(resource: Resource): void {
  for (const leaf of leavesOf(resource)) {
    if (leaf.assigned !== null) {
      leaf.assigned.assignedCount--;
      giveCapacityBack(leaf.assigned.free, leaf.utilization);
    }
    leaf.assigned = null;
    leaf.provisional = true;
    leaf.choice = null;
  }
  resource.provisional = true;
}
