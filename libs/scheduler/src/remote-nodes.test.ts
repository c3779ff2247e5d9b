import { parseCib } from "@quorate/cib";
import type { Cib } from "@quorate/cib";
import { operationDigest } from "@quorate/ocf";
import type { Graph } from "@quorate/transition";
import { describe, expect, test } from "vitest";
import { readState, schedule } from "./index.ts";

const NOW_MS = Date.UTC(2026, 0, 1, 0, 1);

interface Sketch {
  /** `n1 n2!`: cluster nodes; `!` is lost. */
  readonly nodes: string;
  /**
   * `r:remote@n1`: the connection to remote node r, on n1. `vm>g@n1`: container vm with guest node g, both on n1.
   * `a@g`: plain resource on node g; `a`: it runs nowhere and is known everywhere. `a<vm`: it stands in container vm.
   * A `!` behind the place: the monitor has failed there.
   */
  readonly resources: string;
  readonly options?: string;
  /** `r.target-role=Stopped a.requires=nothing`: meta attributes; parameters with a `$` for the dot. */
  readonly meta?: string;
  /** `g.shutdown=1`: transient attributes of nodes. */
  readonly attributes?: string;
  readonly constraints?: string;
  readonly noQuorum?: boolean;
}

interface Item {
  readonly id: string;
  readonly guest: string | undefined;
  readonly container: string | undefined;
  readonly remote: boolean;
  readonly place: string | undefined;
  readonly failed: boolean;
}

const CONNECTION = 'class="ocf" provider="pacemaker" type="remote"';
const PLAIN = 'class="ocf" provider="test" type="Dummy"';

function readItems(text: string): Item[] {
  return text.split(" ").map((word) => {
    const [, id = "", type, guest, container, place, failed] = /^(\w+)(:remote)?(?:>(\w+))?(?:<(\w+))?(?:@(\w+)(!)?)?$/.exec(word) ?? [];
    return { id, guest, container, remote: type !== undefined, place, failed: failed !== undefined };
  });
}

function assignments(text: string, mark: string, id: string): [name: string, value: string][] {
  return text.split(" ").flatMap((word): [string, string][] => (word.startsWith(`${id}${mark}`) ? [word.slice(id.length + 1).split("=") as [string, string]] : []));
}

function pairs(values: readonly (readonly [string, string])[], prefix: string): string {
  return values.map(([name, value]) => `<nvpair id="${prefix}-${name}" name="${name}" value="${value}"/>`).join("");
}

function primitive({ id, guest, container, remote }: Item, meta: string): string {
  const own = [...assignments(meta, ".", id), ...(guest === undefined ? [] : [["remote-node", guest] as const]), ...(container === undefined ? [] : [["container", container] as const])];
  return `<primitive id="${id}" ${remote ? CONNECTION : PLAIN}><meta_attributes id="${id}-meta">${pairs(own, `${id}-m`)}</meta_attributes>
    <instance_attributes id="${id}-parameters">${pairs(assignments(meta, "$", id), `${id}-p`)}</instance_attributes>
    <operations><op id="${id}-monitor" name="monitor" interval="10s"/></operations></primitive>`;
}

/** Operations of one resource on one node, as far as they are known. */
function history(id: string, agent: string, { runs, failed, intervalMs, parameters }: { readonly runs: boolean; readonly failed: boolean; readonly intervalMs: number; readonly parameters: Record<string, string> }): string {
  const entry = (name: string, task: string, rc: number, target: number, interval: number, call: number): string => {
    const digest = operationDigest(parameters, { recurringTimeoutMs: interval > 0 ? (interval === 30_000 ? 30_000 : 20_000) : null });
    return `<lrm_rsc_op id="${id}_${name}" operation_key="${id}_${task}_${interval}" operation="${task}" interval="${interval}" call-id="${call}" rc-code="${rc}"
      op-status="${rc === target ? 0 : 4}" transition-key="1:1:${target}:4a9e64d6-e1dd-4395-917c-1596312eafe4" op-digest="${digest}" last-rc-change="1700000000"/>`;
  };
  const entries = runs ? [entry("last_0", "start", 0, 0, 0, 1), entry(`monitor_${intervalMs}`, "monitor", 0, 0, intervalMs, 2)] : [entry("last_0", "monitor", 7, 7, 0, 1)];
  if (failed) entries.push(entry("last_failure_0", "monitor", 1, 0, intervalMs, 3));
  return `<lrm_resource id="${id}" ${agent}>${entries.join("")}</lrm_resource>`;
}

