/** The document as a whole: made from a tree or a text, brought to its standard sections, written out, compared. */
import type { Issue, Result } from "@quorate/core";
import { err, ok } from "@quorate/core";
import { checkCib } from "./check-cib.ts";
import { attribute, child, makeElement, withAttributes, withSection } from "./element.ts";
import { parseXml } from "./parse-xml.ts";
import { serializeXml } from "./serialize-xml.ts";
import type { Cib, CibError, CibVersion, LoadedCib, XmlElement } from "./types.ts";
import { SCHEMA_NAME, upgradeCib } from "./upgrade.ts";
import { leadingInteger } from "./values.ts";

/** Children that every `configuration` has, in schema order. */
const CONFIGURATION_SECTIONS = ["crm_config", "nodes", "resources", "constraints"] as const;

/**
 * A document from its text: parsed, upgraded to the newest schema and checked. What the upgrade changed, and what the schema only
 * warns about, comes with it. An error says everything that is wrong, with places.
 */
export function parseCib(text: string): Result<LoadedCib, CibError> {
  const parsed = parseXml(text);
  if (!parsed.ok) return err({ code: "QUORATE_CIB_INVALID", issues: parsed.error });
  return loadCib(parsed.value);
}

/** As `parseCib`, for a tree that exists already. */
export function loadCib(root: XmlElement): Result<LoadedCib, CibError> {
  const wrong = rootIssues(root);
  if (wrong.length > 0) return err({ code: "QUORATE_CIB_INVALID", issues: wrong });
  const upgraded = upgradeCib(root);
  const complete = withStandardSections(upgraded.root);
  const issues = [...upgraded.issues, ...checkCib(complete)];
  if (issues.some((issue) => issue.severity === "error")) return err({ code: "QUORATE_CIB_INVALID", issues });
  return ok({ cib: makeCib(complete), issues });
}

/** A `Cib` around a tree that is known to be valid. Missing standard sections are added. */
export function makeCib(root: XmlElement): Cib {
  return { root: withStandardSections(root), version: readVersion(root) };
}

/** Which conventions the status section follows, in Pacemaker's counting: those of Pacemaker 2.1.5. */
export const FEATURE_SET = "3.16.1";

/** A valid document without content, version 0.0.0. */
export function emptyCib(): Cib {
  const version = { admin_epoch: "0", epoch: "0", num_updates: "0" };
  return makeCib(makeElement("cib", { "validate-with": SCHEMA_NAME, crm_feature_set: FEATURE_SET, ...version }));
}

/** The whole document as text, one element per line. */
export function serializeCib(cib: Cib): string {
  return serializeXml(cib.root, { indent: true });
}

/** Missing or unreadable parts count as 0. */
export function readVersion(root: XmlElement): CibVersion {
  const part = (name: string): number => Math.max(0, leadingInteger(attribute(root, name) ?? "") ?? 0);
  return { adminEpoch: part("admin_epoch"), epoch: part("epoch"), numUpdates: part("num_updates") };
}

/** The document with this version, in the tree too. */
export function withVersion(root: XmlElement, version: CibVersion): Cib {
  const attributes = { admin_epoch: `${version.adminEpoch}`, epoch: `${version.epoch}`, num_updates: `${version.numUpdates}` };
  return { root: withAttributes(root, attributes), version };
}

/** Negative when `a` is older than `b`, 0 when equal, positive when newer. */
export function compareVersions(a: CibVersion, b: CibVersion): number {
  return a.adminEpoch - b.adminEpoch || a.epoch - b.epoch || a.numUpdates - b.numUpdates;
}

/** `admin_epoch.epoch.num_updates`, as people write it. */
export function formatVersion(version: CibVersion): string {
  return `${version.adminEpoch}.${version.epoch}.${version.numUpdates}`;
}

function rootIssues(root: XmlElement): Issue[] {
  if (root.name === "cib") return [];
  return [{ severity: "error", path: `/${root.name}`, place: root.place, message: `the document element is <${root.name}>; expected <cib>` }];
}

/** Adds what every document has: `configuration` with its standard children, and `status`. */
export function withStandardSections(root: XmlElement): XmlElement {
  let configuration = child(root, "configuration") ?? makeElement("configuration");
  for (const name of CONFIGURATION_SECTIONS) {
    if (child(configuration, name) === null) configuration = withStandardSection(configuration, name);
  }
  const configured = child(root, "configuration") === configuration ? root : withConfiguration(root, configuration);
  return child(root, "status") === null ? withSection(configured, makeElement("status")) : configured;
}

/** The new section stands where the schema's order wants it, before the first section that comes after it. */
function withStandardSection(configuration: XmlElement, name: (typeof CONFIGURATION_SECTIONS)[number]): XmlElement {
  const before = CONFIGURATION_SECTIONS.slice(0, CONFIGURATION_SECTIONS.indexOf(name));
  const at = configuration.children.findLastIndex((section) => (before as readonly string[]).includes(section.name)) + 1;
  return { ...configuration, children: configuration.children.toSpliced(at, 0, makeElement(name)) };
}

function withConfiguration(root: XmlElement, configuration: XmlElement): XmlElement {
  const rest = root.children.filter((section) => section.name !== "configuration");
  return { ...root, children: [configuration, ...rest] };
}
