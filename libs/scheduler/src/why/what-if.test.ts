/** Which single change is named for which obstacle; and that edits do what their names say. */
import { type Cib, parseCib, serializeCib } from "@quorate/cib";
import { expect, test } from "vitest";
import { withoutFailures } from "./edits.ts";
import { type ResourceExplanation, explainResource } from "./explain-resource.ts";
import { relationsOf } from "./relations.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const primitive = (id: string, meta = ""): string => `<primitive id="${id}" class="ocf" provider="test" type="Dummy">${metaSet(id, meta)}</primitive>`;
const metaSet = (id: string, text: string): string => (text === "" ? "" : `<meta_attributes id="${id}-m">${pair(`${id}-m`, text)}</meta_attributes>`);
const pair = (prefix: string, text: string): string => text.split(" ").filter((item) => item !== "").map((item, at) => `<nvpair id="${prefix}${at}" name="${item.split("=")[0]}" value="${item.split("=")[1]}"/>`).join("");
const UP = 'in_ccm="true" crmd="online" join="member" expected="member"';
const DOWN = 'in_ccm="false" crmd="offline" join="down" expected="down"';

interface Parts {
  readonly resources: string;
  readonly options?: string;
  readonly constraints?: string;
  readonly n1?: string;
  readonly n2?: string;
  readonly states?: string;
  readonly defaults?: string;
}

/** Two nodes, n1 and n2; `states` in place of both being members that know that nothing runs. */
function document({ resources, options = "stonith-enabled=false", constraints = "", n1 = "", n2 = "", states, defaults = "" }: Parts): Cib {
  const state = (node: string): string => `<node_state id="${node}" uname="${node}" ${UP}/>`;
  const loaded = parseCib(`<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0" have-quorum="1"><configuration>
    <crm_config><cluster_property_set id="cib-bootstrap-options">${pair("o", options)}</cluster_property_set></crm_config>
    <nodes><node id="n1" uname="n1">${n1}</node><node id="n2" uname="n2">${n2}</node></nodes><resources>${resources}</resources><constraints>${constraints}</constraints>
    <rsc_defaults>${metaSet("rsc", defaults)}</rsc_defaults></configuration><status>${states ?? state("n1") + state("n2")}</status></cib>`);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error.issues));
  return loaded.value.cib;
}

function ask(parts: Parts, resource: string, node: string | null): ResourceExplanation {
  const explained = explainResource(document(parts), NOW_MS, { resource, node });
  if (!explained.ok) throw new Error(explained.error);
  return explained.value;
}

const attributes = (node: string, text: string): string => `<instance_attributes id="${node}-a">${pair(`${node}-a`, text)}</instance_attributes>`;

test.each<{ readonly name: string; readonly given: Parts; readonly node?: string; readonly resource?: string; readonly want: string }>([
  { name: "disabled", given: { resources: primitive("a", "target-role=Stopped") }, want: "Enable a (its target-role is Stopped)" },
  { name: "its group is disabled", given: { resources: `<group id="g">${metaSet("g", "target-role=Stopped")}${primitive("a")}</group>` }, want: "Enable g (its target-role is Stopped)" },
  { name: "disabled for all", given: { resources: primitive("a"), defaults: "target-role=Stopped" }, want: "Enable a (rsc_defaults set target-role to Stopped)" },
  { name: "not managed", given: { resources: primitive("a", "is-managed=false") }, want: "Let a be managed again (its is-managed is false)" },
  { name: "in maintenance", given: { resources: primitive("a", "maintenance=true") }, want: "End the maintenance of a" },
  { name: "cluster in maintenance", given: { resources: primitive("a"), options: "stonith-enabled=false maintenance-mode=true" }, want: "End the maintenance of the cluster (option maintenance-mode)" },
  { name: "everything stopped", given: { resources: primitive("a"), options: "stonith-enabled=false stop-all-resources=true" }, want: "Do not stop all resources any more (option stop-all-resources)" },
  { name: "no fence device", given: { resources: primitive("a"), options: "stonith-enabled=true" }, want: "Configure a fence device: without one nothing is started while fencing is enabled" },
  { name: "its node is in standby", given: { resources: primitive("a"), n1: attributes("n1", "standby=on") }, node: "n1", want: "Take n1 out of standby" },
  { name: "its node is in maintenance", given: { resources: primitive("a"), n1: attributes("n1", "maintenance=true") }, node: "n1", want: "End the maintenance of n1" },
  { name: "its node is off", given: { resources: primitive("a"), states: `<node_state id="n1" uname="n1" ${DOWN}/><node_state id="n2" uname="n2" ${UP}/>` }, node: "n1", want: "Start the cluster services on n1" },
  { name: "its node is unhealthy", given: { resources: primitive("a"), options: "stonith-enabled=false node-health-strategy=only-green", n1: attributes("n1", "#health_disk=red") }, node: "n1", want: "Mend what makes the health of n1 red" },
  { name: "a location keeps it away", given: { resources: primitive("a"), constraints: '<rsc_location id="l" rsc="a" node="n1" score="-INFINITY"/>' }, node: "n1", want: "Remove location constraint l (a on n1, score -INFINITY)" },
  { name: "the one it is with is kept away", given: { resources: primitive("a") + primitive("b"), constraints: '<rsc_colocation id="c" rsc="a" with-rsc="b" score="INFINITY"/><rsc_location id="l" rsc="b" node="n1" score="-INFINITY"/>' }, node: "n1", want: "Remove colocation constraint c (a with b, score INFINITY)" },
  { name: "the one it comes after is disabled", given: { resources: primitive("a") + primitive("b", "target-role=Stopped"), constraints: '<rsc_order id="o" first="b" then="a"/>' }, want: "Enable b (its target-role is Stopped)" },
  { name: "opt-in", given: { resources: primitive("a"), options: "stonith-enabled=false symmetric-cluster=false" }, node: "n1", want: "Prefer n1 for a above all (a location constraint of score INFINITY, until it is cleared)" },
  { name: "a weak preference", given: { resources: primitive("a"), constraints: '<rsc_location id="l" rsc="a" node="n1" score="5"/><rsc_location id="m" rsc="a" node="n2" score="9"/>' }, node: "n1", want: "Raise the score of location constraint l from 5 to 10" },
  { name: "a clone has no instance there", given: { resources: `<clone id="k">${primitive("a")}</clone>`, constraints: '<rsc_location id="l" rsc="k" node="n2" score="-INFINITY"/>' }, node: "n2", resource: "k", want: "Remove location constraint l (k on n2, score -INFINITY)" },
])("$name", ({ given, node = null, resource = "a", want }) => {
  const { answer, change } = ask(given, resource, node);
  expect(answer).toBe("no");
  expect(change?.found[0]?.text).toBe(want);
});

