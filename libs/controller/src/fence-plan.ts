/**
 * Which devices switch a node, in which order, and which of them only together: `fencing-topology` of the CIB.
 * A node with two supplies is off when both are. Source: Pacemaker Explained, "Fencing Topology".
 */
import { type Cib, type XmlElement, attribute, child, children, readNvpairs } from "@quorate/cib";
import type { NodeName } from "@quorate/core";
import { type FenceDevice, devicesFor, readDeviceOptions } from "@quorate/fencing";

/** Lists of devices that must all do it, each list one request: in it any one device is enough. */
export type FenceLevel = readonly (readonly FenceDevice[])[];

/** Ways to switch the target, to be tried in this order; empty when there is none. `devices`: those that may be used, in CIB order. */
export function fencePlan({ cib, target, devices }: { cib: Cib; target: NodeName; devices: readonly FenceDevice[] }): readonly FenceLevel[] {
  const levels = configuredLevels(cib, target);
  if (levels === null) {
    const candidates = candidateDevices(devices, target);
    return candidates.length === 0 ? [] : [[candidates]];
  }
  return levels.flatMap((ids) => {
    const level = ids.map((id) => devices.filter((device) => device.id === id));
    // With a device missing the rest would leave the target running on what that one feeds.
    return level.length > 0 && level.every((part) => part.length > 0) ? [level] : [];
  });
}

/** Devices known to switch the target; else those that can be asked for what they switch. */
function candidateDevices(devices: readonly FenceDevice[], target: NodeName): readonly FenceDevice[] {
  const known = devicesFor(target, devices).map(({ device }) => device);
  return known.length > 0 ? known : devices.filter((device) => ["dynamic-list", "status"].includes(readDeviceOptions(device).hostCheck));
}

/** Device ids of each level for the target, by index; null when the topology does not speak of it. A name counts before a pattern, that before an attribute. */
function configuredLevels(cib: Cib, target: NodeName): readonly (readonly string[])[] | null {
  const configuration = child(cib.root, "configuration");
  const topology = configuration === null ? null : child(configuration, "fencing-topology");
  const all = topology === null ? [] : children(topology, "fencing-level");
  const first = all.find((level) => attribute(level, "target") === target) ?? all.find((level) => matchesPattern(level, target)) ?? all.find((level) => matchesAttribute(level, cib, target));
  if (first === undefined) return null;
  const byIndex = new Map<number, string[]>();
  for (const level of all.filter((other) => speaksOf(other) === speaksOf(first))) {
    const index = Number(attribute(level, "index"));
    const ids = (attribute(level, "devices") ?? "").split(",").map((id) => id.trim()).filter((id) => id !== "");
    byIndex.set(index, [...new Set([...(byIndex.get(index) ?? []), ...ids])]);
  }
  return [...byIndex].sort(([a], [b]) => a - b).map(([, ids]) => ids);
}

function speaksOf(level: XmlElement): string {
  return JSON.stringify(["target", "target-pattern", "target-attribute", "target-value"].map((name) => attribute(level, name) ?? null));
}

function matchesPattern(level: XmlElement, target: NodeName): boolean {
  const pattern = attribute(level, "target-pattern");
  if (pattern === null) return false;
  try {
    return new RegExp(pattern, "i").test(target);
  } catch {
    return false; // no pattern of ours: it names nobody
  }
}

function matchesAttribute(level: XmlElement, cib: Cib, target: NodeName): boolean {
  const name = attribute(level, "target-attribute");
  const configuration = child(cib.root, "configuration");
  const nodes = configuration === null ? null : child(configuration, "nodes");
  const node = (nodes === null ? [] : children(nodes, "node")).find((one) => attribute(one, "uname") === target);
  if (name === null || node === undefined) return false;
  return children(node, "instance_attributes").some((set) => readNvpairs(set).get(name) === attribute(level, "target-value"));
}
