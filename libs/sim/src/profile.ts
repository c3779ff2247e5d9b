/** What goes wrong in one run. `mixed` is anything; the others look long at one kind of trouble. */
import type { NodeName, Prng } from "@quorate/core";
import { CALM } from "./network.ts";
import type { SimNode } from "./sim-node.ts";
import type { World } from "./world.ts";

/**
 * `elections`: who has just become leader is cut off, and those that voted for it lose their processes. `deposed`: a DC is cut off while
 * its commands are still on their way. `power`: all nodes lose power at once. `fence`: nodes must be fenced, and the device does not do as
 * it is told. `churn`: processes and nodes die and are back before anybody notices, agents fail.
 */
export const PROFILES = ["mixed", "mixed", "elections", "deposed", "power", "fence", "churn"] as const;
export type Profile = (typeof PROFILES)[number];

interface Trouble {
  readonly world: World;
  readonly prng: Prng;
}

/** Runs the world through `lastsMs` of trouble, and heals it. */
export function suffer(world: World, { profile, prng, lastsMs }: { profile: Profile; prng: Prng; lastsMs: number }): void {
  const trouble: Trouble = { world, prng };
  const times = (count: number, act: () => void): void => {
    for (let i = 0; i < count; i++) world.queue.after(prng.below(lastsMs), act);
  };
  if (prng.below(3) > 0) world.repairMs = { least: 1_500, most: 8_000 };
  begin(profile, trouble, times);
  world.run(world.queue.nowMs + lastsMs);
  heal(world);
}

function begin(profile: Profile, trouble: Trouble, times: (count: number, act: () => void) => void): void {
  const { world, prng } = trouble;
  switch (profile) {
    case "mixed":
      return times(2 + prng.below(6), () => strike(trouble));
    case "elections":
      world.onLeader = (node) => ambush(trouble, node);
      return times(3 + prng.below(4), () => crashBriefly(trouble, leader(trouble), 700 + prng.below(2_000)));
    case "deposed":
      world.network.faults.command = { drop: prng.below(100), duplicate: 100 + prng.below(400), slow: prng.below(300), slowMs: 1_000 + prng.below(5_000) };
      return times(3 + prng.below(4), () => depose(trouble));
    case "power":
      times(1 + prng.below(3), () => blackout(trouble));
      return times(prng.below(3), () => strike(trouble));
    case "fence":
      times(1 + prng.below(3), () => sparePrey(trouble));
      times(1 + prng.below(2), () => losePower(trouble, anyNode(trouble)));
      return times(prng.below(2), () => strike(trouble));
    case "churn":
      world.agentFaults = prng.below(2) * prng.below(150);
      times(4 + prng.below(8), () => crashBriefly(trouble, anyNode(trouble), prng.below(700)));
      times(prng.below(4), () => rebootFast(trouble, anyNode(trouble)));
      return times(prng.below(4), () => loseAgents(trouble));
  }
}

function heal(world: World): void {
  world.note("healed");
  world.network.heal();
  world.power.fault = "none";
  world.agentFaults = 0;
  world.onLeader = () => {};
}

/** Any one fault, and when it passes. */
function strike(trouble: Trouble): void {
  const { world, prng } = trouble;
  const node = anyNode(trouble);
  const lasts = 200 + prng.below(9_000);
  switch (prng.below(9)) {
    case 0:
    case 1:
      return losePower(trouble, node);
    case 2:
    case 3:
      return crashBriefly(trouble, node, prng.below(2) === 0 ? prng.below(400) : lasts);
    case 4:
    case 5:
      return part(trouble, lasts);
    case 6:
      return slowDown(trouble, lasts);
    case 7:
      return breakDevice(trouble, lasts);
    case 8:
      world.note("agents fail now and then");
      world.agentFaults = prng.below(300);
      world.queue.after(lasts, () => (world.agentFaults = 0));
  }
}

function losePower({ world, prng }: Trouble, node: SimNode): void {
  const lasts = 200 + prng.below(9_000);
  world.note(`${node.name} loses power for ${lasts} ms`);
  node.powerOff();
  world.queue.after(lasts, () => node.powerOn());
}

/** Back in a new life before its silence is noticed. */
function rebootFast({ world, prng }: Trouble, node: SimNode): void {
  world.note(`${node.name} reboots fast`);
  node.powerOff();
  world.queue.after(20 + prng.below(500), () => node.powerOn());
}

function crashBriefly({ world }: Trouble, node: SimNode, lasts: number): void {
  world.note(`the daemons of ${node.name} crash for ${lasts} ms`);
  node.crash();
  world.queue.after(lasts, () => node.start());
}

/** All agents' resources on a node are gone: what a monitor is for. */
function loseAgents(trouble: Trouble): void {
  const node = anyNode(trouble);
  const [resource] = node.active;
  if (resource === undefined) return;
  trouble.world.note(`${resource} dies on ${node.name}`);
  node.kill(resource);
}

