/** Operations of a resource: which are configured, and what applies to one action (1-state E8, E9; on-fail). */
import type { XmlElement } from "@quorate/cib";
import { isAddressedByHost } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import { noteRecheck, plainContext } from "../model/cluster.ts";
import type { OperationConfig, OperationOptions, Resource } from "../model/resource.ts";
import { isFenceDevice } from "../model/resource.ts";
import { parseRole } from "../model/role.ts";
import { readSets } from "./attribute-sets.ts";
import { HOST_ADDRESS } from "./bundle-config.ts";
import type { RuleContext } from "./rules.ts";
import { child, parseBoolean, parseIntervalMs, parseTimeoutMs } from "@quorate/cib";

const TIMEOUT_DEFAULT_MS = 20_000;

export function readOperations(cluster: Cluster, primitive: XmlElement): OperationConfig[] {
  const operations: OperationConfig[] = [];
  for (const holder of primitive.children) {
    const block = holder.name === "operations" ? cluster.ids.resolve(holder) : null;
    for (const element of block?.children ?? []) {
      const { name, interval = "0", role, enabled = "true" } = element.attributes;
      if (element.name !== "op" || name === undefined) continue;
      operations.push({
        name, intervalMs: parseIntervalMs(interval), role: role === undefined ? null : parseRole(role),
        enabled: parseBoolean(enabled) ?? true, element,
      });
    }
  }
  return operations;
}

/** The first `<op>` of that name and interval; a disabled one still gives options. */
function findOperation(resource: Resource, task: string, intervalMs: number): OperationConfig | null {
  const find = (name: string): OperationConfig | undefined =>
    resource.operations.find((operation) => operation.intervalMs === intervalMs && operation.name.toLowerCase() === name.toLowerCase());
  return find(task) ?? (task === "migrate_to" || task === "migrate_from" ? find("migrate") : undefined) ?? null;
}

/** Meta options of one action. Later beats earlier: op_defaults, the probe's monitor timeout, the op's own. */
export function operationOptions(cluster: Cluster, resource: Resource, task: string, intervalMs: number): OperationOptions {
  const key = `${task} ${intervalMs}`;
  const known = resource.options.get(key);
  if (known !== undefined) return known;
  const options = readOptions(cluster, resource, task, intervalMs);
  resource.options.set(key, options);
  return options;
}

function readOptions(cluster: Cluster, resource: Resource, task: string, intervalMs: number): OperationOptions {
  const configured = findOperation(resource, task, intervalMs);
  const context: RuleContext = {
    ...plainContext(cluster, (atMs) => noteRecheck(cluster, atMs)), resource: resource.agent, operation: { name: task, intervalMs },
  };
  const meta = new Map<string, string>();
  const defaults = child(child(cluster.root, "configuration") ?? cluster.root, "op_defaults");
  if (defaults !== null) readSets(defaults, "meta_attributes", meta, { ids: cluster.ids, context });
  const isProbe = task === "monitor" && intervalMs === 0;
  if (isProbe) {
    const timeout = shortestMonitor(resource)?.element.attributes["timeout"];
    if (timeout !== undefined) meta.set("timeout", timeout);
  }
  const parameters = new Map<string, string>();
  if (configured !== null) {
    readSets(configured.element, "meta_attributes", meta, { ids: cluster.ids, context, options: { overwrite: true } });
    for (const [name, value] of Object.entries(configured.element.attributes)) meta.set(name, value);
    readSets(configured.element, "instance_attributes", parameters, { ids: cluster.ids, context });
  }
  meta.delete("id");
  meta.set("name", task);
  if (intervalMs > 0) meta.set("interval", String(intervalMs));
  else meta.delete("interval");
  const timeoutMs = timeoutOf(cluster, resource, task, meta, isProbe);
  meta.set("timeout", String(timeoutMs));
  return { meta, timeoutMs, parameters };
}

function timeoutOf(cluster: Cluster, resource: Resource, task: string, meta: ReadonlyMap<string, string>, isProbe: boolean): number {
  const device = isFenceDevice(resource) && (task === "start" || isProbe) ? resourceParameters(cluster, resource, null).get("pcmk_monitor_timeout") : undefined;
  const given = device ?? meta.get("timeout");
  if (given === undefined) return TIMEOUT_DEFAULT_MS;
  return parseTimeoutMs(given);
}

