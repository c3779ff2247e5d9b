/** The configuration of the document for a test cluster: groups of address, disk and daemon, a spare, and a switched PDU. */
import type { Layout } from "./layout.ts";

export interface GroupAgents {
  readonly address: (group: number) => Primitive;
  readonly filesystem: (group: number) => Primitive;
  readonly daemon: (group: number) => Primitive;
}

export interface Primitive {
  readonly class: string;
  readonly provider: string | null;
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly monitorSeconds: number;
}

export interface ClusterCib {
  readonly layout: Layout;
  readonly groups: number;
  readonly agents: GroupAgents;
  readonly pdu: { readonly address: string; readonly port: number };
  readonly properties: Readonly<Record<string, string>>;
}

/** Same constraints as the 2007 document: `run_serverN` prefers node N+1, disk and address stand before the daemon. */
export function clusterCib({ layout, groups, agents, pdu, properties }: ClusterCib): string {
  const numbers = Array.from({ length: groups }, (_, group) => group);
  const options = { "stonith-enabled": "true", "stonith-action": "off", "no-quorum-policy": "stop", "placement-strategy": "balanced", ...properties };
  const property = ([name, value]: [string, string]): string => `        <nvpair id="option-${name}" name="${name}" value="${value}"/>`;
  return `<cib admin_epoch="0" epoch="1" num_updates="0" validate-with="pacemaker-3.9">
  <configuration>
    <crm_config>
      <cluster_property_set id="cib-bootstrap-options">
${Object.entries(options).map(property).join("\n")}
      </cluster_property_set>
    </crm_config>
    <nodes/>
    <resources>
${numbers.map((group) => groupXml(group, agents)).join("\n")}
${fencingXml(layout, pdu)}
    </resources>
    <constraints>
${numbers.map((group) => constraintsXml(group, layout)).join("\n")}
    </constraints>
    <rsc_defaults><meta_attributes id="rsc-defaults"><nvpair id="rsc-defaults-stickiness" name="resource-stickiness" value="200"/></meta_attributes></rsc_defaults>
    <op_defaults><meta_attributes id="op-defaults"><nvpair id="op-defaults-timeout" name="timeout" value="20s"/></meta_attributes></op_defaults>
  </configuration>
  <status/>
</cib>
`;
}

function groupXml(group: number, agents: GroupAgents): string {
  const id = `server${group}`;
  const parts = [["address", agents.address(group)], ["fs", agents.filesystem(group)], ["daemon", agents.daemon(group)]] as const;
  return `      <group id="${id}">\n${parts.map(([name, primitive]) => primitiveXml(`${id}_${name}`, primitive)).join("\n")}\n      </group>`;
}

function primitiveXml(id: string, { class: agentClass, provider, type, parameters, monitorSeconds }: Primitive): string {
  const nvpairs = Object.entries(parameters).map(([name, value]) => `<nvpair id="${id}-${name}" name="${name}" value="${escapeXml(value)}"/>`);
  const providerText = provider === null ? "" : ` provider="${provider}"`;
  return `        <primitive id="${id}" class="${agentClass}"${providerText} type="${type}">
          <instance_attributes id="${id}-parameters">${nvpairs.join("")}</instance_attributes>
          <operations><op id="${id}-monitor" name="monitor" interval="${monitorSeconds}s" timeout="20s"/></operations>
        </primitive>`;
}

function fencingXml(layout: Layout, { address, port }: { address: string; port: number }): string {
  const map = layout.nodes.map(({ name }, index) => `${name}:${index + 1}`).join(";");
  const parameters = { ip: address, udpport: String(port), snmp_version: "2c", community: "private", pcmk_host_map: map };
  const primitive = primitiveXml("pdu", { class: "stonith", provider: null, type: "apc-pdu-snmp", parameters, monitorSeconds: 60 });
  const meta = `<meta_attributes id="fencing-meta"><nvpair id="fencing-max" name="clone-max" value="${layout.nodes.length}"/><nvpair id="fencing-node-max" name="clone-node-max" value="1"/></meta_attributes>`;
  return `      <clone id="fencing">\n        ${meta}\n${primitive}\n      </clone>`;
}

function constraintsXml(group: number, layout: Layout): string {
  const id = `server${group}`;
  const node = layout.nodes[group]?.name ?? layout.nodes[0]!.name;
  return `      <rsc_location id="run_${id}" rsc="${id}"><rule id="run_${id}-rule" score="100"><expression id="run_${id}-where" attribute="#uname" operation="eq" value="${node}"/></rule></rsc_location>
      <rsc_order id="${id}_fs_first" first="${id}_fs" then="${id}_daemon"/>
      <rsc_order id="${id}_address_first" first="${id}_address" then="${id}_daemon"/>`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
