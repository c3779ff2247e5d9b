import { expect, test } from "vitest";
import { type Progress, accepted, beginProgress, refused, sendable, sent } from "./progress.ts";

/** Replays "yes 5", "no 2" (refused, go on after 2) and "send 3", from a follower believed to hold 20 entries, window 8. */
function replay(script: string): string {
  const progress: Progress = beginProgress(20, 0);
  for (const text of script.split(", ")) {
    const [word, number] = text.split(" ");
    if (word === "yes") accepted(progress, Number(number));
    else if (word === "no") refused(progress, Number(number));
    else if (word === "send") sent(progress, Number(number), 0);
  }
  return `${progress.state} ${progress.match}<${progress.next} room ${sendable(progress, 8)}`;
}

test.each([
  { name: "one question at first", script: "send 8", want: "probe 0<21 room 0" },
  { name: "an answer opens the window", script: "send 8, yes 28", want: "replicate 28<29 room 8" },
  { name: "what is sent counts until it is acknowledged", script: "yes 20, send 5, send 3", want: "replicate 20<29 room 0" },
  { name: "an acknowledgement of a part gives that part back", script: "yes 20, send 8, yes 23", want: "replicate 23<29 room 3" },
  { name: "an old acknowledgement changes nothing", script: "yes 20, send 8, yes 25, yes 22", want: "replicate 25<29 room 5" },
  { name: "the first hint is taken as it is", script: "send 1, no 12", want: "probe 0<13 room 8" },
  { name: "then steps double", script: "no 12, no 11, no 9", want: "probe 0<7 room 8" },
  { name: "but not below what is known to match", script: "yes 8, send 8, no 12, no 11, no 9, no 8", want: "probe 8<9 room 8" },
  { name: "an acknowledgement ends the doubling", script: "no 12, no 11, no 9, yes 6, send 8, no 12", want: "probe 6<13 room 8" },
  { name: "a repeated refusal changes nothing", script: "no 12, send 1, no 12, no 12", want: "probe 0<13 room 0" },
  { name: "a refusal below what is known to match is old", script: "yes 20, send 8, no 19", want: "replicate 20<29 room 0" },
  { name: "a lost message falls back to one question", script: "yes 20, send 8, no 22", want: "probe 20<23 room 8" },
])("$name", ({ script, want }) => expect(replay(script)).toBe(want));
