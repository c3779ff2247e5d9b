/** A new trouble for a cluster that has come to rest: a node that is lost, goes or comes, a failure, a changed wish. */
import type { XmlElement } from "@quorate/cib";
import { children, makeElement, parseXml, serializeXml, withAttributes } from "@quorate/cib";
import { Dice } from "./dice.ts";
import { NOW } from "./draft.ts";

type Change = (root: XmlElement, dice: Dice) => XmlElement;

/** The CIB with one to three changes; its time is the same as before. */
export function disturb(xml: string, seed: number): string {
  const parsed = parseXml(xml);
  if (!parsed.ok) return xml;
  const dice = new Dice(seed);
  let root = withAttributes(parsed.value, { "execution-date": String(NOW) });
  for (let n = dice.between(1, 3); n > 0; n--) root = dice.weighted(CHANGES)(root, dice);
  return serializeXml(root);
}

const CHANGES: readonly (readonly [Change, number])[] = [[loseNode, 4], [returnNode, 2], [standby, 2], [failMonitor, 4], [failAction, 1], [changeScore, 3], [changeTarget, 2]];

/** Replaces the elements that `match` accepts, one of them chosen by chance. */
function changeOne(root: XmlElement, dice: Dice, match: (element: XmlElement) => boolean, change: (element: XmlElement) => XmlElement): XmlElement {
  const found: XmlElement[] = [];
  const collect = (element: XmlElement): void => {
    if (match(element)) found.push(element);
    element.children.forEach(collect);
  };
  collect(root);
  if (found.length === 0) return root;
  const chosen = dice.pick(found);
  const rebuild = (element: XmlElement): XmlElement => (element === chosen ? change(element) : { ...element, children: element.children.map(rebuild) });
  return rebuild(root);
}

const isMember = (element: XmlElement): boolean => element.name === "node_state" && element.attributes["remote_node"] === undefined;

function loseNode(root: XmlElement, dice: Dice): XmlElement {
  return changeOne(root, dice, (element) => isMember(element) && element.attributes["id"] !== root.attributes["dc-uuid"],
    (state) => withAttributes(state, { in_ccm: "false", crmd: "offline", join: "down" }));
}

function returnNode(root: XmlElement, dice: Dice): XmlElement {
  return changeOne(root, dice, (element) => isMember(element) && element.attributes["crmd"] === "offline", (state) => ({
    ...withAttributes(state, { in_ccm: "true", crmd: "online", join: "member", expected: "member" }), children: [],
  }));
}

function standby(root: XmlElement, dice: Dice): XmlElement {
  return changeOne(root, dice, (element) => element.name === "node", (node) => ({
    ...node,
    children: [...node.children.filter((child) => child.attributes["id"] !== "disturbed-set"), makeElement("instance_attributes", { id: `disturbed-${node.attributes["id"] ?? ""}` }, [
      makeElement("nvpair", { id: `disturbed-${node.attributes["id"] ?? ""}-standby`, name: "standby", value: "on" }),
    ])],
  }));
}

function failMonitor(root: XmlElement, dice: Dice): XmlElement {
  return changeOne(root, dice, (element) => element.name === "lrm_rsc_op" && element.attributes["operation"] === "monitor" && element.attributes["interval"] !== "0",
    (entry) => withAttributes(entry, { "rc-code": dice.pick(["7", "1", "9"]), "op-status": "0", "last-rc-change": String(NOW - 10) }));
}

function failAction(root: XmlElement, dice: Dice): XmlElement {
  return changeOne(root, dice, (element) => element.name === "lrm_rsc_op" && ["start", "promote", "stop"].includes(element.attributes["operation"] ?? ""),
    (entry) => withAttributes(entry, { "rc-code": "1", "op-status": "4", "last-rc-change": String(NOW - 10) }));
}

function changeScore(root: XmlElement, dice: Dice): XmlElement {
  return changeOne(root, dice, (element) => element.name === "rsc_location" && element.attributes["score"] !== undefined,
    (location) => withAttributes(location, { score: dice.pick(["INFINITY", "-INFINITY", "500", "-500"]) }));
}

function changeTarget(root: XmlElement, dice: Dice): XmlElement {
  return changeOne(root, dice, (element) => ["primitive", "group", "clone"].includes(element.name), (resource) => {
    const id = resource.attributes["id"] ?? "";
    if (children(resource, "meta_attributes").some((set) => set.attributes["id"] === `disturbed-${id}`)) return resource;
    const set = makeElement("meta_attributes", { id: `disturbed-${id}` }, [makeElement("nvpair", { id: `disturbed-${id}-target`, name: "target-role", value: dice.pick(["Stopped", "Started"]) })]);
    return { ...resource, children: [set, ...resource.children] };
  });
}
