/** What a client writes, however wrong, is answered: it neither ends the process nor becomes an entry that ends others. */
import { emptyCib } from "@quorate/cib";
import { QuorateError } from "@quorate/core";
import { expect, test } from "vitest";
import type { Command } from "./command.ts";
import { Engine } from "./engine.ts";
import type { RequestCommand } from "./request-desk.ts";

const TIME = { nowMs: 0, wallMs: 1_000 };
const CLEANUP = { kind: "cleanup", atMs: 1, requestId: "r1", resource: "fs", node: null, by: "root" } as const;

/** As the wire does: no resource is no clean-up. */
function encode(command: Command): Uint8Array {
  if (command.kind === "cleanup" && command.resource === "") throw new QuorateError("QUORATE_WIRE_INVALID", "CleanupHistory.resource: is missing or empty");
  return new TextEncoder().encode(JSON.stringify(command));
}

/** The cluster is made; who leads is not known. */
function engine(): Engine {
  return new Engine({
    config: {
      node: "n1", session: "s", cluster: "c", voters: ["n1", "n2"], configHash: "h", electionTicks: 20, heartbeatTicks: 2, campaignStaggerMs: 60, helloIntervalMs: 200, requestTimeoutMs: 10_000,
      aloneGraceMs: 10_000, initialCib: null, commandDeadTimeMs: 5_000, admitProgressMs: 2_000, initialDeadTimeMs: 8_000, claimTimeoutMs: 5_000,
    },
    codec: { encode, decode: (data) => JSON.parse(new TextDecoder().decode(data)) as Command }, emptyCib: emptyCib(), seed: 1, hash: (text) => text, time: TIME,
    stored: { hardState: { term: 0, votedFor: null, commit: 0 }, entries: [], identity: { storeId: "x", clusterUuid: "u", roster: { n1: "x", n2: "y" } } },
  });
}

function answers(command: RequestCommand): string[] {
  const effects = engine().step([{ kind: "request", requestId: "r1", command }], TIME);
  return effects.flatMap((effect) => (effect.kind === "answer" ? [`${effect.answer.outcome.error?.code ?? "ok"}: ${effect.answer.outcome.error?.message ?? ""}`] : []));
}

test.each<{ name: string; command: RequestCommand; want: string[] }>([
  { name: "with a field that no reader would take", command: { ...CLEANUP, resource: "" }, want: ["QUORATE_WIRE_INVALID: CleanupHistory.resource: is missing or empty"] },
  { name: "too large for the bus", command: { ...CLEANUP, by: "x".repeat(768 * 1024) }, want: ["QUORATE_WIRE_INVALID: the change is 786512 bytes long; 786432 is the most"] },
  { name: "that is in order waits for a leader", command: CLEANUP, want: [] },
])("a change $name", ({ command, want }) => expect(answers(command)).toEqual(want));
