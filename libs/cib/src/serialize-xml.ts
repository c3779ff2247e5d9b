/** Tree to text: the form that `parseXml` reads back to an equal tree. Attributes stand in their own order. */
import type { XmlElement } from "./types.ts";

export interface SerializeOptions {
  /** One element per line, two blanks per level. Default: everything on one line. */
  readonly indent?: boolean;
}

/** Characters that XML cannot carry at all (a NUL in an agent's output, half a surrogate pair) become U+FFFD. */
export function serializeXml(element: XmlElement, options: SerializeOptions = {}): string {
  return options.indent === true ? `${write(element, "\n")}\n` : write(element, "");
}

/** `lead` is what stands before tags inside this element but for their indentation: nothing, or a line feed with blanks. */
function write(element: XmlElement, lead: string): string {
  let text = `<${element.name}`;
  for (const name of Object.keys(element.attributes)) text += ` ${name}="${escapeAttribute(element.attributes[name] ?? "")}"`;
  if (element.children.length === 0) return `${text}/>`;
  text += ">";
  const below = lead === "" ? "" : `${lead}  `;
  for (const inner of element.children) text += below + write(inner, below);
  return `${text}${lead}</${element.name}>`;
}

/** Printable ASCII but for the four below: most values, and this test is much quicker than the replacement. */
const PLAIN = /^[ !#-%'-;=?-~]*$/;
const SPECIAL = /[&<>"\t\n\r]|[^ -\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  // Written plainly, these three would be read back as blanks.
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

function escapeAttribute(value: string): string {
  return PLAIN.test(value) ? value : value.replace(SPECIAL, (char) => ESCAPES[char] ?? "\u{FFFD}");
}
