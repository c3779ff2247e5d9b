import { describe, expect, test } from "vitest";
import type { MembershipReport, PeerReport } from "@quorate/membership";
import { parseCib } from "@quorate/cib";
import { type NodeRecord, type Replica, createReplica } from "./replica.ts";
import { proposeView, viewDiffers } from "./view-policy.ts";

const RULES = { commandDeadTimeMs: 5_000, admitProgressMs: 2_000, initialDeadTimeMs: 60_000 };
const ME = "a";

/** Known as `a` (this node) and `b`; `b` is a member in life b1 unless said otherwise. */
function known(b: Partial<NodeRecord> = {}, inView = true): Replica {
  const parsed = parseCib(`<cib admin_epoch="0" epoch="0" num_updates="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>`);
  if (!parsed.ok) throw new Error("the document is valid");
  const replica = createReplica(["a", "b"], parsed.value.cib);
  const record = (bootId: string): NodeRecord => ({ condition: "member", bootId, session: "s", reportSequence: 0, reason: "", sinceMs: 0 });
  replica.nodes.set("a", record("a1"));
  replica.nodes.set("b", { ...record("b1"), ...b });
  replica.view = { id: 7, dc: ME, members: [{ node: "a", bootId: "a1" }, ...(inView ? [{ node: "b", bootId: "b1" }] : [])], atMs: 0 };
  return replica;
}

function peer(change: Partial<PeerReport> = {}): PeerReport {
  return {
    node: "b", state: "alive", bootId: "b1", session: "mb", suspectedBy: [], majoritySuspects: false, mutual: true,
    progress: { policyEngineAgeMs: 10, executorAgeMs: 10 }, links: [{ link: "nats", silentMs: 612.4, up: true }], ...change,
  };
}

interface Given {
  readonly replica?: Replica;
  readonly peers?: readonly PeerReport[];
  readonly nowMs?: number;
  readonly uncommandable?: Readonly<Record<string, string>>;
  /** The committed view is this DC's own (default: it is of another). */
  readonly ownView?: boolean;
}

/** "member b1" | "gone: reason" | "awaited" | "out": what becomes of b. */
function verdict({ replica = known(), peers = [peer()], nowMs = 1_000, uncommandable = {}, ownView = false }: Given): string {
  const report: MembershipReport = { node: ME, bootId: "a1", session: "ma", sequence: 1, connectedQuorum: true, peers };
  const { members, gone, awaited } = proposeView({ replica, report, nowMs, startedAtMs: 0, ownView, uncommandable: new Map(Object.entries(uncommandable)), rules: RULES });
  expect(members[0]).toEqual({ node: "a", bootId: "a1" });
  const member = members.find(({ node }) => node === "b");
  if (member !== undefined) return `member ${member.bootId}`;
  if (gone[0] !== undefined) return `${gone[0].how}: ${gone[0].reason}`;
  return awaited.includes("b") ? "awaited" : "out";
}

const SILENT = { state: "suspected", majoritySuspects: true, suspectedBy: ["a", "c"] } as const;
const SILENCE = "lost: silent on nats for 612 ms; suspected by a, c";

describe("a member of the view", () => {
  test.each<{ name: string; given: Given; want: string }>([
    { name: "that is heard stays", given: {}, want: "member b1" },
    { name: "that a majority suspects is lost, with the evidence", given: { peers: [peer(SILENT)] }, want: SILENCE },
    { name: "that this node alone suspects stays", given: { peers: [peer({ state: "suspected", suspectedBy: ["a"] })] }, want: "member b1" },
    { name: "that is heard one way only stays until a majority suspects it", given: { peers: [peer({ mutual: false })] }, want: "member b1" },
    { name: "whose executor does not answer is lost, in the words of the claim", given: { uncommandable: { b: "no answer for 5001 ms" } }, want: "lost: no answer for 5001 ms" },
    { name: "whose executor shows no progress for the command dead time is lost", given: { peers: [peer({ progress: { policyEngineAgeMs: 1, executorAgeMs: 5_001 } })] }, want: "lost: its executor shows no progress for 5001 ms" },
    { name: "whose executor is late within that time stays", given: { peers: [peer({ progress: { policyEngineAgeMs: 1, executorAgeMs: 5_000 } })] }, want: "member b1" },
    { name: "whose policy-engine alone is late stays", given: { peers: [peer({ progress: { policyEngineAgeMs: 9_000, executorAgeMs: 1 } })] }, want: "member b1" },
    { name: "whose executor was not heard of yet stays", given: { peers: [peer({ progress: { policyEngineAgeMs: 1, executorAgeMs: null } })] }, want: "member b1" },
    { name: "that is leaving stays until it has left", given: { peers: [peer({ state: "leaving", bootId: "b2" })] }, want: "member b1" },
    { name: "in a new life that is ready is admitted in it", given: { peers: [peer({ bootId: "b2" })] }, want: "member b2" },
    { name: "in a new life that is not ready is still the old one", given: { peers: [peer({ bootId: "b2", mutual: false })] }, want: "member b1" },
    { name: "of its own view, not heard since its membership process restarted, stays", given: { ownView: true, peers: [peer({ state: "pending", bootId: null })], nowMs: 60_000 }, want: "member b1" },
    { name: "of its own view, that membership forgot, stays", given: { ownView: true, peers: [], nowMs: 60_000 }, want: "member b1" },
    { name: "of its own view, not heard since, that a majority suspects is lost", given: { ownView: true, peers: [peer({ ...SILENT, state: "pending", bootId: null })] }, want: SILENCE },
    { name: "of its own view, not heard since, whose executor does not answer is lost", given: { ownView: true, peers: [], uncommandable: { b: "no answer for 5001 ms" } }, want: "lost: no answer for 5001 ms" },
    { name: "not heard since this process started is awaited", given: { peers: [peer({ state: "pending", bootId: null })], nowMs: 59_999 }, want: "awaited" },
    { name: "not heard within initial-dead-time is lost", given: { peers: [peer({ state: "pending", bootId: null })], nowMs: 60_000 }, want: "lost: not seen within 60000 ms of the start (initial-dead-time)" },
    { name: "that membership does not know is awaited", given: { peers: [] }, want: "awaited" },
  ])("$name", ({ given, want }) => expect(verdict(given)).toBe(want));

  test("whose life is sentenced is out at once, and stays out", () => {
    const replica = known();
    replica.fencedBootIds.add("b1");
    expect(verdict({ replica })).toBe("lost: it is being fenced");
    replica.view = { ...replica.view, members: [{ node: "a", bootId: "a1" }] };
    expect(verdict({ replica })).toBe("out");
  });
});

