/** Resources of a generated CIB: fence devices, primitives, groups, clones, promotable clones, remote and guest nodes, bundles. */
import type { XmlElement } from "@quorate/cib";
import type { Draft, OperationDraft, TopDraft } from "./draft.ts";
import { pairs, uniqueId, xml } from "./draft.ts";

/** Fills `draft.tops` and `draft.primitives`, and adds remote and guest nodes to `draft.nodes`. */
export function generateResources(draft: Draft): XmlElement {
  const elements: XmlElement[] = [...fenceDevices(draft)];
  if (draft.features.has("remote")) elements.push(...remoteNodes(draft));
  const count = draft.dice.between(2, 8);
  for (let number = 0; number < count; number++) elements.push(generateTop(draft, number));
  return xml("resources", {}, elements);
}

function fenceDevices(draft: Draft): XmlElement[] {
  const { dice } = draft;
  if (!draft.fencing || dice.chance(5)) return [];
  if (dice.chance(25) && draft.features.has("clones")) {
    const child = primitive(draft, "fencing", { device: true });
    addTop(draft, { kind: "clone", id: "fencing-clone", primitives: ["fencing"], max: draft.nodes.length });
    return [xml("clone", { id: "fencing-clone" }, [child])];
  }
  return Array.from({ length: dice.between(1, 2) }, (_, number) => {
    const id = `fence${number}`;
    addTop(draft, { kind: "primitive", id, primitives: [id] });
    return primitive(draft, id, { device: true });
  });
}

function addTop(draft: Draft, top: Pick<TopDraft, "kind" | "id" | "primitives"> & Partial<TopDraft>): void {
  draft.tops.push({ unique: false, max: 1, promotable: false, ...top });
}

/** A remote node has a connection resource; a guest node lives in a resource. */
function remoteNodes(draft: Draft): XmlElement[] {
  const { dice } = draft;
  const elements: XmlElement[] = [];
  for (const kind of dice.each(["remote", "guest"] as const, 60)) {
    const name = kind === "remote" ? "remote1" : "guest1";
    const id = kind === "remote" ? name : "vm1";
    draft.nodes.push({ id: name, name, kind, condition: "online", attributes: {}, utilization: {} });
    elements.push(primitive(draft, id, { connects: name, remote: kind === "remote" }));
    addTop(draft, { kind: "primitive", id, primitives: [id] });
  }
  return elements;
}

function generateTop(draft: Draft, number: number): XmlElement {
  const { dice, features } = draft;
  const kinds: (readonly [string, number])[] = [["primitive", features.has("primitives") ? 5 : 1]];
  const grouped = features.has("groups");
  if (grouped) kinds.push(["group", 4]);
  if (features.has("clones")) kinds.push(["clone", 3], ["clone-group", grouped ? 1 : 0]);
  if (features.has("promotable")) kinds.push(["promotable", 3], ["promotable-group", grouped ? 1 : 0]);
  if (features.has("bundles")) kinds.push(["bundle", 1]);
  const kind = dice.weighted(kinds);
  switch (kind) {
    case "primitive": {
      addTop(draft, { kind: "primitive", id: `p${number}`, primitives: [`p${number}`] });
      return primitive(draft, `p${number}`, {});
    }
    case "group": return group(draft, `g${number}`, number, {});
    case "bundle": return bundle(draft, number);
    default: return clone(draft, number, { group: kind.endsWith("group"), promotable: kind.startsWith("promotable") });
  }
}

function group(draft: Draft, id: string, number: number, { inClone = false, promotable = false }: { readonly inClone?: boolean; readonly promotable?: boolean }): XmlElement {
  const { dice } = draft;
  const members = Array.from({ length: dice.between(1, inClone ? 2 : 4) }, (_, position) => `${inClone ? "c" : "g"}${number}m${position}`);
  const meta = resourceMeta(draft, 20);
  if (dice.chance(8)) meta["ordered"] = "false";
  if (dice.chance(8)) meta["collocated"] = "false";
  if (!inClone) addTop(draft, { kind: "group", id, primitives: members });
  return xml("group", { id }, [inClone ? null : pairs(draft, "meta_attributes", meta), ...members.map((member) => primitive(draft, member, { member: true, promotable }))]);
}

