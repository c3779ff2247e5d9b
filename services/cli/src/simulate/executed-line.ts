/** Reads the lines in which `simulateGraph` tells what was done. Pure. */

export type ExecutedAction =
  | { readonly kind: "fence"; readonly task: string; readonly node: string }
  | { readonly kind: "pseudo"; readonly task: string }
  | { readonly kind: "cluster"; readonly task: string; readonly resource: string | null; readonly node: string }
  | { readonly kind: "resource"; readonly resource: string; readonly task: string; readonly intervalMs: number; readonly node: string };

const FENCE_TASKS: ReadonlySet<string> = new Set(["off", "on", "reboot"]);
const CLUSTER_TASKS: ReadonlySet<string> = new Set(["do_shutdown", "clear_failcount", "lrm_delete"]);

export function readExecutedLine(line: string): ExecutedAction {
  const [subject = "", task = "", ...rest] = line.split(" ");
  const node = rest.at(-1) ?? "";
  if (subject === "fence" && FENCE_TASKS.has(task)) return { kind: "fence", task, node };
  if (subject === "pseudo" && rest.length === 0) return { kind: "pseudo", task };
  if (subject === "cluster" && CLUSTER_TASKS.has(task)) return { kind: "cluster", task, resource: rest.length > 1 ? (rest[0] ?? null) : null, node };
  const [name = "", interval] = task.split("=");
  return { kind: "resource", resource: subject, task: name, intervalMs: Number(interval ?? 0), node };
}
