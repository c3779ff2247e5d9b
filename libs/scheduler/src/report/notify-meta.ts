/** What the agents of a clone's instances are told: `notify_*` values of its actions, by the names that agents read (3-actions T10). */
import { isDone } from "../actions/notifications.ts";
import type { PlannedAction } from "../model/action.ts";
import type { Cluster } from "../model/cluster.ts";
import { compareBytes, compareNodeNames } from "../model/node.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { cloneOf, currentNode, leavesOf } from "../model/resource.ts";
import { DISCOVERY } from "../model/score-table.ts";

const TOLD_TASKS: ReadonlySet<string> = new Set(["start", "stop", "promote", "demote"]);

/** Agents tell "nobody" from "not set" by this. */
const NOBODY = " ";

interface Entry {
  readonly instance: Resource;
  readonly node: Node | null;
}

/** Per clone, made when its first action needs it. */
export class NotifyMeta {
  readonly #cluster: Cluster;
  readonly #values = new Map<Resource, ReadonlyMap<string, string>>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Names without `CRM_meta_`; empty for what has no part in it. */
  of(action: PlannedAction): ReadonlyMap<string, string> {
    const { resource, notification } = action;
    const clone = resource === null ? null : cloneOf(resource);
    if (resource === null || clone === null) return new Map();
    if (notification === null && (clone.notifiedTasks.length === 0 || resource.kind !== "primitive" || !TOLD_TASKS.has(action.task))) return new Map();
    const values = new Map(resource.kind === "primitive" && !(action.pseudo && notification !== null) ? this.#valuesOf(clone) : []);
    if (notification === null) return values;
    return values.set("notify_type", notification.type.endsWith("pre") ? "pre" : "post").set("notify_operation", notification.task)
      .set("notify_key_type", notification.type).set("notify_key_operation", notification.operation);
  }

  #valuesOf(clone: Resource): ReadonlyMap<string, string> {
    const known = this.#values.get(clone);
    if (known !== undefined) return known;
    const values = collect(this.#cluster, clone);
    this.#values.set(clone, values);
    return values;
  }
}

function collect(cluster: Cluster, clone: Resource): Map<string, string> {
  const values = new Map<string, string>();
  const instances = leavesOf(clone).toSorted((a, b) => compareBytes(a.id, b.id));
  for (const task of TOLD_TASKS) {
    put(values, task, instances.flatMap((instance): Entry[] => {
      const action = instance.actions.find((one) => one.task === task && isDone(one));
      return action === undefined ? [] : [{ instance, node: action.node }];
    }));
  }
  const inRole = (roles: readonly string[]): Entry[] => instances.filter(({ role }) => roles.includes(role)).map((instance) => ({ instance, node: currentNode(instance) }));
  put(values, "active", inRole(["Started", "Unpromoted", "Promoted"]));
  // Both vocabularies: older agents know the older one only
  for (const name of ["unpromoted", "slave"]) put(values, name, inRole(["Unpromoted"]));
  for (const name of ["promoted", "master"]) put(values, name, inRole(["Promoted"]));
  values.set("notify_inactive_resource", joined(inRole(["Stopped", "Unknown"]).map(({ instance }) => instance.id)));
  const allowed = clone.scores.listed().filter((index) => !clone.exclusiveDiscovery || clone.scores.discovery(index) === DISCOVERY.exclusive)
    .flatMap((index) => cluster.nodeByIndex[index] ?? []);
  values.set("notify_available_uname", joined(namesOf(allowed)));
  const all = cluster.nodes.filter(({ kind }) => kind !== "ping");
  values.set("notify_all_uname", joined(namesOf(all)));
  if (instances.some(speaksOfHosts)) values.set("notify_all_hosts", joined(all.map((node) => hostOf(node).name)));
  return values;
}

/** Instances in containers that look at the attributes of their hosts know the hosts too: one per node, as often as it hosts any. */
function speaksOfHosts(instance: Resource): boolean {
  return instance.meta.get("container-attribute-target")?.toLowerCase() === "host";
}

/** A guest whose container runs nowhere stands for itself. */
function hostOf(node: Node): Node {
  return node.connection?.container?.runningOn[0] ?? node;
}

function put(values: Map<string, string>, name: string, entries: readonly Entry[]): void {
  values.set(`notify_${name}_resource`, joined(entries.map(({ instance }) => instance.id)));
  values.set(`notify_${name}_uname`, joined(entries.flatMap(({ node }) => node?.name ?? [])));
}

function namesOf(nodes: readonly Node[]): string[] {
  return nodes.map(({ name }) => name).toSorted(compareNodeNames);
}

function joined(names: readonly string[]): string {
  return names.length === 0 ? NOBODY : names.join(" ");
}
