import { parseCib } from "@quorate/cib";
import type { Cib } from "@quorate/cib";
import { operationDigest } from "@quorate/ocf";
import type { Action } from "@quorate/transition";
import { describe, expect, test } from "vitest";
import { schedule } from "./index.ts";

const NOW_MS = Date.UTC(2026, 0, 1, 0, 1);

interface Sketch {
  /** `n1 n2~ n3!`: `~` is in standby, `!` is lost. */
  readonly nodes: string;
  /** Nodes on which an instance of clone `c` runs. */
  readonly running: string;
  readonly meta?: string;
}

/** Clone `c` of primitive `p` with a monitor every 10 s; primitive `q` starts after it. */
function sketch({ nodes, running, meta = "notify=true" }: Sketch): Cib {
  const pairs = (text: string, prefix: string): string =>
    text.split(" ").map((item) => item.split("=")).map(([name = "", value = ""]) => `<nvpair id="${prefix}-${name}" name="${name}" value="${value}"/>`).join("");
  const names = nodes.split(" ").map((name) => name.replace(/\W/, ""));
  const operation = (id: string, task: string, rc: number, interval = 0): string => {
    const digest = operationDigest({}, { recurringTimeoutMs: interval > 0 ? 20_000 : null });
    return `<lrm_rsc_op id="${id}_${task}_${interval}" operation_key="${id}_${task}_${interval}" operation="${task}" interval="${interval}" call-id="${interval + 1}"
      rc-code="${rc}" op-status="0" transition-key="1:1:${rc}:x" op-digest="${digest}"/>`;
  };
  const history = (node: string): string => ["p", "q"].map((id) => {
    const operations = id === "p" && running.split(" ").includes(node) ? operation(id, "start", 0) + operation(id, "monitor", 0, 10_000) : operation(id, "monitor", 7);
    return `<lrm_resource id="${id}" class="ocf" provider="test" type="Dummy">${operations}</lrm_resource>`;
  }).join("");
  const states = nodes.split(" ").map((flagged, index) => {
    const name = names[index] ?? "";
    const seen = flagged.endsWith("!") ? 'in_ccm="false" crmd="offline" join="down" expected="member"' : 'in_ccm="true" crmd="online" join="member" expected="member"';
    const standby = flagged.endsWith("~") ? `<transient_attributes id="${name}"><instance_attributes id="t-${name}">${pairs("standby=on", `t-${name}`)}</instance_attributes></transient_attributes>` : "";
    return `<node_state id="${name}" uname="${name}" ${seen}>${standby}<lrm id="${name}"><lrm_resources>${history(name)}</lrm_resources></lrm></node_state>`;
  }).join("");
  const parsed = parseCib(`<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" admin_epoch="0" epoch="1" num_updates="0" have-quorum="1">
    <configuration><crm_config><cluster_property_set id="cib-bootstrap-options">${pairs("stonith-enabled=true", "o")}</cluster_property_set></crm_config>
    <nodes>${names.map((name) => `<node id="${name}" uname="${name}"/>`).join("")}</nodes>
    <resources><clone id="c"><meta_attributes id="c-meta">${pairs(meta, "c")}</meta_attributes>
      <primitive id="p" class="ocf" provider="test" type="Dummy"><operations><op id="p-monitor" name="monitor" interval="10s"/><op id="p-notify" name="notify" interval="0" timeout="7s"/></operations></primitive></clone>
      <primitive id="q" class="ocf" provider="test" type="Dummy"/>
      <primitive id="device" class="stonith" type="test"><meta_attributes id="device-meta">${pairs("target-role=Stopped", "device")}</meta_attributes></primitive></resources>
    <constraints><rsc_order id="order" first="c" then="q"/></constraints></configuration>
    <status>${states}</status></cib>`);
  if (!parsed.ok) throw new Error(parsed.error.issues.map((issue) => issue.message).join("\n"));
  return parsed.value.cib;
}

/** What the actions of `p` and `q` wait for at last: `start p n3 < pre-start p n1, pre-start p n2`. */
function order(given: Sketch): string[] {
  const { actions } = schedule(sketch(given), NOW_MS).graph;
  const name = ({ task, resource, node, meta }: Action): string =>
    [task === "notify" ? `${meta["notify_type"] ?? ""}-${meta["notify_operation"] ?? ""}` : task, resource, node].filter((part) => part !== null).join(" ");
  const before = (action: Action): Action[] => action.after.flatMap((id) => {
    const first = actions[id];
    return first === undefined ? [] : first.kind === "pseudo" ? before(first) : [first];
  });
  const last = (action: Action): Action[] => {
    const all = new Set(before(action));
    const covered = new Set([...all].flatMap(before));
    return [...all].filter((one) => !covered.has(one));
  };
  return actions.filter(({ kind, resource }) => kind === "fence" || (kind === "rsc" && resource !== "device"))
    .map((action) => `${name(action)} < ${last(action).map(name).toSorted().join(", ")}`.replace(/ < $/, "")).toSorted();
}

