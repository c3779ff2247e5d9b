/** Commands as bytes and back. What was encoded here is decoded once, and frozen: replicas share it, and none may change it. */
import type { Command, CommandCodec } from "@quorate/controller";

interface Decoded {
  readonly command: Command;
  readonly text: string;
}

const known = new WeakMap<Uint8Array, Decoded>();

export const codec: CommandCodec = {
  /** Text as bytes, two per UTF-16 unit: reversible, and needs nothing from outside the language. */
  encode(command: Command): Uint8Array {
    const text = JSON.stringify(command);
    const bytes = new Uint8Array(text.length * 2);
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      bytes[2 * i] = unit & 255;
      bytes[2 * i + 1] = unit >> 8;
    }
    known.set(bytes, decoded(text));
    return bytes;
  },
  decode: (bytes) => decode(bytes).command,
};

/** The command, and the text that two equal entries have in common. */
export function decode(bytes: Uint8Array): Decoded {
  const before = known.get(bytes);
  if (before !== undefined) return before;
  let text = "";
  for (let i = 0; i < bytes.length; i += 2) text += String.fromCharCode(bytes[i]! | (bytes[i + 1]! << 8));
  const fresh = decoded(text);
  known.set(bytes, fresh);
  return fresh;
}

function decoded(text: string): Decoded {
  return { text, command: freeze(JSON.parse(text) as Command) };
}

function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}
