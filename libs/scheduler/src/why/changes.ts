/**
 * Single changes that could make a resource run on a node: what an administrator could do, smallest first. Pure. Whether one helps is
 * for what-if.ts to find out; here only those are made that have something to do with the resource or the node.
 */
import { type Cib, attribute, child, makeElement, parseScore } from "@quorate/cib";
import type { Decision, NodeState } from "../types.ts";
import {
  type Edit, withCapacity, withConstraint, withFenceDevice, withMeta, withNodeDown, withNodeUp, withOption, withQuorum, withScore, withTicket, withoutConstraint,
  withoutFailures, withoutNodeAttribute,
} from "./edits.ts";
import type { ConstraintLink, Relations } from "./relations.ts";
import { shortagesOn } from "./shortages.ts";

export interface Change {
  /** What to do, in words. */
  readonly text: string;
  /** The command that does it; null when no command does. */
  readonly command: string | null;
  readonly edit: Edit;
}

export interface ChangeContext {
  readonly cib: Cib;
  /** What is decided without any change. */
  readonly decision: Decision;
  readonly relations: Relations;
  /** Null: any node will do. */
  readonly node: string | null;
}

const INFINITY = 1_000_000;

/**
 * Smallest first: forgetting what is over, taking back what was meant to be temporary, one setting of this resource, one constraint,
 * settings of the whole cluster, then what needs hands (capacity, nodes), and last a new preference, which only hides the cause.
 */
export function possibleChanges(context: ChangeContext): Change[] {
  return [
    ...cleanups(context), ...leftByMoves(context), ...nodeSettings(context), ...resourceSettings(context), ...clusterSettings(context), ...tickets(context),
    ...scores(context), ...thresholds(context), ...droppedConstraints(context), ...stickiness(context), ...capacities(context), ...absences(context), ...preferences(context),
  ];
}

/** The resource itself first, then what is tied to it. */
function primitivesOf({ relations }: ChangeContext): string[] {
  return [...new Set([...relations.primitives, ...relations.tied.flatMap(({ primitives }) => primitives)])];
}

function cleanups(context: ChangeContext): Change[] {
  const { decision: { state }, node } = context;
  const failed = new Set([...state.failCounts, ...state.failedOperations].map(({ resource, node: place }) => `${plainId(resource)} ${place}`));
  return primitivesOf(context).flatMap((id) => {
    const places = state.nodes.map(({ name }) => name).filter((name) => failed.has(`${id} ${name}`));
    const here = node !== null && places.includes(node) ? [node] : [];
    const ordered = [...here, ...places.filter((name) => name !== node)];
    return ordered.map((place): Change => ({
      text: `Clean up the failures of ${id} on ${place}, once their cause is mended`, command: `quorate resource cleanup ${id} --node ${place}`, edit: withoutFailures(id, place),
    }));
  });
}

/** Constraints of crm_resource and of `quorate resource move`. */
const MOVE_IDS = /^cli-(?:ban|prefer|standby)-/;

function leftByMoves({ relations }: ChangeContext): Change[] {
  return relations.constraints.filter(({ id, element }) => element.name === "rsc_location" && MOVE_IDS.test(id)).map(({ id, resources }): Change => {
    const subject = resources[0] ?? relations.id;
    const kind = id.startsWith("cli-ban-") ? "the ban" : "the preference";
    return { text: `Remove ${kind} ${id} that a move of ${subject} has left`, command: `quorate resource clear ${subject}`, edit: withoutConstraint(id) };
  });
}

function nodeSettings({ decision: { state }, node }: ChangeContext): Change[] {
  return state.nodes.filter(({ name }) => node === null || name === node).flatMap((one): Change[] => [
    ...(one.standby || one.standbyOnFail ? [{ text: `Take ${one.name} out of standby`, command: `quorate node online ${one.name}`, edit: withoutNodeAttribute(one.name, "standby") }] : []),
    ...(one.maintenance ? [{ text: `End the maintenance of ${one.name}`, command: `quorate node maintenance ${one.name} --off`, edit: withoutNodeAttribute(one.name, "maintenance") }] : []),
    ...(Object.keys(one.attributes).some((name) => name.startsWith("#health")) && one.health !== "green"
      ? [{ text: `Mend what makes the health of ${one.name} ${one.health}`, command: null, edit: withoutHealth(one) }] : []),
  ]);
}

