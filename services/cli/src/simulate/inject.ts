/**
 * "What if": a CIB with other node states, tickets, options and results of operations. Pure. Node states are written into the
 * status section as the DC would write them when the nodes were lost, left or came.
 */
import {
  type Cib, type XmlElement, attribute, child, children, makeCib, makeElement, withAttribute, withAttributes, withChild, withChildren, withSection,
} from "@quorate/cib";
import { type Result, err, ok } from "@quorate/core";
import { injectOperation } from "@quorate/scheduler";
import type { OperationSpec } from "./op-spec.ts";

export interface Injection {
  /** Null: as the CIB has it. */
  readonly quorum: boolean | null;
  /** Lost without warning. */
  readonly nodeFail: readonly string[];
  /** Left in an orderly way: what ran there was stopped before. */
  readonly nodeDown: readonly string[];
  readonly nodeUp: readonly string[];
  readonly ticketGrant: readonly string[];
  readonly ticketRevoke: readonly string[];
  readonly ticketStandby: readonly string[];
  readonly ticketActivate: readonly string[];
  /** Results that operations are pretended to have had. */
  readonly opInject: readonly OperationSpec[];
  /** Cluster options. */
  readonly setOption: readonly { readonly name: string; readonly value: string }[];
}

export const NO_INJECTION: Injection = {
  quorum: null, nodeFail: [], nodeDown: [], nodeUp: [], ticketGrant: [], ticketRevoke: [], ticketStandby: [], ticketActivate: [], opInject: [], setOption: [],
};

/** One thing that was done, in the words of crm_simulate where it has the same. */
export type Modification =
  | { readonly kind: "option"; readonly name: string; readonly value: string }
  | { readonly kind: "quorum"; readonly value: boolean }
  | { readonly kind: "node"; readonly action: "Online" | "Offline" | "Failing"; readonly node: string }
  | { readonly kind: "ticket"; readonly action: "Granting" | "Revoking" | "Standby" | "Activating"; readonly ticket: string }
  | { readonly kind: "operation"; readonly spec: string }
  | { readonly kind: "attribute"; readonly node: string; readonly name: string; readonly value: string };

export interface Injected {
  readonly cib: Cib;
  /** In the order in which it was done. */
  readonly modifications: readonly Modification[];
}

export function modificationText(modification: Modification): string {
  switch (modification.kind) {
    case "option": return `Setting ${modification.name} to ${modification.value}`;
    case "quorum": return `Setting quorum: ${modification.value ? "yes" : "no"}`;
    case "node": return { Online: `Bringing node ${modification.node} online`, Offline: `Taking node ${modification.node} offline`, Failing: `Failing node ${modification.node}` }[modification.action];
    case "ticket": return modification.action === "Standby" ? `Making ticket ${modification.ticket} standby` : `${modification.action} ticket ${modification.ticket}`;
    case "operation": return `Injecting ${modification.spec} into the configuration`;
    case "attribute": return `Injecting attribute ${modification.name}=${modification.value} into the state of ${modification.node}`;
  }
}

const UP = { in_ccm: "true", crmd: "online", join: "member", expected: "member" };
const DOWN = { in_ccm: "false", crmd: "offline", join: "down", expected: "down" };
const FAILED = { ...UP, in_ccm: "false" };

/** The error names a node or a resource that the CIB does not have. `nowMs`: wall time of what is pretended to have happened. */
export function inject(cib: Cib, injection: Injection, nowMs: number): Result<Injected, string> {
  const modifications: Modification[] = [];
  let { root } = cib;
  for (const { name, value } of injection.setOption) {
    root = withOption(root, name, value);
    modifications.push({ kind: "option", name, value });
  }
  if (injection.quorum !== null) {
    root = withAttribute(root, "have-quorum", injection.quorum ? "1" : "0");
    modifications.push({ kind: "quorum", value: injection.quorum });
  }
  for (const { node, state, forget, action } of nodeChanges(injection)) {
    const changed = withNodeState(root, node, { state, forget });
    if (changed === null) return err(`the CIB has no node ${node}`);
    root = changed;
    modifications.push({ kind: "node", action, node });
  }
  for (const { ticket, values, action } of ticketChanges(injection, nowMs)) {
    root = withTicket(root, ticket, values);
    modifications.push({ kind: "ticket", action, ticket });
  }
  return withOperations(makeCib(root), modifications, { specs: injection.opInject, nowMs });
}

