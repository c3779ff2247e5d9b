/** A decision in the format of the conformance kit, so that it can be compared with the reference's. */
import type { ClusterState, Decision } from "@quorate/scheduler";
import type { Action } from "@quorate/transition";

export interface KitStatus {
  readonly nodes: Readonly<Record<string, { readonly type: string; readonly flags?: readonly string[] }>>;
  readonly resources: Readonly<Record<string, readonly { readonly node: string | null; readonly role: string }[]>>;
}

export interface KitDecision {
  readonly actions: readonly Readonly<Record<string, unknown>>[];
  readonly fencing: readonly { readonly node: string; readonly op: string; readonly reason: string }[];
  readonly before: KitStatus;
  readonly after: KitStatus;
  readonly graph: { readonly actions: readonly Readonly<Record<string, unknown>>[]; readonly edges: readonly (readonly [number, number])[]; readonly order: readonly (readonly [number, number])[] | null };
}

/** What the reference shows beside the state. */
export interface KitView {
  /** The node that the CIB names as DC. */
  readonly dc: string | null;
  /** Configured ids of anonymous resources whose last instance is shown with its number. */
  readonly numbered: ReadonlySet<string>;
}

export function toKitDecision(decision: Decision, after: ClusterState, view: KitView): KitDecision {
  const actions = decision.graph.actions;
  const edges = actions.flatMap((action) => action.after.map((first): [number, number] => [first, action.id])).toSorted(comparePairs);
  return {
    actions: decision.actions.map((action) => withoutEmpty({
      task: action.task.toLowerCase(), resource: action.resource, from: action.from, to: action.to,
      role: action.role, nextRole: action.nextRole, blocked: action.blocked || null, reason: action.causes[0],
    })),
    fencing: decision.fencing.map(({ node, container, op, reason }) => ({ node: container === null ? node : `${node} (resource: ${container})`, op, reason })),
    before: toKitStatus(decision.state, { ...view, showPending: true }),
    // The reference shows operations in flight only before
    after: toKitStatus(after, { ...view, showPending: false }),
    // The reference's graph has them, waiting for ever
    graph: { actions: [...actions, ...(decision.stuck ?? [])].map(toKitAction), edges, order: reduceOrder(actions) },
  };
}

function toKitStatus(state: ClusterState, { showPending, dc, numbered }: KitView & { readonly showPending: boolean }): KitStatus {
  const nodes: Record<string, { type: string; flags?: string[] }> = {};
  for (const node of state.nodes) {
    const flags = Object.entries({
      online: node.online, standby: node.standby, standby_onfail: node.standbyOnFail, maintenance: node.maintenance,
      pending: node.pending, unclean: node.unclean, shutdown: node.shutdown, is_dc: node.name === dc,
    }).flatMap(([name, set]) => (set ? [name] : []));
    nodes[node.name] = flags.length > 0 ? { type: node.kind, flags } : { type: node.kind };
  }
  const resources: Record<string, { node: string | null; role: string }[]> = {};
  const hidden = hiddenMembers(state);
  const last = lastInstances(state, numbered);
  for (const id of last) resources[id] = [];
  for (const resource of state.resources) {
    if (hidden.has(resource.id)) continue;
    const plain = resource.anonymous && !last.has(resource.id);
    const list = (resources[plain ? resource.configId : resource.id] ??= []);
    const role = showPending ? shownRole(resource) : resource.role;
    if (resource.runningOn.length === 0) list.push({ node: null, role });
    for (const node of resource.runningOn) list.push({ node, role });
  }
  return { nodes, resources };
}

/** Also of surplus instances, which are shown only here. */
function lastInstances(state: ClusterState, numbered: ReadonlySet<string>): ReadonlySet<string> {
  const configId = (id: string): string => id.replace(/:\d+$/, "");
  return new Set(new Map(state.tree.flatMap(membersOf).filter((id) => numbered.has(configId(id))).map((id) => [configId(id), id])).values());
}

