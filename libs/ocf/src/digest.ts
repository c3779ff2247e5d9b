/**
 * Digests of operation parameters: equal digests mean that a resource runs with the parameters it is configured with.
 * The text that is hashed is Pacemaker's (digest_calculate_operation of 2.1), so that digests in an existing CIB stay valid.
 */
import { md5Hex } from "./md5.ts";

export interface DigestOptions {
  /** Time-out of a recurring operation in ms, which is part of its digest; null or absent for one that runs once. */
  readonly recurringTimeoutMs?: number | null;
  /** Parameters that need a restart when they change; gives the restart digest. Absent: all of them. */
  readonly only?: ReadonlySet<string>;
}

/** Written beside the parameters by the scheduler, and no parameters of the agent. */
const NOT_PARAMETERS: ReadonlySet<string> = new Set(["id", "crm_feature_set", "op-digest", "on_node", "on_node_uuid", "pcmk_external_ip"]);

/**
 * MD5 of ` <parameters name="value" …/>` and a newline, names in byte order, 32 hexadecimal digits.
 * `CRM_meta_*` and the scheduler's own attributes do not count.
 */
export function operationDigest(parameters: Readonly<Record<string, string>>, options: DigestOptions = {}): string {
  const counted = Object.entries(parameters).filter(([name]) => !name.startsWith("CRM_meta_") && !NOT_PARAMETERS.has(name));
  const timeoutMs = options.recurringTimeoutMs ?? null;
  if (timeoutMs !== null) counted.push(["CRM_meta_timeout", String(timeoutMs)]);
  const attributes = counted
    .filter(([name]) => options.only?.has(name) ?? true)
    .toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .map(([name, value]) => ` ${name}="${escapeValue(value)}"`);
  return digestOf(` <parameters${attributes.join("")}/>\n`);
}

/** Most of a cluster's operations have a few texts between them, and the same ones from one decision to the next. */
const KNOWN = new Map<string, string>();
const KNOWN_MAX = 20_000;
const KNOWN_LENGTH_MAX = 1_000;

function digestOf(text: string): string {
  const known = KNOWN.get(text);
  if (known !== undefined) return known;
  const digest = md5Hex(text);
  if (KNOWN.size >= KNOWN_MAX) KNOWN.clear();
  if (text.length <= KNOWN_LENGTH_MAX) KNOWN.set(text, digest);
  return digest;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&apos;", "\t": "    ", "\n": "\\n", "\r": "\\r",
};

/** Pacemaker's own way: beyond the first character outside ASCII nothing is escaped, and a `<` or `&` there ends the value. */
function escapeValue(value: string): string {
  const plain = /^\p{ASCII}*/u.exec(value)![0];
  const rest = /^[^<&]*/.exec(value.slice(plain.length))![0];
  return Array.from(plain, escapeCharacter).join("") + rest;
}

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  return ENTITIES[character] ?? (code < 32 || code === 127 ? `\\${code.toString(8).padStart(3, "0")}` : character);
}
