/**
 * A quick look at the tags of a text, without the rest of the grammar: how deep they nest, how many there are, and which do not
 * match. It runs before the parser, which recurses and would not survive a very deep document, and explains afterwards what the
 * parser refused. It does not judge anything else; a text without findings here may still be ill-formed.
 */
import type { Issue, Place } from "@quorate/core";

export interface TagScan {
  /** Deepest nesting of elements. */
  readonly depth: number;
  /** Elements and attributes together. */
  readonly size: number;
  /** Tags without partner, in document order; at most `FINDINGS_MAX`. */
  readonly findings: readonly TagFinding[];
}

export interface TagFinding {
  /** Index of the `<` (or of the end of the text) in UTF-16 units. */
  readonly at: number;
  readonly path: string;
  readonly message: string;
}

export interface TagScanLimits {
  readonly depthMax: number;
  readonly sizeMax: number;
}

const FINDINGS_MAX = 20;

interface OpenTag {
  readonly name: string;
  readonly at: number;
  /** Index behind the start tag. */
  readonly end: number;
}

interface Scan {
  readonly text: string;
  readonly open: OpenTag[];
  readonly findings: TagFinding[];
  depth: number;
  size: number;
}

/** Stops early, with the numbers reached so far, as soon as a limit is exceeded. */
export function scanTags(text: string, limits: TagScanLimits): TagScan {
  const scan: Scan = { text, open: [], findings: [], depth: 0, size: 0 };
  let at = text.indexOf("<");
  while (at >= 0 && scan.depth <= limits.depthMax && scan.size <= limits.sizeMax && scan.findings.length < FINDINGS_MAX) {
    const next = passMarkup(scan, at);
    if (next < 0) return scan;
    at = text.indexOf("<", next);
  }
  if (at < 0) reportUnclosed(scan);
  return scan;
}

/** Line and column (UTF-16 units, both from 1) of an index. Lines end with a line feed, as XML normalizes them. */
export function placeAt(text: string, index: number): Place {
  let line = 1;
  let start = 0;
  for (let feed = text.indexOf("\n"); feed >= 0 && feed < index; feed = text.indexOf("\n", start)) {
    line += 1;
    start = feed + 1;
  }
  return { line, column: index - start + 1 };
}

export function tagIssues(text: string, findings: readonly TagFinding[]): Issue[] {
  return findings.map(({ at, path, message }) => ({ severity: "error", path, place: placeAt(text, at), message }));
}

/** Handles what begins at `at` with `<`; the index behind it, or -1 when it never ends (the parser names that). */
function passMarkup(scan: Scan, at: number): number {
  const { text } = scan;
  if (text.startsWith("<!--", at)) return behind(text, "-->", at + 4);
  if (text.startsWith("<![CDATA[", at)) return behind(text, "]]>", at + 9);
  if (text.startsWith("<?", at)) return behind(text, "?>", at + 2);
  if (text.startsWith("<!", at)) return behindDoctype(text, at);
  if (text.startsWith("</", at)) return passEndTag(scan, at);
  return passStartTag(scan, at);
}

function behind(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found < 0 ? -1 : found + mark.length;
}

/** Ends where the parser ends it: identifiers in quotes, and an internal subset up to the first `]` that a `>` follows. */
function behindDoctype(text: string, at: number): number {
  for (let index = at; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (char === ">") return index + 1;
    if (char === '"' || char === "'") {
      index = text.indexOf(char, index + 1);
      if (index < 0) return -1;
    }
    if (char !== "[") continue;
    const close = /\][\x20\t\r\n]*>/g;
    close.lastIndex = index;
    return close.test(text) ? close.lastIndex : -1;
  }
  return -1;
}

function passStartTag(scan: Scan, at: number): number {
  const { text } = scan;
  let end = at + 1;
  for (; end < text.length; end += 1) {
    const char = text.charCodeAt(end);
    if (char === 0x3e) break;
    if (char !== 0x22 && char !== 0x27) continue;
    scan.size += 1;
    end = text.indexOf(char === 0x22 ? '"' : "'", end + 1);
    if (end < 0) return -1;
  }
  if (end >= text.length) return -1;
  scan.size += 1;
  if (text.charCodeAt(end - 1) === 0x2f) {
    scan.depth = Math.max(scan.depth, scan.open.length + 1);
    return end + 1;
  }
  scan.open.push({ name: tagName(text, at + 1), at, end: end + 1 });
  scan.depth = Math.max(scan.depth, scan.open.length);
  return end + 1;
}

function passEndTag(scan: Scan, at: number): number {
  const { text, open } = scan;
  const name = tagName(text, at + 2);
  const end = behind(text, ">", at + 2);
  if (open.at(-1)?.name === name) {
    open.pop();
    return end;
  }
  const partner = open.findLastIndex((tag) => tag.name === name);
  if (partner < 0) {
    scan.findings.push({ at, path: pathOf(scan), message: strayMessage(scan, name) });
    return end;
  }
  // The partner is further out: everything opened since then lacks its end tag.
  scan.findings.push({ at, path: pathOf(scan), message: `${expectation(scan)}, found </${name}>` });
  open.length = partner;
  return end;
}

function strayMessage(scan: Scan, name: string): string {
  if (scan.open.length === 0) return `found </${name}> without an open element: expected the end of the document`;
  return `${expectation(scan)}, found </${name}>, which has no start tag`;
}

function expectation(scan: Scan): string {
  const tag = scan.open.at(-1) as OpenTag;
  const place = placeAt(scan.text, tag.at);
  return `expected </${tag.name}> because ${describe(scan, tag)} at ${place.line}:${place.column} is open`;
}

function reportUnclosed(scan: Scan): void {
  if (scan.open.length === 0) return;
  scan.findings.push({ at: scan.text.length, path: pathOf(scan), message: `${expectation(scan)}, found the end of the document` });
}

/** `<group id="server0">`, or `<group>` for a tag without a short id. */
function describe(scan: Scan, tag: OpenTag): string {
  const id = idOf(scan, tag);
  return id === null ? `<${tag.name}>` : `<${tag.name} id="${id}">`;
}

function idOf(scan: Scan, tag: OpenTag): string | null {
  const found = /\sid\s*=\s*(?:"([^"<]{1,100})"|'([^'<]{1,100})')/.exec(scan.text.slice(tag.at, Math.min(tag.end, tag.at + 1000)));
  return found?.[1] ?? found?.[2] ?? null;
}

function pathOf(scan: Scan): string {
  return scan.open.map((tag) => `/${tag.name}${idOf(scan, tag) === null ? "" : `[@id="${idOf(scan, tag)}"]`}`).join("");
}

function tagName(text: string, from: number): string {
  let end = from;
  while (end < text.length && !" \t\r\n/>".includes(text.charAt(end))) end += 1;
  return text.slice(from, end);
}
