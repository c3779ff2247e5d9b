/**
 * What this engine does not decide about yet. Such resources are left as they are (unmanaged) and named in the warnings:
 * doing nothing is safe, doing half of it is not.
 */
import type { XmlElement } from "@quorate/cib";
import { descendants } from "@quorate/cib";
import type { Cluster } from "../model/cluster.ts";

/** Ids of bundles; what the history knows of their parts is no orphan. */
export function bundleIds(resources: XmlElement): string[] {
  return resources.children.flatMap((element) => (element.name === "bundle" ? [element, ...descendants(element)] : []))
    .flatMap((element) => (element.name === "bundle" || element.name === "primitive" ? (element.attributes["id"] ?? []) : []));
}

/** Whether a history entry belongs to a part of a bundle, by its name. */
export function isBundlePart(cluster: Cluster, id: string): boolean {
  return cluster.bundleIds.some((bundle) => id === bundle || id.startsWith(`${bundle}-`) || id.startsWith(`${bundle}:`));
}