function historyOf(item: Item, node: string, remote: boolean, meta: string): string {
  const runs = item.place === node, failed = runs && item.failed;
  const parameters = Object.fromEntries(assignments(meta, "$", item.id));
  if (remote && (item.remote || item.container !== undefined)) return "";
  const own = history(item.id, item.remote ? CONNECTION : PLAIN, { runs, failed, intervalMs: 10_000, parameters });
  return item.guest === undefined || remote ? own : own + history(item.guest, CONNECTION, { runs, failed: false, intervalMs: 30_000, parameters: {} });
}

function cibOf({ nodes, resources, options = "stonith-enabled=true", meta = "", attributes = "", constraints = "", noQuorum = false }: Sketch): string {
  const items = readItems(resources);
  const members = nodes.split(" "), names = members.map((name) => name.replace("!", ""));
  const remotes = items.flatMap((item) => item.guest ?? (item.remote ? item.id : []));
  const state = (name: string, remote: boolean, seen: string): string => {
    const transient = pairs(assignments(attributes, ".", name), `t-${name}`);
    return `<node_state id="${name}" uname="${name}" ${seen}><transient_attributes id="${name}"><instance_attributes id="t-${name}">${transient}</instance_attributes></transient_attributes>
      <lrm id="${name}"><lrm_resources>${items.map((item) => historyOf(item, name, remote, meta)).join("")}</lrm_resources></lrm></node_state>`;
  };
  const memberStates = members.map((flagged) => state(flagged.replace("!", ""), false, flagged.endsWith("!")
    ? 'in_ccm="false" crmd="offline" join="down" expected="member"' : 'in_ccm="true" crmd="online" join="member" expected="member"'));
  return `<cib validate-with="pacemaker-3.8" crm_feature_set="3.16.1" admin_epoch="0" epoch="1" num_updates="0" have-quorum="${noQuorum ? 0 : 1}">
    <configuration><crm_config><cluster_property_set id="cib-bootstrap-options">${pairs(options.split(" ").map((word) => word.split("=") as [string, string]), "o")}</cluster_property_set></crm_config>
    <nodes>${names.map((name) => `<node id="${name}" uname="${name}"/>`).join("")}</nodes>
    <resources>${items.map((item) => primitive(item, meta)).join("")}<primitive id="device" class="stonith" type="test"><meta_attributes id="device-meta">${pairs([["target-role", "Stopped"]], "device")}</meta_attributes></primitive></resources>
    <constraints>${constraints}</constraints></configuration>
    <status>${memberStates.join("")}${remotes.map((name) => state(name, true, 'remote_node="true" in_ccm="true" crmd="online"')).join("")}</status></cib>`;
}

function load(given: Sketch): Cib {
  const parsed = parseCib(cibOf(given));
  if (!parsed.ok) throw new Error(parsed.error.issues.map((issue) => issue.message).join("\n"));
  return parsed.value.cib;
}

/** `fence r; Recover r n1 n1; ...` */
function plan(given: Sketch): string {
  const { fencing, actions } = schedule(load(given), NOW_MS);
  return [
    ...fencing.map(({ node, op, container }) => (container === null ? `fence ${node}` : `${op} ${node} with ${container}`)),
    ...actions.map(({ task, resource, from, to, blocked }) => [task, resource, from, to, blocked ? "blocked" : null].filter((part) => part !== null).join(" ")),
  ].join("; ");
}

/** `g: online; r: unclean` */
function nodes(given: Sketch): string {
  return readState(load(given), NOW_MS).nodes.filter((node) => node.kind !== "member").map((node) => {
    const flags = Object.entries({ online: node.online, unclean: node.unclean, maintenance: node.maintenance, shutdown: node.shutdown }).flatMap(([name, set]) => (set ? [name] : []));
    return `${node.kind} ${node.name}: ${flags.join(" ") || "-"}`;
  }).join("; ");
}

