/** The configuration a simulated cluster starts with: groups with a home each, a fence device on every node. */
import { type Cib, parseCib } from "@quorate/cib";
import { type NodeName, assert } from "@quorate/core";

export function simulatedCib({ nodes, groups }: { nodes: readonly NodeName[]; groups: number }): string {
  const numbers = Array.from({ length: groups }, (_, group) => group);
  const primitive = (id: string): string =>
    `<primitive id="${id}" class="ocf" provider="quorate" type="Simulated"><operations><op id="${id}-monitor" name="monitor" interval="2s" timeout="5s"/><op id="${id}-start" name="start" interval="0" timeout="5s"/><op id="${id}-stop" name="stop" interval="0" timeout="5s"/></operations></primitive>`;
  const group = (n: number): string => `<group id="g${n}">${primitive(`g${n}-ip`)}${primitive(`g${n}-fs`)}</group>`;
  const home = (n: number): string => `<rsc_location id="home-g${n}" rsc="g${n}" node="${nodes[n % nodes.length]!}" score="100"/>`;
  const device = `<clone id="fencing"><meta_attributes id="fencing-meta"><nvpair id="fencing-max" name="clone-max" value="${nodes.length}"/></meta_attributes><primitive id="pdu" class="stonith" type="fence_simulated"><instance_attributes id="pdu-parameters"><nvpair id="pdu-hosts" name="pcmk_host_list" value="${nodes.join(" ")}"/></instance_attributes></primitive></clone>`;
  return `<cib admin_epoch="0" epoch="1" num_updates="0" validate-with="pacemaker-3.9"><configuration><crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="o1" name="stonith-enabled" value="true"/><nvpair id="o2" name="stonith-action" value="off"/><nvpair id="o3" name="placement-strategy" value="balanced"/><nvpair id="o4" name="stonith-timeout" value="5s"/></cluster_property_set></crm_config><nodes/><resources>${numbers.map(group).join("")}${device}</resources><constraints>${numbers.map(home).join("")}</constraints><rsc_defaults><meta_attributes id="d1"><nvpair id="d2" name="resource-stickiness" value="10"/><nvpair id="d3" name="failure-timeout" value="10s"/></meta_attributes></rsc_defaults></configuration><status/></cib>`;
}

/** What a node knows before the first entry: nothing. */
export const EMPTY_CIB: Cib = emptyDocument();

function emptyDocument(): Cib {
  const parsed = parseCib(`<cib admin_epoch="0" epoch="0" num_updates="0" validate-with="pacemaker-3.9"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>`);
  assert(parsed.ok, "the empty document is valid");
  return parsed.value.cib;
}