function part({ world, prng }: Trouble, lasts: number): void {
  const shuffled = shuffle(world.names, prng);
  if (prng.below(4) === 0) {
    const [from = "", to = ""] = shuffled;
    world.note(`${to} does not hear ${from} for ${lasts} ms`);
    world.network.cut.add(`${from}>${to}`);
  } else {
    const side = shuffled.slice(0, 1 + prng.below(world.names.length - 1));
    world.note(`${side.join(" ")} cut off for ${lasts} ms`);
    world.network.part(new Set(side), world.names);
  }
  world.queue.after(lasts, () => world.network.cut.clear());
}

function slowDown({ world, prng }: Trouble, lasts: number): void {
  world.note(`a bad network for ${lasts} ms`);
  const faults = { drop: prng.below(150), duplicate: prng.below(100), slow: prng.below(200), slowMs: 50 + prng.below(prng.below(3) === 0 ? 5_000 : 400) };
  world.network.faults.message = faults;
  world.network.faults.command = faults;
  world.queue.after(lasts, () => {
    world.network.faults.message = CALM;
    world.network.faults.command = CALM;
  });
}

function breakDevice({ world, prng }: Trouble, lasts: number): void {
  const fault = (["broken", "mute", "mute", "slow"] as const)[prng.below(4)]!;
  world.note(`the fence device is ${fault} for ${lasts} ms`);
  world.power.fault = fault;
  world.queue.after(lasts, () => (world.power.fault = "none"));
}

/** Cut off both ways, or in one. */
function isolate({ world, prng }: Trouble, { name }: SimNode, lasts: number): void {
  const ways = prng.below(3);
  world.note(`${name} ${["is cut off", "is not heard", "does not hear"][ways]!} for ${lasts} ms`);
  for (const other of world.names.filter((candidate) => candidate !== name)) {
    if (ways !== 2) world.network.cut.add(`${name}>${other}`);
    if (ways !== 1) world.network.cut.add(`${other}>${name}`);
  }
  world.queue.after(lasts, () => world.network.cut.clear());
}

/** The DC gives commands because resources have died, and then it, or somebody, is gone: a new view while old commands are on their way. */
function depose(trouble: Trouble): void {
  const { world, prng } = trouble;
  for (let deaths = 1 + prng.below(3); deaths > 0; deaths--) loseAgents(trouble);
  const victim = prng.below(3) === 0 ? anyNode(trouble) : leader(trouble);
  const lasts = 500 + prng.below(4_000);
  world.queue.after(prng.below(2_500), () => (prng.below(2) === 0 ? isolate(trouble, victim, lasts) : crashBriefly(trouble, victim, lasts)));
}

/** A node that lives must be fenced, and the device does not do as it is told. */
function sparePrey(trouble: Trouble): void {
  const { world, prng } = trouble;
  breakDevice(trouble, 2_000 + prng.below(13_000));
  world.queue.after(prng.below(800), () => isolate(trouble, anyNode(trouble), 1_000 + prng.below(9_000)));
}

/** The new leader is cut off before its first word, and the others lose their processes: whoever voted must remember it. */
function ambush({ world, prng }: Trouble, leader: NodeName): void {
  if (prng.below(2) === 0) return;
  const others = shuffle(world.names, prng).filter((name) => name !== leader);
  world.note(`ambush on ${leader}`);
  world.network.part(new Set([leader]), world.names);
  world.queue.after(1_000 + prng.below(4_000), () => world.network.cut.clear());
  for (const name of others.slice(0, 1 + prng.below(others.length))) {
    const node = world.nodes.get(name)!;
    world.queue.after(prng.below(6), () => (prng.below(4) === 0 ? node.powerOff() : node.crash()));
    world.queue.after(20 + prng.below(300), () => (node.powered ? node.start() : node.powerOn()));
  }
}

/** Everybody at once, or all but one; sometimes again while they start. */
function blackout({ world, prng }: Trouble): void {
  const spared = prng.below(3) === 0 ? world.names[prng.below(world.names.length)] : undefined;
  world.note(`blackout${spared === undefined ? "" : `, but for ${spared}`}`);
  for (const node of world.nodes.values()) {
    if (node.name === spared) continue;
    node.powerOff();
    world.queue.after(100 + prng.below(prng.below(2) === 0 ? 300 : 3_000), () => node.powerOn());
  }
}

function leader(trouble: Trouble): SimNode {
  return [...trouble.world.nodes.values()].find(({ engine }) => engine?.raftStatus.role === "leader") ?? anyNode(trouble);
}

function anyNode({ world, prng }: Trouble): SimNode {
  return world.nodes.get(world.names[prng.below(world.names.length)]!)!;
}

function shuffle(names: readonly NodeName[], prng: Prng): NodeName[] {
  const left = [...names];
  return names.map(() => left.splice(prng.below(left.length), 1)[0]!);
}
