/** Small changes of a CIB, to see what would follow from them. Pure; what is changed need not be pretty, only right. */
import {
  type Cib, type XmlElement, attribute, child, children, makeCib, makeElement, withAttribute, withAttributes, withChild, withChildren, withSection,
} from "@quorate/cib";

export type Edit = (cib: Cib) => Cib;

/** Ids of sets that an edit makes; no administrator would name one so. */
const MADE = "what-if";

/** Every element below (and the root) as `change` makes it; null removes it. Shares what stays the same. */
function mapTree(element: XmlElement, change: (element: XmlElement) => XmlElement | null): XmlElement | null {
  const mapped = element.children.map((one) => mapTree(one, change));
  const same = mapped.every((one, at) => one === element.children[at]);
  return change(same ? element : withChildren(element, mapped.filter((one) => one !== null)));
}

function editSection(cib: Cib, path: readonly string[], change: (section: XmlElement) => XmlElement): Cib {
  const descend = (element: XmlElement, [name, ...rest]: readonly string[]): XmlElement =>
    (name === undefined ? change(element) : withSection(element, descend(child(element, name) ?? makeElement(name), rest)));
  return makeCib(descend(cib.root, path));
}

export function withQuorum(cib: Cib): Cib {
  return makeCib(withAttribute(cib.root, "have-quorum", "1"));
}

export function withOption(name: string, value: string): Edit {
  return (cib) => editSection(cib, ["configuration", "crm_config"], (config) => {
    const without = mapTree(config, (element) => (element.name === "nvpair" && attribute(element, "name") === name ? null : element)) ?? config;
    const set = children(without, "cluster_property_set").find((one) => attribute(one, "id") === "cib-bootstrap-options") ?? makeElement("cluster_property_set", { id: "cib-bootstrap-options" });
    return withChild(without, withChildren(set, [...set.children, makeElement("nvpair", { id: `${MADE}-${name}`, name, value })]));
  });
}

/** Sets a meta attribute of one resource above all that sets it there, or with null removes it there. */
export function withMeta(resource: string, name: string, value: string | null): Edit {
  const change = (element: XmlElement): XmlElement => {
    if (attribute(element, "id") !== resource || !RESOURCES.has(element.name)) return element;
    const others = element.children.map((set) => (set.name === "meta_attributes" ? withChildren(set, set.children.filter((pair) => attribute(pair, "name") !== name)) : set));
    if (value === null) return withChildren(element, others);
    const set = makeElement("meta_attributes", { id: `${MADE}-${resource}`, score: "INFINITY" }, [makeElement("nvpair", { id: `${MADE}-${resource}-${name}`, name, value })]);
    return withChildren(element, [set, ...others]);
  };
  return (cib) => editSection(cib, ["configuration", "resources"], (resources) => mapTree(resources, change) ?? resources);
}

export const RESOURCES: ReadonlySet<string> = new Set(["primitive", "group", "clone", "master", "bundle"]);

export function withoutConstraint(id: string): Edit {
  return (cib) => editSection(cib, ["configuration", "constraints"], (all) => withChildren(all, all.children.filter((one) => attribute(one, "id") !== id)));
}

export function withConstraint(constraint: XmlElement): Edit {
  return (cib) => editSection(cib, ["configuration", "constraints"], (all) => withChildren(all, [...all.children, constraint]));
}

/** The score of a constraint, or of the one rule that gives it. */
export function withScore(id: string, score: number): Edit {
  return (cib) => editSection(cib, ["configuration", "constraints"], (all) => withChildren(all, all.children.map((one) => {
    if (attribute(one, "id") !== id) return one;
    if (attribute(one, "score") !== null) return withAttribute(one, "score", String(score));
    return withChildren(one, one.children.map((rule) => (rule.name === "rule" ? withAttribute(rule, "score", String(score)) : rule)));
  })));
}

export function withFenceDevice(cib: Cib): Cib {
  const device = makeElement("primitive", { id: `${MADE}-device`, class: "stonith", type: "fence_any" });
  return editSection(cib, ["configuration", "resources"], (all) => withChildren(all, [...all.children, device]));
}

/** The `id` of a node; its name when the configuration does not have it. */
export function nodeIdOf(cib: Cib, name: string): string {
  return attribute(findNode(cib, name) ?? makeElement("node"), "id") ?? name;
}

function findNode(cib: Cib, name: string): XmlElement | null {
  const nodes = child(child(cib.root, "configuration") ?? cib.root, "nodes");
  return nodes?.children.find((one) => (attribute(one, "uname") ?? attribute(one, "id")) === name) ?? null;
}

