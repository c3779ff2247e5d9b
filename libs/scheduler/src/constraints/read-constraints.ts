/** The constraints section, in document order. */
import type { XmlElement } from "@quorate/cib";
import type { Cluster } from "../model/cluster.ts";
import { leaveAlone } from "../read/unsupported.ts";
import { readColocation } from "./colocation.ts";
import { findConstrained, readSetsOf } from "./constrained-resources.ts";
import { addHealthLocations, readLocation } from "./location.ts";
import { readOrder } from "./order.ts";

export function readConstraints(cluster: Cluster, section: XmlElement | null): void {
  addHealthLocations(cluster);
  for (const element of section?.children ?? []) {
    switch (element.name) {
      case "rsc_location": readLocation(cluster, element); break;
      case "rsc_colocation": readColocation(cluster, element); break;
      case "rsc_order": readOrder(cluster, element); break;
      case "rsc_ticket": leaveTicketed(cluster, element); break;
      default: break;
    }
  }
}

/** Tickets are not looked at: what depends on one is not touched. */
function leaveTicketed(cluster: Cluster, element: XmlElement): void {
  const ids = [element.attributes["rsc"] ?? "", ...readSetsOf(cluster, element).flatMap((set) => set.resources.map((resource) => resource.id))];
  for (const id of ids) {
    const resource = findConstrained(cluster, id);
    if (resource !== null) leaveAlone(cluster, resource, `it depends on ticket ${element.attributes["ticket"] ?? ""}, and tickets are not handled`);
  }
}
