/** Access lists of pacemaker-1.x: users with rights of their own, and rights named by their kind. */
import { attribute, makeElement, withAttribute } from "./element.ts";
import type { Position } from "./issue-list.ts";
import type { XmlElement } from "./types.ts";
import { below, mapChild, mapChildren } from "./upgrade-notes.ts";
import type { UpgradeNotes } from "./upgrade-notes.ts";

const RIGHTS = new Set(["read", "write", "deny"]);

export function upgradeAcls(root: XmlElement, notes: UpgradeNotes): XmlElement {
  const top: Position = { element: root, above: null };
  return mapChild(root, "configuration", (configuration) =>
    mapChild(configuration, "acls", (acls) => {
      const here = below(below(top, configuration), acls);
      return mapChildren(acls, (entry) => upgradeEntry(below(here, entry), notes));
    }),
  );
}

function upgradeEntry(position: Position, notes: UpgradeNotes): readonly XmlElement[] {
  const entry = position.element;
  const inner = entry.children.map((sub) => {
    if (RIGHTS.has(sub.name)) return permission(below(position, sub), notes);
    return sub.name === "role_ref" ? { ...sub, name: "role" } : sub;
  });
  if (entry.name !== "acl_user") return [{ ...entry, children: inner }];
  const target = { ...entry, name: "acl_target" };
  if (!inner.some((sub) => sub.name === "acl_permission")) return [{ ...target, children: inner }];
  // A user with rights of its own gets a role that holds them.
  const role = `auto-${attribute(entry, "id") ?? ""}`;
  return [{ ...target, children: [makeElement("role", { id: role })] }, makeElement("acl_role", { id: role }, inner)];
}

function permission({ element, above }: Position, notes: UpgradeNotes): XmlElement {
  const limited = attribute(element, "attribute");
  const xpath = attribute(element, "xpath");
  const reference = attribute(element, "ref");
  const tag = attribute(element, "tag");
  let result = makeElement("acl_permission", { id: attribute(element, "id") ?? "", kind: element.name });
  if (reference !== null) result = withAttribute(result, "reference", reference);
  else if (tag !== null) result = withAttribute(withAttribute(result, "object-type", tag), "attribute", limited);
  else result = withAttribute(result, "xpath", limited === null ? xpath : `${xpath ?? ""}[@${limited}]`);
  if (reference !== null && limited !== null) notes.add({ element, above }, `attribute="${limited}" beside ref was dropped: the right holds for the whole element`);
  return { ...result, place: element.place };
}
