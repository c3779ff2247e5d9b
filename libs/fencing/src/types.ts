/** The protocol between the DC and a fencing-gateway (NATS request/reply on `fencing.<node>`), and what a device is. */
import type { Authority, BootId, NodeName } from "@quorate/core";

/** A fence device as the CIB configures it: a `class="stonith"` primitive. */
export interface FenceDevice {
  readonly id: string;
  /** `apc-pdu-snmp` (built in) or the name of a fence agent, `fence_*`. */
  readonly agent: string;
  /** Parameters of the device, `pcmk_*` ones included; values of secrets are never logged. */
  readonly parameters: Readonly<Record<string, string>>;
}

export type FenceAction = "off" | "on" | "reboot" | "status" | "list" | "monitor";

export interface FenceRequest {
  readonly authority: Authority;
  /** Unique per attempt; a repeat of a known id is answered with what is known of it. */
  readonly fenceId: string;
  readonly action: FenceAction;
  /** Null for list and monitor. */
  readonly target: NodeName | null;
  /** The life of the target that is to end; null when it was never known. */
  readonly targetBootId: BootId | null;
  /** In the order they are to be tried. */
  readonly devices: readonly FenceDevice[];
  /** Time budget from receipt. */
  readonly timeoutMs: number;
}

/**
 * `succeeded`: the device confirmed it (off: its status said off afterwards). `failed`: it certainly did not happen.
 * `unknown`: anything else, time-outs included; never taken as success.
 */
export interface FenceReply {
  readonly fenceId: string;
  readonly outcome: "succeeded" | "failed" | "unknown" | "refused";
  /** Device that gave the outcome; null when none was tried. */
  readonly device: string | null;
  /** For people: what was tried and what each device said. */
  readonly detail: string;
  /** For `status`: whether the target has power; for others null. */
  readonly powered: boolean | null;
  /** For `list`: what the device can switch. */
  readonly targets: readonly string[];
  readonly elapsedMs: number;
}
