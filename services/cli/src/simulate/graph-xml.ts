/** A transition graph in Pacemaker's XML form: one `synapse` per action, with the actions it waits for. Pure. */
import { FEATURE_SET, type XmlElement, makeElement, serializeXml } from "@quorate/cib";
import type { Action, Graph } from "@quorate/transition";

export interface GraphXmlOptions {
  /** Cluster options as the CIB has them. */
  readonly options: Readonly<Record<string, string>>;
  readonly featureSet: string | null;
}

const TAGS = { rsc: "rsc_op", pseudo: "pseudo_event", fence: "crm_event", cluster: "crm_event" } as const;

/** Numbers of actions and synapses are those of the graph, counted from 1 and 0. Ends with a line feed. */
export function graphXml(graph: Graph, { options, featureSet }: GraphXmlOptions): string {
  const feature = featureSet ?? FEATURE_SET;
  const rootAttributes = {
    "cluster-delay": options["cluster-delay"] ?? "60s",
    "stonith-timeout": options["stonith-timeout"] ?? options["fencing-timeout"] ?? "60s",
    "failed-stop-offset": "INFINITY",
    "failed-start-offset": options["start-failure-is-fatal"] === "false" ? "1" : "INFINITY",
    "batch-limit": String(graph.batchLimit),
    transition_id: "0",
    ...(graph.recheckAtMs === null ? {} : { "recheck-by": String(Math.floor(graph.recheckAtMs / 1000)) }),
  };
  const synapses = graph.actions.map((action) => synapse(graph, action, feature));
  const text = serializeXml(makeElement("transition_graph", rootAttributes, synapses));
  return text.endsWith("\n") ? text : `${text}\n`;
}

function synapse(graph: Graph, action: Action, featureSet: string): XmlElement {
  const inputs = action.after.flatMap((id) => {
    const first = graph.actions[id];
    return first === undefined ? [] : [makeElement("trigger", {}, [makeElement(TAGS[first.kind], identity(first))])];
  });
  const priority = action.priority > 0 ? { priority: String(action.priority) } : {};
  return makeElement("synapse", { id: String(action.id), ...priority }, [
    makeElement("action_set", {}, [makeElement(TAGS[action.kind], identity(action), contents(action, featureSet))]),
    makeElement("inputs", {}, inputs),
  ]);
}

function identity(action: Action): Record<string, string> {
  const { on_node: node = action.node, on_node_uuid: uuid = null } = action.meta;
  const placed = action.kind !== "pseudo" && node !== null;
  return {
    id: String(action.id + 1),
    operation: action.kind === "fence" ? "stonith" : action.task,
    operation_key: action.key,
    ...(placed ? { on_node: node } : {}),
    ...(placed && uuid !== null ? { on_node_uuid: uuid } : {}),
  };
}

/** What is done by nobody is done nowhere. */
const OF_A_PLACE: ReadonlySet<string> = new Set(["on_node", "on_node_uuid", "name"]);

function contents(action: Action, featureSet: string): XmlElement[] {
  const meta = Object.entries(action.meta).filter(([name]) => action.kind !== "pseudo" || !OF_A_PLACE.has(name)).map(([name, value]): [string, string] => [`CRM_meta_${name}`, value]);
  const all = [...meta, ["crm_feature_set", featureSet] as const, ...Object.entries(action.parameters)];
  const sorted = Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))));
  return [
    ...(action.kind === "rsc" && action.agent !== null ? [primitive(action, action.agent)] : []),
    makeElement("attributes", sorted),
    ...(action.kind === "fence" && action.task !== "on" ? [downed(action)] : []),
  ];
}

/** An instance of an anonymous clone goes by the configured id; `long-id` tells which one. */
function primitive({ resource, key, task, intervalMs }: Action, agent: NonNullable<Action["agent"]>): XmlElement {
  const id = resource ?? "";
  const suffix = `_${task}_${intervalMs}`;
  const longId = key.endsWith(suffix) ? key.slice(0, -suffix.length) : id;
  const { class: standard, provider, type } = agent;
  const named = longId === id || !longId.startsWith(`${id}:`) ? { id } : { id, "long-id": longId };
  return makeElement("primitive", { ...named, class: standard, ...(provider === null ? {} : { provider }), type });
}

/** The nodes that are down after it. */
function downed(action: Action): XmlElement {
  return makeElement("downed", {}, [makeElement("node", { id: action.meta["on_node_uuid"] ?? action.node ?? "" })]);
}
