/** Which resource an entry of the history is about (1-state F2, F3). */
import type { XmlElement } from "@quorate/cib";
import { bundleOf, replicaOn } from "../model/bundle.ts";
import type { Cluster } from "../model/cluster.ts";
import { noteRecheck, plainContext } from "../model/cluster.ts";
import type { Node } from "../model/node.ts";
import type { Resource } from "../model/resource.ts";
import { cloneOf, isFenceDevice, leavesOf, requiresFencing, topOf } from "../model/resource.ts";
import { readSets } from "./attribute-sets.ts";
import { addNodeScore, ban, banEverywhere, cloneTemplate, createResource, markOrphan, readResource } from "./resources.ts";
import { child } from "@quorate/cib";
import { linkOrphan } from "./remote-nodes.ts";

export function resourceOfHistory(cluster: Cluster, node: Node, element: XmlElement): Resource | null {
  const id = element.attributes["id"];
  if (id === undefined) return null;
  const found = findByHistoryId(cluster, id);
  if (found === null) return child(element, "lrm_rsc_op") === null ? null : createOrphan(cluster, element, id);
  if (found.unique) return found;
  const instance = insideOf(found, node) ?? chooseInstance(cluster, found, node);
  instance.historyName = id;
  return instance;
}

/** The configured resource, or any instance of it when instances cannot be told apart. */
function findByHistoryId(cluster: Cluster, id: string): Resource | null {
  const exact = cluster.byId.get(id) ?? cluster.allResources.find((resource) => resource.historyName === id);
  if (exact !== undefined) return exact.kind === "primitive" ? exact : null;
  const first = cluster.byId.get(`${id.replace(/:\d+$/, "")}:0`);
  return first !== undefined && first.kind === "primitive" && !first.unique ? first : null;
}

/** In a bundle the node tells which instance it is. */
function insideOf(sample: Resource, node: Node): Resource | null {
  const bundle = bundleOf(sample);
  return bundle === null ? null : (replicaOn(bundle, node)?.inside ?? null);
}

/** For an anonymous clone: the instance already there, else one that is nowhere, else a new surplus one. */
function chooseInstance(cluster: Cluster, sample: Resource, node: Node): Resource {
  const clone = cloneOf(sample);
  if (clone === null || clone.clone === null) return sample;
  const memberOf = (instance: Resource): Resource | undefined => leavesOf(instance).find((leaf) => leaf.configId === sample.configId);
  let here: Resource | undefined, free: Resource | undefined, duplicate = false;
  for (const instance of clone.children) {
    const places = placesOf(instance);
    if (places[0] === node) {
      const member = memberOf(instance);
      if (member !== undefined && member.runningOn.length === 0) {
        here = member;
        break;
      }
      duplicate = true;
    } else if (places.length === 0 && free === undefined && !instance.blocked) {
      const member = memberOf(instance);
      if (member !== undefined && (member.pending === null || member.pending.node === node)) free = member;
    }
  }
  const chosen = here ?? (duplicate ? undefined : free);
  const doubtful = chosen !== undefined && !requiresFencing(chosen) && node.kind !== "guest" && (!node.online || node.unclean) && clone.clone.max !== cluster.nodes.length;
  if (chosen !== undefined && !doubtful) return chosen;
  const surplus = createSurplusInstance(cluster, clone);
  return memberOf(surplus) ?? surplus;
}

/** A group's members may be where the group itself does not count as active: not managed, on a node that is gone. */
function placesOf(instance: Resource): readonly Node[] {
  const active = leavesOf(instance).flatMap((leaf) => leaf.runningOn);
  const pending = leavesOf(instance).flatMap((leaf) => (leaf.pending === null ? [] : [leaf.pending.node]));
  return [...instance.runningOn, ...active, ...pending];
}

function createSurplusInstance(cluster: Cluster, clone: Resource): Resource {
  const template = cloneTemplate(clone);
  const made = template === null ? null : readResource(cluster, template, clone, clone.children.length);
  if (made === null) return clone;
  markOrphan(made);
  clone.children.push(made);
  return made;
}

/** A resource that only the history knows. */
function createOrphan(cluster: Cluster, element: XmlElement, id: string): Resource {
  const { class: agentClass = "", type = "", provider } = element.attributes;
  const attributes: Record<string, string> = { id, class: agentClass, type };
  if (provider !== undefined) attributes["provider"] = provider;
  const meta = new Map(Object.entries(attributes));
  const defaults = child(child(cluster.root, "configuration") ?? cluster.root, "rsc_defaults");
  const context = { ...plainContext(cluster, (atMs) => noteRecheck(cluster, atMs)), resource: { class: agentClass, provider: provider ?? null, type } };
  if (defaults !== null) readSets(defaults, "meta_attributes", meta, { ids: cluster.ids, context });
  const made: XmlElement = { name: "primitive", attributes, children: [], place: null };
  const resource = createResource(cluster, { element: made, kind: "primitive", parent: null, instance: null, meta });
  resource.orphan = true;
  // One that is not configured any more counts as long as its history stands
  if (isFenceDevice(resource)) cluster.haveFenceDevice = true;
  linkOrphan(cluster, resource);
  if (cluster.options.stopOrphanResources) banEverywhere(cluster, resource, ban("orphan", "it is not configured any more"));
  else resource.managed = false;
  cluster.resources.push(resource);
  return resource;
}

/** Bans from one node what failed there in a way that a retry cannot mend: the whole clone when instances are alike. */
export function banFrom(cluster: Cluster, resource: Resource, node: Node, text: string): void {
  addNodeScore(cluster, bannedWhole(resource), node.index, ban("failcount", text));
}

export function bannedWhole(resource: Resource): Resource {
  return resource.unique ? resource : topOf(resource);
}
