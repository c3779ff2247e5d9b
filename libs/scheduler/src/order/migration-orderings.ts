/** What an ordering between two resources means for their live migrations (3-actions V5). */
import { actionKey } from "../actions/action-table.ts";
import type { StoredOrdering } from "../model/action.ts";
import { ORDER } from "../model/action.ts";
import type { Resource } from "../model/resource.ts";
import { isAncestor } from "../model/resource.ts";

/** Further orderings to be stored with one that says: `first` before `next`. */
export function migrationOrderings(ordering: StoredOrdering): StoredOrdering[] {
  const first = ordering.firstResource, next = ordering.nextResource;
  if (first === null || next === null || first === next || !(first.mayMigrate || next.mayMigrate)) return [];
  if (isAncestor(first, next) || isAncestor(next, first)) return [];
  const before = (firstTask: string, nextTask: string, flags: number): StoredOrdering => ({
    firstResource: first, firstKey: actionKey(first, firstTask, 0), firstAction: null,
    nextResource: next, nextKey: actionKey(next, nextTask, 0), nextAction: null, flags,
  });
  const comesAfter = (task: string, flags: number): StoredOrdering[] => {
    const partial = next.partialMigration === null ? [] : [before(task, "migrate_from", flags)];
    return [before(task, "migrate_to", flags), ...partial];
  };
  const { optional, notMigrating } = ORDER;
  switch (`${taskOf(first, ordering.firstKey, ordering.firstAction)} ${taskOf(next, ordering.nextKey, ordering.nextAction)}`) {
    case "start start":
      if (!next.mayMigrate) return [];
      if (!first.mayMigrate) return [before("start", "migrate_to", optional)];
      return [before("migrate_from", "migrate_to", optional), before("start", "migrate_to", optional | notMigrating)];
    case "stop stop":
      return next.mayMigrate ? comesAfter("stop", first.mayMigrate ? optional | notMigrating : optional) : [];
    case "promote start":
      return next.mayMigrate ? [before("promote", "migrate_to", optional)] : [];
    case "demote stop":
      return next.mayMigrate ? comesAfter("demote", optional) : [];
    default:
      return [];
  }
}

/** Empty for a recurring action. */
function taskOf(resource: Resource, key: string | null, action: StoredOrdering["firstAction"]): string {
  if (action !== null) return action.intervalMs === 0 ? action.task : "";
  return key?.endsWith("_0") === true ? key.slice(resource.id.length + 1, -2) : "";
}
