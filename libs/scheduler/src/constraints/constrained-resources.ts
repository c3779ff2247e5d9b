/** Which resources a constraint speaks of: an id, a tag, a template or a resource set (2-assignment C7, D3). */
import type { XmlElement } from "@quorate/cib";
import { child, descendants } from "@quorate/cib";
import type { Cluster } from "../model/cluster.ts";
import type { Resource } from "../model/resource.ts";
import { topOf } from "../model/resource.ts";
import { parseRole } from "../model/role.ts";
import type { Role } from "../types.ts";

/** By id; an id that only the history of a clone's instance knows means the clone. */
export function findConstrained(cluster: Cluster, id: string): Resource | null {
  const exact = cluster.byId.get(id);
  if (exact !== undefined) return exact;
  const renamed = cluster.allResources.find((resource) => resource.historyName === id);
  return renamed === undefined ? null : topOf(renamed);
}

/** Several resources when the id names a tag or a template; then `several` is true, even for a list of one. */
export function expandReference(cluster: Cluster, id: string): { readonly ids: readonly string[]; readonly several: boolean } {
  if (findConstrained(cluster, id) !== null) return { ids: [id], several: false };
  const configuration = child(cluster.root, "configuration");
  if (configuration === null) return { ids: [], several: false };
  const tag = child(configuration, "tags")?.children.find((element) => element.name === "tag" && element.attributes["id"] === id);
  if (tag !== undefined) {
    const ids = tag.children.flatMap((reference) => (reference.name === "obj_ref" ? (reference.attributes["id"] ?? []) : []));
    return { ids: [...new Set(ids)], several: true };
  }
  const resources = child(configuration, "resources");
  const ids = resources === null ? [] : [...descendants(resources)].flatMap((element) =>
    element.name === "primitive" && element.attributes["template"] === id ? (element.attributes["id"] ?? []) : []);
  return { ids, several: ids.length > 0 };
}

/** One `resource_set`. */
export interface ResourceSet {
  readonly id: string;
  readonly resources: readonly Resource[];
  readonly element: XmlElement;
  readonly role: Role | null;
  readonly action: string | null;
  /** Null when not written. */
  readonly sequential: string | null;
}

export function readSetsOf(cluster: Cluster, constraint: XmlElement): ResourceSet[] {
  return constraint.children.flatMap((item) => {
    const element = item.name === "resource_set" ? cluster.ids.resolve(item) : null;
    if (element === null) return [];
    const ids = element.children.flatMap((reference) => {
      const id = reference.attributes["id"];
      return reference.name !== "resource_ref" || id === undefined ? [] : expandReference(cluster, id).ids;
    });
    return [{
      id: element.attributes["id"] ?? "",
      resources: ids.flatMap((id) => findConstrained(cluster, id) ?? []),
      element,
      role: element.attributes["role"] === undefined ? null : parseRole(element.attributes["role"]),
      action: element.attributes["action"] ?? null,
      sequential: element.attributes["sequential"] ?? null,
    }];
  });
}
