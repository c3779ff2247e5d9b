/** What the operation history says about where a resource is active. */
import { type XmlElement, attribute } from "@quorate/cib";
import type { NodeName, ResourceId } from "@quorate/core";
import type { Replica } from "./replica.ts";
import { historyOf, nodeState } from "./status-section.ts";

/** Whether the newest entry of a resource's history says it is active; unknown counts as active. */
export function isActive(history: XmlElement): boolean {
  const newest = [...history.children].sort((a, b) => Number(attribute(b, "call-id")) - Number(attribute(a, "call-id")))[0];
  if (newest === undefined) return false;
  const rc = Number(attribute(newest, "rc-code"));
  if (attribute(newest, "operation") === "stop") return rc !== 0;
  return rc !== 7 && rc !== 5;
}

/** Nodes on which a primitive is active by its history. */
export function activeOn(replica: Replica, resource: ResourceId): NodeName[] {
  return [...replica.nodes.keys()].filter((node) => {
    const state = nodeState(replica.cib, node);
    const history = state === null ? undefined : historyOf(state).find((e) => attribute(e, "id") === resource);
    return history !== undefined && isActive(history);
  });
}

