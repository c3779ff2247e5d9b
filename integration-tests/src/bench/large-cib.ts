/**
 * Large CIBs of one fixed layout: groups of four; every two groups prefer a node, the second follows the first (order and colocation), and
 * every eighth group is kept apart from its next but one. All run, with full history on every node.
 * `recover`: the second node was just lost and must be fenced; `steady`: all is well; `fresh`: nothing was ever started.
 */
import { operationDigest } from "@quorate/ocf";

export const SCENARIOS = ["steady", "recover", "fresh"] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface LargeCibOptions {
  readonly nodes: number;
  readonly resources: number;
  readonly scenario: Scenario;
}

const GROUP = 4;
const STARTED_AT = 1_700_000_000;
const ONE_HOUR = 3_600;
const PROBE = operationDigest({}, { recurringTimeoutMs: null });
const MONITOR = operationDigest({}, { recurringTimeoutMs: 20_000 });

/** Wall time at which the layout is to be decided about. */
export const LARGE_CIB_NOW_MS: number = (STARTED_AT + ONE_HOUR) * 1_000;

export function largeCib({ nodes, resources, scenario }: LargeCibOptions): string {
  const names = Array.from({ length: nodes }, (_, index) => `node${String(index + 1).padStart(3, "0")}`);
  const groups = Array.from({ length: Math.floor(resources / GROUP) }, (_, group) => group);
  const lost = scenario === "recover" ? names[1] : undefined;
  const home = (group: number): number => Math.floor(group / 2) % nodes;
  const head = `<cib admin_epoch="0" epoch="1" num_updates="1" validate-with="pacemaker-3.7" crm_feature_set="3.16.1" have-quorum="1" dc-uuid="1" execution-date="${STARTED_AT + ONE_HOUR}">`;
  return [
    head,
    `<configuration><crm_config>${options()}</crm_config>`,
    `<nodes>${names.map((name, index) => `<node id="${index + 1}" uname="${name}"/>`).join("\n")}</nodes>`,
    `<resources><primitive id="fence" class="stonith" type="fence_dummy"/>`,
    ...groups.map(group),
    "</resources><constraints>",
    ...groups.map((at) => constraints(at, { count: groups.length, home: names[home(at)]! })),
    `</constraints><rsc_defaults><meta_attributes id="rd"><nvpair id="rd-s" name="resource-stickiness" value="50"/></meta_attributes></rsc_defaults></configuration>`,
    "<status>",
    ...names.map((name, index) => nodeState({ name, id: index + 1, up: name !== lost, history: scenario === "fresh" ? [] : history(groups, { index, home }) })),
    "</status></cib>",
  ].join("\n");
}

function options(): string {
  const values = { "stonith-enabled": "true", "no-quorum-policy": "stop", "dc-version": "2.1.5", "have-watchdog": "false" };
  return `<cluster_property_set id="cp">${Object.entries(values).map(([name, value]) => `<nvpair id="cp-${name}" name="${name}" value="${value}"/>`).join("")}</cluster_property_set>`;
}

function members(group: number): string[] {
  return Array.from({ length: GROUP }, (_, member) => `r${group}-${member}`);
}

function group(at: number): string {
  const primitives = members(at).map((id) => `<primitive id="${id}" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="${id}-m" name="monitor" interval="10s" timeout="20s"/></operations></primitive>`);
  return `<group id="g${at}">${primitives.join("")}</group>`;
}

function constraints(at: number, { count, home }: { count: number; home: string }): string {
  const made = [`<rsc_location id="l${at}" rsc="g${at}" node="${home}" score="100"/>`];
  if (at % 2 === 0 && at + 1 < count) made.push(`<rsc_order id="o${at}" first="g${at}" then="g${at + 1}"/>`, `<rsc_colocation id="c${at}" rsc="g${at + 1}" with-rsc="g${at}" score="INFINITY"/>`);
  if (at % 8 === 0 && at + 2 < count) made.push(`<rsc_colocation id="a${at}" rsc="g${at + 2}" with-rsc="g${at}" score="-INFINITY"/>`);
  return made.join("");
}

function nodeState({ name, id, up, history: entries }: { name: string; id: number; up: boolean; history: readonly string[] }): string {
  const standing = up ? `in_ccm="true" crmd="online" join="member"` : `in_ccm="false" crmd="offline" join="down"`;
  const lrm = entries.length === 0 ? "" : `<lrm id="${id}"><lrm_resources>\n${entries.join("\n")}\n</lrm_resources></lrm>`;
  return `<node_state id="${id}" uname="${name}" ${standing} expected="member">${lrm}</node_state>`;
}

function history(groups: readonly number[], { index, home }: { index: number; home: (group: number) => number }): string[] {
  const fence = index === 0 ? operation({ id: "fence", task: "start", rc: 0, call: 1 }) : operation({ id: "fence", task: "monitor", rc: 7, call: 1 });
  const entries = [`<lrm_resource id="fence" class="stonith" type="fence_dummy">${fence}</lrm_resource>`];
  let call = 1;
  for (const at of groups) {
    for (const id of members(at)) {
      call += 1;
      const active = operation({ id, task: "start", rc: 0, call }) + operation({ id, task: "monitor", intervalMs: 10_000, rc: 0, call: call + 100_000 });
      const operations = home(at) === index ? active : operation({ id, task: "monitor", rc: 7, call });
      entries.push(`<lrm_resource id="${id}" class="ocf" provider="pacemaker" type="Dummy">${operations}</lrm_resource>`);
    }
  }
  return entries;
}

function operation({ id, task, intervalMs = 0, rc, call }: { id: string; task: string; intervalMs?: number; rc: number; call: number }): string {
  const key = `${call}:1:${rc === 7 ? 7 : 0}:u`;
  return `<lrm_rsc_op id="${id}_${intervalMs === 0 ? "last" : task}_${intervalMs}" operation_key="${id}_${task}_${intervalMs}" operation="${task}" crm_feature_set="3.16.1" transition-key="${key}" `
    + `transition-magic="0:${rc};${key}" call-id="${call}" rc-code="${rc}" op-status="0" interval="${intervalMs}" last-rc-change="${STARTED_AT}" exec-time="10" queue-time="0" op-digest="${intervalMs === 0 ? PROBE : MONITOR}"/>`;
}
