/** What the cores of the policy-engine ask the shell (or the simulator) to do. Performed in order. */
import type { Cib } from "@quorate/cib";
import type { ClusterEvent, NodeName, WallMs } from "@quorate/core";
import type { Operation } from "@quorate/execution";
import type { FenceRequest } from "@quorate/fencing";
import type { Command, CommandOutcome } from "./command.ts";
import type { OutgoingRequest } from "./executor-link.ts";

/** Two clocks read at one moment: monotonic for waiting, wall for what people read. */
export interface Time {
  readonly nowMs: number;
  readonly wallMs: WallMs;
}

/** What a decision of the DC is for; a node that decides alone keeps no history. */
export interface DecisionAbout {
  /** What made the DC schedule. */
  readonly trigger: string;
  /** Number of the transition that will be walked if there is anything to do. */
  readonly transition: number;
}

export type DcEffect =
  | { readonly kind: "propose"; readonly command: Command }
  | ({ readonly kind: "executorRequest" } & OutgoingRequest)
  | { readonly kind: "fenceRequest"; readonly gateway: NodeName; readonly request: FenceRequest }
  /** Run the scheduler off the event loop; the answer comes back as `scheduled` or `scheduleFailed` with the same token. */
  | { readonly kind: "schedule"; readonly token: number; readonly cib: Cib; readonly wallMs: WallMs; readonly about?: DecisionAbout }
  /** Without quorum: this node's executor is told directly. */
  | { readonly kind: "executeLocal"; readonly operation: Operation }
  | { readonly kind: "transferLeadership"; readonly to: NodeName }
  | { readonly kind: "log"; readonly level: "info" | "warn" | "error"; readonly message: string; readonly fields: Readonly<Record<string, string | number>> };

/** Answer to a client's request, by its id. */
export interface Answer {
  readonly requestId: string;
  readonly outcome: CommandOutcome;
}

export type EventBatch = readonly ClusterEvent[];
