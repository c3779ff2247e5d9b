/** Which command a device gets for a requested action, and whether its status can confirm it. */
import { type ActionOptions, readActionOptions } from "./device-options.ts";
import type { FenceAction, FenceDevice } from "./types.ts";

export interface DeviceCommand extends ActionOptions {
  readonly action: FenceAction;
  /** The status must say so afterwards; else the command's own answer is the result. */
  readonly verified: boolean;
}

/**
 * A reboot is an off that is verified (the power comes back by a second attempt), because a reboot in one go leaves nothing to
 * verify. A device whose `pcmk_reboot_action` names something of its own gets that, and is believed.
 */
export function deviceCommand(action: FenceAction, device: FenceDevice): DeviceCommand {
  const options = readActionOptions(device, action);
  if (action !== "reboot") return { ...options, action, verified: action === "off" || action === "on" };
  if (!["reboot", "off"].includes(options.name)) return { ...options, action, verified: false };
  const off = readActionOptions(device, "off");
  const tries = device.parameters["pcmk_reboot_retries"] === undefined ? off.tries : options.tries;
  return { action: "off", name: off.name, timeoutMs: options.timeoutMs ?? off.timeoutMs, tries, verified: true };
}

/** Whether a reboot by this device still has to switch the power on again after the verified off. */
export function needsPowerOn(device: FenceDevice): boolean {
  return readActionOptions(device, "reboot").name === "reboot";
}

/** What the status must say; null for an action that changes nothing. */
export function wantedPower(action: FenceAction): boolean | null {
  switch (action) {
    case "off":
    case "reboot":
      return false;
    case "on":
      return true;
    case "status":
    case "list":
    case "monitor":
      return null;
  }
}
