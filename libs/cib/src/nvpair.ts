/** Name-value sets: `cluster_property_set`, `instance_attributes`, `meta_attributes`, `utilization` and their nvpairs. */
import { attribute, children } from "./element.ts";
import type { Cib, XmlElement } from "./types.ts";
import { parseScore } from "./values.ts";

/**
 * The pairs of one set, first of each name wins; rules and references to other sets are not looked at. An inner `attributes`
 * wrapper (Heartbeat 2.0) is stepped over; pairs without name or value are left out. In document order.
 */
export function readNvpairs(set: XmlElement): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const pairs = set.children.flatMap((inner) => (inner.name === "attributes" ? children(inner, "nvpair") : inner.name === "nvpair" ? [inner] : []));
  for (const pair of pairs) {
    const name = attribute(pair, "name");
    const value = attribute(pair, "value");
    if (name !== null && value !== null && !values.has(name)) values.set(name, value);
  }
  return values;
}

/** Sets of one kind in the order in which they win: higher score first, among equals the later in the document first. */
export function setsByPrecedence(parent: XmlElement, name: string): readonly XmlElement[] {
  return children(parent, name)
    .map((set, at) => ({ set, at, score: parseScore(attribute(set, "score")) }))
    .toSorted((a, b) => b.score - a.score || b.at - a.at)
    .map(({ set }) => set);
}

/**
 * A cluster option as written, or null when it is not set. Simple: `cib-bootstrap-options` first, then the other sets by score;
 * sets with rules are skipped. What depends on the time of day is for the scheduler to decide.
 */
export function clusterOption(cib: Cib, name: string): string | null {
  const configuration = cib.root.children.find((section) => section.name === "configuration");
  const config = configuration?.children.find((section) => section.name === "crm_config");
  if (config === undefined) return null;
  const sets = setsByPrecedence(config, "cluster_property_set").filter((set) => children(set, "rule").length === 0);
  const bootstrap = sets.filter((set) => attribute(set, "id") === "cib-bootstrap-options");
  for (const set of [...bootstrap, ...sets]) {
    const value = readNvpairs(set).get(name);
    if (value !== undefined) return value;
  }
  return null;
}
