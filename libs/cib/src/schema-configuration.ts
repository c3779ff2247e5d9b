/** The schema of the document but for `status`: what Pacemaker's pacemaker-3.9 allows. Notation: schema-notation.ts. */
import { readSchema } from "./schema-notation.ts";
import type { ElementNotation, Schema } from "./schema-notation.ts";

/** A set of nvpairs: either a reference to another set, or an id of its own with pairs and at most one rule. */
const NVSET: ElementNotation = { attributes: "id:id id-ref:reference score:score", children: "nvpair rule?", exactlyOne: ["id | id-ref"] };

const RESOURCE_SETS = "meta_attributes instance_attributes";

const PRIMITIVE: ElementNotation = {
  attributes: "id:id! class:resourceClass provider:text type:text template:reference description:text",
  children: `${RESOURCE_SETS} operations? utilization`,
};

const CLONE: ElementNotation = {
  attributes: "id:id! description:text",
  children: `${RESOURCE_SETS} primitive? group?`,
  exactlyOne: ["<primitive> | <group>"],
};

const CONTAINER: ElementNotation = {
  attributes:
    "image:text! replicas:integer replicas-per-host:integer masters:integer promoted-max:integer run-command:text network:text options:text",
  atMostOne: ["masters | promoted-max"],
};

const ROOT: Readonly<Record<string, ElementNotation>> = {
  cib: {
    attributes: `validate-with:text admin_epoch:count! epoch:count! num_updates:count! crm_feature_set:text remote-tls-port:count
      remote-clear-port:count have-quorum:boolean dc-uuid:text cib-last-written:text no-quorum-panic:boolean update-origin:text
      update-client:text update-user:text execution-date:text`,
    children: "configuration! status?",
  },
  configuration: {
    children: `crm_config! nodes! resources! constraints! rsc_defaults? op_defaults? fencing-topology? acls? tags? alerts?`,
  },
  crm_config: { children: "cluster_property_set" },
  cluster_property_set: NVSET,
  instance_attributes: NVSET,
  meta_attributes: NVSET,
  utilization: NVSET,
  nvpair: { attributes: "id:id id-ref:reference name:text value:text", exactlyOne: ["id | id-ref"] },
  rsc_defaults: { children: "meta_attributes" },
  op_defaults: { children: "meta_attributes" },
  nodes: { children: "node" },
  node: {
    attributes: "id:name! uname:text! type:nodeType description:text score:score",
    children: "instance_attributes utilization",
  },
};

const RESOURCES: Readonly<Record<string, ElementNotation>> = {
  resources: { children: "primitive template group clone master bundle" },
  primitive: { ...PRIMITIVE, exactlyOne: ["class + type | template"] },
  template: { ...PRIMITIVE, attributes: "id:id! class:resourceClass! provider:text type:text! description:text" },
  group: { attributes: "id:id! description:text", children: `${RESOURCE_SETS} primitive+` },
  clone: CLONE,
  master: CLONE,
  operations: { attributes: "id:id id-ref:reference", children: "op" },
  op: {
    attributes: `id:id! name:text! interval:interval! description:text start-delay:time interval-origin:text timeout:time
      enabled:boolean record-pending:boolean role:role on-fail:onFail`,
    children: RESOURCE_SETS,
    atMostOne: ["start-delay | interval-origin"],
  },
  bundle: {
    attributes: "id:id! description:text",
    children: `${RESOURCE_SETS} docker? podman? rkt? network? storage? primitive?`,
    exactlyOne: ["<docker> | <podman> | <rkt>"],
  },
  docker: CONTAINER,
  podman: CONTAINER,
  rkt: CONTAINER,
  network: {
    attributes: "ip-range-start:text control-port:integer host-interface:text host-netmask:integer add-host:boolean",
    children: "port-mapping",
  },
  "port-mapping": { attributes: "id:id! port:integer internal-port:integer range:range", exactlyOne: ["port | range"] },
  storage: { children: "storage-mapping" },
  "storage-mapping": {
    attributes: "id:id! source-dir:text source-dir-root:text target-dir:text! options:text",
    exactlyOne: ["source-dir | source-dir-root"],
  },
};