function withoutHealth(node: NodeState): Edit {
  const names = Object.keys(node.attributes).filter((name) => name.startsWith("#health"));
  return (cib) => names.reduce((changed, name) => withoutNodeAttribute(node.name, name)(changed), cib);
}

function resourceSettings({ cib, relations }: ChangeContext): Change[] {
  const ids = [...relations.chain, ...relations.primitives, ...relations.tied.flatMap(({ id, primitives }) => [id, ...primitives])];
  return [...new Set(ids)].flatMap((id): Change[] => {
    const set = (name: string): string | null => ownMeta(cib, id, name);
    const role = set("target-role");
    const wrong = role !== null && !/^(?:started|promoted|master)$/i.test(role);
    return [
      ...(wrong ? [{ text: `Enable ${id} (its target-role is ${role})`, command: `quorate resource enable ${id}`, edit: withMeta(id, "target-role", null) }] : []),
      ...(isNo(set("is-managed")) ? [{ text: `Let ${id} be managed again (its is-managed is false)`, command: `quorate resource set-meta ${id} is-managed true`, edit: withMeta(id, "is-managed", "true") }] : []),
      ...(isYes(set("maintenance")) ? [{ text: `End the maintenance of ${id}`, command: `quorate resource set-meta ${id} maintenance false`, edit: withMeta(id, "maintenance", "false") }] : []),
    ];
  }).concat(defaultSettings(cib, relations));
}

/** What rsc_defaults say is overruled where the resource stands. */
function defaultSettings(cib: Cib, { id }: Relations): Change[] {
  const set = (name: string): string | null => pairBelow(child(child(cib.root, "configuration") ?? cib.root, "rsc_defaults"), name);
  const role = set("target-role");
  return [
    ...(role !== null && /^stopped$/i.test(role) ? [{ text: `Enable ${id} (rsc_defaults set target-role to ${role})`, command: `quorate resource enable ${id}`, edit: withMeta(id, "target-role", "Started") }] : []),
    ...(isNo(set("is-managed")) ? [{ text: `Let ${id} be managed (rsc_defaults set is-managed to false)`, command: `quorate resource set-meta ${id} is-managed true`, edit: withMeta(id, "is-managed", "true") }] : []),
    ...(isYes(set("maintenance")) ? [{ text: `End the maintenance of ${id} (rsc_defaults set it)`, command: `quorate resource set-meta ${id} maintenance false`, edit: withMeta(id, "maintenance", "false") }] : []),
  ];
}

function clusterSettings({ decision: { state, warnings } }: ChangeContext): Change[] {
  const { options } = state;
  return [
    ...(isYes(options["maintenance-mode"] ?? null) ? [option("maintenance-mode", "false", "End the maintenance of the cluster")] : []),
    ...(isYes(options["stop-all-resources"] ?? null) ? [option("stop-all-resources", "false", "Do not stop all resources any more")] : []),
    ...(warnings.some((text) => text.includes("no fence device is configured")) ? [{ text: "Configure a fence device: without one nothing is started while fencing is enabled", command: null, edit: withFenceDevice }] : []),
  ];
}

function option(name: string, value: string, text: string): Change {
  return { text: `${text} (option ${name})`, command: null, edit: withOption(name, value) };
}

function tickets({ cib, relations }: ChangeContext): Change[] {
  const held = new Set((child(child(cib.root, "status") ?? cib.root, "tickets")?.children ?? []).flatMap((state) => {
    const ready = isYes(attribute(state, "granted")) && !isYes(attribute(state, "standby"));
    return ready ? (attribute(state, "id") ?? []) : [];
  }));
  const missing = relations.constraints.flatMap(({ element }) => (element.name === "rsc_ticket" ? (attribute(element, "ticket") ?? []) : [])).filter((ticket) => !held.has(ticket));
  return [...new Set(missing)].map((ticket): Change => ({ text: `Grant ticket ${ticket} to this site`, command: null, edit: withTicket(ticket) }));
}

