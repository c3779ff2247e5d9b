/** Whether a service may be given work, told to systemd and to whoever asks. */
import { spawn } from "node:child_process";

export interface ReadinessState {
  readonly ready: boolean;
  /** What is not in order, as `name: why`, sorted by name. */
  readonly missing: readonly string[];
}

export interface Readiness {
  /** States one condition. `why` is read by people when `ok` is false. */
  set(name: string, ok: boolean, why: string): void;
  ready(): ReadinessState;
  /** The service was asked to stop: never ready again. */
  stopping(): void;
}

/**
 * Ready when every named condition holds; the names are fixed at the start, so a condition that was never stated counts as missing.
 * The first time all hold, systemd gets READY=1 (type=notify units only).
 */
export function createReadiness(names: readonly string[] = [], notify: (state: string) => void = notifySystemd): Readiness {
  const conditions = new Map<string, string | null>(names.map((name) => [name, "not yet"]));
  let announced = false;
  const state = (): ReadinessState => {
    const missing = [...conditions].filter(([, why]) => why !== null).map(([name, why]) => `${name}: ${why}`);
    return { ready: missing.length === 0, missing: missing.toSorted() };
  };
  return {
    set(name, ok, why) {
      conditions.set(name, ok ? null : why);
      if (announced || !state().ready) return;
      announced = true;
      notify("READY=1");
    },
    ready: state,
    stopping() {
      conditions.set("stopping", "asked to stop");
      notify("STOPPING=1");
    },
  };
}

/** Node has no unix datagram sockets; systemd's own tool has. Needs NotifyAccess=all in the unit. Never fails the service. */
export function notifySystemd(state: string): void {
  if (process.env["NOTIFY_SOCKET"] === undefined) return;
  const child = spawn("systemd-notify", [`--pid=${process.pid}`, state], { stdio: "ignore" });
  child.on("error", () => {}); // not installed: the unit's start timeout will say so
  child.unref();
}