/** As the DC writes it when the node is a member; with `fresh` it has run nothing yet. */
export function withNodeUp(node: string, fresh: boolean): Edit {
  return withNodeState(node, { in_ccm: "true", crmd: "online", join: "member", expected: "member" }, fresh);
}

/** Off, and known to be off: what ran there runs no more. */
export function withNodeDown(node: string): Edit {
  return withNodeState(node, { in_ccm: "false", crmd: "offline", join: "down", expected: "down" }, true);
}

function withNodeState(node: string, values: Readonly<Record<string, string>>, fresh: boolean): Edit {
  return (cib) => editSection(cib, ["status"], (status) => {
    const id = nodeIdOf(cib, node);
    const known = status.children.find((one) => one.name === "node_state" && (attribute(one, "id") === id || attribute(one, "uname") === node)) ?? makeElement("node_state", { id, uname: node });
    const kept = fresh ? withChildren(known, known.children.filter((part) => part.name !== "lrm" && part.name !== "transient_attributes")) : known;
    return withChild(status, withAttributes(kept, values));
  });
}

/** Neither permanently nor for now. */
export function withoutNodeAttribute(node: string, name: string): Edit {
  const remove = (element: XmlElement): XmlElement => mapTree(element, (one) => (one.name === "nvpair" && attribute(one, "name") === name ? null : one)) ?? element;
  return (cib) => {
    const id = nodeIdOf(cib, node);
    const own = (one: XmlElement): XmlElement => (attribute(one, "id") === id || attribute(one, "uname") === node ? remove(one) : one);
    return editSection(editSection(cib, ["configuration", "nodes"], (nodes) => withChildren(nodes, nodes.children.map(own))), ["status"], (status) => withChildren(status, status.children.map(own)));
  };
}

export function withCapacity(node: string, name: string, amount: number): Edit {
  return (cib) => editSection(cib, ["configuration", "nodes"], (nodes) => withChildren(nodes, nodes.children.map((one) => {
    if ((attribute(one, "uname") ?? attribute(one, "id")) !== node) return one;
    const others = one.children.map((set) => (set.name === "utilization" ? withChildren(set, set.children.filter((pair) => attribute(pair, "name") !== name)) : set));
    return withChildren(one, [...others, makeElement("utilization", { id: `${MADE}-capacity` }, [makeElement("nvpair", { id: `${MADE}-capacity-${name}`, name, value: String(amount) })])]);
  })));
}

export function withTicket(ticket: string): Edit {
  return (cib) => editSection(cib, ["status", "tickets"], (tickets) => withChild(tickets, makeElement("ticket_state", { id: ticket, granted: "true", standby: "false" })));
}

/** Fail counts and failed operations of a resource are forgotten; what else its history says stays. `node` null: everywhere. */
export function withoutFailures(resource: string, node: string | null): Edit {
  return (cib) => {
    const id = node === null ? null : nodeIdOf(cib, node);
    return editSection(cib, ["status"], (status) => withChildren(status, status.children.map((state) => {
      const concerned = state.name === "node_state" && (id === null || attribute(state, "id") === id || attribute(state, "uname") === node);
      return concerned ? forgetFailures(state, resource) : state;
    })));
  };
}

function forgetFailures(state: XmlElement, resource: string): XmlElement {
  const counts = (name: string): boolean => /^(?:fail-count|last-failure)-/.test(name) && name.replace(/^(?:fail-count|last-failure)-/, "").replace(/(?::\d+)?(?:#.*)?$/, "") === resource;
  return mapTree(state, (element) => {
    if (element.name === "nvpair") return counts(attribute(element, "name") ?? "") ? null : element;
    if (element.name !== "lrm_resource" || (attribute(element, "id") ?? "").replace(/:\d+$/, "") !== resource) return element;
    const left = element.children.filter((entry) => !isFailed(entry));
    if (left.length === element.children.length) return element;
    return left.length === 0 ? null : withChildren(element, left);
  }) ?? state;
}

/** An entry whose result was not the expected one. */
function isFailed(entry: XmlElement): boolean {
  const { "rc-code": rc, "op-status": status = "0", "transition-key": key = "" } = entry.attributes;
  const expected = /^\d+:-?\d+:(\d+):/.exec(key)?.[1];
  return status !== "0" ? status !== "-1" && status !== "193" : expected !== undefined && rc !== undefined && rc !== expected;
}