/** A preference that is there, made just strong enough. */
function scores(context: ChangeContext): Change[] {
  const { relations, node } = context;
  const lack = scoreLack(context);
  if (node === null || lack === null) return [];
  return relations.constraints.flatMap((link): Change[] => {
    const score = link.distance === 0 ? finiteScoreFor(link, node) : null;
    if (score === null || score + lack >= INFINITY) return [];
    return [{ text: `Raise the score of location constraint ${link.id} from ${score} to ${score + lack}`, command: null, edit: withScore(link.id, score + lack) }];
  });
}

/** The score that a location constraint gives to one node; null when it is none of this node, or cannot be raised. */
function finiteScoreFor({ element }: ConstraintLink, node: string): number | null {
  if (element.name !== "rsc_location") return null;
  const single = attribute(element, "node");
  const [rule, another] = element.children.filter(({ name }) => name === "rule");
  const [expression, more] = rule?.children ?? [];
  const byRule = rule !== undefined && another === undefined && more === undefined && expression !== undefined &&
    attribute(expression, "attribute") === "#uname" && attribute(expression, "operation") === "eq" && attribute(expression, "value") === node;
  const text = single === node ? attribute(element, "score") : byRule ? attribute(rule, "score") : null;
  const score = text === null ? null : parseScore(text);
  return score === null || Math.abs(score) >= INFINITY ? null : score;
}

/** How much more the node would need to be the best one; null when it is ruled out, or already the best. */
function scoreLack({ decision, relations, node }: ChangeContext): number | null {
  for (const { candidates, to } of decision.assignments.filter(({ resource }) => relations.primitives.includes(plainId(resource)))) {
    const own = candidates.find((one) => one.node === node);
    const chosen = candidates.find((one) => one.node === to);
    if (own === undefined || chosen === undefined || own === chosen || (own.excluded !== null && own.score >= 0)) continue;
    if (Math.abs(own.score) < INFINITY && chosen.score < INFINITY) return chosen.score - own.score + 1;
  }
  return null;
}

function thresholds(context: ChangeContext): Change[] {
  const { decision: { state }, node } = context;
  return primitivesOf(context).flatMap((id) => {
    const reached = state.failCounts.filter(({ resource, node: place, count, migrationThreshold }) =>
      plainId(resource) === id && (node === null || place === node) && migrationThreshold > 0 && migrationThreshold < INFINITY && count >= migrationThreshold && count < INFINITY);
    return reached.slice(0, 1).map(({ count, migrationThreshold }): Change => ({
      text: `Raise the migration-threshold of ${id} from ${migrationThreshold} to ${count + 1}`,
      command: `quorate resource set-meta ${id} migration-threshold ${count + 1}`, edit: withMeta(id, "migration-threshold", String(count + 1)),
    }));
  });
}

const CONSTRAINT_NAMES: Readonly<Record<string, string>> = {
  rsc_location: "location constraint", rsc_colocation: "colocation constraint", rsc_order: "order constraint", rsc_ticket: "ticket constraint",
};

function droppedConstraints({ relations }: ChangeContext): Change[] {
  return relations.constraints.filter(({ id }) => !MOVE_IDS.test(id)).map(({ element, id }): Change => ({
    text: `Remove ${CONSTRAINT_NAMES[element.name] ?? element.name} ${id}${tieText(element.attributes)}`,
    command: `quorate cib delete --section constraints --xml-text '<${element.name} id="${id}"/>'`, edit: withoutConstraint(id),
  }));
}

function tieText(attributes: Readonly<Record<string, string>>): string {
  const { rsc, "with-rsc": withRsc, first, then, node, ticket, score } = attributes;
  const scored = score === undefined ? "" : `, score ${score}`;
  if (rsc !== undefined && withRsc !== undefined) return ` (${rsc} with ${withRsc}${scored})`;
  if (first !== undefined && then !== undefined) return ` (${first} before ${then})`;
  if (rsc !== undefined && node !== undefined) return ` (${rsc} on ${node}${scored})`;
  return rsc !== undefined && ticket !== undefined ? ` (${rsc} needs ticket ${ticket})` : "";
}

