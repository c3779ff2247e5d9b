/** How one kind of fence device is driven. An adapter only translates: what to do, how often and what it means is @quorate/fencing's. */
import type { DeviceResult, DeviceRun } from "@quorate/fencing";

export interface DeviceAdapter {
  /** Answers within `run.timeoutMs`; never rejects. Details hold no secret. */
  run(run: DeviceRun): Promise<DeviceResult>;
  /** Ends what is under way; its runs answer `unknown`. */
  close(): void;
}

/** Reads a secret that a script prints (`passwd_script`). Rejects with a text for people. */
export type SecretScript = (script: string) => Promise<string>;
