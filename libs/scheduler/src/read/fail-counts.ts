/** Fail counts from node attributes, and when they expire (1-state F8). */
import type { Cluster } from "../model/cluster.ts";
import { cloneOf } from "../model/resource.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { addScores } from "../model/score.ts";
import { parseScore } from "@quorate/cib";

export interface Failures {
  readonly count: number;
  /** Seconds since the epoch; 0 when unknown. */
  readonly last: number;
}

/** Whether anything at all is counted there. */
export function countsFailures(node: Node): boolean {
  for (const name of node.attributes.keys()) if (name.startsWith("fail-count-")) return true;
  return false;
}

/** What stands in the attributes of the node, expired or not. */
export function rawFailCount(cluster: Cluster, resource: Resource, node: Node): Failures {
  let pattern: RegExp | null = null;
  let count = 0, last = 0;
  for (const [name, value] of node.attributes) {
    const counts = name.startsWith("fail-count-");
    if (!counts && !name.startsWith("last-failure-")) continue;
    pattern ??= attributePattern(cluster, resource);
    if (!pattern.test(name.slice(counts ? "fail-count-".length : "last-failure-".length))) continue;
    if (counts) count = addScores(count, parseScore(value));
    else last = Math.max(last, Number.parseInt(value, 10) || 0);
  }
  return { count, last };
}

/** The count in force: 0 once it expired, which is strictly after last failure plus timeout. */
export function effectiveFailCount(cluster: Cluster, resource: Resource, node: Node): Failures {
  const failures = rawFailCount(cluster, resource, node);
  const timeout = resource.failureTimeoutMs / 1000;
  const expired = timeout > 0 && failures.last > 0 && cluster.nowMs / 1000 > failures.last + timeout;
  return expired ? { count: 0, last: failures.last } : failures;
}

function attributePattern(cluster: Cluster, resource: Resource): RegExp {
  const anonymous = cloneOf(resource) !== null && !resource.unique;
  const name = anonymous ? resource.configId : (resource.historyName ?? resource.id);
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped}${anonymous ? "(:\\d+)?" : ""}${cluster.plainFailCounts ? "" : "#.+_\\d+"}$`);
}
