/** The nine steps of the document's section 10, each with the time it took since the crash. */
import type { ClusterEvent } from "@quorate/core";

export interface SeenEvent {
  readonly event: ClusterEvent;
  /** Wall clock when the follower had it: it is committed by then. */
  readonly seenMs: number;
}

export interface FailoverFacts {
  readonly victim: string;
  readonly group: string;
  readonly crashedMs: number;
  readonly events: readonly SeenEvent[];
  readonly clientFailedMs: number | null;
  readonly clientRecoveredMs: number | null;
  readonly poweredOffMs: number | null;
}

export interface Step {
  readonly number: number;
  readonly text: string;
  readonly atMs: number | null;
}

export function failoverSteps(facts: FailoverFacts): Step[] {
  const { victim, group, crashedMs, events } = facts;
  const after = events.filter(({ seenMs }) => seenMs >= crashedMs);
  const first = (type: string, node: string | null): SeenEvent | undefined => after.find(({ event }) => event.type === type && (node === null || event.node === node));
  const lost = first("node.lost", victim);
  const view = after.find(({ event }) => event.type === "quorum.view" && event.index === lost?.event.index);
  const started = first("fencing.started", victim);
  const fenced = first("fencing.succeeded", victim);
  const starts = after.filter(({ event }) => event.type === "resource.started" && (event.resource ?? "").startsWith(`${group}_`));
  const last = starts.at(-1);
  const target = last?.event.node ?? "?";
  const since = (ms: number | null | undefined): number | null => (ms === null || ms === undefined ? null : Math.round(ms - crashedMs));
  const gateway = started?.event.data["gateway"] ?? "?";
  return [
    { number: 1, text: `${victim} (which runs the server of ${group}) fails`, atMs: 0 },
    { number: 2, text: "the client gets no answer and begins to try again", atMs: since(facts.clientFailedMs) },
    { number: 3, text: `the others notice: ${lost?.event.data["reason"] ?? "?"}`, atMs: since(lost?.event.atMs) },
    { number: 4, text: `they have quorum and agree: ${view?.event.message ?? "?"}`, atMs: since(view?.seenMs) },
    { number: 5, text: `${gateway} orders the power switch to fence ${victim}`, atMs: since(started?.seenMs) },
    { number: 6, text: `the outlet of ${victim} is off`, atMs: since(facts.poweredOffMs) },
    { number: 7, text: `fencing is confirmed; ${target} is selected to replace ${victim}`, atMs: since(fenced?.seenMs) },
    ...starts.map(({ event, seenMs }): Step => ({ number: 8, text: `${event.resource} runs on ${event.node}`, atMs: since(seenMs) })),
    { number: 9, text: `the client gets answers again, now from ${target}`, atMs: since(facts.clientRecoveredMs) },
  ];
}

/** 80 columns: number, milliseconds since the crash, words. */
export function renderSteps(steps: readonly Step[]): string {
  const lines = steps.flatMap(({ number, text, atMs }) => wrap(text, 64).map((part, index) => (index === 0 ? `${String(number).padStart(3)}. ${atMs === null ? "      ?" : String(atMs).padStart(7)} ms  ${part}` : `${" ".repeat(17)}${part}`)));
  return lines.join("\n");
}

/** Milliseconds from the crash to the last resource started; null when it did not come to that. */
export function failoverMs(steps: readonly Step[]): number | null {
  return steps.filter(({ number }) => number === 8).at(-1)?.atMs ?? null;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
