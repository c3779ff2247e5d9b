/** One seed: a cluster comes up, suffers, is healed and must come to rest with everything running once. */
import { type NodeName, Prng } from "@quorate/core";
import { Violation } from "./checker.ts";
import { converge } from "./converge.ts";
import type { Mutation } from "./mutation.ts";
import { PROFILES, type Profile, suffer } from "./profile.ts";
import { World } from "./world.ts";

export interface ScenarioResult {
  readonly seed: number;
  readonly profile: Profile;
  /** Null when every invariant held and the cluster converged. */
  readonly violation: string | null;
  readonly virtualMs: number;
  readonly entries: number;
  /** What happened, newest last. */
  readonly notes: readonly string[];
}

export interface ScenarioOptions {
  readonly seed: number;
  readonly mutation?: Mutation | null;
  /** Null: the seed draws one. */
  readonly profile?: Profile | null;
}

const FAULTS_MS = 30_000;
const WRITES = 10;

export function runScenario({ seed, mutation = null, profile: wanted = null }: ScenarioOptions): ScenarioResult {
  const shape = new Prng(seed ^ 0x5eed);
  const drawn = PROFILES[shape.below(PROFILES.length)]!;
  const profile = wanted ?? drawn;
  const world = new World({ seed, nodes: 3 + 2 * shape.below(2), groups: 1 + shape.below(3), mutation });
  world.note(`${world.names.length} nodes, ${world.groups} groups, faults: ${profile}`);
  const result = (violation: string | null): ScenarioResult => ({ seed, profile, violation, virtualMs: world.queue.nowMs, entries: world.checker.entries, notes: world.notes });
  try {
    for (const node of world.nodes.values()) world.queue.after(shape.below(1_500), () => node.powerOn());
    const acknowledged = writeNow(world, shape);
    world.run(4_000 + shape.below(4_000));
    suffer(world, { profile, prng: shape, lastsMs: FAULTS_MS });
    return result(converge(world, acknowledged));
  } catch (error) {
    if (error instanceof Violation) return result(error.message);
    return result(`the program failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

/** Clients that write now and then; what was acknowledged must be there in the end. */
function writeNow(world: World, prng: Prng): ReadonlySet<string> {
  const acknowledged = new Set<string>();
  for (let write = 0; write < WRITES; write++) {
    const node: NodeName = world.names[prng.below(world.names.length)]!;
    world.queue.after(3_000 + prng.below(FAULTS_MS), () => {
      const name = `write-${write}`;
      const xml = `<node id="${node}" uname="${node}"><instance_attributes id="${node}-attributes"><nvpair id="${node}-${name}" name="${name}" value="yes"/></instance_attributes></node>`;
      const command = { kind: "cib", atMs: world.time().wallMs, requestId: name, by: "a client", operation: { kind: "modify", section: "nodes", xml, allowCreate: true } } as const;
      world.nodes.get(node)!.request(name, command, () => acknowledged.add(name));
    });
  }
  return acknowledged;
}
