/** How pictures of a graph name its actions and colour them; the words are those of crm_simulate's DOT files. Pure. */
import type { Action } from "@quorate/transition";

export function actionName(action: Action): string {
  if (action.kind === "fence") return `stonith '${action.task}' ${action.node ?? ""}`;
  return action.node === null || action.kind === "pseudo" ? action.key : `${action.key} ${action.node}`;
}
