/** Time comes into pure code as numbers from here. */
import type { MonotonicMs, WallMs } from "@quorate/core";

export interface Clock {
  /** Monotonic milliseconds with a fraction; only differences mean anything. Every timeout and age is computed with it. */
  nowMs(): MonotonicMs;
  /** Milliseconds since the Unix epoch, for what people read and what the CIB stores. */
  wallMs(): WallMs;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
};