/** The reference does not show a group or clone that is active only in members that nobody manages, on nodes that are gone. */
function hiddenMembers(state: ClusterState): ReadonlySet<string> {
  const online = new Set(state.nodes.filter((node) => node.online).map((node) => node.name));
  const active = new Set<string>(), seen = new Set<string>();
  for (const { id, runningOn, managed } of state.resources) {
    if (runningOn.length === 0) continue;
    active.add(id);
    if (managed || runningOn.some((node) => online.has(node))) seen.add(id);
  }
  return new Set(state.tree.flatMap((top) => hiddenIn(top, { active, seen })));
}

function hiddenIn(tree: ClusterState["tree"][number], known: { readonly active: ReadonlySet<string>; readonly seen: ReadonlySet<string> }): string[] {
  if (tree.kind === "primitive") return [];
  const members = membersOf(tree);
  const hidden = members.some((id) => known.active.has(id)) && !members.some((id) => known.seen.has(id));
  return hidden ? members : tree.children.flatMap((one) => hiddenIn(one, known));
}

function membersOf(tree: ClusterState["tree"][number]): string[] {
  return tree.kind === "primitive" ? [tree.id] : tree.children.flatMap(membersOf);
}

function shownRole(resource: ClusterState["resources"][number]): string {
  return resource.pendingTask === null || resource.pendingTask === "Monitoring" ? resource.role : resource.pendingTask;
}

function toKitAction(action: Action): Readonly<Record<string, unknown>> {
  const stonith = action.key.startsWith("stonith-");
  return withoutEmpty({
    kind: action.kind, op: stonith && action.kind === "pseudo" ? "stonith" : action.task, key: action.key, node: action.node, router: action.router, downed: action.downed, rsc: action.resource,
    interval: Number(action.meta["interval"] ?? 0) || null, targetRc: action.targetRc || null, timeout: action.kind === "rsc" ? action.timeoutMs : null,
  });
}

function withoutEmpty(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== ""));
}

function comparePairs(a: readonly [number, number], b: readonly [number, number]): number {
  return a[0] - b[0] || a[1] - b[1];
}

/** Transitive reduction of the order of the actions that are not pseudo; null when there is a cycle. */
export function reduceOrder(actions: readonly Pick<Action, "id" | "kind" | "after">[]): [number, number][] | null {
  const successors = actions.map((): number[] => []);
  const open = actions.map((action) => action.after.length);
  for (const action of actions) for (const first of action.after) successors[first]?.push(action.id);
  const sorted: number[] = [];
  const ready = actions.filter((action) => action.after.length === 0).map((action) => action.id);
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    sorted.push(next);
    for (const id of successors[next] ?? []) if (--(open[id] as number) === 0) ready.push(id);
  }
  if (sorted.length !== actions.length) return null;
  const reach = actions.map(() => 0n);
  const real = actions.reduce((mask, action) => (action.kind === "pseudo" ? mask : mask | (1n << BigInt(action.id))), 0n);
  for (const id of sorted.toReversed()) for (const next of successors[id] ?? []) reach[id] = (reach[id] ?? 0n) | (reach[next] ?? 0n) | (1n << BigInt(next));
  const order: [number, number][] = [];
  for (const action of actions) {
    if (action.kind === "pseudo") continue;
    const reachable = bitsOf((reach[action.id] ?? 0n) & real);
    const covered = reachable.reduce((mask, id) => mask | (reach[id] ?? 0n), 0n);
    for (const id of reachable) if ((covered & (1n << BigInt(id))) === 0n) order.push([action.id, id]);
  }
  return order.toSorted(comparePairs);
}

function bitsOf(mask: bigint): number[] {
  const text = mask.toString(2);
  const bits: number[] = [];
  for (let i = 0; i < text.length; i++) if (text[text.length - 1 - i] === "1") bits.push(i);
  return bits;
}
