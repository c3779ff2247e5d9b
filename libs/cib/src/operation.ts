/**
 * Changes of the document, as cibadmin makes them. Pure and deterministic: every replica that applies the same operation to the
 * same document gets the same document. A change of the configuration raises `epoch`, any other raises `num_updates`. All are
 * checked against the schema but those of the status section, which cost only what they touch. On an error nothing changes.
 */
import type { Issue, Result } from "@quorate/core";
import { err, ok } from "@quorate/core";
import { checkCib } from "./check-cib.ts";
import { compareVersions, formatVersion, loadCib, readVersion, withStandardSections, withVersion } from "./cib.ts";
import { attribute, child, equalElements, makeElement, withAttributes, withChildren, withSection } from "./element.ts";
import { createIn, deleteIn, modifyIn, replaceIn } from "./operation-tree.ts";
import type { TreeChange } from "./operation-tree.ts";
import { parseXml } from "./parse-xml.ts";
import type { Cib, CibError, CibOperation, CibSection, XmlElement } from "./types.ts";

/**
 * QUORATE_CIB_INVALID: the XML, or the document it would lead to, is not valid. QUORATE_CIB_STALE: the document for `all` is older
 * and `force` is not set. QUORATE_NOT_FOUND and QUORATE_EXISTS as told with each kind of operation.
 * Replacing `all` keeps what the cluster itself knows, and no administrator's file may overwrite: the status section and the
 * attributes of `LIVE_ATTRIBUTES`.
 */
export function applyOperation(cib: Cib, operation: CibOperation): Result<Cib, CibError> {
  const parsed = parseXml(operation.xml);
  if (!parsed.ok) return err({ code: "QUORATE_CIB_INVALID", issues: parsed.error });
  if (operation.kind === "replace" && operation.section === "all") return replaceAll(cib, parsed.value, operation.force);
  const changed = changeSection(cib.root, operation, parsed.value);
  return changed.ok ? finish(cib, changed.value) : err(changed.error);
}

/** Changes the status section; `num_updates` grows by 1. The same element back means no change and the same document. */
export function updateStatus(cib: Cib, change: (status: XmlElement) => XmlElement): Cib {
  const before = child(cib.root, "status") ?? makeElement("status");
  const after = change(before);
  if (after === before) return cib;
  return nextUpdate(cib, withSection(cib.root, after));
}

/** Written by the cluster into its own document. */
const LIVE_ATTRIBUTES = ["crm_feature_set", "have-quorum", "dc-uuid"] as const;

/** The version becomes that of the document when it is newer, else the next after the present one, so that it always grows. */
function replaceAll(cib: Cib, root: XmlElement, force: boolean): Result<Cib, CibError> {
  const loaded = loadCib(withChildren(root, root.children.filter((section) => section.name !== "status")));
  if (!loaded.ok) return loaded;
  const next = loaded.value.cib;
  const order = compareVersions(next.version, cib.version);
  if (order < 0 && !force) {
    const message = `the document has version ${formatVersion(next.version)}, older than the present ${formatVersion(cib.version)}`;
    return failure("QUORATE_CIB_STALE", root, message);
  }
  const status = child(cib.root, "status") ?? makeElement("status");
  const live = LIVE_ATTRIBUTES.flatMap((name) => (attribute(cib.root, name) === null ? [] : [[name, attribute(cib.root, name)]]));
  const merged = withAttributes(withSection(next.root, status), Object.fromEntries(live));
  if (order === 0 && equalElements(merged, cib.root)) return ok(cib);
  return ok(withVersion(merged, order > 0 ? next.version : nextEpoch(cib)));
}

function nextEpoch(cib: Cib): Cib["version"] {
  return { ...cib.version, epoch: cib.version.epoch + 1, numUpdates: 0 };
}

/** The root with the section changed. */
function changeSection(root: XmlElement, operation: CibOperation, xml: XmlElement): TreeChange {
  const { section } = operation;
  if (section === "all") return changeElement(root, root, operation, xml);
  if (section === "configuration" || section === "status") return changeBelow(root, section, operation, xml);
  const configuration = child(root, "configuration") ?? makeElement("configuration");
  const changed = changeBelow(configuration, section, operation, xml);
  return changed.ok ? ok(withSection(root, changed.value)) : changed;
}

/** A section that does not exist yet comes into being with its first content. */
function changeBelow(parent: XmlElement, section: Exclude<CibSection, "all">, operation: CibOperation, xml: XmlElement): TreeChange {
  const present = child(parent, section);
  const changed = changeElement(parent, present ?? makeElement(section), operation, xml);
  if (!changed.ok || changed.value === present) return changed.ok ? ok(parent) : changed;
  return ok(withSection(parent, changed.value));
}

/** `scope` is where an id must not exist twice. */
function changeElement(scope: XmlElement, section: XmlElement, operation: CibOperation, xml: XmlElement): TreeChange {
  switch (operation.kind) {
    case "replace":
      return replaceIn(section, xml);
    case "modify":
      return modifyIn(section, xml, operation.allowCreate);
    case "create":
      return createIn(section, xml, { parentId: operation.parentId, scope });
    case "delete":
      return deleteIn(section, xml);
  }
}

/** Decides which counter grows, and checks the document unless only its status is another. */
function finish(cib: Cib, changed: XmlElement): Result<Cib, CibError> {
  if (changed === cib.root) return ok(cib);
  if (sameBut("status", changed, cib.root)) return ok(nextUpdate(cib, changed));
  for (const name of ["configuration", "status"]) {
    if (child(changed, name) === null) return failure("QUORATE_CIB_INVALID", changed, `<${name}> cannot be removed`);
  }
  const root = withStandardSections(changed);
  if (equalElements(root, cib.root)) return ok(cib);
  const issues = checkCib(root, { status: false });
  if (issues.some((issue) => issue.severity === "error")) return err({ code: "QUORATE_CIB_INVALID", issues });
  const adminEpoch = Math.max(cib.version.adminEpoch, readVersion(root).adminEpoch);
  const sameRules = attribute(root, "validate-with") === attribute(cib.root, "validate-with") && adminEpoch === cib.version.adminEpoch;
  if (sameRules && sameConfiguration(root, cib.root)) return ok(nextUpdate(cib, root));
  return ok(withVersion(root, { ...nextEpoch(cib), adminEpoch }));
}

/** The very same attributes and children in the same places, but for the child of that name. */
function sameBut(name: string, a: XmlElement, b: XmlElement): boolean {
  if (a.attributes !== b.attributes || a.children.length !== b.children.length) return false;
  return a.children.every((inner, at) => inner === b.children[at] || (inner.name === name && b.children[at]?.name === name));
}

function sameConfiguration(a: XmlElement, b: XmlElement): boolean {
  const [one, other] = [child(a, "configuration"), child(b, "configuration")];
  return one !== null && other !== null && equalElements(one, other);
}

function nextUpdate(cib: Cib, root: XmlElement): Cib {
  return withVersion(root, { ...cib.version, numUpdates: cib.version.numUpdates + 1 });
}

function failure(code: CibError["code"], element: XmlElement, message: string): Result<never, CibError> {
  const issue: Issue = { severity: "error", path: `/${element.name}`, place: element.place, message };
  return err({ code, issues: [issue] });
}
