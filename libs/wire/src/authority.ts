/** In whose name a command is given. */
import type { Authority } from "@quorate/core";
import type { AuthorityProto } from "./gen/quorate/core/v1/authority.ts";
import { count, countFromOne, fieldsOf, present, type Field } from "./wire-field.ts";

const at = fieldsOf("Authority");

export function authorityToProto(authority: Authority): AuthorityProto {
  return { term: count(authority.term, at("term")), view: count(authority.view, at("view")) };
}

/** Of an answer: term 0 says that there is none yet. */
export function authorityFromProto(proto: AuthorityProto | null | undefined, field: Field): Authority {
  const { term, view } = present(proto, field);
  return { term, view };
}

/** Of a command: an absent authority, or one of term 0, gives no right to anything. */
export function commandAuthorityFromProto(proto: AuthorityProto | null | undefined, field: Field): Authority {
  const authority = authorityFromProto(proto, field);
  countFromOne(authority.term, at("term"));
  return authority;
}
