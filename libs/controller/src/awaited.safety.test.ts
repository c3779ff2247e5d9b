/** A cold start waits for nodes, but for none of them for ever: what is awaited keeps the whole cluster from starting anything. */
import { parseCib } from "@quorate/cib";
import type { PeerReport } from "@quorate/membership";
import { expect, test } from "vitest";
import { createReplica } from "./replica.ts";
import { proposeView } from "./view-policy.ts";

const RULES = { commandDeadTimeMs: 5_000, admitProgressMs: 2_000, initialDeadTimeMs: 60_000 };
const LATE = "it was heard, but could not be commanded within 65000 ms of the start (initial-dead-time and command-dead-time)";

function verdict(change: Partial<PeerReport>, nowMs: number): string {
  const parsed = parseCib(`<cib admin_epoch="0" epoch="0" num_updates="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>`);
  if (!parsed.ok) throw new Error("the document is valid");
  const peer: PeerReport = {
    node: "b", state: "alive", bootId: "b1", session: "s", suspectedBy: [], majoritySuspects: false, mutual: true, progress: { policyEngineAgeMs: 1, executorAgeMs: 1 }, links: [], ...change,
  };
  const report = { node: "a", bootId: "a1", session: "s", sequence: 1, connectedQuorum: true, peers: [peer] };
  const { gone, awaited, members } = proposeView({ replica: createReplica(["a", "b"], parsed.value.cib), report, nowMs, startedAtMs: 0, ownView: false, uncommandable: new Map(), rules: RULES });
  return gone[0] !== undefined ? `${gone[0].how}: ${gone[0].reason}` : awaited.length > 0 ? "awaited" : `${members.length} members`;
}

test.each<{ name: string; peer: Partial<PeerReport> }>([
  { name: "whose executor never starts", peer: { progress: { policyEngineAgeMs: 1, executorAgeMs: null } } },
  { name: "that is heard one way only", peer: { mutual: false } },
  { name: "that was heard for a moment and died before it was admitted", peer: { state: "suspected", mutual: false, majoritySuspects: true, suspectedBy: ["a", "c"] } },
  { name: "that says it leaves", peer: { state: "leaving" } },
])("a node never admitted, $name, is awaited within the time for it and lost afterwards", ({ peer }) => {
  expect([verdict(peer, 64_999), verdict(peer, 65_000)]).toEqual(["awaited", `lost: ${LATE}`]);
});

test("a node that is ready is admitted at any time", () => expect([verdict({}, 1), verdict({}, 1_000_000)]).toEqual(["2 members", "2 members"]));