function shortestMonitor(resource: Resource): OperationConfig | null {
  let shortest: OperationConfig | null = null;
  for (const operation of resource.operations) {
    if (!operation.enabled || operation.name !== "monitor" || operation.intervalMs === 0) continue;
    if (shortest === null || operation.intervalMs < shortest.intervalMs) shortest = operation;
  }
  return shortest;
}

/** Instance parameters, evaluated for a node or for none: own sets, the parents', then `rsc_defaults`. */
export function resourceParameters(cluster: Cluster, resource: Resource, context: RuleContext | null): Map<string, string> {
  const using = context ?? plainContext(cluster, (atMs) => noteRecheck(cluster, atMs));
  const parameters = new Map<string, string>();
  for (let at: Resource | null = resource; at !== null; at = at.parent) readSets(at.element, "instance_attributes", parameters, { ids: cluster.ids, context: using });
  const defaults = child(child(cluster.root, "configuration") ?? cluster.root, "rsc_defaults");
  if (defaults !== null) readSets(defaults, "instance_attributes", parameters, { ids: cluster.ids, context: using });
  const host = isAddressedByHost(resource) && parameters.get("addr") === HOST_ADDRESS ? hostOf(resource) : null;
  if (host !== null) parameters.set("addr", host.name);
  return parameters;
}

/** Rules of parameters are asked once without a node, if only to learn when they next change (1-state B5, B16). */
export function askParameterRules(cluster: Cluster, resource: Resource): void {
  const ruled = (element: XmlElement): boolean => element.children.some((set) => set.name === "instance_attributes" && (set.attributes["id-ref"] !== undefined || child(set, "rule") !== null));
  if (ruled(resource.element) || (resource.parent !== null && ruled(resource.parent.element))) resourceParameters(cluster, resource, null);
}

/** Where the container will be; as long as nobody knows, where it is. */
function hostOf({ container }: Resource): Node | null {
  return container?.assigned ?? container?.runningOn[0] ?? null;
}

export type OnFail = "ignore" | "demote" | "restart" | "reset-remote" | "restart-container" | "migrate" | "block" | "stop" | "standby" | "fence";

/** What a failure of an operation leads to, from its configuration or by default. */
export function onFailOf(cluster: Cluster, resource: Resource, task: string, intervalMs: number): OnFail {
  const given = operationOptions(cluster, resource, task, intervalMs).meta.get("on-fail")?.toLowerCase();
  const { fencingEnabled } = cluster.options;
  const isStop = task === "stop";
  switch (given) {
    case "ignore": case "nothing": return "ignore";
    case "block": return "block";
    case "fence": return fencingEnabled ? "fence" : "stop";
    case "migrate": return "migrate";
    case "restart": return "restart";
    case "standby": if (!isStop) return "standby"; break;
    case "stop": if (!isStop) return "stop"; break;
    case "demote":
      if (task === "promote" || (intervalMs > 0 && findOperation(resource, task, intervalMs)?.role === "Promoted")) return "demote";
      break;
    case "restart-container": if (resource.container !== null) return "restart-container"; break;
    case undefined: if (task === "demote") return demoteOnFail(cluster, resource); break;
    default: break;
  }
  if (resource.container !== null) return "restart-container";
  if (resource.remoteNode !== null && task !== "start" && !(task === "monitor" && intervalMs === 0)) return resource.managed ? "reset-remote" : "stop";
  if (isStop) return fencingEnabled ? "fence" : "block";
  return "restart";
}

/** A demote without a value takes that of the promoted role's monitor. */
function demoteOnFail(cluster: Cluster, resource: Resource): OnFail {
  for (const operation of resource.operations) {
    if (!operation.enabled || operation.name !== "monitor" || operation.role !== "Promoted" || operation.intervalMs === 0) continue;
    const value = onFailOf(cluster, resource, "monitor", operation.intervalMs);
    if (operation.element.attributes["on-fail"] !== undefined && value !== "demote") return value;
  }
  return resource.container !== null ? "restart-container" : "restart";
}
