/** One decision as it is kept: what it was about, and a compressed document with its input and what came of it. Made in the scheduler's thread. */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { deflate } from "node:zlib";
import { type Cib, serializeCib } from "@quorate/cib";
import type { DecisionAbout } from "@quorate/controller";
import { type Decision, type DecisionOutline, outlineOf } from "@quorate/scheduler";

export interface DecisionHead {
  /** Wall time against which it was decided; milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly trigger: string;
  /** Null: there was nothing to do. */
  readonly transition: number | null;
  /** Actions of the graph that somebody performs. */
  readonly actions: number;
  readonly fencing: readonly string[];
  /** SHA-256 of the outline. */
  readonly digest: string;
}

export interface DecisionRecord {
  readonly head: DecisionHead;
  /** zlib of a DecisionDocument in JSON. */
  readonly document: Uint8Array;
}

export interface DecisionDocument {
  /** As it was, secrets included: another input would be another decision. */
  readonly cib: string;
  readonly outline: DecisionOutline;
}

const compress = promisify<Uint8Array, Buffer>(deflate);

export async function recordDecision({ cib, wallMs, about, decision }: { readonly cib: Cib; readonly wallMs: number; readonly about: DecisionAbout; readonly decision: Decision }): Promise<DecisionRecord> {
  const outline = outlineOf(decision);
  const document: DecisionDocument = { cib: serializeCib(cib), outline };
  const actions = decision.graph.actions.filter(({ kind }) => kind !== "pseudo").length;
  const head: DecisionHead = {
    atMs: wallMs, trigger: about.trigger, transition: actions === 0 ? null : about.transition, actions, fencing: decision.fencing.map(({ node }) => node),
    digest: createHash("sha256").update(JSON.stringify(outline)).digest("hex"),
  };
  return { head, document: await compress(Buffer.from(JSON.stringify(document))) };
}
