/** The constraints section, in document order. */
import type { XmlElement } from "@quorate/cib";
import type { Cluster } from "../model/cluster.ts";
import { readColocation } from "./colocation.ts";
import { addHealthLocations, readLocation } from "./location.ts";
import { readOrder } from "./order.ts";
import { readTicket } from "./ticket.ts";

export function readConstraints(cluster: Cluster, section: XmlElement | null): void {
  addHealthLocations(cluster);
  for (const element of section?.children ?? []) {
    switch (element.name) {
      case "rsc_location": readLocation(cluster, element); break;
      case "rsc_colocation": readColocation(cluster, element); break;
      case "rsc_order": readOrder(cluster, element); break;
      case "rsc_ticket": readTicket(cluster, element); break;
      default: break;
    }
  }
}
