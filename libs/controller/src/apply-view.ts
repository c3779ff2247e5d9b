/** Views and joins: who is in, who is lost, and what a joining node says is running on it. */
import { type Cib, attribute } from "@quorate/cib";
import type { LogIndex, NodeName, WallMs } from "@quorate/core";
import type { OperationResult } from "@quorate/execution";
import { isActive } from "./activity.ts";
import type { Command, LostNode } from "./command.ts";
import { draft } from "./event-draft.ts";
import { recordResult } from "./history.ts";
import type { Applied, EventDraft, NodeCondition, NodeRecord, Replica } from "./replica.ts";
import { resourceIndex } from "./resource-index.ts";
import { changeNodeState, changeResourceHistory, clearHistory, historyOf, nodeState, setStanding, withConfiguredNodes, withHistory } from "./status-section.ts";

export function applyView(replica: Replica, index: LogIndex, command: Extract<Command, { kind: "view" }>): Applied {
  const events: EventDraft[] = [];
  const before = replica.view;
  replica.cib = withConfiguredNodes(replica.cib, [...replica.nodes.keys()]);
  for (const gone of command.gone) events.push(...removeNode(replica, gone, command.atMs));
  for (const member of command.members) events.push(...admitNode(replica, member, command.atMs));
  replica.view = { id: index, dc: command.dc, members: command.members, atMs: command.atMs };
  replica.cib = withDc(replica.cib, command.dc);
  if (before.dc !== command.dc) {
    events.push(draft("dc.elected", "info", command.atMs, `${command.dc} is the DC`, { node: command.dc, data: { dc: command.dc, previous: before.dc ?? "" } }));
  }
  const names = command.members.map(({ node }) => node);
  const votes = { votes: String(names.length), expected: String(replica.nodes.size) };
  events.push(draft("quorum.view", "info", command.atMs, `View ${index}: ${names.join(" ")} (${names.length} of ${replica.nodes.size} votes)`, { data: { members: names.join(" "), ...votes } }));
  return { events, error: null };
}

/** The claim was answered: what the executor knows replaces what the CIB said of the node. */
export function applyJoined(replica: Replica, command: Extract<Command, { kind: "joined" }>): Applied {
  const { node, bootId, session, atMs } = command;
  const record = replica.nodes.get(node);
  if (record === undefined || record.condition !== "member" || record.bootId !== bootId) {
    return { events: [], error: { code: "QUORATE_UNSAFE", message: `${node} is not a member with boot id ${bootId}` } };
  }
  const rejoined = record.session === session;
  replica.nodes.set(node, { ...record, session, reportSequence: rejoined ? record.reportSequence : 0 });
  const standingBefore = attribute(nodeState(replica.cib, node) ?? { name: "", attributes: {}, children: [], place: null }, "crmd");
  replica.cib = changeNodeState(replica.cib, node, (state) => setStanding(withHistory(state, historyElements(command.history)), "member"));
  if (standingBefore === "online") return { events: [], error: null };
  return { events: [draft("node.joined", "info", atMs, `${node} joined and is ready to run resources`, { node, data: { bootId } })], error: null };
}

function historyElements(history: readonly OperationResult[]): ReturnType<typeof historyOf> {
  let state = { name: "node_state", attributes: {}, children: [], place: null } as Parameters<typeof changeResourceHistory>[0];
  for (const result of [...history].sort((a, b) => a.callId - b.callId)) {
    state = changeResourceHistory(state, result.operation.resource, (before) => recordResult(before, result));
  }
  return historyOf(state).filter(({ children }) => children.length > 0);
}

function admitNode(replica: Replica, { node, bootId }: { node: NodeName; bootId: string }, atMs: WallMs): EventDraft[] {
  const record = replica.nodes.get(node) ?? newRecord();
  if (record.condition === "member" && record.bootId === bootId) return [];
  // The view was proposed before the sentence was known: this life is on its way out, and the next view says so (D5).
  if (replica.fencedBootIds.has(bootId)) return [];
  const newLife = record.bootId !== bootId;
  replica.nodes.set(node, { condition: "member", bootId, session: newLife ? null : record.session, reportSequence: newLife ? 0 : record.reportSequence, reason: "", sinceMs: atMs });
  // A new boot id proves that the old life is over: nothing of it runs any more, fenced or not.
  replica.cib = changeNodeState(replica.cib, node, (state) => setStanding(newLife ? clearHistory(state) : state, "joining"));
  return [draft("node.up", "info", atMs, `${node} is heard and in the view`, { node, data: { bootId, newLife: String(newLife) } })];
}

