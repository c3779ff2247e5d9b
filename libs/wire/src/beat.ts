/** Beats: what membership services say to each other. The bytes are signed by the sender's shell; this is what is inside. */
import type { Beat, Progress } from "@quorate/membership";
import { BeatProto, BeatStateProto, type ProgressProto } from "./gen/quorate/membership/v1/membership.ts";
import {
  count, decodeWire, encodeWire, enumTable, fieldsOf, mapFromProto, mapToProto, optionalMilliseconds, present,
  text,
} from "./wire-field.ts";
import type { EnumTable } from "./wire-field.ts";

const at = fieldsOf("Beat");
const inProgress = fieldsOf("Progress");

const states: EnumTable<Beat["state"], BeatStateProto> = enumTable({
  "up": BeatStateProto.UP,
  "leaving": BeatStateProto.LEAVING,
  "daemon-down": BeatStateProto.DAEMON_DOWN,
});

export function encodeBeat(beat: Beat): Uint8Array {
  return encodeWire("Beat", BeatProto, beatToProto(beat));
}

export function decodeBeat(bytes: Uint8Array): Beat {
  return beatFromProto(decodeWire("Beat", BeatProto, bytes));
}

export function beatToProto(beat: Beat): BeatProto {
  return {
    clusterId: text(beat.clusterId, at("cluster_id")),
    from: text(beat.from, at("from")),
    bootId: text(beat.bootId, at("boot_id")),
    session: text(beat.session, at("session")),
    sequence: count(beat.sequence, at("sequence")),
    link: text(beat.link, at("link")),
    echoes: mapToProto(beat.echoes),
    hears: beat.hears,
    suspects: beat.suspects,
    progress: progressToProto(beat.progress),
    state: states.toProto(beat.state, at("state")),
  };
}

export function beatFromProto(proto: BeatProto): Beat {
  return {
    clusterId: text(proto.clusterId, at("cluster_id")),
    from: text(proto.from, at("from")),
    bootId: text(proto.bootId, at("boot_id")),
    session: text(proto.session, at("session")),
    sequence: proto.sequence,
    link: text(proto.link, at("link")),
    echoes: mapFromProto(proto.echoes),
    hears: proto.hears,
    suspects: proto.suspects,
    progress: progressFromProto(present(proto.progress, at("progress"))),
    state: states.fromProto(proto.state, at("state")),
  };
}

export function progressToProto(progress: Progress): ProgressProto {
  return {
    policyEngineAgeMs: optionalMilliseconds(progress.policyEngineAgeMs, inProgress("policy_engine_age_ms")),
    executorAgeMs: optionalMilliseconds(progress.executorAgeMs, inProgress("executor_age_ms")),
  };
}

export function progressFromProto(proto: ProgressProto): Progress {
  return { policyEngineAgeMs: proto.policyEngineAgeMs ?? null, executorAgeMs: proto.executorAgeMs ?? null };
}
