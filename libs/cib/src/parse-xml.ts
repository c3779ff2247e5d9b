/**
 * Text to tree. Strict XML 1.0 by @rgrove/parse-xml; document type declarations are never read, so there are no entities but the
 * five predefined ones and nothing outside the text is ever fetched. Comments and processing instructions are dropped; text
 * between elements is an error, because nothing in a CIB has any. Size, depth and number of nodes are bounded before parsing.
 * Documents that need none of this (see plain-xml.ts) are read without that parser, several times as fast.
 */
import { XmlElement as ParsedElement, XmlError, XmlText, parseXml as parseDocument } from "@rgrove/parse-xml";
import type { Issue, Place, Result } from "@quorate/core";
import { err, ok } from "@quorate/core";
import { setAttribute } from "./element.ts";
import { readPlainXml } from "./plain-xml.ts";
import { placeAt, scanTags, tagIssues } from "./tag-scan.ts";
import type { TagScan } from "./tag-scan.ts";
import type { XmlElement } from "./types.ts";

export interface XmlLimits {
  /** Longest text, in UTF-16 units. */
  readonly lengthMax: number;
  /** Deepest nesting of elements. */
  readonly depthMax: number;
  /** Elements and attributes together. */
  readonly sizeMax: number;
}

export const XML_LIMITS: XmlLimits = { lengthMax: 64 * 1024 * 1024, depthMax: 256, sizeMax: 4_000_000 };

/** The document element, or what is wrong with the text (never empty, each with line and column, in document order). */
export function parseXml(text: string, limits: Partial<XmlLimits> = {}): Result<XmlElement, Issue[]> {
  const bounds = { ...XML_LIMITS, ...limits };
  if (text.length > bounds.lengthMax) return refuse(`the text has ${text.length} characters; at most ${bounds.lengthMax} are accepted`);
  if (text.trim() === "") return refuse("the text is empty: expected an XML document");
  const plain = readPlainXml(text, bounds);
  return plain === null ? parseStrictly(text, bounds) : ok(plain);
}

/** Whatever the text holds; `parseXml` without its shortcut. */
export function parseStrictly(text: string, bounds: XmlLimits): Result<XmlElement, Issue[]> {
  const scan = scanTags(text, bounds);
  if (scan.depth > bounds.depthMax) return refuse(`elements are nested deeper than ${bounds.depthMax} levels`);
  if (scan.size > bounds.sizeMax) return refuse(`the text has more than ${bounds.sizeMax} elements and attributes`);
  try {
    const { root } = parseDocument(text, { includeOffsets: true });
    if (root === null) return refuse("expected a document element");
    return convert(root, text);
  } catch (error) {
    if (error instanceof XmlError) return err(explain(text, error, scan));
    throw error;
  }
}

function refuse(message: string): Result<XmlElement, Issue[]> {
  return err([{ severity: "error", path: "", place: null, message }]);
}

/** Tags that do not match are told by the scan, which finds all of them; what went wrong before the first of them by the parser. */
function explain(text: string, error: XmlError, scan: TagScan): Issue[] {
  const first = scan.findings[0];
  const at = unitIndex(text, error);
  // The parser stops before text that runs up to the end; the finding there is the same one.
  if (first !== undefined && !/[<>&]/.test(text.slice(at, first.at))) return tagIssues(text, scan.findings);
  const hint = text.includes("<!DOCTYPE") && text.startsWith("&", at) ? "; entities of a document type declaration are not read" : "";
  return [{ severity: "error", path: "", place: placeAt(text, at), message: `not well-formed: ${errorText(error)}${hint}` }];
}

/** The parser counts characters, we count UTF-16 units. */
function unitIndex(text: string, error: XmlError): number {
  let units = 0;
  for (let characters = 0; characters < error.pos && units < text.length; characters += 1) {
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  }
  return Math.min(units, text.length);
}

/** The parser's message without its own position and excerpt. */
function errorText(error: XmlError): string {
  return (error.message.split("\n", 1)[0] ?? "").replace(/ \(line \d+, column \d+\)$/, "");
}

/** Walks forward through the text with the tree, so that places cost one pass. */
class PlaceReader {
  readonly #text: string;
  #line = 1;
  #start = 0;
  #feed: number;

  constructor(text: string) {
    this.#text = text;
    this.#feed = text.indexOf("\n");
  }

  /** Indexes must not decrease from call to call. */
  at(index: number): Place {
    while (this.#feed >= 0 && this.#feed < index) {
      this.#line += 1;
      this.#start = this.#feed + 1;
      this.#feed = this.#text.indexOf("\n", this.#start);
    }
    return { line: this.#line, column: index - this.#start + 1 };
  }
}

function convert(root: ParsedElement, text: string): Result<XmlElement, Issue[]> {
  const places = new PlaceReader(text);
  const issues: Issue[] = [];
  const element = convertElement(root, places, issues, "");
  return issues.length > 0 ? err(issues) : ok(element);
}

const TEXT_ISSUES_MAX = 20;

/** Recursion is as deep as the document, which `depthMax` bounds. */
function convertElement(parsed: ParsedElement, places: PlaceReader, issues: Issue[], above: string): XmlElement {
  const place = places.at(parsed.start);
  const attributes: Record<string, string> = {};
  for (const name of Object.keys(parsed.attributes)) setAttribute(attributes, name, parsed.attributes[name] ?? "");
  const path = `${above}/${parsed.name}`;
  const children: XmlElement[] = [];
  for (const node of parsed.children) {
    if (node instanceof ParsedElement) children.push(convertElement(node, places, issues, path));
    else if (node instanceof XmlText && /[^ \t\r\n]/.test(node.text) && issues.length < TEXT_ISSUES_MAX) {
      const lead = node.text.search(/[^ \t\r\n]/);
      issues.push({ severity: "error", path, place: places.at(node.start + lead), message: `text is not allowed in <${parsed.name}>: ${quote(node.text)}` });
    }
  }
  return { name: parsed.name, attributes, children, place };
}

function quote(text: string): string {
  const trimmed = text.trim();
  return JSON.stringify(trimmed.length > 40 ? `${trimmed.slice(0, 40)}…` : trimmed);
}
