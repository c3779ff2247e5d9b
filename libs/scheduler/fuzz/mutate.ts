/** Spoils CIBs: single characters of the text, or elements and attributes of the tree. One seed, one way to spoil. */
import type { XmlElement } from "@quorate/cib";
import { serializeXml } from "@quorate/cib";
import type { Prng } from "@quorate/core";

/** Values that programs stumble over, put where any value may stand. */
const VALUES = [
  "", " ", "0", "-1", "1", "99999999999999999999", "-INFINITY", "INFINITY", "+INFINITY", "infinity", "NaN", "1e9", "0x10", "true", "TRUE", "yes", "PT5S", "P1Y", "10min", "-5s", "5 s", "#default", "default",
  "%0", "(", "[", "*", "!.*", "^(a+)+$", "__proto__", "constructor", "Promoted", "Stopped", "Unpromoted", "node1", "#uname", "é", "a:1", "a:99999999", "2005-01-01", "9999-99-99", "@", "red", ",", ";",
];
const NAMES = ["id", "name", "value", "score", "rsc", "with-rsc", "first", "then", "node", "role", "operation", "interval", "call-id", "rc-code", "op-status", "clone-max", "crm_feature_set", "__proto__"];
const CHARACTERS = ["<", ">", "/", '"', "'", "&", "=", " ", "\n", "\0", "é", "\u{1f600}", "a", "0", "-", "]]>", "<!--", "&#0;", "&lt;", "<?x?>", "<!DOCTYPE x [<!ENTITY e \"e\">]>"];

/** `text` with a few characters added, removed, repeated or replaced. */
export function spoilText(text: string, prng: Prng): string {
  let spoilt = text;
  for (let times = 1 + prng.below(4); times > 0; times--) {
    const at = prng.below(spoilt.length + 1);
    const length = prng.below(3) === 0 ? prng.below(200) : prng.below(3);
    const piece = prng.below(4) === 0 ? spoilt.slice(at, at + length).repeat(2) : prng.below(2) === 0 ? CHARACTERS[prng.below(CHARACTERS.length)]! : "";
    spoilt = spoilt.slice(0, at) + piece + spoilt.slice(at + length);
  }
  return spoilt;
}

/**
 * The document with a few elements or attributes lost, doubled, moved, renamed or given strange values. Half of them say that they
 * want no schema, so that what the schema would refuse comes before the scheduler.
 */
export function spoilTree(root: XmlElement, prng: Prng): string {
  let spoilt = prng.below(2) === 0 ? root : { ...root, attributes: { ...root.attributes, "validate-with": "none" } };
  for (let times = 1 + prng.below(6); times > 0; times--) spoilt = spoilOne(spoilt, prng, countElements(spoilt));
  return serializeXml(spoilt);
}

/** Goes down to an element drawn evenly from all of them, and spoils that. */
function spoilOne(element: XmlElement, prng: Prng, size: number): XmlElement {
  let left = prng.below(size);
  if (left === 0) return spoilElement(element, prng);
  left -= 1;
  for (const [at, child] of element.children.entries()) {
    const below = countElements(child);
    if (left < below) return { ...element, children: spoilChild(element.children, at, prng) };
    left -= below;
  }
  return element;
}

function spoilChild(children: readonly XmlElement[], at: number, prng: Prng): readonly XmlElement[] {
  const child = children[at]!;
  const other = children[prng.below(children.length)]!;
  switch (prng.below(12)) {
    case 0: return children.toSpliced(at, 1);
    case 1: return children.toSpliced(at, 0, child);
    case 2: return children.toSpliced(at, 1, other);
    case 3: return children.toSpliced(at, 1).toSpliced(prng.below(children.length), 0, child);
    case 4: return children.with(at, { ...child, children: [...child.children, other] });
    case 5: return children.with(at, { ...child, children: [child] });
    default: return children.with(at, spoilOne(child, prng, countElements(child)));
  }
}

function spoilElement(element: XmlElement, prng: Prng): XmlElement {
  const names = Object.keys(element.attributes);
  const name = names.length === 0 || prng.below(6) === 0 ? NAMES[prng.below(NAMES.length)]! : names[prng.below(names.length)]!;
  const own = Object.values(element.attributes);
  const value = own.length > 0 && prng.below(4) === 0 ? own[prng.below(own.length)]! : VALUES[prng.below(VALUES.length)]!;
  const attributes = new Map(Object.entries(element.attributes));
  if (prng.below(4) === 0) attributes.delete(name);
  else attributes.set(name, value);
  return { ...element, attributes: Object.fromEntries(attributes) };
}

function countElements(element: XmlElement): number {
  return element.children.reduce((sum, child) => sum + countElements(child), 1);
}