describe("which remote and guest nodes are there", () => {
  test.each<{ readonly name: string; readonly given: Sketch; readonly want: string }>([
    { name: "a running connection brings its node", given: { nodes: "n1", resources: "r:remote@n1 vm>g@n1" }, want: "guest g: online; remote r: online" },
    { name: "nodes without connections are not there", given: { nodes: "n1", resources: "r:remote vm>g" }, want: "guest g: -; remote r: -" },
    { name: "a failed connection leaves its node in doubt", given: { nodes: "n1 n2", resources: "r:remote@n1!" }, want: "remote r: unclean" },
    { name: "a guest goes with its failed container", given: { nodes: "n1 n2", resources: "vm>g@n1!" }, want: "guest g: -" },
    { name: "a guest goes with the host of its container", given: { nodes: "n1 n2!", resources: "vm>g@n2" }, want: "guest g: -" },
    { name: "a remote node stays when the host of its connection is lost", given: { nodes: "n1 n2!", resources: "r:remote@n2" }, want: "remote r: online" },
    { name: "an unmanaged connection puts its node in maintenance", given: { nodes: "n1", resources: "r:remote@n1", meta: "r.is-managed=false" }, want: "remote r: online maintenance" },
    { name: "a node leaves with a connection that is to stop", given: { nodes: "n1", resources: "r:remote@n1", meta: "r.target-role=Stopped" }, want: "remote r: online shutdown" },
    { name: "a node that asks to leave", given: { nodes: "n1", resources: "r:remote@n1 vm>g@n1", attributes: "g.shutdown=1700000000 r.shutdown=0" }, want: "guest g: online shutdown; remote r: online" },
    { name: "a remote node can be in maintenance", given: { nodes: "n1", resources: "r:remote@n1", attributes: "r.maintenance=true" }, want: "remote r: online maintenance" },
  ])("$name", ({ given, want }) => expect(nodes(given)).toBe(want));
});

describe("what is planned", () => {
  test.each<{ readonly name: string; readonly given: Sketch; readonly want: string }>([
    { name: "what runs on a remote node stays there", given: { nodes: "n1", resources: "r:remote@n1 a@r", meta: "a.resource-stickiness=1" }, want: "" },
    { name: "remote nodes take their share", given: { nodes: "n1", resources: "r:remote@n1 a b" }, want: "Start a r; Start b n1" },
    { name: "a guest comes up with its container, and resources start on it", given: { nodes: "n1", resources: "vm>g a", constraints: '<rsc_location id="l" rsc="a" node="g" score="10"/>' }, want: "Start vm n1; Start a g; Start g n1" },
    { name: "a container never runs on a remote node", given: { nodes: "n1", resources: "r:remote@n1 vm>g", constraints: '<rsc_location id="l" rsc="vm" node="r" score="100"/>' }, want: "Start vm n1; Start g n1" },
    { name: "a failed connection: the remote node is fenced, what ran there moves", given: { nodes: "n1 n2", resources: "r:remote@n1! a@r" }, want: "fence r; Recover r n1 n1; Move a r n2" },
    { name: "without fencing a failed connection is only recovered", given: { nodes: "n1 n2", resources: "r:remote@n1!", options: "stonith-enabled=false" }, want: "Recover r n1 n1" },
    { name: "a lost host: the connection moves, the remote node goes on", given: { nodes: "n1 n2!", resources: "r:remote@n2 a@r", meta: "a.resource-stickiness=1" }, want: "fence n2; Move r n2 n1" },
    { name: "a lost host: guests are restarted with their containers", given: { nodes: "n1 n2!", resources: "vm>g@n2 a@g", meta: "a.resource-stickiness=1" }, want: "reboot g with vm; fence n2; Recover vm n2 n1; Recover a g g; Move g n2 n1" },
    { name: "a failed container: its guest is restarted with it", given: { nodes: "n1", resources: "vm>g@n1! a@g", meta: "a.resource-stickiness=1" }, want: "reboot g with vm; Recover vm n1 n1; Recover a g g; Restart g n1 n1" },
    { name: "a host that cannot be fenced: its guests cannot be either", given: { nodes: "n1 n2!", resources: "vm>g@n2 a@g", noQuorum: true }, want: "Stop vm n2 blocked; Stop a g blocked; Stop g n2 blocked" },
    { name: "a connection that stops empties its node first", given: { nodes: "n1", resources: "r:remote@n1 a@r", meta: "r.target-role=Stopped" }, want: "Stop r n1; Move a r n1" },
    { name: "a connection that stops on a lost host: what is active on its node has to be fenced", given: { nodes: "n1 n2!", resources: "r:remote@n2 a@r", meta: "r.target-role=Stopped" }, want: "fence n2; fence r; Stop r n2; Move a r n1" },
    { name: "a lost connection with a reconnect interval waits", given: { nodes: "n1 n2", resources: "r:remote@n1!", meta: "r$reconnect_interval=60" }, want: "fence r; Stop r n1" },
    { name: "what stands in a container goes with it", given: { nodes: "n1 n2", resources: "vm a<vm", constraints: '<rsc_location id="l" rsc="vm" node="n2" score="10"/>' }, want: "Start vm n2; Start a n2" },
    { name: "what fails in a container restarts it", given: { nodes: "n1", resources: "vm@n1 a<vm@n1!", meta: "vm.resource-stickiness=1" }, want: "Restart vm n1 n1; Recover a n1 n1" },
    { name: "what stands in a remote node runs only there", given: { nodes: "n1", resources: "r:remote@n1 a<r" }, want: "Start a r" },
    { name: "no container, no guest", given: { nodes: "n1", resources: "vm>g@n1 a@g", meta: "vm.target-role=Stopped" }, want: "Stop vm n1; Move a g n1; Stop g n1" },
    { name: "an unmanaged connection keeps its node as it is", given: { nodes: "n1 n2", resources: "r:remote@n1 a@r", meta: "r.is-managed=false" }, want: "" },
  ])("$name", ({ given, want }) => expect(plan(given)).toBe(want));
});

