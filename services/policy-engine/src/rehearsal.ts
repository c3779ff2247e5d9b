/**
 * Keeps the scheduler's code warm. The first decision after a node is lost is the one that must be quick, and freshly
 * loaded JavaScript runs many times slower than code that ran before: so every policy-engine decides, now and then after
 * its start and for nobody, what it would do if a node were lost. Bounded in count and in time.
 */
import { type Cib, attribute, updateStatus, withAttributes } from "@quorate/cib";
import { schedule } from "@quorate/scheduler";

const RUNS_MAX = 60;
const BUDGET_MS = 2_000;

export interface Rehearsal {
  /** One run on a document; does nothing when enough was rehearsed. */
  run(cib: Cib, wallMs: number): void;
}

export function createRehearsal(nowMs: () => number): Rehearsal {
  let runs = 0;
  let spentMs = 0;
  return {
    run(cib, wallMs) {
      if (runs >= RUNS_MAX || spentMs >= BUDGET_MS) return;
      const startedMs = nowMs();
      try {
        schedule(withLostNode(cib, runs), wallMs);
      } catch {
        // It is for nobody; a decision that matters says what is wrong.
      }
      spentMs += nowMs() - startedMs;
      runs += 1;
    },
  };
}

/** The document with one online node lost; which one changes from run to run. */
function withLostNode(cib: Cib, run: number): Cib {
  return updateStatus(cib, (status) => {
    const online = status.children.filter((state) => attribute(state, "crmd") === "online");
    const victim = online[run % Math.max(1, online.length)];
    return { ...status, children: status.children.map((state) => (state === victim ? withAttributes(state, { in_ccm: "false", crmd: "offline" }) : state)) };
  });
}
