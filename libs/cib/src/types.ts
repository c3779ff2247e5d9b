/** The CIB as a tree of elements. One immutable value; a change makes a new one that shares what is equal. */
import type { Issue, Place } from "@quorate/core";

export interface XmlElement {
  readonly name: string;
  /** In document order. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Where the start tag begins; null for elements made by the program. Never part of equality or digests. */
  readonly place: Place | null;
}

/** Compared in this order: a document with a smaller version never replaces one with a greater one. */
export interface CibVersion {
  readonly adminEpoch: number;
  readonly epoch: number;
  readonly numUpdates: number;
}

export interface Cib {
  /** The `<cib>` element. Sections `configuration` and `status` and their standard children always exist. */
  readonly root: XmlElement;
  readonly version: CibVersion;
}

/** What a load says beside the document: notes of the upgrade and warnings of the schema. */
export interface LoadedCib {
  readonly cib: Cib;
  readonly issues: readonly Issue[];
}

/** Sections that can be named in a change; `configuration` and `all` hold others. */
export type CibSection =
  | "all" | "configuration" | "crm_config" | "nodes" | "resources" | "constraints" | "fencing-topology" | "acls" | "tags" | "alerts"
  | "rsc_defaults" | "op_defaults" | "status";

/** One change, applied by every replica alike. XML is text so that it can travel in a log entry. */
export type CibOperation =
  /** `section` is replaced by the given element (for `all`: the document; refused when its version is older unless `force`). */
  | { readonly kind: "replace"; readonly section: CibSection; readonly xml: string; readonly force: boolean }
  /** Elements are merged by name and id (as `cibadmin --modify`); an element that does not exist is an error unless `allowCreate`. */
  | { readonly kind: "modify"; readonly section: CibSection; readonly xml: string; readonly allowCreate: boolean }
  /** Added below the section, or below the parent named by `parentId`; an existing id is QUORATE_EXISTS. */
  | { readonly kind: "create"; readonly section: CibSection; readonly xml: string; readonly parentId: string | null }
  /** Elements that match name and id of `xml` are removed; none is QUORATE_NOT_FOUND. */
  | { readonly kind: "delete"; readonly section: CibSection; readonly xml: string };

export interface CibError {
  readonly code: "QUORATE_CIB_INVALID" | "QUORATE_CIB_STALE" | "QUORATE_NOT_FOUND" | "QUORATE_EXISTS";
  readonly issues: readonly Issue[];
}
