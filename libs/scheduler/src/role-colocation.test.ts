import { parseCib } from "@quorate/cib";
import type { Cib } from "@quorate/cib";
import { operationDigest } from "@quorate/ocf";
import { describe, expect, test } from "vitest";
import { readState, schedule, simulateGraph } from "./index.ts";

const NOW_MS = Date.UTC(2026, 0, 1, 0, 1);

/** Promotion scores of `p` and `q` per node; `q` does not run on n3 yet, everything else runs. */
const NODES = [["n1", 10, 5], ["n2", 5, 10], ["n3", 7, 7]] as const;

/** Promotable clones `c` of `p` and `d` of `q`, and constraints. */
function clones(constraints: string): Cib {
  const clone = (id: string, primitive: string): string =>
    `<clone id="${id}"><meta_attributes id="${id}-meta"><nvpair id="${id}-promotable" name="promotable" value="true"/></meta_attributes><primitive id="${primitive}" class="ocf" provider="test" type="Dummy"/></clone>`;
  const states = NODES.map(([node, ofP, ofQ]) => {
    const history = ["p", "q"].map((id) => {
      const [task, rc] = id === "q" && node === "n3" ? ["monitor", 7] : ["start", 0];
      return `<lrm_resource id="${id}" class="ocf" provider="test" type="Dummy"><lrm_rsc_op id="${id}_last_0" operation_key="${id}_${task}_0" operation="${task}" interval="0" call-id="1"
        rc-code="${rc}" op-status="0" transition-key="1:1:${rc}:x" op-digest="${operationDigest({}, { recurringTimeoutMs: null })}"/></lrm_resource>`;
    });
    return `<node_state id="${node}" uname="${node}" in_ccm="true" crmd="online" join="member" expected="member"><transient_attributes id="${node}"><instance_attributes id="t-${node}">
      <nvpair id="p-${node}" name="master-p" value="${ofP}"/><nvpair id="q-${node}" name="master-q" value="${ofQ}"/></instance_attributes></transient_attributes>
      <lrm id="${node}"><lrm_resources>${history.join("")}</lrm_resources></lrm></node_state>`;
  });
  const parsed = parseCib(`<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" admin_epoch="0" epoch="1" num_updates="0" have-quorum="1">
    <configuration><crm_config><cluster_property_set id="o"><nvpair id="o-s" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
    <nodes>${NODES.map(([node]) => `<node id="${node}" uname="${node}"/>`).join("")}</nodes>
    <resources>${clone("c", "p")}${clone("d", "q")}</resources><constraints>${constraints}</constraints></configuration><status>${states.join("")}</status></cib>`);
  if (!parsed.ok) throw new Error(parsed.error.issues.map((issue) => issue.message).join("\n"));
  return parsed.value.cib;
}

/** Nodes of `p` in the end: `n1* n3` is promoted on n1 and runs on n3. */
function placesOfP(constraints: string): string {
  const cib = clones(constraints);
  const { after } = simulateGraph(cib, schedule(cib, NOW_MS), NOW_MS);
  const instances = readState(after, NOW_MS).resources.filter((resource) => resource.configId === "p" && resource.runningOn.length > 0);
  return instances.map(({ runningOn, role }) => `${runningOn.join(" ")}${role === "Promoted" ? "*" : ""}`).toSorted().join(" ");
}

// d is promoted on n2 whatever c does. Answers of crm_simulate 2.1.5 for the same CIBs
describe("c in a role, with d in a role", () => {
  test.each<{ readonly score: string; readonly role: string; readonly withRole: string; readonly want: string }>([
    { score: "INFINITY", role: "Unpromoted", withRole: "Unpromoted", want: "n1* n3" },
    { score: "INFINITY", role: "Unpromoted", withRole: "Promoted", want: "n2*" },
    { score: "INFINITY", role: "Promoted", withRole: "Unpromoted", want: "n1 n2 n3*" },
    { score: "INFINITY", role: "Promoted", withRole: "Promoted", want: "n1 n2* n3" },
    { score: "INFINITY", role: "Promoted", withRole: "", want: "n1 n2* n3" },
    { score: "100", role: "Promoted", withRole: "Promoted", want: "n1* n2 n3" },
    { score: "-100", role: "Unpromoted", withRole: "Promoted", want: "n1 n2* n3" },
    { score: "-100", role: "Promoted", withRole: "", want: "n1 n2 n3" },
    { score: "-INFINITY", role: "Promoted", withRole: "Promoted", want: "n1* n2 n3" },
    { score: "-INFINITY", role: "Promoted", withRole: "Unpromoted", want: "n1 n2 n3" },
    { score: "-INFINITY", role: "", withRole: "Promoted", want: "n1* n3" },
    { score: "-INFINITY", role: "", withRole: "", want: "" },
  ])("$score, $role with $withRole: $want", ({ score, role, withRole, want }) => {
    const roles = (role === "" ? "" : ` rsc-role="${role}"`) + (withRole === "" ? "" : ` with-rsc-role="${withRole}"`);
    expect(placesOfP(`<rsc_colocation id="co" rsc="c" with-rsc="d" score="${score}"${roles}/>`)).toBe(want);
  });
});

describe("resource-discovery=exclusive", () => {
  test.each<{ readonly name: string; readonly location: string; readonly want: string }>([
    { name: "leaves the node that it names", location: '<rsc_location id="l" rsc="c" node="n2" score="5" resource-discovery="exclusive"/>', want: "n2*" },
    { name: "of a role rules out every node, for nothing makes the node an exception", location: '<rsc_location id="l" rsc="c" node="n2" score="5" role="Promoted" resource-discovery="exclusive"/>', want: "" },
    { name: "with a rule that fits nowhere rules out every node", location: '<rsc_location id="l" rsc="c" resource-discovery="exclusive"><rule id="r" score="5"><expression id="e" attribute="none" operation="defined"/></rule></rsc_location>', want: "" },
  ])("$name", ({ location, want }) => expect(placesOfP(location)).toBe(want));
});
