/** With which parameters of its fence devices a node was let in, against those that are configured now (1-state G7, 3-actions N20). */
import { operationDigest } from "@quorate/ocf";
import type { Cluster } from "../model/cluster.ts";
import { nodeContext } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { isFenceDevice } from "../model/resource.ts";
import { resourceParameters } from "./operations.ts";

/** Parameters that tools which show CIBs without secrets leave out. */
const SECRET: ReadonlySet<string> = new Set(["passwd", "password", "user"]);

interface DeviceDigest {
  /** `id:agent:digest`, as node attributes list them. */
  readonly all: string;
  readonly secure: string;
}

/** One device that has changed is enough. A node of which nothing was recorded is not judged. */
export function devicesDiffer(cluster: Cluster, node: Node): boolean {
  const all = node.attributes.get("#digests-all"), secure = node.attributes.get("#digests-secure") ?? "";
  return all !== undefined && deviceDigests(cluster, node).some((device) => !all.includes(device.all) && !secure.includes(device.secure));
}

function deviceDigests(cluster: Cluster, node: Node): DeviceDigest[] {
  return cluster.allResources.filter(letsIn).map((device) => {
    const parameters = Object.fromEntries(resourceParameters(cluster, device, nodeContext(cluster, node)));
    const visible = Object.fromEntries(Object.entries(parameters).filter(([name]) => !SECRET.has(name)));
    const name = `${device.id}:${device.agent.type}`;
    return {
      all: `${name}:${operationDigest(parameters, { recurringTimeoutMs: null })}`,
      secure: `${name}:${operationDigest(visible, { recurringTimeoutMs: null })}`,
    };
  });
}

function letsIn(resource: Resource): boolean {
  return resource.kind === "primitive" && isFenceDevice(resource) && resource.meta.get("provides")?.toLowerCase() === "unfencing";
}

/** A fencing carries what is to be recorded of the devices once it is done. */
export function recordDevices(cluster: Cluster): void {
  if (!cluster.unfencing) return;
  for (const action of cluster.actions.all) {
    if (action.task !== "stonith" || action.optional || action.node === null) continue;
    const devices = deviceDigests(cluster, action.node).toReversed();
    if (devices.length === 0) continue;
    action.extraMeta.set("digests_all", devices.map((device) => `${device.all},`).join(""));
    action.extraMeta.set("digests_secure", devices.map((device) => `${device.secure},`).join(""));
  }
}