describe("clone notifications (answers of crm_simulate 2.1.5 for the same CIBs)", () => {
  test("a start is told before to those that run, afterwards to all; whoever waits for the clone waits for that", () => {
    expect(order({ nodes: "n1 n2 n3", running: "n1 n2" })).toEqual([
      "monitor p n3 < post-start p n1, post-start p n2, post-start p n3",
      "post-start p n1 < start p n3", "post-start p n2 < start p n3", "post-start p n3 < start p n3",
      "pre-start p n1", "pre-start p n2",
      "start p n3 < pre-start p n1, pre-start p n2",
      "start q n1 < post-start p n1, post-start p n2, post-start p n3",
    ]);
  });

  test("a stop is told before to all that run, afterwards to those that stay", () => {
    expect(order({ nodes: "n1 n2 n3~", running: "n1 n2 n3" })).toEqual([
      "post-stop p n1 < stop p n3", "post-stop p n2 < stop p n3",
      "pre-stop p n1", "pre-stop p n2", "pre-stop p n3",
      "start q n1",
      "stop p n3 < pre-stop p n1, pre-stop p n2, pre-stop p n3",
    ]);
  });

  test("what fencing has stopped is told to those that live, and nobody asks the lost node", () => {
    expect(order({ nodes: "n1 n2 n3!", running: "n1 n2 n3" })).toEqual([
      "post-stop p n1 < pre-stop p n1, pre-stop p n2, reboot n3", "post-stop p n2 < pre-stop p n1, pre-stop p n2, reboot n3",
      "pre-stop p n1", "pre-stop p n2",
      "reboot n3", "start q n1 < reboot n3",
    ]);
  });

  test("nobody is told who did not ask for it", () => {
    expect(order({ nodes: "n1 n2 n3", running: "n1 n2", meta: "notify=false" })).toEqual(["monitor p n3 < start p n3", "start p n3", "start q n1 < start p n3"]);
  });
});

describe("what agents read", () => {
  const { actions } = schedule(sketch({ nodes: "n1 n2~ n3", running: "n1 n2" }), NOW_MS).graph;
  const told = (task: string, node: string): Record<string, string> => {
    const action = actions.find((one) => one.kind === "rsc" && one.resource === "p" && one.node === node && one.key.endsWith(`${task}_0`));
    return Object.fromEntries(Object.entries(action?.meta ?? {}).filter(([name]) => name.startsWith("notify_")));
  };

  test("a notification says who does what, and who is what now", () => {
    expect(told("pre_notify_stop", "n1")).toEqual({
      notify_type: "pre", notify_operation: "stop", notify_key_type: "pre", notify_key_operation: "stop",
      notify_stop_resource: "p:1", notify_stop_uname: "n2", notify_start_resource: "p:1", notify_start_uname: "n3",
      notify_promote_resource: " ", notify_promote_uname: " ", notify_demote_resource: " ", notify_demote_uname: " ",
      notify_active_resource: "p:0 p:1", notify_active_uname: "n1 n2", notify_inactive_resource: "p:2",
      notify_promoted_resource: " ", notify_promoted_uname: " ", notify_master_resource: " ", notify_master_uname: " ",
      notify_unpromoted_resource: " ", notify_unpromoted_uname: " ", notify_slave_resource: " ", notify_slave_uname: " ",
      notify_available_uname: "n1 n2 n3", notify_all_uname: "n1 n2 n3",
    });
  });

  test("the action itself knows the others too, but is no notification", () => {
    const { notify_start_uname: starts, notify_active_uname: active, notify_type: type } = told("p_start", "n3");
    expect({ starts, active, type }).toEqual({ starts: "n3", active: "n1 n2", type: undefined });
  });

  test("a notification has the time-out of the notify operation, and its failure stops nothing", () => {
    const notifications = actions.filter((action) => action.task === "notify" && action.kind === "rsc");
    expect(notifications.map(({ timeoutMs, canFail }) => [timeoutMs, canFail])).toEqual(notifications.map(() => [7000, true]));
    expect(notifications).not.toEqual([]);
  });

  test("the reason names what is told", () => {
    expect(actions.find((action) => action.key === "p_pre_notify_stop_0")?.reason).toBe("instances of c are told before the stop of p on n2");
  });
});
