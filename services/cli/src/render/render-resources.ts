/** Resources as crm_mon shows them: primitives, groups, clones folded into lists of nodes, and what is wrong with each. */
import type { ResourceStatus } from "@quorate/wire";
import { COLUMNS, bullet, bulletList, displayWidth, wrap } from "./layout.ts";

/** `unique`: the instances of this clone can be told apart, so each gets a line; null: not known. */
export interface ResourceView extends ResourceStatus {
  readonly unique?: boolean;
  readonly children: readonly ResourceView[];
}

export interface ResourceOptions {
  readonly depth: number;
  /** Show what runs nowhere too. */
  readonly inactive: boolean;
  /** All nodes: where an instance could run. */
  readonly nodes: readonly { readonly name: string; readonly unclean: boolean }[];
}

export function renderResources(resources: readonly ResourceView[], options: ResourceOptions): string[] {
  return resources.filter((resource) => isShown(resource, options)).flatMap((resource) => renderResource(resource, options));
}

export interface ResourceCounts {
  /** Instances of primitives that are configured. */
  readonly instances: number;
  readonly disabled: number;
  readonly blocked: number;
}

export function countResources(resources: readonly ResourceStatus[]): ResourceCounts {
  const leaves = resources.flatMap(leavesOf).filter(({ orphan }) => !orphan);
  return { instances: leaves.length, disabled: leaves.filter(({ disabled }) => disabled).length, blocked: leaves.filter(({ blocked }) => blocked).length };
}

function leavesOf(resource: ResourceStatus): ResourceStatus[] {
  return resource.kind === "primitive" ? [resource] : resource.children.flatMap(leavesOf);
}

/** What failed or is in doubt is always shown. */
function isShown(resource: ResourceView, { inactive }: ResourceOptions): boolean {
  return inactive || leavesOf(resource).some((leaf) => isActive(leaf) || leaf.failed || leaf.blocked || leaf.pendingTask !== null);
}

function isActive(resource: ResourceStatus): boolean {
  return resource.nodes.length > 0;
}

function renderResource(resource: ResourceView, options: ResourceOptions): string[] {
  switch (resource.kind) {
    case "primitive":
      return primitiveLines(resource, resource.id, options);
    case "group":
      return groupLines(resource, resource.id, options);
    case "clone":
      return cloneLines(resource, options);
    case "bundle":
    case "unknown":
      return [...bullet(options.depth, `Container bundle: ${resource.id}${flags(wholeFlags(resource))}:`), ...renderResources(resource.children, deeper(options))];
  }
}

function deeper(options: ResourceOptions): ResourceOptions {
  return { ...options, depth: options.depth + 1 };
}

/** Name, agent and state stand in tab columns; when the line would be too long, behind each other; at last below each other. */
function primitiveLines(resource: ResourceView, name: string, options: ResourceOptions): string[] {
  const { class: standard = "", provider = null, type = "" } = resource.agent ?? {};
  const agent = resource.agent === null ? "" : `\t(${[standard, provider, type].filter((part) => part !== null && part !== "").join(":")}):`;
  const head = `${"  ".repeat(options.depth)}* ${name}${agent}`;
  const state = stateText(resource, options);
  const line = `${head}\t ${state}`;
  const fitting = [line, line.replaceAll(/\t ?/g, " ")].find((text) => displayWidth(text) <= COLUMNS);
  if (fitting !== undefined) return [fitting];
  const heads = displayWidth(head) <= COLUMNS ? [head] : [...bullet(options.depth, name), ...indented(options.depth + 2, agent.trim())];
  return [...heads, ...indented(options.depth + 2, state)];
}

function indented(depth: number, text: string): string[] {
  const lead = "  ".repeat(depth);
  return wrap(text, { first: lead, rest: `${lead}  ` });
}

/** The one task in flight that changes nothing: the role stays true meanwhile. */
const MONITORING = "Monitoring";

function stateText(resource: ResourceView, options: ResourceOptions): string {
  const words: string[] = [];
  if (resource.orphan) words.push("ORPHANED");
  if (resource.failed) words.push("FAILED");
  const looks = resource.pendingTask === MONITORING;
  if (resource.pendingTask !== null && !looks) words.push(resource.pendingTask);
  else if (!resource.failed || resource.role === "Promoted" || resource.role === "Unpromoted") words.push(resource.role);
  const notes = [...(onUnclean(resource, options) ? ["UNCLEAN"] : []), ...(looks ? [MONITORING] : []), ...(resource.disabled ? ["disabled"] : []), ...holds(resource)];
  const [node] = resource.nodes;
  if (resource.nodes.length > 1) return `${words.join(" ")}${flags(notes)} [ ${resource.nodes.join(" ")} ]`;
  return `${words.join(" ")}${node === undefined ? "" : ` ${node}`}${flags(notes)}`;
}

