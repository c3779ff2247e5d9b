/**
 * A quick reader for plain documents: elements and attributes in ASCII names, no references, no text, comments or declarations beyond
 * the XML one. That is what machines write. It reads only what it is sure of; for everything else, ill-formed or merely unusual, it gives
 * null, and the strict parser decides. What it does read, it reads exactly as that parser would (tested side by side). Source: ADR 0015.
 */
import type { Place } from "@quorate/core";
import type { XmlElement } from "./types.ts";

export interface PlainLimits {
  readonly depthMax: number;
  readonly sizeMax: number;
}

interface Open {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: XmlElement[];
  readonly place: Place;
}

const DECLARATION = /^<\?xml version="1\.0"(?: encoding="[Uu][Tt][Ff]-8")?(?: standalone="(?:yes|no)")? ?\?>/;
const [TAB, FEED, RETURN, BLANK, QUOTE, SLASH, LESS, EQUALS, GREATER] = [0x09, 0x0a, 0x0d, 0x20, 0x22, 0x2f, 0x3c, 0x3d, 0x3e] as const;

/** What a character below 128 may be: bits of `NAME_START`, `NAME`, `VALUE`. */
const NAME_START = 1, NAME = 2, VALUE = 4;
const KIND = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  return (/[A-Za-z_]/.test(char) ? NAME_START : 0) | (/[\w.-]/.test(char) ? NAME : 0) | (code >= BLANK && code < 127 && !`"&<`.includes(char) ? VALUE : 0);
});

/** The document element; null when the text is not plain, exceeds a limit or is not well-formed. */
export function readPlainXml(text: string, limits: PlainLimits): XmlElement | null {
  return new PlainReader(text, limits).read();
}

class PlainReader {
  readonly #text: string;
  readonly #limits: PlainLimits;
  readonly #open: Open[] = [];
  /** By hash; of two with the same hash the later one. */
  readonly #names: Map<number, string> = new Map();
  #at: number;
  #size = 0;
  #line = 1;
  #lineStart = 0;
  #feed: number;
  #root: XmlElement | null = null;

  constructor(text: string, limits: PlainLimits) {
    this.#text = text;
    this.#limits = limits;
    this.#at = DECLARATION.exec(text)?.[0].length ?? 0;
    this.#feed = text.indexOf("\n");
  }

  read(): XmlElement | null {
    while (this.#root === null) {
      this.#passSpace();
      if (this.#code() !== LESS) return null;
      const going = this.#text.charCodeAt(this.#at + 1) === SLASH ? this.#readEnd() : this.#readStart();
      if (!going) return null;
    }
    this.#passSpace();
    return this.#at === this.#text.length ? this.#root : null;
  }

  #code(): number {
    return this.#text.charCodeAt(this.#at); // NaN at the end
  }

  #passSpace(): boolean {
    const from = this.#at;
    for (let code = this.#code(); code === BLANK || code === FEED || code === TAB || code === RETURN; code = this.#code()) this.#at += 1;
    return this.#at > from;
  }

  /** "" when there is none. Names come again and again: one string serves for all of them. */
  #readName(): string {
    const text = this.#text;
    const from = this.#at;
    let code = text.charCodeAt(from);
    if (((KIND[code] ?? 0) & NAME_START) === 0) return "";
    let to = from;
    let hash = 0;
    for (; ((KIND[code] ?? 0) & NAME) !== 0; code = text.charCodeAt(to)) {
      hash = (Math.imul(hash, 31) + code) | 0;
      to += 1;
    }
    this.#at = to;
    const known = this.#names.get(hash);
    if (known !== undefined && known.length === to - from && text.startsWith(known, from)) return known;
    const name = text.slice(from, to);
    this.#names.set(hash, name);
    return name;
  }

  #readStart(): boolean {
    const place = this.#place();
    this.#at += 1;
    const name = this.#readName();
    if (name === "" || this.#open.length >= this.#limits.depthMax) return false;
    const attributes: Record<string, string> = {};
    let spaced = this.#passSpace();
    while (this.#code() !== SLASH && this.#code() !== GREATER) {
      if (!spaced || !this.#readAttribute(attributes)) return false;
      spaced = this.#passSpace();
    }
    this.#size += 1;
    if (this.#size > this.#limits.sizeMax) return false;
    const element: Open = { name, attributes, children: [], place };
    const empty = this.#code() === SLASH;
    if (empty) this.#at += 1;
    if (this.#code() !== GREATER) return false;
    this.#at += 1;
    if (empty) this.#add(element);
    else this.#open.push(element);
    return true;
  }

  #readAttribute(attributes: Record<string, string>): boolean {
    const key = this.#readName();
    if (key === "" || key in attributes) return false; // given twice, or a name that every object has
    const text = this.#text;
    if (text.charCodeAt(this.#at) !== EQUALS || text.charCodeAt(this.#at + 1) !== QUOTE) return false;
    const from = this.#at + 2;
    let to = from;
    for (let code = text.charCodeAt(to); code !== QUOTE; code = text.charCodeAt(++to)) if (!isValueCode(code)) return false;
    attributes[key] = text.slice(from, to);
    this.#at = to + 1;
    this.#size += 1;
    return true;
  }

  #readEnd(): boolean {
    this.#at += 2;
    const name = this.#readName();
    this.#passSpace();
    const element = this.#open.pop();
    if (element === undefined || element.name !== name || this.#code() !== GREATER) return false;
    this.#at += 1;
    this.#add(element);
    return true;
  }

  #add(element: XmlElement): void {
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#root = element;
    else parent.children.push(element);
  }

  /** Of where it stands now; asked in the order of the text, so that all places cost one pass. */
  #place(): Place {
    while (this.#feed >= 0 && this.#feed < this.#at) {
      this.#line += 1;
      this.#lineStart = this.#feed + 1;
      this.#feed = this.#text.indexOf("\n", this.#lineStart);
    }
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }
}

/** Line ends and tabs in values are normalized by the strict parser, so they are left to it; so are surrogates. */
function isValueCode(code: number): boolean {
  return code < 128 ? ((KIND[code] ?? 0) & VALUE) !== 0 : code < 0xd800 ? code >= 0xa0 : code >= 0xe000 && code <= 0xfffd;
}
