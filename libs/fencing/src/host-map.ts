/**
 * Which plug of a device feeds which node, from `pcmk_host_map` and `pcmk_host_list`.
 * Source: Pacemaker Explained, "Special Meta-Attributes for Fencing Resources".
 */
import type { NodeName } from "@quorate/core";

/** A node's plug as the device names it; several outlets are written `2,3`. */
export type Plug = string;

/**
 * Reads `node1:1;node2:2,3`. Entries are separated by semicolons or white space; a backslash takes the next
 * character as it is, so that names may hold both. An entry without `:` maps the node to its own name.
 * The first entry of a node counts.
 */
export function parseHostMap(text: string): ReadonlyMap<NodeName, Plug> {
  const plugs = new Map<NodeName, Plug>();
  for (const entry of splitUnescaped(text, /[;\s]/)) {
    const colon = firstUnescaped(entry, ":");
    const node = unescape(colon === -1 ? entry : entry.slice(0, colon));
    const plug = colon === -1 ? node : unescape(entry.slice(colon + 1));
    if (node !== "" && plug !== "" && !plugs.has(node)) plugs.set(node, plug);
  }
  return plugs;
}

/** Reads `node1,node2 node3`: names separated by commas, semicolons or white space, in the order written. */
export function parseHostList(text: string): readonly NodeName[] {
  return [...new Set(text.split(/[\s,;]+/).filter((name) => name !== ""))];
}

function splitUnescaped(text: string, separator: RegExp): readonly string[] {
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === "\\") part += character + text.charAt((at += 1));
    else if (!separator.test(character)) part += character;
    else if (part !== "") {
      parts.push(part);
      part = "";
    }
  }
  return part === "" ? parts : [...parts, part];
}

function firstUnescaped(text: string, wanted: string): number {
  for (let at = 0; at < text.length; at += 1) {
    if (text.charAt(at) === "\\") at += 1;
    else if (text.charAt(at) === wanted) return at;
  }
  return -1;
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, "$1").replace(/\\$/, "");
}
