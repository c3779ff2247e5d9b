/** After the faults: invariants 5 and 7. The cluster must come to rest, with everything running once and nothing acknowledged lost. */
import { replicaDigest } from "@quorate/controller";
import type { World } from "./world.ts";

const CONVERGE_MS = 180_000;
const LOOK_MS = 500;
/** The rest must last: looks in a row that find everything as it should be. */
const LOOKS = 4;
/** Transitions that may be needed once nothing fails any more; failures of before expire in the meantime. */
const TRANSITIONS_MAX = 40;

/** What went wrong; null when the cluster came to rest. Whoever is off is switched on again, as an operator would. */
export function converge(world: World, acknowledged: ReadonlySet<string>): string | null {
  const until = world.queue.nowMs + CONVERGE_MS;
  const before = transitions(world);
  let looks = 0;
  let last = before;
  let missing = "";
  while (world.queue.nowMs < until) {
    for (const node of world.nodes.values()) {
      if (!node.powered) node.powerOn();
      else if (!node.up) node.start();
    }
    world.run(world.queue.nowMs + LOOK_MS);
    missing = unrest(world, acknowledged);
    const now = transitions(world);
    if (now - before > TRANSITIONS_MAX) return `invariant 7: ${now - before} transitions after the faults, and no rest`;
    looks = missing === "" && now === last ? looks + 1 : 0;
    last = now;
    if (looks >= LOOKS) return null;
  }
  return `invariant 7: no rest within ${CONVERGE_MS / 1000} s after the faults: ${missing}`;
}

function transitions(world: World): number {
  return Math.max(0, ...[...world.nodes.values()].map(({ engine }) => engine?.replica.transition ?? 0));
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
  const applied = new Set(engines.map((engine) => engine?.replica.applied ?? -1));
  if (applied.size !== 1) return `replicas lag: ${[...applied].join(" ")}`;
  const digests = new Set(engines.map((engine) => (engine === null ? "down" : replicaDigest(engine.replica))));
  if (digests.size !== 1) return `replicas differ: ${[...digests].join(" | ")}`;
  const replica = engines[0]!.replica;
  if (replica.view.members.length !== nodes.length) return `the view holds ${replica.view.members.map(({ node }) => node).join(" ")}`;
  const text = JSON.stringify(replica.cib.root);
  const lost = [...acknowledged].filter((name) => !text.includes(`"${name}"`));
  return lost.length === 0 ? "" : `invariant 5: acknowledged writes are gone: ${lost.join(", ")}`;
}
