/** How many actions run on each device at once (`pcmk_action_limit`). */
import { readDeviceOptions } from "./device-options.ts";
import type { FenceDevice } from "./types.ts";

/** `power`: commands that switch, and the status questions that verify them. `question`: requests that only ask. */
export type Urgency = "power" | "question";

export class DeviceSlots {
  readonly #runs = new Map<number, { readonly device: string; readonly urgency: Urgency }>();

  /**
   * Takes a slot for a run; false when the device has none free. What switches power only waits for what switches power, so that
   * no hanging monitor or list ever delays a fencing; questions wait for all.
   */
  take({ runId, device, urgency }: { readonly runId: number; readonly device: FenceDevice; readonly urgency: Urgency }): boolean {
    const limit = readDeviceOptions(device).actionLimit;
    const rivals = [...this.#runs.values()].filter((other) => other.device === device.id && (urgency === "question" || other.urgency === "power"));
    if (limit > 0 && rivals.length >= limit) return false;
    this.#runs.set(runId, { device: device.id, urgency });
    return true;
  }

  release(runId: number): void {
    this.#runs.delete(runId);
  }
}