function clone(draft: Draft, number: number, { group: grouped, promotable }: { readonly group: boolean; readonly promotable: boolean }): XmlElement {
  const { dice, nodes } = draft;
  const id = `c${number}`, members = nodes.filter((node) => node.kind === "member").length;
  const meta: Record<string, string> = {};
  const unique = !grouped && !promotable && dice.chance(15);
  let max = nodes.length;
  if (unique || dice.chance(30)) meta["clone-max"] = String((max = dice.between(1, members)));
  if (unique) Object.assign(meta, { "globally-unique": "true", "clone-node-max": String(dice.between(1, 2)) });
  if (dice.chance(40)) meta["interleave"] = dice.pick(["true", "false"]);
  if (dice.chance(15)) meta["ordered"] = "true";
  if (dice.chance(8)) meta["clone-min"] = "1";
  if (dice.chance(12)) meta["notify"] = "true";
  if (dice.chance(8)) meta["target-role"] = dice.pick(promotable ? ["Stopped", "Unpromoted", "Started"] : ["Stopped", "Started"]);
  if (dice.chance(10)) meta["priority"] = dice.pick(["1", "10", "100"]);
  if (promotable) {
    meta["promotable"] = "true";
    if (dice.chance(25)) meta["promoted-max"] = String(dice.between(1, members));
  }
  const inner = grouped ? group(draft, `c${number}g`, number, { inClone: true, promotable }) : primitive(draft, `c${number}p`, { member: true, promotable });
  const primitives = grouped ? inner.children.flatMap((member) => member.attributes["id"] ?? []) : [`c${number}p`];
  addTop(draft, { kind: "clone", id, primitives, unique, max, promotable });
  return xml("clone", { id }, [pairs(draft, "meta_attributes", meta), inner]);
}

function bundle(draft: Draft, number: number): XmlElement {
  const { dice } = draft;
  const id = `b${number}`, replicas = dice.between(1, 3), promotable = dice.chance(30), filled = promotable || dice.chance(70);
  const container = xml(dice.pick(["docker", "podman"]), {
    image: "example:latest", replicas: String(replicas), "replicas-per-host": dice.chance(20) ? "2" : undefined, "promoted-max": promotable ? "1" : undefined,
  });
  // Without addresses connections go to the host of the container, wherever that is
  const network = dice.chance(40)
    ? xml("network", { "control-port": String(3121 + number) })
    : xml("network", { "ip-range-start": `192.168.${100 + number}.10`, "host-interface": "eth0", "host-netmask": "24" });
  const meta: Record<string, string> = {};
  if (dice.chance(30)) meta["interleave"] = "true";
  if (dice.chance(20)) meta["notify"] = "true";
  if (dice.chance(30)) meta["resource-stickiness"] = dice.pick(["1", "100", "INFINITY"]);
  if (dice.chance(15)) meta["priority"] = "5";
  if (dice.chance(8)) meta["target-role"] = "Stopped";
  if (dice.chance(5)) meta["is-managed"] = "false";
  if (dice.chance(20)) meta["container-attribute-target"] = "host";
  addTop(draft, { kind: "bundle", id, primitives: filled ? [`b${number}p`] : [], max: replicas, promotable });
  return xml("bundle", { id }, [pairs(draft, "meta_attributes", meta), container, network, filled ? primitive(draft, `b${number}p`, { member: true, promotable }) : null]);
}

interface PrimitiveOptions {
  readonly device?: boolean;
  readonly member?: boolean;
  readonly promotable?: boolean;
  /** Name of the node it is a connection of, or hosts. */
  readonly connects?: string;
  readonly remote?: boolean;
}

const VALUES: readonly string[] = ["1", "a b", "x<y", "/srv", "10.0.0.1"];

