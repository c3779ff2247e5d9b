/**
 * A fingerprint of a document, so that replicas can compare what they hold. Two lanes of 32-bit FNV-1a with different primes,
 * over names, attributes sorted by name, and children; places and the order of attributes do not count. Not cryptographic.
 */
import type { Cib, XmlElement } from "./types.ts";

interface Digest {
  readonly high: number;
  readonly low: number;
}

/** Elements never change, so the fingerprint of a shared one is computed once. Entries go with their elements. */
const known = new WeakMap<XmlElement, Digest>();

/** 16 hexadecimal digits. Costs what changed since the last call on a document that shares the rest. */
export function digestCib(cib: Cib): string {
  return digestElement(cib.root);
}

export function digestElement(element: XmlElement): string {
  const { high, low } = fingerprint(element);
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

function fingerprint(element: XmlElement): Digest {
  const before = known.get(element);
  if (before !== undefined) return before;
  const lanes = new Lanes();
  lanes.text(element.name);
  for (const name of Object.keys(element.attributes).toSorted()) {
    lanes.text(name);
    lanes.text(element.attributes[name] ?? "");
  }
  // Separates attributes from children, so that one cannot pass for the other.
  lanes.unit(0x10001);
  for (const inner of element.children) lanes.digest(fingerprint(inner));
  const result = lanes.result();
  known.set(element, result);
  return result;
}

class Lanes {
  #high = 0x811c9dc5;
  #low = 0x9747b28c;

  unit(unit: number): void {
    this.#high = Math.imul(this.#high ^ unit, 0x01000193);
    this.#low = Math.imul((this.#low ^ unit) + (this.#low >>> 15), 0x85ebca6b);
  }

  /** Length first: "ab" and "c" differ from "a" and "bc". */
  text(text: string): void {
    this.unit(text.length);
    for (let at = 0; at < text.length; at += 1) this.unit(text.charCodeAt(at));
  }

  digest({ high, low }: Digest): void {
    for (const word of [high, low]) {
      this.unit(word >>> 16);
      this.unit(word & 0xffff);
    }
  }

  result(): Digest {
    const mix = (value: number): number => {
      let mixed = Math.imul(value ^ (value >>> 16), 0x7feb352d);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
      return (mixed ^ (mixed >>> 16)) >>> 0;
    };
    return { high: mix(this.#high), low: mix(this.#low) };
  }
}
