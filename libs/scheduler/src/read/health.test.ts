import { parseCib } from "@quorate/cib";
import { expect, test } from "vitest";
import { readState } from "../index.ts";

/** Health of n1 with one `#health-disk` attribute. */
function health(options: Readonly<Record<string, string>>, value: string): string {
  const pairs = Object.entries(options).map(([name, text]) => `<nvpair id="o-${name}" name="${name}" value="${text}"/>`).join("");
  const cib = parseCib(`<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" admin_epoch="0" epoch="1" num_updates="0" have-quorum="1"><configuration>
    <crm_config><cluster_property_set id="o">${pairs}</cluster_property_set></crm_config>
    <nodes><node id="n1" uname="n1"><instance_attributes id="n"><nvpair id="n-h" name="#health-disk" value="${value}"/></instance_attributes></node></nodes><resources/><constraints/></configuration>
    <status><node_state id="n1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"/></status></cib>`);
  if (!cib.ok) throw new Error(cib.error.issues.map((issue) => issue.message).join("\n"));
  return readState(cib.value.cib, 0).nodes[0]?.health ?? "";
}

// Answers are those of the reference
test.each<readonly [options: Readonly<Record<string, string>>, value: string, want: string]>([
  [{}, "red", "green"],
  [{ "node-health-strategy": "migrate-on-red" }, "red", "red"],
  [{ "node-health-strategy": "only-green" }, "yellow", "yellow"],
  [{ "node-health-strategy": "custom", "node-health-red": "-10", "node-health-yellow": "-5" }, "-10", "red"],
  [{ "node-health-strategy": "custom", "node-health-red": "-10", "node-health-yellow": "-5" }, "-7", "yellow"],
  [{ "node-health-strategy": "custom", "node-health-red": "-10", "node-health-yellow": "-5" }, "-4", "green"],
])("%j, %s: shown %s", (options, value, want) => expect(health(options, value)).toBe(want));
