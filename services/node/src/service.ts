/** All five services of a node in one process, from the same modules as the separate programs. */
import { type Clock, type QuorateConfig, createLogger } from "@quorate/runtime";
import { createExecutor } from "@quorate/service-executor";
import { createFencingGateway } from "@quorate/service-fencing-gateway";
import { startMembershipWorker } from "@quorate/service-membership";
import { createPolicyEngine } from "@quorate/service-policy-engine";
import { notifierThread } from "./notifier-thread.ts";

export interface HostedNode {
  start(): Promise<void>;
  readonly stop: ReadonlyArray<readonly [name: string, step: () => Promise<void>]>;
}

/**
 * Membership has a thread of its own so that nothing delays a beat, the notifier so that it delays nothing.
 * Order of start: who is heard, then who acts, then who decides. Stop in the opposite order.
 */
export function createNode({ config, clock }: { config: QuorateConfig; clock: Clock }): HostedNode {
  const logOf = (service: string): ReturnType<typeof createLogger> => createLogger({ service, node: config.node, level: config.log.level });
  const membership = startMembershipWorker({ config, log: logOf("membership") });
  const notifier = notifierThread(config);
  const executor = createExecutor({ config, log: logOf("executor"), clock });
  const fencingGateway = createFencingGateway({ config, log: logOf("fencing-gateway"), clock });
  const policyEngine = createPolicyEngine({ config, log: logOf("policy-engine"), clock });
  return {
    async start() {
      await membership.start();
      await Promise.all([executor.start(), fencingGateway.start()]);
      await policyEngine.start();
      await notifier.run("start");
    },
    stop: [
      ["notifier intake", () => notifier.run("stopIntake")],
      ["policy-engine intake", () => policyEngine.stopIntake()], // no new decisions
      ["executor intake", () => executor.stopIntake()],
      ["settle fencing", () => fencingGateway.settle()], // an off that was begun gets its outcome recorded
      ["settle agents", () => executor.settle()],
      ["settle deliveries", () => notifier.run("settle")],
      ["close", async () => void (await Promise.all([notifier.run("close"), executor.close(), fencingGateway.close(), policyEngine.close()]))],
      ["membership", () => membership.close()],
    ],
  };
}
