/** Connects two actions (3-actions U1 to U3). */
import type { PlannedAction } from "../model/action.ts";

/** False when nothing was done: no effect named, or one of the same kind between the two already. */
export function attach(first: PlannedAction, next: PlannedAction, flags: number): boolean {
  if (flags === 0 || first === next) return false;
  if (first.outputs.some((ordering) => ordering.next === next && (ordering.flags & flags) !== 0)) return false;
  const ordering = { first, next, flags };
  first.outputs.push(ordering);
  next.inputs.push(ordering);
  return true;
}