function primitive(draft: Draft, id: string, { device = false, member = false, promotable = false, connects, remote = false }: PrimitiveOptions): XmlElement {
  const { dice, features } = draft;
  const plain = !device && connects === undefined && !promotable;
  const agent: Record<string, string> = device ? { class: "stonith", type: "fence_dummy" }
    : remote ? { class: "ocf", provider: "pacemaker", type: "remote" }
    : plain && dice.chance(10) ? { class: dice.pick(["lsb", "systemd"]), type: "foo" }
    : { class: "ocf", provider: "pacemaker", type: promotable ? "Stateful" : dice.pick(["Dummy", "Dummy", "Stateful"]) };
  const meta = device ? {} : resourceMeta(draft, member ? 10 : 25);
  if (connects !== undefined && !remote) meta["remote-node"] = connects;
  const migratable = features.has("migration") && plain && !member && dice.chance(50);
  if (migratable) meta["allow-migrate"] = "true";
  const parameters: Record<string, string> = {};
  if (device || (!remote && dice.chance(50))) for (let n = dice.between(1, 3); n > 0; n--) parameters[dice.pick(["ip", "device", "opt", "path"])] = dice.pick(VALUES);
  const operations = operationsOf(draft, promotable);
  draft.primitives.set(id, { id, agent, parameters, operations: operations.map(([operation]) => operation), device, migratable, connects: connects ?? null });
  const utilization: Record<string, string> = {};
  if (features.has("utilization") && !device && dice.chance(70)) {
    utilization["cpu"] = String(dice.between(1, 5));
    if (dice.chance(50)) utilization["memory"] = String(dice.between(1, 6));
  }
  return xml("primitive", { id, ...agent }, [
    pairs(draft, "meta_attributes", meta), pairs(draft, "instance_attributes", parameters),
    operations.length === 0 ? null : xml("operations", {}, operations.map(([, element]) => element)), pairs(draft, "utilization", utilization),
  ]);
}

function resourceMeta(draft: Draft, percent: number): Record<string, string> {
  const { dice, features, fencing } = draft;
  const meta: Record<string, string> = {};
  const maybe = (name: string, share: number, values: readonly string[]): void => {
    if (dice.chance(percent * share)) meta[name] = dice.pick(values);
  };
  maybe("target-role", 0.4, ["Stopped", "Started"]);
  maybe("is-managed", 0.2, ["false"]);
  maybe("maintenance", 0.05, ["true"]);
  maybe("resource-stickiness", 1, ["0", "5", "50", "200", "INFINITY"]);
  maybe("migration-threshold", 0.7, ["1", "2", "5"]);
  maybe("priority", 0.5, ["1", "10", "-5", "100"]);
  maybe("critical", 0.2, ["false"]);
  maybe("requires", 0.2, fencing ? ["nothing", "quorum", "fencing"] : ["nothing", "quorum"]);
  if (features.has("failures")) {
    maybe("failure-timeout", 0.3, ["30s", "5min", "1h"]);
    maybe("multiple-active", 0.3, ["stop_start", "stop_only", "block", "stop_unexpected"]);
  }
  return meta;
}

/** Each with its element. */
function operationsOf(draft: Draft, promotable: boolean): (readonly [OperationDraft, XmlElement])[] {
  const { dice, features, fencing } = draft;
  if (dice.chance(15)) return [];
  const list: (readonly [OperationDraft, XmlElement])[] = [];
  const add = (name: string, intervalMs: number, { role, onFail, timeoutMs, enabled = true }: { role?: string; onFail?: string | undefined; timeoutMs?: number; enabled?: boolean }): void => {
    list.push([{ name, intervalMs, timeoutMs: timeoutMs ?? draft.defaultTimeoutMs, role: role ?? null, enabled }, xml("op", {
      id: uniqueId(draft, "op"), name, interval: `${intervalMs}ms`, timeout: timeoutMs === undefined ? undefined : `${timeoutMs}ms`,
      role, "on-fail": onFail, enabled: enabled ? undefined : "false",
    })]);
  };
  const trouble = features.has("failures") && dice.chance(15);
  const onFail = trouble ? dice.pick(["restart", "stop", "ignore", "block", "standby", ...(fencing ? ["fence"] : [])]) : undefined;
  const timeout = dice.chance(50) ? { timeoutMs: dice.pick([15_000, 30_000, 5000]) } : {};
  const intervalMs = dice.pick([10_000, 30_000, 60_000]);
  if (promotable) {
    add("monitor", intervalMs, { role: "Unpromoted", onFail, ...timeout });
    add("monitor", intervalMs + 1000, { role: "Promoted", onFail: trouble && dice.chance(50) ? "demote" : onFail });
  } else {
    add("monitor", intervalMs, { onFail, ...timeout, enabled: !dice.chance(4) });
    if (dice.chance(8)) add("monitor", 45_000, { role: "Stopped" });
  }
  if (dice.chance(20)) add("start", 0, { timeoutMs: 40_000, onFail: trouble ? dice.pick(["block", "restart", "stop", "ignore"]) : undefined });
  if (dice.chance(20)) add("stop", 0, { timeoutMs: 90_000, onFail: trouble ? dice.pick(["block", "ignore", ...(fencing ? ["fence"] : [])]) : undefined });
  return list;
}