interface NodeChange {
  readonly node: string;
  readonly state: Readonly<Record<string, string>>;
  /** Drop history and transient attributes. */
  readonly forget: boolean;
  readonly action: "Online" | "Offline" | "Failing";
}

function nodeChanges({ nodeUp, nodeDown, nodeFail }: Injection): NodeChange[] {
  return [
    ...nodeUp.map((node): NodeChange => ({ node, state: UP, forget: false, action: "Online" })),
    ...nodeDown.map((node): NodeChange => ({ node, state: DOWN, forget: true, action: "Offline" })),
    ...nodeFail.map((node): NodeChange => ({ node, state: FAILED, forget: false, action: "Failing" })),
  ];
}

interface TicketChange {
  readonly ticket: string;
  readonly values: Readonly<Record<string, string>>;
  readonly action: "Granting" | "Revoking" | "Standby" | "Activating";
}

/** Like crm_simulate: what is granted is granted before what is revoked, and so on. */
function ticketChanges({ ticketGrant, ticketRevoke, ticketStandby, ticketActivate }: Injection, nowMs: number): TicketChange[] {
  const lastGranted = String(Math.floor(nowMs / 1000));
  return [
    ...ticketGrant.map((ticket): TicketChange => ({ ticket, values: { granted: "true", "last-granted": lastGranted }, action: "Granting" })),
    ...ticketRevoke.map((ticket): TicketChange => ({ ticket, values: { granted: "false" }, action: "Revoking" })),
    ...ticketStandby.map((ticket): TicketChange => ({ ticket, values: { standby: "true" }, action: "Standby" })),
    ...ticketActivate.map((ticket): TicketChange => ({ ticket, values: { standby: "false" }, action: "Activating" })),
  ];
}

/** Null when the configuration has no such node. */
function withNodeState(root: XmlElement, name: string, { state, forget }: Pick<NodeChange, "state" | "forget">): XmlElement | null {
  const nodes = child(child(root, "configuration") ?? root, "nodes");
  const node = nodes?.children.find((element) => element.name === "node" && (attribute(element, "uname") ?? attribute(element, "id")) === name);
  const id = node === undefined ? null : attribute(node, "id");
  if (id === null) return null;
  const status = child(root, "status") ?? makeElement("status");
  const known = children(status, "node_state").find((entry) => attribute(entry, "id") === id) ?? makeElement("node_state", { id, uname: name });
  const kept = forget ? withChildren(known, known.children.filter((part) => part.name !== "lrm" && part.name !== "transient_attributes")) : known;
  return withSection(root, withChild(status, withAttributes(kept, { uname: name, ...state })));
}

function withTicket(root: XmlElement, id: string, values: Readonly<Record<string, string>>): XmlElement {
  const status = child(root, "status") ?? makeElement("status");
  const tickets = child(status, "tickets") ?? makeElement("tickets");
  const known = children(tickets, "ticket_state").find((entry) => attribute(entry, "id") === id) ?? makeElement("ticket_state", { id });
  return withSection(root, withSection(status, withChild(tickets, withAttributes(known, values))));
}

function withOperations(start: Cib, done: readonly Modification[], { specs, nowMs }: { readonly specs: readonly OperationSpec[]; readonly nowMs: number }): Result<Injected, string> {
  const modifications = [...done];
  let cib = start;
  for (const spec of specs) {
    const injected = injectOperation(cib, spec, nowMs);
    if (!injected.ok) return err(injected.error);
    cib = injected.value.cib;
    modifications.push({ kind: "operation", spec: spec.text }, ...injected.value.attributes.map((one) => ({ kind: "attribute" as const, ...one })));
  }
  return ok({ cib, modifications });
}

const BOOTSTRAP = "cib-bootstrap-options";

/** Written into the set that wins over all others. */
function withOption(root: XmlElement, name: string, value: string): XmlElement {
  const configuration = child(root, "configuration") ?? makeElement("configuration");
  const config = child(configuration, "crm_config") ?? makeElement("crm_config");
  const sets = children(config, "cluster_property_set");
  const set = sets.find((one) => attribute(one, "id") === BOOTSTRAP) ?? makeElement("cluster_property_set", { id: BOOTSTRAP });
  const others = set.children.filter((pair) => attribute(pair, "name") !== name);
  const changed = { ...set, children: [...others, makeElement("nvpair", { id: `${BOOTSTRAP}-${name}`, name, value })] };
  return withSection(root, withSection(configuration, withChild(config, changed)));
}
