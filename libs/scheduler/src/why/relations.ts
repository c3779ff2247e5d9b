/** Which resources and constraints have to do with one resource: what it is part of, what it holds, and what it is tied to. Pure. */
import { type Cib, type XmlElement, attribute, child, descendants } from "@quorate/cib";
import { RESOURCES } from "./edits.ts";

export interface ConstraintLink {
  readonly element: XmlElement;
  readonly id: string;
  /** Ids of the resources that it names, tags resolved. */
  readonly resources: readonly string[];
  /** Steps from the resource asked about: 0 when the constraint names it, or what it is part of or holds. */
  readonly distance: number;
}

export interface Relations {
  /** Configured id: without instance number. */
  readonly id: string;
  readonly kind: string;
  /** The resource itself first, then what it stands in, inside out. */
  readonly chain: readonly string[];
  /** Primitives in it, in document order. */
  readonly primitives: readonly string[];
  /** Everything in the same top-level resource, that one included. */
  readonly family: ReadonlySet<string>;
  /** What is tied to it by constraints, nearest first, with all their primitives; never of its own family. */
  readonly tied: readonly { readonly id: string; readonly primitives: readonly string[]; readonly distance: number }[];
  /** Nearest first, then in document order. */
  readonly constraints: readonly ConstraintLink[];
}

/** Beyond this nothing is a short story any more. */
const DISTANCE_MAX = 3;
const TIED_MAX = 40;

/** Null when the configuration has no such resource. Instances of clones go by the configured id. */
export function relationsOf(cib: Cib, resource: string): Relations | null {
  const configuration = child(cib.root, "configuration") ?? cib.root;
  const id = resource.replace(/:\d+$/, "");
  const trees = child(configuration, "resources")?.children ?? [];
  const path = trees.map((tree) => pathTo(tree, id)).find((found) => found !== null);
  const own = path?.at(-1);
  if (path === undefined || path === null || own === undefined) return null;
  const constraints = readLinks(configuration);
  const family = new Set([...path, ...descendants(own)].flatMap((element) => (RESOURCES.has(element.name) ? (attribute(element, "id") ?? []) : [])));
  const tied = new Map<string, number>();
  const linked = new Map<XmlElement, number>();
  let front: ReadonlySet<string> = family;
  for (let distance = 0; distance < DISTANCE_MAX && front.size > 0; distance += 1) {
    const next = new Set<string>();
    for (const { element, resources } of constraints) {
      if (linked.has(element) || !resources.some((one) => front.has(one))) continue;
      linked.set(element, distance);
      for (const one of resources) if (!family.has(one) && !tied.has(one) && tied.size < TIED_MAX) {
        next.add(one);
        tied.set(one, distance + 1);
      }
    }
    front = new Set([...next].flatMap((one) => familyOf(trees, one)));
  }
  return {
    id, kind: own.name, chain: path.toReversed().flatMap((element) => attribute(element, "id") ?? []), primitives: primitivesIn(own), family: new Set(familyOf(trees, id)),
    tied: [...tied].map(([one, distance]) => ({ id: one, primitives: trees.flatMap((tree) => pathTo(tree, one)?.slice(-1) ?? []).flatMap(primitivesIn), distance })),
    constraints: constraints.flatMap((link) => (linked.has(link.element) ? [{ ...link, distance: linked.get(link.element) ?? 0 }] : [])).toSorted((a, b) => a.distance - b.distance),
  };
}

/** From the top-level element down to the one with this id. */
function pathTo(element: XmlElement, id: string): XmlElement[] | null {
  if (!RESOURCES.has(element.name)) return null;
  if (attribute(element, "id") === id) return [element];
  for (const inner of element.children) {
    const path = pathTo(inner, id);
    if (path !== null) return [element, ...path];
  }
  return null;
}

function primitivesIn(element: XmlElement): string[] {
  return [...descendants(element)].flatMap((one) => (one.name === "primitive" ? (attribute(one, "id") ?? []) : []));
}

/** What stands in the same top-level resource. */
function familyOf(trees: readonly XmlElement[], id: string): string[] {
  const tree = trees.find((one) => pathTo(one, id) !== null);
  return tree === undefined ? [id] : [...descendants(tree)].flatMap((element) => (RESOURCES.has(element.name) ? (attribute(element, "id") ?? []) : []));
}

function readLinks(configuration: XmlElement): Omit<ConstraintLink, "distance">[] {
  const tags = new Map((child(configuration, "tags")?.children ?? []).map((tag) => [attribute(tag, "id") ?? "", tag.children.flatMap((reference) => attribute(reference, "id") ?? [])]));
  const named = (element: XmlElement): string[] => [
    ...["rsc", "with-rsc", "first", "then"].flatMap((name) => attribute(element, name) ?? []),
    ...[...descendants(element)].flatMap((inner) => (inner.name === "resource_ref" ? (attribute(inner, "id") ?? []) : [])),
  ];
  return (child(configuration, "constraints")?.children ?? []).flatMap((element) => {
    const id = attribute(element, "id");
    return id === null ? [] : [{ element, id, resources: named(element).flatMap((one) => tags.get(one) ?? [one]) }];
  });
}
