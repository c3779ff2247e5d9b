/**
 * Beats for this node while its membership process is gone, so that a restart of it costs nothing (ARCHITECTURE D3).
 * What such a beat is worth, and for how long, the peers' detectors decide.
 */
import { randomBytes } from "node:crypto";
import { type MembershipReport, daemonDownBeat } from "@quorate/membership";
import type { Bus, PacketSeal, QuorateConfig } from "@quorate/runtime";
import { encodeBeat } from "@quorate/wire";

export interface StandIn {
  /** The last report of the membership process. */
  heard(report: MembershipReport): void;
  /** The stream of reports opened or closed. */
  onStream(state: "open" | "closed"): void;
  close(): void;
}

const NATS_LINK = "nats";

export function createStandIn({ config, bus, seal }: { config: QuorateConfig; bus: Bus; seal: PacketSeal }): StandIn {
  const session = randomBytes(8).toString("hex");
  let sequence = 0;
  let last: MembershipReport | null = null;
  let timer: NodeJS.Timeout | null = null;
  const stop = (): void => {
    if (timer !== null) clearInterval(timer);
    timer = null;
  };
  const beat = (): void => {
    if (last === null) return;
    sequence += 1;
    const progress = { policyEngineAgeMs: 0, executorAgeMs: null };
    const packet = seal.seal(encodeBeat(daemonDownBeat({ clusterId: config.cluster, report: last, link: NATS_LINK, session, sequence, progress })));
    bus.publish(`quorate.${config.cluster}.beat`, packet);
  };
  return {
    heard: (report) => void (last = report),
    onStream(state) {
      stop();
      if (state === "open" || !config.membership.natsLink) return;
      beat();
      timer = setInterval(beat, config.membership.beatIntervalMs);
    },
    close: stop,
  };
}
