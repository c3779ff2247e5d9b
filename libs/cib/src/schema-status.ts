/**
 * The schema of `status`. Programs write it and may add attributes and elements of their own, so everything here is open and
 * what does not fit is only a warning: a cluster must never refuse its own state. Notation: schema-notation.ts.
 */
import { readSchema } from "./schema-notation.ts";
import type { Schema } from "./schema-notation.ts";

const OPERATION = {
  attributes: `id:text! operation:text! operation_key:text crm_feature_set:text transition-key:text transition-magic:text exit-reason:text
    on_node:text call-id:integer rc-code:integer op-status:integer interval:interval last-rc-change:count exec-time:text queue-time:text
    op-digest:text op-force-restart:text op-restart-digest:text op-secure-params:text op-secure-digest:text`,
  open: true,
};

export const STATUS_SCHEMA: Schema = readSchema({
  status: { children: "node_state tickets", open: true },
  node_state: {
    attributes: `id:text! uname:text crmd:text in_ccm:text join:text expected:text remote_node:text node_fenced:text shutdown:text
      node_in_maintenance:text`,
    children: "lrm? transient_attributes",
    open: true,
  },
  lrm: { attributes: "id:text", children: "lrm_resources", open: true },
  lrm_resources: { children: "lrm_resource", open: true },
  lrm_resource: { attributes: "id:text! class:text type:text provider:text container:text", children: "lrm_rsc_op", open: true },
  lrm_rsc_op: OPERATION,
  transient_attributes: { attributes: "id:text", children: "instance_attributes utilization", open: true },
  instance_attributes: { attributes: "id:text id-ref:text score:score", children: "nvpair rule", open: true },
  utilization: { attributes: "id:text score:score", children: "nvpair rule", open: true },
  nvpair: { attributes: "id:text name:text! value:text", open: true },
  tickets: { children: "ticket_state", open: true },
  ticket_state: { attributes: "id:text! granted:text standby:text last-granted:text", open: true },
});
