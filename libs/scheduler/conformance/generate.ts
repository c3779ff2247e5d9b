/**
 * Random CIBs for comparing the policy engine with the reference: same seed and features, same document.
 * `generateCib(seed, features)` gives XML text that carries its own time (`execution-date`).
 */
import type { XmlElement } from "@quorate/cib";
import { serializeXml } from "@quorate/cib";
import { Dice } from "./dice.ts";
import type { Draft, Feature, NodeCondition } from "./draft.ts";
import { FEATURES, NOW, pairs, xml } from "./draft.ts";
import { generateConstraints } from "./generate-constraints.ts";
import { generateResources } from "./generate-resources.ts";
import { generateStatus } from "./generate-status.ts";

export { FEATURES } from "./draft.ts";
export type { Feature } from "./draft.ts";

/** `all`, or names separated by commas. Throws with the names that are known. */
export function parseFeatures(text: string): ReadonlySet<Feature> {
  if (text === "all") return new Set(FEATURES);
  return new Set(text.split(",").map((name) => {
    const known = FEATURES.find((feature) => feature === name.trim());
    if (known === undefined) throw new Error(`There is no feature ${name}; features are: all, ${FEATURES.join(", ")}`);
    return known;
  }));
}

export function generateCib(seed: number, features: ReadonlySet<Feature>): string {
  const dice = new Dice(seed);
  const fencing = dice.chance(75);
  const draft: Draft = {
    dice, features, fencing, defaultTimeoutMs: dice.chance(10) ? 60_000 : 20_000, nodes: [], tops: [], primitives: new Map(),
    tickets: features.has("tickets") ? ["ticketA", "ticketB"].slice(0, dice.between(1, 2)) : [], nextId: 1,
  };
  const quorum = !dice.chance(12);
  const options = xml("crm_config", {}, [pairs(draft, "cluster_property_set", clusterOptions(draft))]);
  addNodes(draft);
  const nodes = xml("nodes", {}, draft.nodes.map((node) => nodeElement(draft, node)));
  const resources = generateResources(draft);
  const constraints = generateConstraints(draft);
  const configuration = xml("configuration", {}, [options, nodes, resources, constraints, ...defaults(draft)]);
  const root = xml("cib", {
    admin_epoch: "0", epoch: "10", num_updates: "5", "validate-with": "pacemaker-3.7", crm_feature_set: "3.16.1",
    "have-quorum": quorum ? "1" : "0", "dc-uuid": "1", "execution-date": String(NOW),
  }, [configuration, generateStatus(draft)]);
  return serializeXml(root);
}

/** Options that are not given keep their default. */
function clusterOptions({ dice, features, fencing }: Draft): Record<string, string> {
  const options: Record<string, string> = {
    "stonith-enabled": String(fencing), "no-quorum-policy": dice.pick(["stop", "stop", "ignore", "freeze", "demote"]),
  };
  const maybe: readonly (readonly [string, string, number])[] = [
    ["symmetric-cluster", "false", 8], ["startup-fencing", "false", 10], ["stop-orphan-resources", "false", 8], ["stonith-action", "off", 10],
    ["concurrent-fencing", "true", 15], ["maintenance-mode", "true", 2], ["stop-all-resources", "true", 2], ["enable-startup-probes", "false", 3],
  ];
  for (const [name, value, percent] of maybe) if (dice.chance(percent)) options[name] = value;
  if (features.has("utilization")) options["placement-strategy"] = dice.pick(["utilization", "utilization", "minimal", "balanced", "balanced", "default"]);
  if (features.has("rules") && dice.chance(10)) options["node-health-strategy"] = dice.pick(["migrate-on-red", "only-green", "progressive", "custom"]);
  return options;
}

const TROUBLES: readonly (readonly [NodeCondition, number])[] = [
  ["standby", 4], ["offline", 3], ["lost", 5], ["daemon-lost", 1], ["pending", 1], ["unseen", 1], ["shutdown", 2], ["standby-transient", 1], ["maintenance", 1],
];

function addNodes(draft: Draft): void {
  const { dice, features, nodes } = draft;
  const count = dice.between(2, 5);
  for (let number = 1; number <= count; number++) {
    const attributes: Record<string, string> = {};
    if (dice.chance(50)) attributes["rack"] = dice.pick(["a", "b"]);
    if (dice.chance(30)) attributes["weight"] = dice.pick(["1", "5", "10"]);
    if (features.has("rules") && dice.chance(8)) attributes["#health-disk"] = dice.pick(["red", "yellow", "green", "-50"]);
    const utilization: Record<string, string> = {};
    if (features.has("utilization") && !dice.chance(8)) {
      utilization["cpu"] = String(dice.between(2, 10));
      if (dice.chance(60)) utilization["memory"] = String(dice.between(2, 12));
    }
    const trouble = number === 1 ? dice.chance(8) : dice.chance(35);
    const condition = !trouble ? "online" : number === 1 ? dice.pick(["standby", "shutdown"] as const) : dice.weighted(TROUBLES);
    nodes.push({ id: String(number), name: `n${number}`, kind: "member", condition, attributes, utilization });
  }
}

function nodeElement(draft: Draft, node: Draft["nodes"][number]): XmlElement {
  const attributes = { ...node.attributes };
  if (node.condition === "standby") attributes["standby"] = "on";
  if (node.condition === "maintenance") attributes["maintenance"] = "true";
  return xml("node", { id: node.id, uname: node.name }, [pairs(draft, "instance_attributes", attributes), pairs(draft, "utilization", node.utilization)]);
}

function defaults(draft: Draft): XmlElement[] {
  const { dice, features } = draft;
  const values: Record<string, string> = {};
  if (dice.chance(50)) values["resource-stickiness"] = dice.pick(["1", "10", "100", "INFINITY"]);
  if (dice.chance(20)) values["migration-threshold"] = dice.pick(["1", "2", "3"]);
  if (features.has("failures") && dice.chance(10)) values["failure-timeout"] = dice.pick(["60s", "10min", "1h"]);
  const found: XmlElement[] = [];
  const meta = pairs(draft, "meta_attributes", values);
  if (meta !== null) found.push(xml("rsc_defaults", {}, [meta]));
  if (draft.defaultTimeoutMs !== 20_000) found.push(xml("op_defaults", {}, [pairs(draft, "meta_attributes", { timeout: `${draft.defaultTimeoutMs / 1000}s` })]));
  return found;
}