/** Where it runs it can be held; from elsewhere it can be let go. */
function stickiness(context: ChangeContext): Change[] {
  const { decision, relations: { id, primitives }, node } = context;
  const lack = scoreLack(context);
  if (node === null || lack === null) return [];
  const own = decision.assignments.find(({ resource }) => primitives.includes(plainId(resource)));
  const held = own?.candidates.flatMap(({ terms }) => terms).find(({ source }) => source === "stickiness")?.score ?? 0;
  const wanted = own?.from.includes(node) === true ? held + lack : 0;
  if (wanted === held || wanted >= INFINITY) return [];
  return [{ text: `Set the resource-stickiness of ${id} to ${wanted} (it is ${held})`, command: `quorate resource set-meta ${id} resource-stickiness ${wanted}`, edit: withMeta(id, "resource-stickiness", String(wanted)) }];
}

function capacities({ cib, decision, relations, node }: ChangeContext): Change[] {
  return decision.state.nodes.filter(({ name }) => node === null || name === node).flatMap(({ name }) => {
    const shortages = shortagesOn(cib, decision, { primitives: relations.primitives, node: name });
    const [shortage] = shortages;
    if (shortage === undefined || shortages.length > 1) return [];
    const { amount, needs, left, offers } = shortage;
    return [{
      text: `Give ${name} ${needs - left} more ${amount} (it offers ${offers}, ${left} of it free; ${relations.id} needs ${needs}), or free as much there`, command: null,
      edit: withCapacity(name, amount, offers + needs - left),
    }];
  });
}

function absences({ decision: { state }, node }: ChangeContext): Change[] {
  const chosen = state.nodes.filter(({ name }) => node === null || name === node);
  return [
    ...(state.haveQuorum ? [] : [{ text: "Bring back enough nodes for quorum", command: null, edit: withQuorum }]),
    ...chosen.filter(({ unclean, online }) => !unclean && !online).map(({ name }): Change => ({ text: `Start the cluster services on ${name}`, command: null, edit: withNodeUp(name, true) })),
    ...chosen.filter(({ unclean }) => unclean).map(({ name }): Change => ({ text: `Bring ${name} back: it has to be fenced and to start again`, command: null, edit: withNodeUp(name, true) })),
    ...state.nodes.filter(({ unclean, name }) => unclean && name !== node).map(({ name }): Change => ({
      text: `Make sure that ${name} is off, and confirm it`, command: `quorate fence confirm ${name}`, edit: withNodeDown(name),
    })),
    ...chosen.filter(({ pending }) => pending).map(({ name }): Change => ({ text: `Let ${name} finish joining the cluster`, command: null, edit: withNodeUp(name, false) })),
  ];
}

function preferences({ decision: { state }, relations: { chain }, node }: ChangeContext): Change[] {
  const top = chain.at(-1) ?? "";
  const places = state.nodes.filter(({ name, online }) => (node === null ? online : name === node));
  return places.map(({ name }): Change => ({
    text: `Prefer ${name} for ${top} above all (a location constraint of score INFINITY, until it is cleared)`, command: `quorate resource move ${top} ${name}`,
    edit: withConstraint(makeElement("rsc_location", { id: `what-if-${top}-${name}`, rsc: top, node: name, score: "INFINITY" })),
  }));
}

export function plainId(resource: string): string {
  return resource.replace(/:\d+$/, "");
}

/** The value that a resource sets itself. Sets with rules are left out: what holds only now and then is no setting to change. */
export function ownMeta(cib: Cib, resource: string, name: string): string | null {
  const open = [...(child(child(cib.root, "configuration") ?? cib.root, "resources")?.children ?? [])];
  for (let element = open.shift(); element !== undefined; element = open.shift()) {
    if (attribute(element, "id") === resource) return pairBelow(element, name);
    open.push(...element.children);
  }
  return null;
}

function pairBelow(owner: { readonly children: Cib["root"]["children"] } | null, name: string): string | null {
  for (const set of owner?.children ?? []) {
    if (set.name !== "meta_attributes" || child(set, "rule") !== null) continue;
    const pair = set.children.find((one) => attribute(one, "name") === name);
    if (pair !== undefined) return attribute(pair, "value");
  }
  return null;
}

function isYes(value: string | null): boolean {
  return value !== null && /^(?:true|yes|on|y|1)$/i.test(value);
}

function isNo(value: string | null): boolean {
  return value !== null && /^(?:false|no|off|n|0)$/i.test(value);
}
