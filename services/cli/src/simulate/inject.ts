/**
 * "What if": a CIB with other node states and other options. Pure. Node states are written into the status section as the DC would
 * write them when the nodes were lost, left or came.
 */
import {
  type Cib, type XmlElement, attribute, child, children, makeCib, makeElement, withAttributes, withChild, withChildren, withSection,
} from "@quorate/cib";
import { type Result, err, ok } from "@quorate/core";

export interface Injection {
  /** Lost without warning. */
  readonly nodeFail: readonly string[];
  /** Left in an orderly way: what ran there was stopped before. */
  readonly nodeDown: readonly string[];
  readonly nodeUp: readonly string[];
  /** Cluster options. */
  readonly setOption: readonly { readonly name: string; readonly value: string }[];
}

export interface Injected {
  readonly cib: Cib;
  /** What was done, for people, in the order in which it was done. */
  readonly notes: readonly string[];
}

const UP = { in_ccm: "true", crmd: "online", join: "member", expected: "member" };
const DOWN = { in_ccm: "false", crmd: "offline", join: "down", expected: "down" };
const FAILED = { ...UP, in_ccm: "false" };

/** The error names a node that the CIB does not have. */
export function inject(cib: Cib, { nodeFail, nodeDown, nodeUp, setOption }: Injection): Result<Injected, string> {
  let { root } = cib;
  const notes: string[] = [];
  for (const { name, value } of setOption) {
    root = withOption(root, name, value);
    notes.push(`Setting ${name} to ${value}`);
  }
  const changes = [
    ...nodeUp.map((node) => ({ node, state: UP, forget: false, note: `Bringing node ${node} online` })),
    ...nodeDown.map((node) => ({ node, state: DOWN, forget: true, note: `Taking node ${node} offline` })),
    ...nodeFail.map((node) => ({ node, state: FAILED, forget: false, note: `Failing node ${node}` })),
  ];
  for (const { node, state, forget, note } of changes) {
    const changed = withNodeState(root, node, { state, forget });
    if (changed === null) return err(`the CIB has no node ${node}`);
    root = changed;
    notes.push(note);
  }
  return ok({ cib: makeCib(root), notes });
}

interface NodeChange {
  readonly state: Readonly<Record<string, string>>;
  /** Drop history and transient attributes. */
  readonly forget: boolean;
}

/** Null when the configuration has no such node. */
function withNodeState(root: XmlElement, name: string, { state, forget }: NodeChange): XmlElement | null {
  const nodes = child(child(root, "configuration") ?? root, "nodes");
  const node = nodes?.children.find((element) => element.name === "node" && (attribute(element, "uname") ?? attribute(element, "id")) === name);
  const id = node === undefined ? null : attribute(node, "id");
  if (id === null) return null;
  const status = child(root, "status") ?? makeElement("status");
  const known = children(status, "node_state").find((entry) => attribute(entry, "id") === id) ?? makeElement("node_state", { id, uname: name });
  const kept = forget ? withChildren(known, known.children.filter((part) => part.name !== "lrm" && part.name !== "transient_attributes")) : known;
  return withSection(root, withChild(status, withAttributes(kept, { uname: name, ...state })));
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
