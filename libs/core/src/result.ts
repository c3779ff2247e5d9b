/** What a pure function returns when the world may be wrong: a value, or an error that is data. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/** A place in a text, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One problem of an input: where, what is wrong and what was expected. Lists of issues are reported all at once. */
export interface Issue {
  /** "error" stops the operation; "warning" never does. */
  readonly severity: "error" | "warning";
  /** Where in the structure, for example `/cib/configuration/resources/primitive[@id="a"]`; "" for the whole. */
  readonly path: string;
  readonly place: Place | null;
  readonly message: string;
}
