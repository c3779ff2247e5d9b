/** One seed: a cluster comes up, suffers, is healed and must come to rest with everything running once. */
import { replicaDigest } from "@quorate/controller";
import { type NodeName, Prng } from "@quorate/core";
import { Violation } from "./checker.ts";
import type { Mutation } from "./mutation.ts";
import { World } from "./world.ts";

export interface ScenarioResult {
  readonly seed: number;
  /** Null when every invariant held and the cluster converged. */
  readonly violation: string | null;
  readonly virtualMs: number;
  readonly entries: number;
  /** What happened, newest last. */
  readonly notes: readonly string[];
}

const FAULTS_MS = 30_000;
const CONVERGE_MS = 180_000;
const LOOK_MS = 500;
/** The rest must last: looks in a row that find everything as it should be. */
const LOOKS = 4;

export function runScenario({ seed, mutation = null }: { seed: number; mutation?: Mutation | null }): ScenarioResult {
  const shape = new Prng(seed ^ 0x5eed);
  const world = new World({ seed, nodes: 3 + 2 * shape.below(2), groups: 1 + shape.below(3), mutation });
  const result = (violation: string | null): ScenarioResult => ({ seed, violation, virtualMs: world.queue.nowMs, entries: world.checker.entries, notes: world.notes });
  try {
    for (const node of world.nodes.values()) world.queue.after(shape.below(1_500), () => node.powerOn());
    const acknowledged = writeNow(world, shape);
    world.run(4_000 + shape.below(4_000));
    for (let faults = 2 + shape.below(6); faults > 0; faults--) world.queue.after(shape.below(FAULTS_MS), () => strike(world, shape));
    world.run(world.queue.nowMs + FAULTS_MS);
    heal(world);
    return result(converge(world, acknowledged));
  } catch (error) {
    if (error instanceof Violation) return result(error.message);
    return result(`the program failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

/** One fault, and when it passes. */
function strike(world: World, prng: Prng): void {
  const node = world.nodes.get(world.names[prng.below(world.names.length)]!)!;
  const lasts = 200 + prng.below(9_000);
  const kind = prng.below(9);
  world.note(`fault ${kind} on ${node.name} for ${lasts} ms`);
  switch (kind) {
    case 0:
    case 1:
      node.powerOff();
      world.queue.after(lasts, () => node.powerOn());
      return;
    case 2:
    case 3:
      node.crash();
      world.queue.after(prng.below(2) === 0 ? prng.below(400) : lasts, () => node.start());
      return;
    case 4:
    case 5:
      part(world, prng, lasts);
      return;
    case 6:
      world.network.faults = { drop: prng.below(150), duplicate: prng.below(100), slow: prng.below(200), slowMs: 50 + prng.below(prng.below(3) === 0 ? 5_000 : 400) };
      world.queue.after(lasts, () => (world.network.faults = { drop: 0, duplicate: 0, slow: 0, slowMs: 0 }));
      return;
    case 7:
      world.power.fault = (["broken", "mute", "slow"] as const)[prng.below(3)]!;
      world.queue.after(lasts, () => (world.power.fault = "none"));
      return;
    case 8:
      world.agentFaults = prng.below(300);
      world.queue.after(lasts, () => (world.agentFaults = 0));
      return;
  }
}

function part(world: World, prng: Prng, lasts: number): void {
  const shuffled = [...world.names].sort(() => prng.below(3) - 1);
  const side = new Set(shuffled.slice(0, 1 + prng.below(world.names.length - 1)));
  if (prng.below(4) === 0) {
    const [from = "", to = ""] = shuffled;
    world.network.cut.add(`${from}>${to}`); // one way only
  } else {
    world.network.part(side, world.names);
  }
  world.queue.after(lasts, () => world.network.cut.clear());
}

function heal(world: World): void {
  world.note("healed");
  world.network.heal();
  world.power.fault = "none";
  world.agentFaults = 0;
}

/** Invariants 5 and 7. Whoever was fenced is switched on again, as an operator would. */
function converge(world: World, acknowledged: ReadonlySet<string>): string | null {
  const until = world.queue.nowMs + CONVERGE_MS;
  let looks = 0;
  let missing = "";
  while (world.queue.nowMs < until) {
    for (const node of world.nodes.values()) {
      if (!node.powered) node.powerOn();
      else if (!node.up) node.start();
    }
    world.run(world.queue.nowMs + LOOK_MS);
    missing = unrest(world, acknowledged);
    looks = missing === "" ? looks + 1 : 0;
    if (looks >= LOOKS) return null;
  }
  return `invariant 7: no rest within ${CONVERGE_MS / 1000} s after the faults: ${missing}`;
}

/** What is not as it should be; "" when all is. */
function unrest(world: World, acknowledged: ReadonlySet<string>): string {
  const nodes = [...world.nodes.values()];
  for (let group = 0; group < world.groups; group++) {
    for (const part of ["ip", "fs"]) {
      const on = nodes.filter(({ active }) => active.has(`g${group}-${part}`));
      if (on.length !== 1) return `g${group}-${part} runs on ${on.length} nodes`;
    }
  }
  const engines = nodes.map(({ engine }) => engine);
  const digests = new Set(engines.map((engine) => (engine === null ? "down" : replicaDigest(engine.replica))));
  if (digests.size !== 1) return `replicas differ or lag: ${[...digests].join(" | ")}`;
  const replica = engines[0]!.replica;
  if (replica.view.members.length !== nodes.length) return `the view holds ${replica.view.members.map(({ node }) => node).join(" ")}`;
  const text = JSON.stringify(replica.cib.root);
  const lost = [...acknowledged].filter((name) => !text.includes(`"${name}"`));
  return lost.length === 0 ? "" : `invariant 5: acknowledged writes are gone: ${lost.join(", ")}`;
}

/** Clients that write now and then; what was acknowledged must be there in the end. */
function writeNow(world: World, prng: Prng): ReadonlySet<string> {
  const acknowledged = new Set<string>();
  for (let write = 0; write < 6; write++) {
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