function holds(resource: ResourceView): string[] {
  if (resource.blocked) return ["blocked"];
  return resource.unmanaged ? ["unmanaged"] : [];
}

function onUnclean(resource: ResourceView, { nodes }: ResourceOptions): boolean {
  return resource.nodes.some((name) => nodes.some((node) => node.name === name && node.unclean));
}

/** A whole that is not managed because a member is blocked says so at the member. */
function wholeFlags(resource: ResourceView): string[] {
  const unmanaged = resource.unmanaged && leavesOf(resource).every(({ blocked }) => !blocked);
  return [...(resource.disabled ? ["disabled"] : []), ...(unmanaged ? ["unmanaged"] : [])];
}

function flags(words: readonly string[]): string {
  return words.length === 0 ? "" : ` (${words.join(", ")})`;
}

function groupLines(resource: ResourceView, name: string, options: ResourceOptions): string[] {
  const shown = resource.children.filter((member) => isShown(member, options));
  const hidden = resource.children.length - shown.length;
  const notes = [...(hidden > 0 ? [`${hidden} member${hidden > 1 ? "s" : ""} inactive`] : []), ...wholeFlags(resource)];
  const members = shown.flatMap((member) => renderMember(member, deeper(options)));
  return [...bullet(options.depth, `Resource Group: ${name}${flags(notes)}:`), ...members];
}

/** Members of one instance of an anonymous clone are known by their configured names. */
function renderMember(member: ResourceView, options: ResourceOptions): string[] {
  return member.kind === "primitive" ? primitiveLines(member, memberName(member), options) : renderResource(member, options);
}

/** The configured id: `child:0` is an instance of `child`. */
function memberName(resource: ResourceStatus): string {
  return resource.id.replace(/:\d+$/, "");
}

/** Instances that run as they should are folded into one list per role; the others have a line each. */
function cloneLines(clone: ResourceView, options: ResourceOptions): string[] {
  const unique = clone.unique ?? false;
  const member = clone.children[0] === undefined ? "" : ` [${memberName(clone.children[0])}]`;
  const notes = [...(clone.promotable ? ["promotable"] : []), ...(unique ? ["unique"] : []), ...wholeFlags(clone)];
  const title = bullet(options.depth, `Clone Set: ${clone.id}${member}${flags(notes)}:`);
  const inner = deeper(options);
  if (unique) return [...title, ...renderResources(clone.children, inner)];
  const folded = clone.children.filter((instance) => isFoldable(instance, clone, options));
  const single = clone.children.filter((instance) => isActiveOrWrong(instance, options) && !folded.includes(instance));
  const lists = (["Promoted", "Unpromoted", "Started"] as const).flatMap((role) => {
    const names = folded.filter((instance) => instance.role === role).flatMap(({ nodes }) => nodes);
    return names.length === 0 ? [] : bulletList(inner.depth, role, [...names].sort(byName));
  });
  const singles = single.flatMap((instance) => (instance.kind === "group" ? groupLines(instance, instance.id, inner) : renderMember(instance, inner)));
  return [...title, ...singles, ...lists, ...stoppedList(clone, inner)];
}

function isActiveOrWrong(instance: ResourceView, options: ResourceOptions): boolean {
  return isShown(instance, { ...options, inactive: false });
}

/** Runs on one node, in one role, with nothing to tell about it. */
function isFoldable(instance: ResourceView, clone: ResourceView, options: ResourceOptions): boolean {
  const leaves = leavesOf(instance) as ResourceView[];
  const calm = leaves.every(
    (leaf) => !leaf.failed && !leaf.blocked && !leaf.orphan && leaf.pendingTask === null && leaf.unmanaged === clone.unmanaged && leaf.role === leaves[0]?.role,
  );
  return calm && leaves.every((leaf) => leaf.nodes.length === 1 && leaf.nodes[0] === leaves[0]?.nodes[0]) && !onUnclean(instance, options);
}

function stoppedList(clone: ResourceView, options: ResourceOptions): string[] {
  if (!options.inactive || clone.children.every(isActive)) return [];
  const busy = new Set(clone.children.flatMap(({ nodes }) => nodes));
  const idle = options.nodes.map(({ name }) => name).filter((name) => !busy.has(name));
  return idle.length === 0 ? [] : bulletList(options.depth, clone.disabled ? "Stopped (disabled)" : "Stopped", idle.sort(byName));
}

function byName(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
