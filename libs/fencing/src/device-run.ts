/** One call of a device, as the core orders it and an adapter answers it. */
import type { NodeName } from "@quorate/core";
import type { Plug } from "./host-map.ts";
import type { FenceAction, FenceDevice } from "./types.ts";

export interface DeviceRun {
  readonly device: FenceDevice;
  /** What is meant. */
  readonly action: FenceAction;
  /** What the agent calls it (`pcmk_<action>_action`); equal to `action` unless configured. */
  readonly actionName: string;
  /** Null for list and monitor. */
  readonly target: NodeName | null;
  /** Null for list and monitor. */
  readonly plug: Plug | null;
  /** The adapter answers within it, with `unknown` when the device has not. */
  readonly timeoutMs: number;
}

/** What came of a run. `detail` is for people and holds no secret. */
export type DeviceResult =
  /** The device took the command, or answered the question. `powered` null: it did not say. */
  | { readonly kind: "done"; readonly powered: boolean | null; readonly targets: readonly string[]; readonly detail: string }
  /** Certainly not done: refused, unsupported, or it could not even be asked. */
  | { readonly kind: "failed"; readonly detail: string }
  /** The agent ended and reports a failure, which may mean that it could not verify. */
  | { readonly kind: "unverified"; readonly detail: string }
  /** No answer in time, or one that cannot be read: it may still happen. */
  | { readonly kind: "unknown"; readonly detail: string };
