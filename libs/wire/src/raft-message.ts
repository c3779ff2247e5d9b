/** What members of the consensus group say to each other, and what each keeps on disk. */
import type { Entry, HardState, Message } from "@quorate/raft";
import { EntryProto, HardStateProto, MessageProto } from "./gen/quorate/raft/v1/raft.ts";
import { count, countFromOne, decodeWire, encodeWire, fieldsOf, invalid, present, text } from "./wire-field.ts";

type Body = NonNullable<MessageProto["body"]>;

const inEntry = fieldsOf("Entry");
const inHardState = fieldsOf("HardState");
const inMessage = fieldsOf("Message");

export function encodeEntry(entry: Entry): Uint8Array {
  return encodeWire("Entry", EntryProto, entryToProto(entry));
}

export function decodeEntry(bytes: Uint8Array): Entry {
  return entryFromProto(decodeWire("Entry", EntryProto, bytes));
}

export function entryToProto(entry: Entry): EntryProto {
  return { index: countFromOne(entry.index, inEntry("index")), term: countFromOne(entry.term, inEntry("term")), data: entry.data };
}

/** The data is a copy: an entry outlives the buffer it came in. */
export function entryFromProto(proto: EntryProto): Entry {
  return {
    index: countFromOne(proto.index, inEntry("index")),
    term: countFromOne(proto.term, inEntry("term")),
    data: new Uint8Array(proto.data),
  };
}

export function encodeHardState(state: HardState): Uint8Array {
  return encodeWire("HardState", HardStateProto, hardStateToProto(state));
}

export function decodeHardState(bytes: Uint8Array): HardState {
  return hardStateFromProto(decodeWire("HardState", HardStateProto, bytes));
}

export function hardStateToProto(state: HardState): HardStateProto {
  return {
    term: count(state.term, inHardState("term")),
    votedFor: state.votedFor === null ? null : text(state.votedFor, inHardState("voted_for")),
    commit: count(state.commit, inHardState("commit")),
  };
}

export function hardStateFromProto(proto: HardStateProto): HardState {
  const votedFor = proto.votedFor ?? null;
  return { term: proto.term, votedFor: votedFor === null ? null : text(votedFor, inHardState("voted_for")), commit: proto.commit };
}

export function encodeMessage(message: Message): Uint8Array {
  return encodeWire("Message", MessageProto, messageToProto(message));
}

export function decodeMessage(bytes: Uint8Array): Message {
  return messageFromProto(decodeWire("Message", MessageProto, bytes));
}

export function messageToProto(message: Message): MessageProto {
  return {
    from: text(message.from, inMessage("from")),
    to: text(message.to, inMessage("to")),
    term: count(message.term, inMessage("term")),
    body: bodyToProto(message),
  };
}

function bodyToProto(message: Message): Body {
  switch (message.kind) {
    case "preVote":
    case "vote": {
      const { lastIndex, lastTerm, force } = message;
      return {
        $case: message.kind,
        value: { lastIndex: count(lastIndex, inMessage("last_index")), lastTerm: count(lastTerm, inMessage("last_term")), force },
      };
    }
    case "preVoteReply":
    case "voteReply":
      return { $case: message.kind, value: { granted: message.granted } };
    case "append":
      return {
        $case: "append",
        value: {
          prevIndex: count(message.prevIndex, inMessage("prev_index")),
          prevTerm: count(message.prevTerm, inMessage("prev_term")),
          entries: message.entries.map(entryToProto),
          commit: count(message.commit, inMessage("commit")),
          round: count(message.round, inMessage("round")),
        },
      };
    case "appendReply": {
      const { accepted, index, round } = message;
      return { $case: "appendReply", value: { accepted, index: count(index, inMessage("index")), round: count(round, inMessage("round")) } };
    }
    case "timeoutNow":
      return { $case: "timeoutNow", value: {} };
  }
}

export function messageFromProto(proto: MessageProto | null | undefined): Message {
  const { from, to, term, body } = present(proto, inMessage(""));
  const head = { from: text(from, inMessage("from")), to: text(to, inMessage("to")), term };
  const known = present(body, inMessage("body"));
  switch (known.$case) {
    case "preVote":
    case "vote": {
      const { lastIndex, lastTerm, force } = known.value;
      return { ...head, kind: known.$case, lastIndex, lastTerm, force };
    }
    case "preVoteReply":
    case "voteReply":
      return { ...head, kind: known.$case, granted: known.value.granted };
    case "appendReply": {
      const { accepted, index, round } = known.value;
      return { ...head, kind: "appendReply", accepted, index, round };
    }
    case "append": {
      const { prevIndex, prevTerm, entries, commit, round } = known.value;
      return { ...head, kind: "append", prevIndex, prevTerm, entries: consecutive(prevIndex, entries.map(entryFromProto)), commit, round };
    }
    case "timeoutNow":
      return { ...head, kind: "timeoutNow" };
  }
}

/** A gap would be appended as it stands, and a log with a gap cannot be mended. */
function consecutive(prevIndex: number, entries: readonly Entry[]): readonly Entry[] {
  entries.forEach((entry, place) => {
    if (entry.index !== prevIndex + 1 + place) throw invalid(inMessage("entries"), "do not follow prev_index without a gap");
  });
  return entries;
}
