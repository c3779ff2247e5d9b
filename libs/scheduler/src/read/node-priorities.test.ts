import { parseCib } from "@quorate/cib";
import { expect, test } from "vitest";
import { schedule } from "../index.ts";

interface Split {
  /** What runs where and how much it matters: `a@n1=5 b@n2`; `a@n1=5!` failed there. */
  readonly resources: string;
  /** Members; `n1!` is lost, `n1?` is there but its cluster process is not. */
  readonly nodes: string;
  readonly delay?: string;
}

/** The delay of each fencing in seconds: `n1 30`. */
function delays({ resources, nodes, delay = "30s" }: Split): string {
  const items = resources.split(" ").map((item) => /^(\w+)@(\w+)(?:=([-\w]+))?(!?)$/.exec(item) ?? []);
  const entry = (node: string): string => items.map(([, id = "", place, , failed]) => {
    const operation = (task: string, rc: number, call: number): string => `<lrm_rsc_op id="${id}_${call}" operation="${task}" operation_key="${id}_${task}_0" interval="0" call-id="${call}"
      rc-code="${rc}" op-status="0" transition-key="1:1:${task === "monitor" ? 7 : 0}:x" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/>`;
    const history = place !== node ? operation("monitor", 7, 1) : operation("start", 0, 1) + (failed === "!" ? operation("promote", 1, 2) : "");
    return `<lrm_resource id="${id}" class="ocf" provider="test" type="Dummy">${history}</lrm_resource>`;
  }).join("");
  const names = nodes.split(" ");
  const states = names.map((flagged) => {
    const name = flagged.replace(/\W/, "");
    return `<node_state id="${name}" uname="${name}" in_ccm="${!flagged.endsWith("!")}" crmd="${/\W$/.test(flagged) ? "offline" : "online"}" join="member" expected="member"><lrm id="${name}"><lrm_resources>${entry(name)}</lrm_resources></lrm></node_state>`;
  }).join("");
  const cib = parseCib(`<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" admin_epoch="0" epoch="1" num_updates="0" have-quorum="1"><configuration>
    <crm_config><cluster_property_set id="o"><nvpair id="o-0" name="priority-fencing-delay" value="${delay}"/></cluster_property_set></crm_config>
    <nodes>${names.map((name) => `<node id="${name.replace(/\W/, "")}" uname="${name.replace(/\W/, "")}"/>`).join("")}</nodes>
    <resources><primitive id="device" class="stonith" type="test"/>${items.map(([, id, , priority = "0"]) =>
      `<primitive id="${id}" class="ocf" provider="test" type="Dummy"><meta_attributes id="${id}-m"><nvpair id="${id}-p" name="priority" value="${priority}"/></meta_attributes></primitive>`).join("")}</resources>
    <constraints/></configuration><status>${states}</status></cib>`);
  if (!cib.ok) throw new Error(cib.error.issues.map((issue) => issue.message).join("\n"));
  const fences = schedule(cib.value.cib, 0).graph.actions.filter((action) => action.kind === "fence");
  return fences.map(({ node, meta }) => `${node} ${meta["priority_fencing_delay"] ?? "at once"}`).toSorted().join(", ");
}

// Answers are those of the reference
test.each<{ readonly name: string; readonly given: Split; readonly want: string }>([
  { name: "what matters most is on the lost node", given: { nodes: "n1! n2", resources: "a@n1=5 b@n2=1" }, want: "n1 30" },
  { name: "it is on this side", given: { nodes: "n1! n2", resources: "a@n1=1 b@n2=5" }, want: "n1 0" },
  { name: "priorities add up", given: { nodes: "n1! n2", resources: "a@n1=2 b@n1=2 c@n2=3" }, want: "n1 30" },
  { name: "both sides matter alike", given: { nodes: "n1! n2", resources: "a@n1=5 b@n2=5" }, want: "n1 0" },
  { name: "most nodes are here", given: { nodes: "n1! n2 n3", resources: "a@n1=5 b@n2=1" }, want: "n1 0" },
  { name: "half of the nodes are here", given: { nodes: "n1! n2 n3 n4!", resources: "a@n1=5 b@n2=1" }, want: "n1 30, n4 0" },
  { name: "what failed does not count", given: { nodes: "n1! n2", resources: "a@n1=5! b@n2=1" }, want: "n1 0" },
  { name: "a node whose process died is no split", given: { nodes: "n1? n2", resources: "a@n1=5 b@n2=1" }, want: "n1 at once" },
  { name: "whole seconds", given: { nodes: "n1! n2", resources: "a@n1=5 b@n2=1", delay: "1500ms" }, want: "n1 1" },
  { name: "without the option", given: { nodes: "n1! n2", resources: "a@n1=5 b@n2=1", delay: "0" }, want: "n1 at once" },
])("$name: $want", ({ given, want }) => expect(delays(given)).toBe(want));
