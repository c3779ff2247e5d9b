/** Who stands in whom: primitives and the top-level resource they belong to, read once per configuration. */
import { type Cib, type XmlElement, attribute, child } from "@quorate/cib";
import type { ResourceId } from "@quorate/core";
import type { Replica } from "./replica.ts";

export interface ResourceIndex {
  /** The configuration element this was read from; a different one means: read again. */
  readonly source: XmlElement;
  /** Top-level id of every resource id; instances (`id:0`) are looked up by their configured id. */
  readonly topOf: ReadonlyMap<ResourceId, ResourceId>;
  /** Ids of the primitives at or below an id, in CIB order. */
  readonly primitivesOf: ReadonlyMap<ResourceId, readonly ResourceId[]>;
  readonly elementOf: ReadonlyMap<ResourceId, XmlElement>;
}

const COLLECTIVE = new Set(["group", "clone", "master", "bundle"]);

export function resourceIndex(replica: Replica): ResourceIndex {
  const source = resourcesElement(replica.cib);
  if (replica.index === null || replica.index.source !== source) replica.index = readIndex(source);
  return replica.index;
}

/** `id` without the number of a clone instance. */
export function configuredId(id: ResourceId): ResourceId {
  return id.replace(/:\d+$/, "");
}

function resourcesElement(cib: Cib): XmlElement {
  const configuration = child(cib.root, "configuration");
  return (configuration === null ? null : child(configuration, "resources")) ?? cib.root;
}

function readIndex(source: XmlElement): ResourceIndex {
  const topOf = new Map<ResourceId, ResourceId>();
  const primitivesOf = new Map<ResourceId, readonly ResourceId[]>();
  const elementOf = new Map<ResourceId, XmlElement>();
  const visit = (element: XmlElement, top: ResourceId): ResourceId[] => {
    const id = attribute(element, "id") ?? "";
    topOf.set(id, top);
    elementOf.set(id, element);
    const primitives = element.name === "primitive" ? [id] : element.children.filter(isResource).flatMap((inner) => visit(inner, top));
    primitivesOf.set(id, primitives);
    return primitives;
  };
  for (const element of source.children.filter(isResource)) visit(element, attribute(element, "id") ?? "");
  return { source, topOf, primitivesOf, elementOf };
}

function isResource(element: XmlElement): boolean {
  return element.name === "primitive" || COLLECTIVE.has(element.name);
}
