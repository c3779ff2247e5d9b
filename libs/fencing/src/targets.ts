/** Which devices can switch a node, and by which plug. Used by the DC to choose and by the gateway to act: one rule for both. */
import type { NodeName } from "@quorate/core";
import { readDeviceOptions } from "./device-options.ts";
import type { Plug } from "./host-map.ts";
import type { FenceDevice } from "./types.ts";

export interface DeviceTarget {
  readonly device: FenceDevice;
  readonly plug: Plug;
}

/** What devices answered to `list`, by device id; a device that was not asked is absent. */
export type KnownLists = ReadonlyMap<string, readonly string[]>;

/**
 * The devices that can switch `target`, in the order given. A device with `pcmk_host_check` dynamic-list or status counts
 * only when `lists` says that it knows the node: a device that feeds one machine and takes no plug would else switch
 * off that machine whichever was meant, and confirm it.
 */
export function devicesFor(target: NodeName, devices: readonly FenceDevice[], lists: KnownLists = new Map()): readonly DeviceTarget[] {
  return devices.flatMap((device) => {
    const plug = plugFor(target, device, lists.get(device.id) ?? []);
    return plug === null ? [] : [{ device, plug }];
  });
}

/** The plug of `target` at one device; null when the device does not feed it, or that is not known. */
export function plugFor(target: NodeName, device: FenceDevice, listed: readonly string[] = []): Plug | null {
  const { hostMap, hostList, hostCheck } = readDeviceOptions(device);
  const plug = hostMap.get(target) ?? target;
  switch (hostCheck) {
    case "none":
      return plug;
    case "static-list":
      return hostMap.has(target) || hostList.includes(target) ? plug : null;
    case "dynamic-list":
    case "status":
      return listed.includes(plug) ? plug : null;
  }
}
