/** Cluster options: typed, with defaults; a value that is not valid counts as not given (1-state C). */
import type { XmlElement } from "@quorate/cib";
import { readSets } from "./attribute-sets.ts";
import type { IdIndex } from "./attribute-sets.ts";
import type { RuleContext } from "./rules.ts";
import { parseBoolean, parseIntervalMs, parseScore } from "@quorate/cib";

export type NoQuorumPolicy = "stop" | "freeze" | "ignore" | "demote" | "suicide";

export interface Options {
  readonly noQuorumPolicy: NoQuorumPolicy;
  readonly symmetricCluster: boolean;
  readonly maintenanceMode: boolean;
  readonly stopAllResources: boolean;
  readonly startupProbes: boolean;
  readonly concurrentFencing: boolean;
  readonly fencingEnabled: boolean;
  readonly startupFencing: boolean;
  readonly haveWatchdog: boolean;
  readonly fencingAction: "reboot" | "off";
  readonly fencingTimeoutMs: number;
  readonly stopOrphanResources: boolean;
  readonly stopOrphanActions: boolean;
  readonly removeAfterStop: boolean;
  /** 0: none. */
  readonly priorityFencingDelayMs: number;
  readonly shutdownLock: boolean;
  /** 0: for as long as the node is away. */
  readonly shutdownLockLimitMs: number;
  readonly placement: "default" | "utilization" | "minimal" | "balanced";
  readonly batchLimit: number;
  readonly clusterName: string | null;
  readonly health: { readonly strategy: string; readonly base: number; readonly red: number; readonly yellow: number; readonly green: number };
}

/** As written, defaults not filled in; the newer `fencing-*` names stand under the older `stonith-*` ones. */
export function readOptionValues(crmConfig: XmlElement, ids: IdIndex, context: RuleContext): Map<string, string> {
  const values = new Map<string, string>();
  readSets(crmConfig, "cluster_property_set", values, { ids, context, options: { first: "cib-bootstrap-options" } });
  for (const suffix of ["enabled", "action", "timeout"]) {
    const newer = values.get(`fencing-${suffix}`);
    if (newer !== undefined) values.set(`stonith-${suffix}`, newer);
  }
  return values;
}

/** `panicAllowed`: whether `suicide` may act; else it is `stop` (1-state C2). */
export function typedOptions(values: ReadonlyMap<string, string>, panicAllowed: boolean): Options {
  const flag = (name: string, fallback: boolean): boolean => parseBoolean(values.get(name) ?? "") ?? fallback;
  const oneOf = <T extends string>(name: string, known: readonly T[], fallback: T): T =>
    known.find((value) => value === values.get(name)?.toLowerCase()) ?? fallback;
  const score = (name: string, fallback: number): number => (values.has(name) ? parseScore(values.get(name) ?? "") : fallback);
  const fencingEnabled = flag("stonith-enabled", true);
  const policy = oneOf("no-quorum-policy", ["stop", "freeze", "ignore", "demote", "suicide"], "stop");
  const action = oneOf("stonith-action", ["reboot", "off", "poweroff"], "reboot");
  return {
    noQuorumPolicy: policy === "suicide" && !(fencingEnabled && panicAllowed) ? "stop" : policy,
    symmetricCluster: flag("symmetric-cluster", true),
    maintenanceMode: flag("maintenance-mode", false),
    stopAllResources: flag("stop-all-resources", false),
    startupProbes: flag("enable-startup-probes", true),
    concurrentFencing: flag("concurrent-fencing", false),
    fencingEnabled,
    startupFencing: flag("startup-fencing", true),
    haveWatchdog: flag("have-watchdog", false),
    fencingAction: action === "reboot" ? "reboot" : "off",
    fencingTimeoutMs: parseIntervalMs(values.get("stonith-timeout") ?? "60s"),
    stopOrphanResources: flag("stop-orphan-resources", true),
    stopOrphanActions: flag("stop-orphan-actions", true),
    removeAfterStop: flag("remove-after-stop", false),
    priorityFencingDelayMs: wholeSeconds(values.get("priority-fencing-delay")),
    shutdownLock: flag("shutdown-lock", false),
    shutdownLockLimitMs: wholeSeconds(values.get("shutdown-lock-limit")),
    placement: oneOf("placement-strategy", ["default", "utilization", "minimal", "balanced"], "default"),
    batchLimit: Math.max(0, parseScore(values.get("batch-limit") ?? "0")),
    clusterName: values.get("cluster-name") ?? null,
    health: healthOptions(values, oneOf("node-health-strategy", ["none", "migrate-on-red", "only-green", "progressive", "custom"], "none"), score),
  };
}

function wholeSeconds(text: string | undefined): number {
  return Math.floor(parseIntervalMs(text ?? "0") / 1000) * 1000;
}

function healthOptions(
  values: ReadonlyMap<string, string>, strategy: string, score: (name: string, fallback: number) => number,
): Options["health"] {
  if (strategy === "migrate-on-red") return { strategy, base: 0, red: -1_000_000, yellow: 0, green: 0 };
  if (strategy === "only-green") return { strategy, base: 0, red: -1_000_000, yellow: -1_000_000, green: 0 };
  return {
    strategy,
    base: strategy === "progressive" && values.has("node-health-base") ? score("node-health-base", 0) : 0,
    red: score("node-health-red", -1_000_000),
    yellow: score("node-health-yellow", 0),
    green: score("node-health-green", 0),
  };
}
