import { parseCib } from "@quorate/cib";
import type { Cib } from "@quorate/cib";
import { describe, expect, test } from "vitest";
import { schedule, simulateGraph } from "../index.ts";
import type { Decision } from "../index.ts";

/** Digest of no parameters at all, and one of others. */
const SAME = "f2317cad3d54cec5d7d7aa7d0bf35cf8", OTHER = "0".repeat(32);
const ONCE = { "#node-unfenced": "1700000000" };

interface Storage {
  /** Transient attributes of n1; n2 was let in long ago. */
  readonly n1?: Readonly<Record<string, string>>;
  /** Digest and agent with which the device was started on n1; null: it does not run. */
  readonly device?: { readonly digest: string; readonly type?: string } | null;
  /** Whether `p` runs on n1. */
  readonly runs?: boolean;
  readonly fencing?: boolean;
  /** Meta attributes of `p`. */
  readonly needs?: string;
}

/** Two nodes, a fence device that provides unfencing, and `p`. */
function cluster({ n1 = {}, device = { digest: SAME }, runs = true, fencing = true, needs = "" }: Storage): Cib {
  const entry = (id: string, agent: string, digest: string | null): string => `<lrm_resource id="${id}" ${agent}><lrm_rsc_op id="${id}_last_0"
    operation="${digest === null ? "monitor" : "start"}" operation_key="${id}_${digest === null ? "monitor" : "start"}_0" interval="0" call-id="1" rc-code="${digest === null ? 7 : 0}"
    op-status="0" transition-key="1:1:${digest === null ? 7 : 0}:x" op-digest="${digest ?? SAME}"/></lrm_resource>`;
  const fence = (type = "fence_scsi"): string => `class="stonith" type="${type}"`, dummy = 'class="ocf" provider="test" type="Dummy"';
  const pairs = (values: Readonly<Record<string, string>>): string => Object.entries(values).map(([name, value], index) => `<nvpair id="a${index}" name="${name}" value="${value}"/>`).join("");
  const state = (node: string, attributes: Readonly<Record<string, string>>, history: string): string => `<node_state id="${node}" uname="${node}" in_ccm="true" crmd="online" join="member" expected="member">
    <transient_attributes id="${node}"><instance_attributes id="t-${node}">${pairs(attributes)}</instance_attributes></transient_attributes><lrm id="${node}"><lrm_resources>${history}</lrm_resources></lrm></node_state>`;
  const cib = parseCib(`<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" admin_epoch="0" epoch="1" num_updates="0" have-quorum="1"><configuration>
    <crm_config><cluster_property_set id="o"><nvpair id="o-0" name="stonith-enabled" value="${fencing}"/></cluster_property_set></crm_config>
    <nodes><node id="n1" uname="n1"/><node id="n2" uname="n2"/></nodes>
    <resources><primitive id="device" ${fence()}><meta_attributes id="device-m"><nvpair id="device-p" name="provides" value="unfencing"/></meta_attributes></primitive>
    <primitive id="p" ${dummy}><meta_attributes id="p-m">${needs}</meta_attributes></primitive></resources>
    <constraints><rsc_location id="l" rsc="p" node="n1" score="100"/></constraints></configuration><status>
    ${state("n1", n1, entry("device", fence(device?.type), device?.digest ?? null) + entry("p", dummy, runs ? SAME : null))}
    ${state("n2", ONCE, entry("device", fence(), null) + entry("p", dummy, null))}</status></cib>`);
  if (!cib.ok) throw new Error(cib.error.issues.map((issue) => issue.message).join("\n"));
  return cib.value.cib;
}

/** `let n1 in; Restart p`; in brackets when nothing announces it. */
function plan(decision: Decision): string {
  const announced = new Set(decision.fencing.map(({ node }) => node));
  const fences = decision.graph.actions.filter((action) => action.kind === "fence").map(({ task, node }) => (announced.has(node ?? "") ? `${task} ${node}` : `(${task} ${node})`));
  return [...fences, ...decision.actions.map(({ task, resource }) => `${task} ${resource}`)].join("; ");
}

// Answers are those of the reference
describe("when a node is let in", () => {
  test.each<{ readonly name: string; readonly given: Storage; readonly want: string }>([
    { name: "what runs on a node never let in restarts behind it", given: {}, want: "on n1; Restart device; Restart p" },
    { name: "0 is never", given: { n1: { "#node-unfenced": "0" } }, want: "on n1; Restart device; Restart p" },
    { name: "once is enough", given: { n1: ONCE }, want: "" },
    { name: "a start waits for it", given: { device: null, runs: false, n1: {} }, want: "on n1; Start device; Start p" },
    { name: "a leaving node is not let in", given: { n1: { shutdown: "1" } }, want: "Move device; Move p" },
    { name: "what needs quorum only goes on", given: { needs: '<nvpair id="p-r" name="requires" value="quorum"/>' }, want: "on n1; Restart device" },
    { name: "without fencing nothing needs it", given: { fencing: false }, want: "" },
    { name: "new parameters of a device", given: { n1: ONCE, device: { digest: OTHER } }, want: "on n1; Restart device; Restart p" },
    { name: "another agent of a device", given: { n1: ONCE, device: { digest: SAME, type: "fence_old" } }, want: "on n1; Restart device; Restart p" },
    { name: "recorded parameters differ", given: { n1: { ...ONCE, "#digests-all": `device:fence_scsi:${OTHER},` } }, want: "(on n1); Restart device; Restart p" },
    { name: "recorded parameters differ in secrets only", given: { n1: { ...ONCE, "#digests-all": `device:fence_scsi:${OTHER},`, "#digests-secure": `device:fence_scsi:${SAME},` } }, want: "" },
  ])("$name", ({ given, want }) => expect(plan(schedule(cluster(given), 0))).toBe(want));
});

test("what requires it stops before and starts after", () => {
  const { actions } = schedule(cluster({}), 0).graph;
  const id = (key: string): number => actions.findIndex((action) => action.key === key);
  expect(actions[id("stonith-n1-on")]?.after).toContain(id("p_stop_0"));
  expect(actions[id("p_start_0")]?.after).toContain(id("stonith-n1-on"));
});

test("a node that was let in needs it no more", () => {
  const cib = cluster({ n1: { ...ONCE, "#digests-all": `device:fence_scsi:${OTHER},` } });
  expect(plan(schedule(simulateGraph(cib, schedule(cib, 0)).after, 0))).toBe("");
});

test("the restart names what it waits for", () => {
  expect(schedule(cluster({}), 0).actions.find((action) => action.resource === "p")?.causes[0]).toContain("n1 is to be let in by its fence devices");
});
