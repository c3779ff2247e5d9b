/** Decisions that a policy-engine keeps, as they are listed. */
import type { DecisionRecordProto } from "./gen/quorate/policy/v1/policy_service.ts";
import { count, fieldsOf, milliseconds, present, text } from "./wire-field.ts";

const at = fieldsOf("DecisionRecord");

export interface KeptDecision {
  /** Rising, on one node. */
  readonly id: number;
  /** Wall time against which it was decided; milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly trigger: string;
  /** Null: there was nothing to do. */
  readonly transition: number | null;
  /** Actions of the graph that somebody performs. */
  readonly actions: number;
  readonly fencing: readonly string[];
  /** SHA-256 of the outline, in hexadecimal. */
  readonly digest: string;
  /** Room that it takes on disk. */
  readonly bytes: number;
}

export function decisionRecordToProto({ id, atMs, trigger, transition, actions, fencing, digest, bytes }: KeptDecision): DecisionRecordProto {
  return {
    id: count(id, at("id")), atMs: milliseconds(atMs, at("at_ms")), trigger, transition: transition === null ? null : count(transition, at("transition")), actions: count(actions, at("actions")),
    fencing: [...fencing], digest: text(digest, at("digest")), bytes: count(bytes, at("bytes")),
  };
}

export function decisionRecordFromProto(proto: DecisionRecordProto | null | undefined): KeptDecision {
  const { id, atMs, trigger, transition, actions, fencing, digest, bytes } = present(proto, at(""));
  return {
    id: count(id, at("id")), atMs: milliseconds(atMs, at("at_ms")), trigger, transition: transition === null || transition === undefined ? null : count(transition, at("transition")), actions: count(actions, at("actions")),
    fencing, digest: text(digest, at("digest")), bytes: count(bytes, at("bytes")),
  };
}