function removeNode(replica: Replica, { node, reason, how }: LostNode, atMs: WallMs): EventDraft[] {
  const record = replica.nodes.get(node) ?? newRecord();
  const settled: readonly NodeCondition[] = ["fenced", "fencing", "left", "lost"];
  if (record.condition === "fencing" && how === "lost") condemn(replica, node, atMs);
  if (record.condition === "fenced" && how === "lost" && !replica.view.members.some((member) => member.node === node)) return contradict(replica, { node, record, reason }, atMs);
  if (settled.includes(record.condition) && how === "lost") return [];
  replica.nodes.set(node, { ...record, condition: how, reason, sinceMs: atMs });
  if (how === "lost") markDisplaced(replica, node, atMs);
  replica.cib = changeNodeState(replica.cib, node, (state) => setStanding(state, how === "lost" ? "lost" : "down"));
  if (how === "left") return [draft("node.left", "info", atMs, `${node} left the cluster in good order`, { node, data: { reason } })];
  return [draft("node.lost", "error", atMs, `${node} is lost: ${reason}`, { node, data: { reason, bootId: record.bootId ?? "" } })];
}

/** Sentenced while it was a member, and out of the view now: whatever becomes of the reason, only its being off settles it. */
function condemn(replica: Replica, node: NodeName, atMs: WallMs): void {
  markDisplaced(replica, node, atMs);
  replica.cib = changeNodeState(replica.cib, node, (state) => setStanding(state, "lost"));
}

/** It is out of the view and confirmed off, and lives: it must be fenced again, by other devices than those that were wrong about it (D5). */
function contradict(replica: Replica, { node, record, reason }: { node: NodeName; record: NodeRecord; reason: string }, atMs: WallMs): EventDraft[] {
  replica.nodes.set(node, { ...record, condition: "lost", reason, sinceMs: atMs });
  replica.cib = changeNodeState(replica.cib, node, (state) => setStanding(state, "lost"));
  const wrong = replica.fences.filter((fence) => fence.target === node && fence.bootId === record.bootId && fence.outcome === "succeeded" && fence.action !== "on");
  for (const fence of wrong) replica.fences[replica.fences.indexOf(fence)] = { ...fence, contradicted: true };
  const devices = wrong.flatMap(({ device }) => device ?? []).join(",");
  const message = `${node} lives: ${reason}. What ran there may run twice. ${devices === "" ? "It was confirmed by hand" : `Not trusted for it any more: ${devices}`}; nothing more is started until it is fenced or restarted`;
  return [draft("fencing.contradicted", "critical", atMs, message, { node, data: { reason, devices, bootId: record.bootId ?? "" } })];
}

/** Remembers which top-level resources were active on the node, so that their return can be told. */
function markDisplaced(replica: Replica, node: NodeName, atMs: WallMs): void {
  const state = nodeState(replica.cib, node);
  if (state === null) return;
  const index = resourceIndex(replica);
  for (const history of historyOf(state)) {
    const id = attribute(history, "id") ?? "";
    const top = index.topOf.get(id);
    if (top === undefined || attribute(history, "class") === "stonith" || !isActive(history)) continue;
    if (index.elementOf.get(top)?.name === "clone" || index.elementOf.get(top)?.name === "master") continue;
    if (!replica.displaced.has(top)) replica.displaced.set(top, { from: node, sinceMs: atMs });
  }
}

function newRecord(): NodeRecord {
  return { condition: "pending", bootId: null, session: null, reportSequence: 0, reason: "", sinceMs: 0 };
}

/** The document says who the DC is and that it has quorum: a view exists only with quorum. */
function withDc(cib: Cib, dc: NodeName): Cib {
  if (attribute(cib.root, "dc-uuid") === dc && attribute(cib.root, "have-quorum") === "1") return cib;
  return { ...cib, root: { ...cib.root, attributes: { ...cib.root.attributes, "dc-uuid": dc, "have-quorum": "1" } } };
}
