/**
 * Finds out that a node which was confirmed off goes on living: its fence device switched something else (ARCHITECTURE D5).
 * What was heard of it just before it went off must not count, however late a report comes and however long the dead time is:
 * it counts when beats of the sentenced life go on arriving.
 */
import type { MonotonicMs, NodeName } from "@quorate/core";
import type { MembershipReport } from "@quorate/membership";
import type { Replica } from "./replica.ts";

const HEARD_ON_MS = 3_000;

export class FencedWatch {
  /** When the node was first heard since it is fenced. */
  readonly #firstHeardMs = new Map<NodeName, MonotonicMs>();
  readonly #contradicted = new Set<NodeName>();

  /** Nodes that are fenced by the log, and live. */
  get contradicted(): ReadonlySet<NodeName> {
    return this.#contradicted;
  }

  /** `nowMs`: when the report came. */
  onReport(report: MembershipReport, replica: Replica, nowMs: MonotonicMs): void {
    for (const { node, bootId, state, links } of report.peers) {
      const heardAtMs = nowMs - Math.min(...links.map(({ silentMs }) => silentMs ?? Number.POSITIVE_INFINITY));
      const lives = replica.nodes.get(node)?.condition === "fenced" && bootId !== null && replica.fencedBootIds.has(bootId) && state === "alive" && Number.isFinite(heardAtMs);
      if (!lives) {
        this.#firstHeardMs.delete(node);
        this.#contradicted.delete(node);
        continue;
      }
      const firstMs = this.#firstHeardMs.get(node) ?? heardAtMs;
      this.#firstHeardMs.set(node, firstMs);
      if (heardAtMs - firstMs > HEARD_ON_MS) this.#contradicted.add(node);
    }
  }
}