const CONSTRAINTS: Readonly<Record<string, ElementNotation>> = {
  constraints: { children: "rsc_location rsc_colocation rsc_order rsc_ticket" },
  rsc_location: {
    attributes: "id:id! rsc:reference rsc-pattern:text role:role node:text score:score resource-discovery:discovery",
    children: "resource_set rule lifetime?",
    exactlyOne: ["rsc | rsc-pattern | <resource_set>", "node + score | <rule>"],
  },
  rsc_colocation: {
    attributes: "id:id! rsc:reference with-rsc:reference rsc-role:role with-rsc-role:role node-attribute:text score:score influence:text",
    children: "resource_set lifetime?",
    exactlyOne: ["rsc + with-rsc | <resource_set>"],
  },
  rsc_order: {
    attributes: `id:id! first:reference then:reference first-action:action then-action:action symmetrical:boolean require-all:boolean
      score:score kind:orderKind`,
    children: "resource_set lifetime?",
    exactlyOne: ["first + then | <resource_set>"],
    atMostOne: ["score | kind"],
  },
  rsc_ticket: {
    attributes: "id:id! rsc:reference rsc-role:role ticket:text! loss-policy:lossPolicy",
    children: "resource_set",
    exactlyOne: ["rsc | <resource_set>"],
  },
  resource_set: {
    attributes: `id:id id-ref:reference sequential:boolean require-all:boolean ordering:setOrdering action:action role:role score:score
      kind:orderKind`,
    children: "resource_ref",
    exactlyOne: ["id + <resource_ref> | id-ref"],
    atMostOne: ["score | kind"],
  },
  resource_ref: { attributes: "id:reference!" },
  lifetime: { children: "rule+" },
  rule: {
    attributes: "id:id id-ref:reference boolean-op:booleanOperator role:text score:score score-attribute:text",
    children: "expression date_expression rule rsc_expression op_expression",
    exactlyOne: ["id | id-ref"],
    atMostOne: ["score | score-attribute"],
  },
  expression: {
    attributes: "id:id! attribute:text! operation:comparison! value:text type:comparisonType value-source:valueSource",
  },
  date_expression: { attributes: "id:id! operation:dateOperation! start:text end:text", children: "duration? date_spec?" },
  rsc_expression: { attributes: "id:id! class:text provider:text type:text" },
  op_expression: { attributes: "id:id! name:text! interval:interval" },
  duration: {
    attributes: `id:id! years:text months:text weeks:text days:text hours:text minutes:text seconds:text monthdays:text weekdays:text
      yearsdays:text weekyears:text moon:text`,
  },
  date_spec: {
    attributes: `id:id! years:text months:text monthdays:text hours:text minutes:text seconds:text yeardays:text weekyears:text weeks:text
      weekdays:text moon:text yearsdays:text`,
  },
};

const OTHERS: Readonly<Record<string, ElementNotation>> = {
  "fencing-topology": { children: "fencing-level" },
  "fencing-level": {
    attributes: "id:id! target:text target-pattern:text target-attribute:text target-value:text index:positive! devices:devices!",
    exactlyOne: ["target | target-pattern | target-attribute + target-value"],
  },
  tags: { children: "tag" },
  tag: { attributes: "id:id!", children: "obj_ref+" },
  obj_ref: { attributes: "id:reference!" },
  acls: { children: "acl_target acl_group acl_role" },
  acl_target: { attributes: "id:name! name:text", children: "role" },
  acl_group: { attributes: "id:id! name:text", children: "role" },
  role: { attributes: "id:reference!" },
  acl_role: { attributes: "id:id! description:text", children: "acl_permission" },
  acl_permission: {
    attributes: "id:id! kind:permission! xpath:text reference:reference object-type:text attribute:text description:text",
    exactlyOne: ["xpath | reference | object-type"],
  },
  alerts: { children: "alert" },
  alert: { attributes: "id:id! description:text path:text!", children: `${RESOURCE_SETS} select? recipient` },
  select: { children: "select_attributes? select_fencing? select_nodes? select_resources?" },
  select_attributes: { children: "attribute" },
  select_fencing: {},
  select_nodes: {},
  select_resources: {},
  attribute: { attributes: "id:id! name:text!" },
  recipient: { attributes: "id:id! description:text value:text!", children: RESOURCE_SETS },
};

export const CONFIGURATION_SCHEMA: Schema = readSchema({ ...ROOT, ...RESOURCES, ...CONSTRAINTS, ...OTHERS });

/** True when the id of such an element is its own, unique in the document; false when it names something else. */
export function definesId(elementName: string): boolean {
  return CONFIGURATION_SCHEMA.get(elementName)?.attributes.get("id")?.kind === "id";
}
