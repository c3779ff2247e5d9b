/**
 * The checks that every conversion shares. Whatever is wrong with a message, on its way out or in, is one error:
 * QUORATE_WIRE_INVALID with `details.message` (the proto message) and `details.field`; values never stand in it, they may be secret.
 */
import { QuorateError } from "@quorate/core";
import type { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";

/** A message larger than this is refused before it is read. */
export const WIRE_BYTES_MAX: number = 8 * 1024 * 1024;

/** Where a value stands: proto message and field, for error texts. */
export interface Field {
  readonly message: string;
  readonly field: string;
}

/** Names the fields of one message: `const at = fieldsOf("Beat"); at("link")`. */
export function fieldsOf(message: string): (field: string) => Field {
  return (field) => ({ message, field });
}

export function invalid(at: Field, problem: string, cause?: unknown): QuorateError {
  const where = at.field === "" ? at.message : `${at.message}.${at.field}`;
  return new QuorateError("QUORATE_WIRE_INVALID", `${where}: ${problem}`, { details: { message: at.message, field: at.field }, cause });
}

/** A message field, or a oneof, that must be there. */
export function present<T>(value: T | null | undefined, at: Field): T {
  if (value === null || value === undefined) throw invalid(at, "is missing");
  return value;
}

/** A text that must not be empty: proto3 cannot tell an empty one from a missing one. */
export function text(value: string, at: Field): string {
  if (value === "") throw invalid(at, "is missing or empty");
  return value;
}

/** An index, term, sequence or count: an integer in [0, 2^53). */
export function count(value: number, at: Field): number {
  if (!Number.isSafeInteger(value) || value < 0) throw invalid(at, "is not an integer in [0, 2^53)");
  return value;
}

/** A number that begins at 1; 0 stands for a missing one. */
export function countFromOne(value: number, at: Field): number {
  if (count(value, at) === 0) throw invalid(at, "is missing or 0");
  return value;
}

/** A 32-bit count, for what is small by nature. */
export function count32(value: number, at: Field): number {
  if (count(value, at) > 0xffff_ffff) throw invalid(at, "is not below 2^32");
  return value;
}

/** An exit code, or another small number that may be negative. */
export function signed32(value: number, at: Field): number {
  if (!Number.isInteger(value) || value < -0x8000_0000 || value > 0x7fff_ffff) throw invalid(at, "is not a signed 32-bit integer");
  return value;
}

/** Milliseconds on their way out. Clocks give fractions, the wire has none: rounded to the nearest. */
export function milliseconds(value: number, at: Field): number {
  return count(Math.round(value), at);
}

export function optionalMilliseconds(value: number | null, at: Field): number | null {
  return value === null ? null : milliseconds(value, at);
}

/** Both directions of one enumeration; the table must name every value of the domain type. */
export interface EnumTable<D extends string, P extends number> {
  toProto(value: D, at: Field): P;
  /** A value that is not in the table, 0 included, is an error, or `fallback` where that is documented in the proto. */
  fromProto(value: P, at: Field, fallback?: D): D;
}

export function enumTable<D extends string, P extends number>(pairs: Readonly<Record<D, P>>): EnumTable<D, P> {
  const out = new Map<string, P>(Object.entries<P>(pairs));
  const back = new Map<number, D>(Object.entries<P>(pairs).map(([name, value]) => [value, name as D]));
  return {
    toProto(value, at) {
      const found = out.get(value);
      if (found === undefined) throw invalid(at, "has no value on the wire");
      return found;
    },
    fromProto(value, at, fallback) {
      const found = back.get(value) ?? fallback;
      if (found === undefined) throw invalid(at, value === 0 ? "is missing" : `has the unknown value ${value}`);
      return found;
    },
  };
}

/** Sorted by key, so that equal records give equal bytes. */
export function mapToProto<V>(record: Readonly<Record<string, V>>): Map<string, V> {
  return new Map(Object.entries(record).sort(byKey));
}

export function mapFromProto<V>(map: ReadonlyMap<string, V>): Record<string, V> {
  return Object.fromEntries([...map].sort(byKey));
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : Number(a[0] > b[0]);
}

/** What the generated code offers per message. */
export interface ProtoCodec<P> {
  encode(message: P, writer?: BinaryWriter): BinaryWriter;
  decode(input: BinaryReader | Uint8Array, length?: number): P;
}

export function encodeWire<P>(name: string, codec: ProtoCodec<P>, message: P): Uint8Array {
  const bytes = codec.encode(message).finish();
  if (bytes.length > WIRE_BYTES_MAX) throw invalid({ message: name, field: "" }, `has ${bytes.length} bytes, more than ${WIRE_BYTES_MAX}`);
  return bytes;
}

/** Reads bytes that may come from anywhere: too many, cut off or not protobuf at all is QUORATE_WIRE_INVALID like any other defect. */
export function decodeWire<P>(name: string, codec: ProtoCodec<P>, bytes: Uint8Array): P {
  const whole = { message: name, field: "" };
  if (bytes.length > WIRE_BYTES_MAX) throw invalid(whole, `has ${bytes.length} bytes, more than ${WIRE_BYTES_MAX}`);
  try {
    return codec.decode(bytes);
  } catch (cause) {
    throw invalid(whole, "is not readable as protobuf", cause);
  }
}
