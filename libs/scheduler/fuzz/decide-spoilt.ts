/** What comes of a spoilt CIB: a decision, an error in words, or (a defect) something thrown. */
import { parseCib } from "@quorate/cib";
import { schedule } from "../src/index.ts";

export type FuzzAnswer =
  | { readonly kind: "decided" }
  /** `said`: the first problem; "" would be a defect. */
  | { readonly kind: "refused"; readonly said: string }
  | { readonly kind: "thrown"; readonly stack: string };

export function decideSpoilt(text: string, nowMs: number): FuzzAnswer {
  try {
    const loaded = parseCib(text);
    if (!loaded.ok) return { kind: "refused", said: loaded.error.issues[0]?.message ?? "" };
    JSON.stringify(schedule(loaded.value.cib, nowMs));
    return { kind: "decided" };
  } catch (error) {
    return { kind: "thrown", stack: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