const MOVING: Sketch = { nodes: "n1 n2!", resources: "r:remote@n2 a@r", meta: "a.resource-stickiness=1", constraints: '<rsc_location id="l" rsc="a" node="r" score="-INFINITY"/>' };
const STARTING: Sketch = { nodes: "n1", resources: "vm>g a", constraints: '<rsc_location id="l" rsc="a" node="g" score="10"/>' };
const STOPPING: Sketch = { nodes: "n1", resources: "r:remote@n1 a@r", meta: "r.target-role=Stopped" };
const LOST: Sketch = { nodes: "n1 n2!", resources: "vm>g@n2 a@g", meta: "a.resource-stickiness=1" };

describe("order", () => {
  test.each<{ readonly name: string; readonly given: Sketch; readonly first: string; readonly next: string }>([
    { name: "a guest is connected to after its container has started", given: STARTING, first: "vm_start_0", next: "g_start_0" },
    { name: "resources start on a guest after its connection", given: STARTING, first: "g_start_0", next: "a_start_0" },
    { name: "resources leave a remote node before its connection ends", given: STOPPING, first: "a_stop_0", next: "r_stop_0" },
    { name: "a stop on a remote node waits for the connection that moves", given: MOVING, first: "r_start_0", next: "a_stop_0" },
    { name: "a guest is gone when the host of its container is fenced", given: LOST, first: "stonith-n2-reboot", next: "stonith-g-reboot" },
    { name: "what ran on a guest counts as stopped when the guest is gone", given: LOST, first: "stonith-g-reboot", next: "a_stop_0" },
    { name: "a container starts anew when its guest is gone", given: LOST, first: "stonith-g-reboot", next: "vm_start_0" },
  ])("$name", ({ given, first, next }) => {
    const { graph } = schedule(load(given), NOW_MS);
    expect([follows(graph, first, next), follows(graph, next, first)]).toEqual([true, false]);
  });
});

function follows(graph: Graph, first: string, next: string): boolean {
  const target = graph.actions.findIndex((action) => action.key === first);
  const open = graph.actions.filter((action) => action.key === next).map((action) => action.id), seen = new Set<number>();
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === target) return true;
    if (!seen.has(id)) open.push(...(graph.actions[id]?.after ?? []));
    seen.add(id);
  }
  return false;
}

test("actions on remote nodes name who does them, and what they take down", () => {
  const told = (given: Sketch): string[] => schedule(load(given), NOW_MS).graph.actions.filter((action) => action.router !== undefined || action.downed !== undefined)
    .map(({ key, router, downed }) => `${key}: ${router ?? "-"}; ${downed?.join(" ") ?? "-"}`).toSorted();
  expect(told(STOPPING)).toEqual(["a_stop_0: n1; -", "r_stop_0: -; r"]);
  expect(told(MOVING)).toEqual(["a_monitor_10000: n1; -", "a_stop_0: n1; -", "stonith-n2-reboot: -; n2"]);
  expect(told(LOST)).toEqual(["a_monitor_10000: n1; -", "a_start_0: n1; -", "stonith-g-reboot: -; g", "stonith-n2-reboot: -; g n2"]);
});

test("reasons name the container and the connection", () => {
  const { assignments: places } = schedule(load({ nodes: "n1 n2", resources: "vm>g a<vm r:remote@n1" }), NOW_MS);
  const excluded = (resource: string, node: string): string | null | undefined =>
    places.find((one) => one.resource === resource)?.candidates.find((one) => one.node === node)?.excluded;
  expect(excluded("a", "n1")).toBe("n1: it runs inside of vm");
  expect(excluded("vm", "r")).toBe("r: what holds a guest node is never put on a remote node");
  expect(excluded("r", "g")).toBe("g: a connection is never put on a remote node");
});
