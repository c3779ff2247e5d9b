/** The resources section: everything that stands at top level (1-state E1). */
import type { XmlElement } from "@quorate/cib";
import type { Cluster } from "../model/cluster.ts";
import { readBundle } from "./bundle.ts";
import { readResource } from "./resources.ts";

/** Fills `cluster.resources`: document order, next the connections to guests that nobody has configured; then priority. */
export function readResources(cluster: Cluster, section: XmlElement, connections: readonly XmlElement[]): void {
  for (const element of [...section.children, ...connections]) {
    if (element.name === "template") continue;
    const resource = element.name === "bundle" ? readBundle(cluster, element) : readResource(cluster, element, null, null);
    if (resource !== null) cluster.resources.push(resource);
    else cluster.warnings.push(`Resource ${element.attributes["id"] ?? ""} (${element.name}) cannot be handled here and is left alone`);
  }
  cluster.resources.sort((a, b) => b.settings.priority - a.settings.priority);
}
