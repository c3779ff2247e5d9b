/** Reads and writes the `status` section: `node_state` of each node with its history and transient attributes. */
import { type Cib, type XmlElement, attribute, child, children, makeElement, updateStatus, withChild } from "@quorate/cib";
import type { NodeName, ResourceId } from "@quorate/core";

/** What a node is to the cluster, as the scheduler reads it (decisions D5, D6 of the conformance notes). */
export type NodeStanding = "member" | "joining" | "lost" | "down";

const STANDING: Readonly<Record<NodeStanding, Readonly<Record<string, string>>>> = {
  member: { in_ccm: "true", crmd: "online", join: "member", expected: "member" },
  joining: { in_ccm: "true", crmd: "offline", join: "down", expected: "down" },
  lost: { in_ccm: "false", crmd: "offline", join: "down", expected: "member" },
  down: { in_ccm: "false", crmd: "offline", join: "down", expected: "down" },
};

export function nodeState(cib: Cib, node: NodeName): XmlElement | null {
  const status = child(cib.root, "status");
  return (status === null ? [] : children(status, "node_state")).find((e) => attribute(e, "uname") === node) ?? null;
}

/** Changes one `node_state`, made when missing. `change` returns null to remove it. */
export function changeNodeState(cib: Cib, node: NodeName, change: (state: XmlElement) => XmlElement | null): Cib {
  const id = nodeId(cib, node);
  return updateStatus(cib, (status) => {
    const at = status.children.findIndex((e) => e.name === "node_state" && attribute(e, "uname") === node);
    const before = at >= 0 ? status.children[at]! : makeElement("node_state", { id, uname: node });
    const after = change(before);
    const kept = status.children.filter((_, index) => index !== at);
    if (after === null) return { ...status, children: kept };
    return { ...status, children: at >= 0 ? status.children.map((e, index) => (index === at ? after : e)) : [...kept, after] };
  });
}

export function setStanding(state: XmlElement, standing: NodeStanding): XmlElement {
  return { ...state, attributes: { ...state.attributes, ...STANDING[standing], "crm-debug-origin": "quorate" } };
}

/** Forgets what ran on the node and its transient attributes: after fencing, or when it comes back in a new life. */
export function clearHistory(state: XmlElement): XmlElement {
  return { ...state, children: state.children.filter(({ name }) => name !== "lrm" && name !== "transient_attributes") };
}

/** The `lrm_resource` elements of a node. */
export function historyOf(state: XmlElement): readonly XmlElement[] {
  const lrm = child(state, "lrm");
  const resources = lrm === null ? null : child(lrm, "lrm_resources");
  return resources === null ? [] : children(resources, "lrm_resource");
}

export function withHistory(state: XmlElement, resources: readonly XmlElement[]): XmlElement {
  const lrm = makeElement("lrm", { id: attribute(state, "id") ?? "" }, [makeElement("lrm_resources", {}, resources)]);
  return { ...state, children: [lrm, ...state.children.filter(({ name }) => name !== "lrm")] };
}

/** Changes the history of one resource on a node; `change` gets null when there is none and returns null to remove it. */
export function changeResourceHistory(state: XmlElement, resource: ResourceId, change: (history: XmlElement | null) => XmlElement | null): XmlElement {
  const all = historyOf(state);
  const before = all.find((e) => attribute(e, "id") === resource) ?? null;
  const after = change(before);
  if (before === null) return after === null ? state : withHistory(state, [...all, after]);
  return withHistory(state, all.flatMap((e) => (e !== before ? [e] : after === null ? [] : [after])));
}

/** Transient attributes of the node by name. */
export function transientAttributes(state: XmlElement): ReadonlyMap<string, string> {
  const holder = child(state, "transient_attributes");
  const set = holder === null ? null : child(holder, "instance_attributes");
  return new Map((set === null ? [] : children(set, "nvpair")).map((pair) => [attribute(pair, "name") ?? "", attribute(pair, "value") ?? ""]));
}

export function withTransientAttributes(state: XmlElement, values: ReadonlyMap<string, string>): XmlElement {
  const id = attribute(state, "id") ?? "";
  const rest = state.children.filter(({ name }) => name !== "transient_attributes");
  if (values.size === 0) return { ...state, children: rest };
  const pairs = [...values].map(([name, value]) => makeElement("nvpair", { id: `status-${id}-${idSafe(name)}`, name, value }));
  const set = makeElement("instance_attributes", { id: `status-${id}` }, pairs);
  return { ...state, children: [...rest, makeElement("transient_attributes", { id }, [set])] };
}

/** Fills the nodes section: every configured node has an entry, as administrators of Heartbeat expect. */
export function withConfiguredNodes(cib: Cib, names: readonly NodeName[]): Cib {
  const configuration = child(cib.root, "configuration") ?? makeElement("configuration");
  const nodes = child(configuration, "nodes") ?? makeElement("nodes");
  const known = new Set(children(nodes, "node").map((e) => attribute(e, "uname")));
  const missing = names.filter((name) => !known.has(name));
  if (missing.length === 0) return cib;
  const added = missing.map((name) => makeElement("node", { id: name, uname: name, type: "member" }));
  return { ...cib, root: withChild(cib.root, withChild(configuration, { ...nodes, children: [...nodes.children, ...added] })) };
}

/** Id of the node in the configuration; a node that is not configured yet goes by its name. */
export function nodeId(cib: Cib, node: NodeName): string {
  const configuration = child(cib.root, "configuration");
  const nodes = configuration === null ? null : child(configuration, "nodes");
  const found = (nodes === null ? [] : children(nodes, "node")).find((e) => attribute(e, "uname") === node);
  return (found === undefined ? null : attribute(found, "id")) ?? node;
}

function idSafe(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._-]/g, ".");
}