describe("a node that is not in the view", () => {
  test.each<{ name: string; given: Given; want: string }>([
    { name: "lost, and heard again in the same life, is admitted", given: { replica: known({ condition: "lost" }, false) }, want: "member b1" },
    { name: "fenced, in a new life, is admitted", given: { replica: known({ condition: "fenced" }, false), peers: [peer({ bootId: "b2" })] }, want: "member b2" },
    { name: "heard one way only is not", given: { replica: known({ condition: "fenced" }, false), peers: [peer({ mutual: false })] }, want: "out" },
    { name: "without progress of its executor is not", given: { replica: known({ condition: "fenced" }, false), peers: [peer({ progress: { policyEngineAgeMs: 1, executorAgeMs: 2_001 } })] }, want: "out" },
    { name: "without progress of its policy-engine is not", given: { replica: known({ condition: "fenced" }, false), peers: [peer({ progress: { policyEngineAgeMs: null, executorAgeMs: 1 } })] }, want: "out" },
    { name: "without any word of progress is not", given: { replica: known({ condition: "left" }, false), peers: [peer({ progress: null })] }, want: "out" },
    { name: "pending and half ready is awaited", given: { replica: known({ condition: "pending", bootId: null }, false), peers: [peer({ mutual: false })] }, want: "awaited" },
    { name: "pending and never seen is awaited", given: { replica: known({ condition: "pending", bootId: null }, false), peers: [peer({ state: "pending", bootId: null })] }, want: "awaited" },
    { name: "pending and never seen is lost after initial-dead-time", given: { replica: known({ condition: "pending", bootId: null }, false), peers: [peer({ state: "pending", bootId: null })], nowMs: 60_000 }, want: "lost: not seen within 60000 ms of the start (initial-dead-time)" },
    { name: "fenced and silent stays out", given: { replica: known({ condition: "fenced" }, false), peers: [peer({ state: "pending", bootId: null })], nowMs: 90_000 }, want: "out" },
    { name: "known as member (of the view before) and silent is lost", given: { replica: known({}, false), peers: [peer(SILENT)] }, want: SILENCE },
    { name: "lost and silent stays as it is", given: { replica: known({ condition: "lost" }, false), peers: [peer(SILENT)] }, want: "out" },
  ])("$name", ({ given, want }) => expect(verdict(given)).toBe(want));
});

test.each([
  { name: "the same members under the same DC", members: "a:a1 b:b1", dc: "a", gone: false, want: false },
  { name: "another DC", members: "a:a1 b:b1", dc: "b", gone: false, want: true },
  { name: "a member less", members: "a:a1", dc: "a", gone: false, want: true },
  { name: "a new life", members: "a:a1 b:b2", dc: "a", gone: false, want: true },
  { name: "a node to be declared lost that is out already", members: "a:a1 b:b1", dc: "a", gone: true, want: true },
])("the view differs: $name: $want", ({ members, dc, gone, want }) => {
  const list = members.split(" ").map((text) => ({ node: text.split(":")[0]!, bootId: text.split(":")[1]! }));
  expect(viewDiffers({ members: list, gone: gone ? [{ node: "c", reason: "x", how: "lost" }] : [], awaited: [] }, known(), dc)).toBe(want);
});
