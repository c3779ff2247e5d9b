/**
 * The `pcmk_*` parameters of a fence device: what the manager itself obeys; everything else goes to the device.
 * A value that cannot be read counts as not given. Source: Pacemaker Explained, "Special Meta-Attributes for Fencing Resources".
 */
import type { NodeName } from "@quorate/core";
import { parseDurationMs } from "./duration.ts";
import { type Plug, parseHostList, parseHostMap } from "./host-map.ts";
import type { FenceAction, FenceDevice } from "./types.ts";

/** How to find out whether a device can switch a node. */
export type HostCheck = "static-list" | "dynamic-list" | "status" | "none";

export interface DeviceOptions {
  readonly hostMap: ReadonlyMap<NodeName, Plug>;
  readonly hostList: readonly NodeName[];
  readonly hostCheck: HostCheck;
  /** Name of the parameter that takes the plug; null when the agent is to get none. */
  readonly hostArgument: string | null;
  /** Most actions at once on this device; 0 for no limit. */
  readonly actionLimit: number;
}

export interface ActionOptions {
  /** What the agent calls the action. */
  readonly name: string;
  /** Null when the configuration leaves it to the attempt. */
  readonly timeoutMs: number | null;
  /** Times the action is tried on this device, at least 1. */
  readonly tries: number;
}

const TRIES_DEFAULT = 2;
const TRIES_MAX = 10;

export function readDeviceOptions(device: FenceDevice): DeviceOptions {
  const { parameters } = device;
  const hostMap = parseHostMap(parameters["pcmk_host_map"] ?? "");
  const hostList = parseHostList(parameters["pcmk_host_list"] ?? "");
  const argument = parameters["pcmk_host_argument"] ?? "port";
  return {
    hostMap,
    hostList,
    hostCheck: readHostCheck(parameters["pcmk_host_check"], hostMap.size + hostList.length > 0),
    hostArgument: argument === "none" ? null : argument,
    actionLimit: readActionLimit(parameters["pcmk_action_limit"]),
  };
}

export function readActionOptions(device: FenceDevice, action: FenceAction): ActionOptions {
  const read = (what: string): string => device.parameters[`pcmk_${action}_${what}`] ?? "";
  const tries = /^\d+$/.test(read("retries")) ? Number(read("retries")) : TRIES_DEFAULT;
  return {
    name: read("action") === "" ? action : read("action"),
    timeoutMs: parseDurationMs(read("timeout")),
    tries: Math.min(Math.max(tries, 1), TRIES_MAX),
  };
}

/**
 * How long to hold an off or reboot back, so that of two nodes that shoot at each other one is first.
 * `pcmk_delay_base` (a time, or `node1:0;node2:10s`), and up to `pcmk_delay_max` in all by `chance`, in [0, 1).
 */
export function fencingDelayMs(device: FenceDevice, target: NodeName, chance: number): number {
  const baseText = device.parameters["pcmk_delay_base"] ?? "";
  const base = parseDurationMs(baseText.includes(":") ? (parseHostMap(baseText).get(target) ?? "0") : baseText) ?? 0;
  const most = parseDurationMs(device.parameters["pcmk_delay_max"] ?? "") ?? 0;
  return base + Math.floor(chance * Math.max(0, most - base));
}

/** The parameters that are meant for the device itself. */
export function agentParameters(device: FenceDevice): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(device.parameters).filter(([name]) => !name.startsWith("pcmk_")));
}

function readHostCheck(text: string | undefined, listed: boolean): HostCheck {
  if (text === "static-list" || text === "dynamic-list" || text === "status" || text === "none") return text;
  return listed ? "static-list" : "dynamic-list";
}

function readActionLimit(text: string | undefined): number {
  if (text === undefined || !/^-?\d+$/.test(text)) return 1;
  const limit = Number(text);
  if (limit < 0) return 0;
  return Math.max(limit, 1);
}