test("a change that moves others says so", () => {
  const { change } = ask({ resources: primitive("a") + primitive("b"), constraints: '<rsc_colocation id="c" rsc="b" with-rsc="a" score="INFINITY"/><rsc_location id="l" rsc="a" node="n2" score="-5"/>' }, "a", "n2");
  expect(change?.found[0]).toMatchObject({ text: "Raise the score of location constraint l from -5 to 1", alsoMoves: [{ resource: "b", from: "n1", to: "n2" }] });
});

test("two obstacles: no single change, and it is said how many were tried", () => {
  const { change } = ask({ resources: primitive("a", "target-role=Stopped is-managed=false") }, "a", null);
  expect(change?.found).toStrictEqual([]);
  expect(change?.tried).toBeGreaterThan(2);
});

test("the search is bounded, and can be left out", () => {
  const given = document({ resources: primitive("a"), constraints: Array.from({ length: 9 }, (_, at) => `<rsc_location id="l${at}" rsc="a" node="n1" score="-INFINITY"/>`).join("") });
  const tried = (trialsMax: number): unknown => {
    const explained = explainResource(given, NOW_MS, { resource: "a", node: "n1", trialsMax });
    return explained.ok && explained.value.change;
  };
  expect(tried(4)).toStrictEqual({ found: [], tried: 4, more: true });
  expect(tried(0)).toBeNull();
});

test("the same question has the same answer, byte for byte", () => {
  const given: Parts = { resources: primitive("a") + primitive("b"), constraints: '<rsc_colocation id="c" rsc="a" with-rsc="b" score="-INFINITY"/>' };
  expect(JSON.stringify(ask(given, "a", "n1"))).toBe(JSON.stringify(ask(given, "a", "n1")));
});

test.each([["nope", null, "the CIB has no resource nope"], ["a", "n9", "the CIB has no node n9"]])("%s on %s", (resource, node, want) =>
  expect(explainResource(document({ resources: primitive("a") }), NOW_MS, { resource, node })).toStrictEqual({ ok: false, error: want }));

test("relations: family, ties by tags, distance", () => {
  const cib = document({
    resources: `<group id="g">${primitive("a")}${primitive("b")}</group>${primitive("c")}${primitive("d")}${primitive("e")}`,
    constraints: '<rsc_order id="o2" first="d" then="c"/><rsc_colocation id="o1" rsc="c" with-rsc="g" score="1"/><rsc_location id="l" rsc="e" node="n1" score="1"/>',
  });
  const relations = relationsOf(cib, "a:0");
  expect(relations).toMatchObject({ id: "a", kind: "primitive", chain: ["a", "g"], primitives: ["a"], tied: [{ id: "c", distance: 1 }, { id: "d", distance: 2 }] });
  expect(relations?.constraints.map(({ id, distance }) => [id, distance])).toStrictEqual([["o1", 0], ["o2", 1]]);
});

test("cleaning up forgets failures and keeps what else is known", () => {
  const history = (id: string): string => `<lrm_resource id="${id}" class="ocf" provider="test" type="Dummy"><lrm_rsc_op id="${id}_last_0" operation="start" operation_key="${id}_start_0" interval="0" call-id="1" rc-code="0" op-status="0" transition-key="1:1:0:x"/><lrm_rsc_op id="${id}_last_failure_0" operation="monitor" operation_key="${id}_monitor_9" interval="9" call-id="2" rc-code="7" op-status="0" transition-key="1:1:0:x"/></lrm_resource>`;
  const cib = document({
    resources: primitive("a") + primitive("ab"),
    states: `<node_state id="n1" uname="n1" ${UP}><transient_attributes id="n1"><instance_attributes id="t"><nvpair id="t1" name="fail-count-a#monitor_9" value="1"/><nvpair id="t2" name="fail-count-ab#monitor_9" value="1"/></instance_attributes></transient_attributes><lrm id="n1"><lrm_resources>${history("a")}${history("ab")}</lrm_resources></lrm></node_state>`,
  });
  const xml = serializeCib(withoutFailures("a", "n1")(cib));
  expect([xml.includes("a_last_0"), xml.includes(`"a_last_failure_0`), xml.includes("fail-count-a#"), xml.includes("ab_last_failure_0"), xml.includes("fail-count-ab#")]).toStrictEqual([true, false, false, true, true]);
});
