/** Status of a generated CIB: node states, and histories that tell what runs where and what failed. Bundles start afresh. */
import type { XmlElement } from "@quorate/cib";
import type { Draft, NodeDraft, PrimitiveDraft, TopDraft } from "./draft.ts";
import { NOW, pairs, xml } from "./draft.ts";
import { history } from "./generate-history.ts";
import type { Activity } from "./generate-history.ts";

/** Conditions in which a node may (still) run something. */
const MAY_RUN: ReadonlySet<string> = new Set(["online", "standby", "standby-transient", "lost", "daemon-lost", "shutdown", "maintenance"]);

interface Placement extends Activity {
  readonly node: NodeDraft;
  readonly primitive: PrimitiveDraft | null;
  /** Name in the history. */
  readonly name: string;
}

export function generateStatus(draft: Draft): XmlElement {
  const placements = placeAll(draft);
  const running = new Set(placements.filter((one) => one.running && one.primitive?.connects != null).map((one) => one.primitive?.connects));
  const states = draft.nodes.filter((node) => node.condition !== "unseen" && (node.kind === "member" || running.has(node.name)))
    .map((node) => nodeState(draft, node, placements.filter((one) => one.node === node)));
  const tickets = draft.tickets.filter(() => draft.dice.chance(85)).map((id) => xml("ticket_state", {
    id, granted: String(draft.dice.chance(55)), standby: draft.dice.chance(15) ? "true" : undefined, "last-granted": String(NOW - 1000),
  }));
  return xml("status", {}, [...states, draft.tickets.length === 0 ? null : xml("tickets", {}, tickets)]);
}

/** What runs where. A remote or guest node runs something only when its connection does. */
function placeAll(draft: Draft): Placement[] {
  const { dice, nodes, tops } = draft;
  const members = nodes.filter((node) => node.kind === "member" && MAY_RUN.has(node.condition));
  const hosts = [...members];
  const placements: Placement[] = [];
  for (const top of [...tops].toSorted((a, b) => Number(isConnection(draft, b)) - Number(isConnection(draft, a)))) {
    if (top.kind === "bundle") continue;
    const connection = isConnection(draft, top);
    const places = connection || top.id.startsWith("fenc") ? members : hosts;
    const placed = top.kind === "clone" ? placeClone(draft, top, places) : placeSingle(draft, top, places);
    placements.push(...placed);
    const name = draft.primitives.get(top.id)?.connects;
    const host = placed.find((one) => one.running);
    const node = nodes.find((one) => one.name === name);
    if (node === undefined || host === undefined) continue;
    hosts.push(node);
    if (node.kind === "guest") placements.push(...guestConnection(draft, host, node));
  }
  if (draft.features.has("history") && members.length > 0 && dice.chance(8)) placements.push({ node: dice.pick(members), primitive: null, name: "orphan", running: true, promoted: false });
  return placements;
}

function isConnection(draft: Draft, top: TopDraft): boolean {
  return draft.primitives.get(top.id)?.connects != null;
}

/** The connection of a guest node runs beside its container. */
function guestConnection(draft: Draft, host: Placement, guest: NodeDraft): Placement[] {
  const operations = [{ name: "monitor", intervalMs: 30_000, timeoutMs: 30_000, role: null, enabled: true }];
  const primitive: PrimitiveDraft = {
    id: guest.name, agent: { class: "ocf", provider: "pacemaker", type: "remote", container: host.name }, operations, device: false, migratable: false, connects: guest.name,
    parameters: { addr: guest.name },
  };
  return draft.nodes.filter((node) => node.kind === "member").map((node) => ({ node, primitive, name: guest.name, running: node === host.node, promoted: false }));
}

function placeSingle(draft: Draft, top: TopDraft, places: readonly NodeDraft[]): Placement[] {
  const { dice, nodes } = draft;
  let on = places.length > 0 && dice.chance(75) ? [dice.pick(places)] : [];
  if (draft.features.has("failures") && on.length > 0 && dice.chance(3)) on = dice.sample(places, 2);
  const started = dice.chance(85) ? top.primitives.length : dice.between(0, top.primitives.length);
  return top.primitives.flatMap((id, position) => nodes.map((node) => ({
    node, primitive: draft.primitives.get(id) ?? null, name: id, running: on.includes(node) && position < started, promoted: false,
  })));
}

function placeClone(draft: Draft, top: TopDraft, places: readonly NodeDraft[]): Placement[] {
  const { dice, nodes } = draft;
  const primitive = (id: string): PrimitiveDraft | null => draft.primitives.get(id) ?? null;
  if (top.unique) {
    return Array.from({ length: top.max }, (_, number) => number).flatMap((number) => {
      const on = places.length > 0 && dice.chance(70) ? dice.pick(places) : null;
      return top.primitives.flatMap((id) => nodes.map((node) => ({ node, primitive: primitive(id), name: `${id}:${number}`, running: node === on, promoted: false })));
    });
  }
  const on = dice.each(places, 70).slice(0, top.max);
  const promoted = top.promotable && on.length > 0 && dice.chance(70) ? dice.pick(on) : null;
  return top.primitives.flatMap((id) => nodes.map((node) => ({ node, primitive: primitive(id), name: id, running: on.includes(node), promoted: node === promoted })));
}

const PRESENCE: Readonly<Record<string, readonly [inCcm: string, crmd: string, join: string, expected: string]>> = {
  offline: ["false", "offline", "down", "down"], lost: ["false", "offline", "down", "member"],
  "daemon-lost": ["true", "offline", "member", "member"], pending: ["true", "online", "pending", "down"],
};

function nodeState(draft: Draft, node: NodeDraft, placements: readonly Placement[]): XmlElement {
  const attributes: Record<string, string> = {};
  const entries = placements.flatMap((placement) => historyOf(draft, placement, attributes) ?? []);
  promotionScores(draft, placements, attributes);
  if (node.condition === "shutdown") attributes["shutdown"] = String(NOW - 30);
  if (node.condition === "standby-transient") attributes["standby"] = "on";
  const { id, name: uname } = node;
  const lrm = node.condition === "pending" ? null : xml("lrm", { id }, [xml("lrm_resources", {}, entries)]);
  const set = pairs(draft, "instance_attributes", attributes);
  const transient = set === null ? null : xml("transient_attributes", { id }, [set]);
  if (node.kind !== "member") return xml("node_state", { remote_node: "true", id, uname }, [lrm, transient]);
  const [inCcm, crmd, join, expected] = PRESENCE[node.condition] ?? ["true", "online", "member", "member"];
  return xml("node_state", { id, uname, in_ccm: inCcm, crmd, join, expected }, [lrm, transient]);
}

function historyOf(draft: Draft, placement: Placement, attributes: Record<string, string>): XmlElement | null {
  if (!placement.running && draft.dice.chance(8)) return null;
  const elsewhere = placement.node.kind !== "member" && (placement.primitive?.device === true || placement.primitive?.connects != null);
  return elsewhere ? null : history(draft, placement, attributes);
}

/** What the agents of promotable clones say of themselves. */
function promotionScores(draft: Draft, placements: readonly Placement[], attributes: Record<string, string>): void {
  const promotable = new Set(draft.tops.filter((top) => top.promotable).flatMap((top) => top.primitives));
  for (const { primitive, running, promoted } of placements) {
    if (primitive === null || !promotable.has(primitive.id) || !(running || draft.dice.chance(10)) || draft.dice.chance(25)) continue;
    attributes[`master-${primitive.id}`] = promoted ? draft.dice.pick(["10", "100"]) : draft.dice.pick(["5", "10", "-1", "0"]);
  }
}
