/** Changes of the CIB and what surrounds them. */
import type { Issue } from "@quorate/core";
import type { CibOperation, CibSection, CibVersion } from "@quorate/cib";
import { CibOperationProto, CibSectionProto, type CibVersionProto } from "./gen/quorate/cib/v1/cib.ts";
import { IssueSeverityProto, type IssueProto } from "./gen/quorate/cib/v1/cib_service.ts";
import { count, count32, decodeWire, encodeWire, enumTable, fieldsOf, present, text } from "./wire-field.ts";
import type { EnumTable } from "./wire-field.ts";

const at = fieldsOf("CibOperation");
const inVersion = fieldsOf("CibVersion");
const inIssue = fieldsOf("Issue");
const inPlace = fieldsOf("Place");

const sections: EnumTable<CibSection, CibSectionProto> = enumTable({
  "all": CibSectionProto.ALL,
  "configuration": CibSectionProto.CONFIGURATION,
  "crm_config": CibSectionProto.CRM_CONFIG,
  "nodes": CibSectionProto.NODES,
  "resources": CibSectionProto.RESOURCES,
  "constraints": CibSectionProto.CONSTRAINTS,
  "fencing-topology": CibSectionProto.FENCING_TOPOLOGY,
  "acls": CibSectionProto.ACLS,
  "tags": CibSectionProto.TAGS,
  "alerts": CibSectionProto.ALERTS,
  "rsc_defaults": CibSectionProto.RSC_DEFAULTS,
  "op_defaults": CibSectionProto.OP_DEFAULTS,
  "status": CibSectionProto.STATUS,
});

const issueSeverities: EnumTable<Issue["severity"], IssueSeverityProto> = enumTable({
  error: IssueSeverityProto.ERROR,
  warning: IssueSeverityProto.WARNING,
});

export function cibSectionToProto(section: CibSection): CibSectionProto {
  return sections.toProto(section, at("section"));
}

/** Of a query: unspecified reads all; an unknown section is an error. */
export function cibSectionFromProto(proto: CibSectionProto): CibSection {
  return proto === CibSectionProto.UNSPECIFIED ? "all" : sections.fromProto(proto, { message: "QueryRequest", field: "section" });
}

export function encodeCibOperation(operation: CibOperation): Uint8Array {
  return encodeWire("CibOperation", CibOperationProto, cibOperationToProto(operation));
}

export function decodeCibOperation(bytes: Uint8Array): CibOperation {
  return cibOperationFromProto(decodeWire("CibOperation", CibOperationProto, bytes));
}

export function cibOperationToProto(operation: CibOperation): CibOperationProto {
  return { section: cibSectionToProto(operation.section), xml: text(operation.xml, at("xml")), kind: kindToProto(operation) };
}

function kindToProto(operation: CibOperation): NonNullable<CibOperationProto["kind"]> {
  switch (operation.kind) {
    case "replace":
      return { $case: "replace", value: { force: operation.force } };
    case "modify":
      return { $case: "modify", value: { allowCreate: operation.allowCreate } };
    case "create":
      return { $case: "create", value: { parentId: operation.parentId } };
    case "delete":
      return { $case: "delete", value: {} };
  }
}

export function cibOperationFromProto(proto: CibOperationProto | null | undefined): CibOperation {
  const given = present(proto, at(""));
  const base = { section: sections.fromProto(given.section, at("section")), xml: text(given.xml, at("xml")) };
  const kind = present(given.kind, at("kind"));
  switch (kind.$case) {
    case "replace":
      return { ...base, kind: "replace", force: kind.value.force };
    case "modify":
      return { ...base, kind: "modify", allowCreate: kind.value.allowCreate };
    case "create":
      return { ...base, kind: "create", parentId: kind.value.parentId ?? null };
    case "delete":
      return { ...base, kind: "delete" };
  }
}

export function cibVersionToProto(version: CibVersion): CibVersionProto {
  return {
    adminEpoch: count(version.adminEpoch, inVersion("admin_epoch")),
    epoch: count(version.epoch, inVersion("epoch")),
    numUpdates: count(version.numUpdates, inVersion("num_updates")),
  };
}

export function cibVersionFromProto(proto: CibVersionProto | null | undefined): CibVersion {
  const { adminEpoch, epoch, numUpdates } = present(proto, inVersion(""));
  return { adminEpoch, epoch, numUpdates };
}

export function issueToProto(issue: Issue): IssueProto {
  const { place } = issue;
  return {
    severity: issueSeverities.toProto(issue.severity, inIssue("severity")),
    path: issue.path,
    place: place === null ? null : { line: count32(place.line, inPlace("line")), column: count32(place.column, inPlace("column")) },
    message: issue.message,
  };
}

/** An unknown severity counts as an error: a document is not taken for good because of what a newer program says of it. */
export function issueFromProto(proto: IssueProto): Issue {
  return {
    severity: issueSeverities.fromProto(proto.severity, inIssue("severity"), "error"),
    path: proto.path,
    place: proto.place === null ? null : { line: proto.place.line, column: proto.place.column },
    message: proto.message,
  };
}
